"""Placing, changing and releasing holds: who may, and what is written (docs/holds.md).

Every change writes the next version of the one stream, so that whoever was second, a purge
included, reads again and decides anew.
"""

from collections.abc import Callable
from datetime import tzinfo
from typing import Any, Final

from archive.clock import Clock
from archive.errors import ConflictError, CorruptError, ForbiddenError, InvalidError, NotFoundError
from archive.events import hold_events as happened
from archive.events.audit import FOR_OPERATIONS, Audit
from archive.events.deciding import commit_decided
from archive.events.group import Committer
from archive.events.hold_events import HoldEvent, HoldScope
from archive.events.pointers import PointerRecorder
from archive.model.roles import Actor, Permission, Purpose
from archive.opening import Archive
from archive.query.facets import narrowing
from archive.query.printer import to_text
from archive.query.scopes import parse_scope
from archive.query.tree import to_json
from policies.holds.answers import HoldRequest, ReachAnswer, ScopeRequest
from policies.holds.book import HoldReader, hold_reader
from policies.holds.hold import Hold, HoldBook
from policies.holds.lateness import Lateness, lateness
from policies.holds.reach import Reach
from policies.records import Found, GovernedRecords, governed_records
from policies.scopes import Standing

SEES_HOLDS: Final = frozenset({Permission.HOLD, Permission.GOVERN, Permission.AUDIT})
"""Whoever has one of these sees which holds there are."""
# A purge in another process writes one version for each of its batches, which take longer than this
# takes to read again.
_TRIES: Final = 50

Decide = Callable[[HoldBook], HoldEvent | None]


