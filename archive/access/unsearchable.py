"""Listing what a search cannot find by all of its words, and saying why of each record."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from archive.access.search_reports import UnsearchableAnswer, UnsearchableRecord
from archive.access.searching import Searching
from archive.access.views.viewer import Viewer
from archive.catalog.catalog import Catalog
from archive.errors import InvalidError
from archive.events.audit import Audit
from archive.index.asked import Hit
from archive.index.cursor import Cursor, Sort
from archive.model.roles import Actor, Permission, Purpose
from archive.query.tree import Value

_UNREAD: Final = Value("unsearchable", "is")
_LOST: Final = re.compile(r"lost-([0-9]{1,18})-([0-9]{1,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a page begins: among the unread, or among the lost, after a sequence number."""

    as_of: int | None = None
    unread: Cursor | None = None
    lost: int | None = None

    @classmethod
    def of(cls, cursor: str | None) -> "_Place":
        if cursor is None:
            return cls()
        if found := _LOST.fullmatch(cursor):
            return cls(as_of=int(found[1]), lost=int(found[2]))
        unread = Cursor.decode(cursor, _UNREAD, Sort.OLDEST)
        return cls(as_of=unread.as_of, unread=unread)


class Unsearchable:
    """Lists the records of which a search does not meet all words."""

    def __init__(self, searching: Searching, catalog: Catalog, audit: Audit) -> None:
        self._searching = searching
        self._catalog = catalog
        self._audit = audit

    def page(
        self,
        actor: Actor,
        purpose: Purpose,
        *,
        limit: int = 50,
        cursor: str | None = None,
        as_of: int | None = None,
    ) -> UnsearchableAnswer:
        """Return a page: first the unread by date, then what cannot be opened by its capture.

        Raises:
            InvalidError: the cursor is not one that a page of the same sequence number gave.
            ForbiddenError, UnavailableError: as a search does.
        """
        searching = self._searching
        searching.allow(actor, purpose, Permission.SEARCH, "unsearchable")
        viewer = searching.viewer(purpose)
        place = _Place.of(cursor)
        if cursor is not None and as_of is not None and as_of != place.as_of:
            raise InvalidError(f"The cursor is as of {place.as_of}, the list as of {as_of}.")
        searcher, position = searching.searcher()
        wanted = place.as_of if as_of is None else as_of
        as_of = position if wanted is None else min(wanted, position)
        hits = searcher.search(
            _UNREAD,
            as_of=as_of,
            limit=0 if place.lost is not None else limit,
            settle=lambda ids: searching.settle(ids, as_of, searching.until(actor)),
            sort=Sort.OLDEST,
            after=place.unread,
            within=searching.within(actor, purpose),
        )
        records = self._unread(hits.hits, as_of, viewer)
        following = hits.cursor
        if following is None and not actor.restricted:
            lost, following = self._lost(place.lost or 0, as_of, limit - len(hits.hits))
            records += lost
        counts = searching.not_searched(actor, as_of, hits)
        self._audit.record(
            actor,
            purpose,
            "unsearchable",
            as_of=as_of,
            total=counts.total,
            records=[each.id for each in records],
        )
        return UnsearchableAnswer(
            total=counts.total,
            as_of=as_of,
            not_searched=counts,
            records=tuple(records),
            cursor=following,
            view=viewer.view,
        )

    def _unread(self, hits: Sequence[Hit], as_of: int, viewer: Viewer) -> list[UnsearchableRecord]:
        return [
            UnsearchableRecord(
                id=result.id,
                seq=result.seq,
                state="unread",
                source=result.source,
                custodian=result.custodian,
                sender=result.sender,
                subject=result.subject,
                occurred_at=result.occurred_at,
                unsearched=result.unsearched,
            )
            for result in self._searching.results(_UNREAD, hits, as_of, viewer)
        ]

    def _lost(
        self, after: int, as_of: int, room: int
    ) -> tuple[list[UnsearchableRecord], str | None]:
        """Return as many as there is room for, and the cursor to those that are left."""
        entries = self._catalog.lost_records(after, as_of, room + 1)
        shown = [
            UnsearchableRecord(
                id=UUID(bytes=each.id),
                seq=each.first_seq,
                state="erased" if each.erased else "damaged",
            )
            for each in entries[:room]
        ]
        last = shown[-1].seq if shown else after
        return shown, f"lost-{as_of}-{last}" if len(entries) > room else None
