"""Keeping matters: who may, and what is written (docs/matters.md).

Every change writes the next version of the one stream, so that whoever was second reads again and
decides anew.
"""

from collections.abc import Callable
from datetime import tzinfo
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError

from archive.clock import Clock
from archive.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from archive.events import matter_events as happened
from archive.events.audit import FOR_OPERATIONS, Audit
from archive.events.deciding import commit_decided
from archive.events.group import Committer
from archive.events.hold_events import MOST_CUSTODIANS, MOST_RECORDS
from archive.events.matter_events import MOST_MEMBERS, MOST_QUERIES, MatterContents, MatterEvent
from archive.events.pointers import PointerRecorder
from archive.matters.answers import ContentsRequest, MatterDescription, MatterRequest
from archive.matters.book import Matters
from archive.matters.matter import Matter, MatterBook, joined, without
from archive.matters.naming import SEES_MATTERS, readable
from archive.model.roles import Actor, Permission
from archive.query.facets import narrowing
from archive.query.printer import to_text
from archive.query.scopes import parse_scope

Decide = Callable[[MatterBook], MatterEvent | None]
_NONE: Final = "There is no matter of this code."


class MatterDesk:
    """Creates and changes matters, for legal users who see all records.

    Raises, in every method, ForbiddenError (audited) where the actor may not; in those that change
    something also CorruptError where a matter cannot be read, and UnavailableError where the change
    cannot be committed.
    """

    def __init__(
        self,
        *,
        matters: Matters,
        user_meant: Callable[[str], UUID],
        pointers: PointerRecorder,
        committer: Committer,
        audit: Audit,
        clock: Clock,
        zone: tzinfo,
    ) -> None:
        self._matters = matters
        self._user_meant = user_meant
        self._pointers = pointers
        self._committer = committer
        self._audit = audit
        self._clock = clock
        self._zone = zone

    def seen(self, actor: Actor) -> tuple[list[Matter], MatterBook]:
        """Return the matters that somebody sees, and the book that they stand in.

        Whoever is restricted sees those by which they see records.
        """
        if SEES_MATTERS.isdisjoint(actor.permissions):
            self._audit.require(actor, Permission.HOLD, "matter.list")
        book = self._matters.read()
        if actor.restricted:
            return book.open_to(actor), book
        return list(book.matters.values()), book

    def matter(self, actor: Actor, code: str) -> Matter:
        """Return one matter; NotFoundError if there is none that somebody sees."""
        for matter in self.seen(actor)[0]:
            if matter.code == code:
                return matter
        raise NotFoundError(_NONE)

    def create(self, actor: Actor, request: MatterRequest) -> Matter:
        """Create a matter, which is open.

        Raises:
            InvalidError: something that it is to have cannot be; `column` says where in a query.
            ConflictError: there is a matter of this code.
        """
        self._require(actor, "matter.create")
        contents = self._settled(request)

        def decide(book: MatterBook) -> MatterEvent:
            if request.code in book.matters:
                raise ConflictError(
                    f"There is a matter {request.code} already: a code is given once."
                )
            return self._event(
                happened.MatterCreated,
                actor,
                book,
                request.code,
                name=request.name,
                description=request.description,
                contents=contents,
            )

        return self._changed(request.code, decide)

    def describe(self, actor: Actor, code: str, request: MatterDescription) -> Matter:
        """Give a matter another name and description; nothing happens if it has them already."""
        self._require(actor, "matter.describe")

        def decide(book: MatterBook) -> MatterEvent | None:
            matter = _known(book, code)
            if (matter.name, matter.description) == (request.name, request.description):
                return None
            told = request.model_dump(include={"name", "description"})
            return self._event(happened.MatterDescribed, actor, book, code, **told)

        return self._changed(code, decide)

    def add(self, actor: Actor, code: str, request: ContentsRequest) -> Matter:
        """Let a matter have something more; what it has already changes nothing.

        Raises InvalidError as `create`, and where it would have too much; NotFoundError.
        """
        self._require(actor, "matter.add")
        wanted = self._settled(request)

        def decide(book: MatterBook) -> MatterEvent | None:
            has = _known(book, code).contents
            try:
                joined(has, wanted)
            except ValidationError:
                raise InvalidError(
                    f"A matter takes at most {MOST_CUSTODIANS:,} custodians, {MOST_QUERIES:,} "
                    f"queries, {MOST_RECORDS:,} records and {MOST_MEMBERS:,} members."
                ) from None
            more = without(wanted, has)
            if more == MatterContents():
                return None
            return self._event(happened.MatterAdded, actor, book, code, contents=more)

        return self._changed(code, decide)

    def remove(self, actor: Actor, code: str, request: ContentsRequest) -> Matter:
        """Take something out of a matter; InvalidError for what it does not have."""
        self._require(actor, "matter.remove")
        gone = self._settled(request, there=False)

        def decide(book: MatterBook) -> MatterEvent | None:
            has = _known(book, code).contents
            if without(gone, has) != MatterContents():
                raise InvalidError(f"The matter {code} does not have all that.")
            return self._event(happened.MatterRemoved, actor, book, code, contents=gone)

        return self._changed(code, decide)

    def close(self, actor: Actor, code: str, reason: str) -> Matter:
        """Close a matter; NotFoundError, and ConflictError where it is closed."""
        return self._set_open(actor, code, reason, happened.MatterClosed)

    def reopen(self, actor: Actor, code: str, reason: str) -> Matter:
        """Open a closed matter again; NotFoundError, and ConflictError where it is open."""
        return self._set_open(actor, code, reason, happened.MatterReopened)

    def _set_open(self, actor: Actor, code: str, reason: str, kind: type[MatterEvent]) -> Matter:
        opens = kind is happened.MatterReopened
        self._require(actor, "matter.reopen" if opens else "matter.close")

        def decide(book: MatterBook) -> MatterEvent:
            if _known(book, code).open == opens:
                raise ConflictError(f"The matter {code} is {'open' if opens else 'closed'}.")
            return self._event(kind, actor, book, code, reason=reason)

        return self._changed(code, decide)

    def _require(self, actor: Actor, action: str) -> None:
        self._audit.require(actor, Permission.HOLD, action)
        if actor.restricted:
            self._audit.record(actor, FOR_OPERATIONS, action, allowed=False)
            raise ForbiddenError("Whoever sees a part of the records alone changes no matter.")

    def _settled(self, request: ContentsRequest, *, there: bool = True) -> MatterContents:
        """Return what is asked for as it is kept, nothing twice; its records must be `there`."""
        for custodian in request.custodians:
            narrowing("custodian", custodian)
        ids = tuple(dict.fromkeys(request.records))
        known = self._pointers.existing((each.bytes, 1) for each in ids) if there else ()
        for each in ids if there else ():
            if (each.bytes, 1) not in known:
                raise InvalidError(f"There is no record {each}.")
        contents = MatterContents(
            custodians=request.custodians,
            queries=tuple(map(self._canonical, request.queries)),
            records=ids,
            members=tuple(map(self._user_meant, request.members)),
        )
        if contents == MatterContents() and not isinstance(request, MatterRequest):
            raise InvalidError("Name custodians, queries, records or members.")
        return joined(MatterContents(), contents)

    def _canonical(self, query: str) -> str:
        return to_text(parse_scope(query, "query", self._zone))

    def _event(
        self, kind: type[MatterEvent], actor: Actor, book: MatterBook, code: str, **fields: Any
    ) -> MatterEvent:
        return kind(
            originator_id=self._matters.stream,
            originator_version=book.newest + 1,
            recorded_at=self._clock.now(),
            matter=code,
            by=actor.id,
            address=actor.address,
            **fields,
        )

    def _changed(self, code: str, decide: Decide) -> Matter:
        """Commit what is decided over the newest state; ConflictError after several tries."""

        def events() -> list[MatterEvent]:
            event = decide(readable(self._matters.read()))
            return [event] if event else []

        commit_decided(self._committer, events)
        return _known(self._matters.read(), code)


def _known(book: MatterBook, code: str) -> Matter:
    matter = book.matters.get(code)
    if matter is None:
        raise NotFoundError(_NONE)
    return matter