class HoldDesk:
    """Places, changes and releases holds, for legal users who see all records.

    Raises, in every method, ForbiddenError (audited) where the actor may not; in those that change
    something also CorruptError where a hold cannot be read, and UnavailableError where the change
    cannot be committed.
    """

    def __init__(
        self,
        holds: HoldReader,
        late: Lateness,
        pointers: PointerRecorder,
        records: GovernedRecords,
        committer: Committer,
        audit: Audit,
        clock: Clock,
        zone: tzinfo,
    ) -> None:
        self._holds = holds
        self._late = late
        self._pointers = pointers
        self._records = records
        self._committer = committer
        self._audit = audit
        self._clock = clock
        self._zone = zone

    def book(self, actor: Actor) -> HoldBook:
        """Return all holds, to whoever holds, governs or audits, and sees all records."""
        if SEES_HOLDS.isdisjoint(actor.permissions):
            self._audit.require(actor, Permission.HOLD, "hold.list")
        self._require_whole(
            actor, FOR_OPERATIONS, "hold.list", "is not shown which holds there are"
        )
        return self._holds.read()

    def hold(self, actor: Actor, name: str) -> Hold:
        """Return one hold, to whoever holds, governs or audits; NotFoundError if there is none."""
        return _named(self.book(actor), name)

    def reach(
        self, actor: Actor, purpose: Purpose, request: ScopeRequest, as_of: int
    ) -> ReachAnswer:
        """Count what a scope reaches up to a sequence number; every record is looked at.

        Raises InvalidError where the scope cannot be; `column` says where in the query.
        """
        self._require(actor, "hold.reach", purpose)
        scope = self._settled(request)
        reach = self._reach(scope)
        total = reached = size = uncertain = unopened = 0
        for found in self._records.each_up_to(as_of):
            total += 1
            if not isinstance(found, Found):
                unopened += 1
                continue
            where = reach.standing(found.record.id, found)
            uncertain += where is Standing.UNKNOWN
            if where is Standing.IN:
                reached += 1
                size += found.record.size
        self._audit.record(
            actor, purpose, "hold.reach", query=scope.query, as_of=as_of, total=reached
        )
        return ReachAnswer(
            as_of=as_of,
            records=total,
            reached=reached,
            bytes=size,
            uncertain=uncertain,
            unopened=unopened,
        )

    def place(self, actor: Actor, request: HoldRequest) -> Hold:
        """Place a hold, which is in force on return and tells what it came too late for.

        Raises:
            InvalidError: the scope cannot be; `column` says where in the query.
            ConflictError: there is, or was, a hold of this name.
        """
        self._require(actor, "hold.place")
        scope = self._settled(request)

        def decide(book: HoldBook) -> HoldEvent:
            if request.name in book.holds:
                raise ConflictError(
                    f"There is a hold {request.name} already, or was: a name is given once."
                )
            return self._event(
                happened.HoldPlaced,
                actor,
                book,
                request.name,
                matter=request.matter,
                reason=request.reason,
                scope=scope,
                condemned=self._late.condemned(self._reach(scope)),
            )

        return self._changed(request.name, decide)

    def change(self, actor: Actor, name: str, request: ScopeRequest, reason: str) -> Hold:
        """Give a hold another scope; nothing happens if it has it already.

        Raises InvalidError as `place`, NotFoundError, and ConflictError where it is released.
        """
        self._require(actor, "hold.change")
        scope = self._settled(request)

        def decide(book: HoldBook) -> HoldEvent | None:
            if _in_force(book, name).scope == scope:
                return None
            return self._event(
                happened.HoldScopeChanged,
                actor,
                book,
                name,
                reason=reason,
                scope=scope,
                condemned=self._late.condemned(self._reach(scope)),
            )

        return self._changed(name, decide)

    def release(self, actor: Actor, name: str, reason: str) -> Hold:
        """End a hold for ever; NotFoundError, and ConflictError where it has ended already."""
        self._require(actor, "hold.release")

        def decide(book: HoldBook) -> HoldEvent:
            _in_force(book, name)
            return self._event(happened.HoldReleased, actor, book, name, reason=reason)

        return self._changed(name, decide)

    def _reach(self, scope: HoldScope) -> Reach:
        return Reach.of(scope, [self._holds.known()])

    def _require(self, actor: Actor, action: str, purpose: Purpose = FOR_OPERATIONS) -> None:
        self._audit.require(actor, Permission.HOLD, action, purpose)
        self._require_whole(actor, purpose, action, "holds none")

    def _require_whole(self, actor: Actor, purpose: Purpose, action: str, then: str) -> None:
        if actor.restricted:
            self._audit.record(actor, purpose, action, allowed=False)
            raise ForbiddenError(f"Whoever sees a part of the records alone {then}.")

    def _settled(self, request: ScopeRequest) -> HoldScope:
        """Return a scope as it is kept: its query in canonical form, nothing named twice."""
        given = (request.query is not None, bool(request.custodians), bool(request.records))
        if sum(given) != 1:
            raise InvalidError("A hold reaches one of a query, custodians, and a list of records.")
        if request.query is not None:
            tree = parse_scope(request.query, "query", self._zone)
            return HoldScope(query=to_text(tree), ast=to_json(tree))
        for custodian in request.custodians:
            narrowing("custodian", custodian)
        ids = tuple(dict.fromkeys(request.records))
        known = self._pointers.existing((each.bytes, 1) for each in ids)
        for each in ids:
            if (each.bytes, 1) not in known:
                raise InvalidError(f"There is no record {each}.")
        return HoldScope(custodians=tuple(dict.fromkeys(request.custodians)), records=ids)

    def _event(
        self, kind: type[HoldEvent], actor: Actor, book: HoldBook, name: str, **fields: Any
    ) -> HoldEvent:
        return kind(
            originator_id=self._holds.stream,
            originator_version=book.newest + 1,
            recorded_at=self._clock.now(),
            hold=name,
            by=actor.id,
            address=actor.address,
            **fields,
        )

    def _changed(self, name: str, decide: Decide) -> Hold:
        """Commit what is decided over the newest state; ConflictError after very many tries."""

        def events() -> list[HoldEvent]:
            book = self._holds.read()
            if book.unreadable:
                raise CorruptError(
                    "An event of the holds cannot be read: verify names it. No hold is changed "
                    "while it is not known what they reach; nothing is destroyed either."
                )
            event = decide(book)
            return [event] if event else []

        commit_decided(self._committer, events, tries=_TRIES)
        return _named(self._holds.read(), name)


def hold_desk(archive: Archive) -> HoldDesk:
    """Return what places and releases the holds of an archive."""
    return HoldDesk(
        hold_reader(archive),
        lateness(archive),
        archive.pointers,
        governed_records(archive),
        archive.committer,
        archive.audit,
        archive.clock,
        archive.settings.timezone,
    )


def _named(book: HoldBook, name: str) -> Hold:
    hold = book.holds.get(name)
    if hold is None:
        raise NotFoundError("There is no hold of this name.")
    return hold


def _in_force(book: HoldBook, name: str) -> Hold:
    hold = _named(book, name)
    if hold.released is not None:
        raise ConflictError(f"The hold {name} is released already.")
    return hold
