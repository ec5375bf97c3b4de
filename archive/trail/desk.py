"""The one place through which the trail is read: who may is let in, and leaves an entry of it.

Entries hold what was typed and which records were seen, so reading them is an act like any other:
decided, and committed to the trail before the answer leaves, once for each request.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from archive.clock import Clock
from archive.errors import ForbiddenError, InvalidError
from archive.events.audit import Audit
from archive.model.roles import Actor, Permission, Purpose
from archive.trail.answers import AccessReview, Reader, ReadFor, TrailExport, TrailPage, WhoSaw
from archive.trail.asked import Order, TrailCursor, TrailFilter, TrailRequest
from archive.trail.entry import TrailEntry
from archive.trail.finding import Finder, Found
from archive.trail.reports import Reports
from archive.users.user import User

PERIOD: Final = timedelta(days=90)
"""What a review of access looks back on unless it is told otherwise."""
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)
_AT_ONCE: Final = 500


class Trail:
    """Answers questions about the trail, for whoever may ask them.

    Every method raises ForbiddenError (recorded) for whoever may not, NotFoundError for a user whom
    there is not, InvalidError for what cannot be asked so, and UnavailableError where SQL does not
    answer or the entry cannot be committed.
    """

    def __init__(
        self,
        *,
        finder: Finder,
        reports: Reports,
        everybody: Callable[[], list[User]],
        audit: Audit,
        clock: Clock,
    ) -> None:
        self._finder = finder
        self._reports = reports
        self._everybody = everybody
        self._audit = audit
        self._clock = clock

    def position(self) -> int:
        """Return the sequence number up to which every act is found."""
        return self._finder.index.position()

    def page(self, actor: Actor, purpose: Purpose, asked: TrailRequest) -> TrailPage:
        """Return a page of the trail; its pages do not change while new entries arrive."""
        self._allow(actor, purpose, "audit")
        cursor = TrailCursor.decode(asked)
        wanted = cursor.as_of if cursor and asked.as_of is None else asked.as_of
        position = self.position()
        as_of = position if wanted is None else min(wanted, position)
        found = self._finder.find(asked, as_of)
        seqs = found.page(asked.order, cursor.seq if cursor else None, asked.limit + 1)
        page, total = seqs[: asked.limit], found.total
        told = tuple(self._finder.entries(page))
        more = len(seqs) > len(page)
        self._note(actor, purpose, "audit", asked.filter().told(), as_of, total)
        return TrailPage(
            total=total,
            as_of=as_of,
            whole_since=self._whole_since(as_of),
            entries=told,
            cursor=TrailCursor(seq=page[-1], as_of=as_of).encode(asked) if more else None,
        )

    def export(
        self, actor: Actor, purpose: Purpose, asked: TrailFilter, order: Order = "oldest"
    ) -> TrailExport:
        """Return all that is asked for, as a stream; the act is recorded before it begins."""
        self._allow(actor, purpose, "audit.export")
        as_of = self.position()
        found = self._finder.find(asked, as_of)
        total = found.total
        self._note(actor, purpose, "audit.export", asked.told(), as_of, total)
        whole_since = self._whole_since(as_of)
        return TrailExport(total, as_of, whole_since, self._stream(found, order))

    def who_saw(
        self,
        actor: Actor,
        purpose: Purpose,
        about: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> WhoSaw:
        """Return who saw what about a record, a custodian or a person (docs/access.md)."""
        self._allow(actor, purpose, "audit.who-saw")
        as_of = self.position()
        whole_since = self._whole_since(as_of)
        report = self._reports.who_saw(about, since, until, as_of, whole_since)
        self._note(actor, purpose, "audit.who-saw", about, as_of, len(report.seen))
        return report

    def readers(self, ids: Iterable[UUID]) -> tuple[Reader, ...]:
        """Return who read any of many records, for who lets in and leaves the entry by itself."""
        return self._reports.readers(ids)

    def read_for(self, ids: Iterable[UUID], as_of: int) -> tuple[ReadFor, ...]:
        """Return why any of many records were read; who lets in and leaves the entry as above."""
        return self._reports.read_for(ids, as_of)

    def access_review(
        self,
        actor: Actor,
        purpose: Purpose,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        dormant: timedelta = PERIOD,
    ) -> AccessReview:
        """Return what every user may do and did, from 90 days before `until` unless told."""
        self._allow(actor, purpose, "audit.access-review")
        now = self._clock.now()
        until = until or now
        since = since or max(until, _LONG_AGO) - PERIOD
        if since >= until:
            raise InvalidError("A period ends after it begins.")
        as_of = self.position()
        users = self._everybody()
        whole_since = self._whole_since(as_of)
        report = self._reports.access_review(users, since, until, dormant, as_of, now, whole_since)
        period = f"{since.isoformat()} {until.isoformat()}"
        self._note(actor, purpose, "audit.access-review", period, as_of, len(report.users))
        return report

    def _whole_since(self, as_of: int) -> datetime | None:
        return self._finder.index.whole_since(as_of, self._clock.now())

    def _stream(self, found: Found, order: Order) -> Iterator[TrailEntry]:
        after: int | None = None
        while seqs := found.page(order, after, _AT_ONCE):
            yield from self._finder.entries(seqs)
            after = seqs[-1]

    def _allow(self, actor: Actor, purpose: Purpose, action: str) -> None:
        self._audit.require(actor, Permission.AUDIT, action, purpose)
        try:
            # No role reads content for it, so that only the token says what it is for.
            if actor.purposes is not None and purpose.kind not in actor.purposes:
                raise ForbiddenError(f"This token is not for {purpose.kind}.")
            if actor.restricted:
                raise ForbiddenError(
                    "The trail tells of all records, and you see some of them only."
                )
        except ForbiddenError:
            self._audit.record(actor, purpose, action, allowed=False)
            raise

    def _note(
        self, actor: Actor, purpose: Purpose, action: str, query: str | None, as_of: int, total: int
    ) -> None:
        self._audit.record(actor, purpose, action, query=query, as_of=as_of, total=total)
