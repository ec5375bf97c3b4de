"""Where cases are opened, looked at, extended and closed, whatever somebody asked for.

Every change writes the next version of the case's stream, so that whoever was second reads again
and decides anew.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Final, Generic, TypeVar
from uuid import UUID

from archive.clock import Clock
from archive.errors import ConflictError, CorruptError, ForbiddenError, InvalidError
from archive.events.audit import FOR_OPERATIONS, Audit
from archive.events.case_events import CaseClosed, CaseEvent, CaseExtended
from archive.events.deciding import commit_decided
from archive.events.group import Committer
from archive.events.groups import Group
from archive.events.plain import plain
from archive.events.pointers import PointerRecorder
from archive.model.roles import Actor, Permission, Purpose
from archive.opening import Archive
from policies.policy import SCHEDULE
from policies.records import GovernedRecords, governed_records
from policies.requests.answers import (
    CaseClosing,
    CaseRequest,
    CasesAnswer,
    CaseSummary,
    PersonCaseAnswer,
)
from policies.requests.case import CaseT
from policies.requests.reading import CaseReader
from policies.requests.searching import CaseSearching

SEES_CASES: Final = frozenset({Permission.GOVERN, Permission.HOLD, Permission.AUDIT})
"""Whoever has one of these sees which cases there are."""
SEES_RECORDS: Final = frozenset({Permission.GOVERN, Permission.HOLD})
"""Whoever has one of these sees which records a case is about."""

AnswerT = TypeVar("AnswerT", bound=PersonCaseAnswer)
Names = Callable[[Iterable[str]], dict[str, str]]


@dataclass(frozen=True, slots=True)
class DeskParts(Generic[CaseT]):
    """What every desk works with; `catch_up` returns when the catalog has come to an event."""

    reader: CaseReader[CaseT]
    searching: CaseSearching[CaseT]
    records: GovernedRecords
    pointers: PointerRecorder
    catch_up: Callable[[int], None]
    committer: Committer
    audit: Audit
    clock: Clock
    names: Names


def desk_parts(
    archive: Archive,
    reader: CaseReader[CaseT],
    searching: CaseSearching[CaseT],
    *,
    follows: bool,
) -> DeskParts[CaseT]:
    """Return the parts from an archive; without `follows` another thread keeps the catalog."""
    return DeskParts(
        reader=reader,
        searching=searching,
        records=governed_records(archive),
        pointers=archive.pointers,
        catch_up=partial(archive.wait_until_catalogued, follows=follows),
        committer=archive.committer,
        audit=archive.audit,
        clock=archive.clock,
        names=lambda ids: archive.administration.names(set(ids) - {SCHEDULE}),
    )


class RequestDesk(ABC, Generic[CaseT, AnswerT]):
    """Works on cases of one kind, for those who govern and see all records.

    `acts` is how the names of its acts begin in the trail. Raises, in every method, ForbiddenError
    (audited) where the actor may not, NotFoundError for a case that is not there, CorruptError
    where an event of it cannot be read, and UnavailableError; in those that change something also
    ConflictError where its state forbids it.
    """

    acts: ClassVar[str]
    extended: ClassVar[type[CaseExtended]]
    closed: ClassVar[type[CaseClosed]]

    def __init__(self, parts: DeskParts[CaseT]) -> None:
        self._reader = parts.reader
        self._searching = parts.searching
        self._records = parts.records
        self._pointers = parts.pointers
        self._catch_up = parts.catch_up
        self._committer = parts.committer
        self._audit = parts.audit
        self._clock = parts.clock
        self._names = parts.names

    @abstractmethod
    def check_open(self, case: CaseT) -> None:
        """Raise ConflictError unless the case can be decided and closed."""

    @abstractmethod
    def check_answered(self, case: CaseT) -> None:
        """Raise ConflictError unless all is done that answers the person."""

    @abstractmethod
    def told(self, case: CaseT) -> AnswerT:
        """Return what is told of a case."""

    def cases(self, actor: Actor, limit: int, before: int | None = None) -> CasesAnswer:
        """Return a page of cases, the newest first; `before` is a sequence number."""
        self._require_one(actor, SEES_CASES, "list")
        found = self._reader.page(limit + 1, before)
        page = found[:limit]
        return CasesAnswer(
            cases=tuple(self._summary(case_id) for case_id, _ in page),
            cursor=str(page[-1][1]) if len(found) > limit else None,
        )

    def unanswered(self, actor: Actor, limit: int) -> tuple[CaseSummary, ...]:
        """Return the oldest cases that are not closed."""
        self._require_one(actor, SEES_CASES, "list")
        return tuple(self._summary(case_id) for case_id in self._reader.unanswered()[:limit])

    def case(self, actor: Actor, case_id: UUID) -> AnswerT:
        """Return one case."""
        self._require_one(actor, SEES_CASES, "show")
        return self.told(self._reader.case(case_id))

    def open(self, actor: Actor, request: CaseRequest) -> AnswerT:
        """Open a case and look for its records, which takes its time.

        Raises InvalidError where the request cannot be; `column` says where in the query.
        """
        self._require(actor, "open")
        case_id = self._clock.uuid7()
        opened = self._searching.opened(actor, case_id, request)
        # Not atomic: sent twice after a cut connection, the event meets itself.
        self._committer.commit(Group([plain(opened)], atomic=False))
        self._searching.look(actor.id, actor.address, case_id)
        return self.told(self._reader.case(case_id))

    def find(self, actor: Actor, case_id: UUID) -> AnswerT:
        """Look for what came in or changed since it was looked last."""
        self._require(actor, "find")
        unless_closed(self._reader.case(case_id))
        self._searching.look(actor.id, actor.address, case_id)
        return self.told(self._reader.case(case_id))

    def extend(self, actor: Actor, case_id: UUID, reason: str) -> AnswerT:
        """Give the answer two months more; ConflictError a second time, or after its day."""
        self._require(actor, "extend")

        def decide(case: CaseT) -> list[CaseEvent]:
            unless_closed(case)
            if case.extended is not None:
                raise ConflictError("The time to answer was extended already: that is done once.")
            if case.overdue(self._clock.now()):
                raise ConflictError("The day to answer has passed: it cannot be extended any more.")
            return [self._event(self.extended, actor, case, reason=reason)]

        return self._changed(case_id, decide)

    def close(self, actor: Actor, case_id: UUID, request: CaseClosing) -> AnswerT:
        """Close a case.

        Raises ConflictError where something is under way, or it is to be answered and something is
        left to be decided or done.
        """
        self._require(actor, "close")
        self.check_open(self._reader.case(case_id))
        if request.outcome == "answered":
            self._searching.look(actor.id, actor.address, case_id)
        elif not request.reason.strip():
            raise InvalidError("Say why the request is withdrawn.")

        def decide(case: CaseT) -> list[CaseEvent]:
            self.check_open(case)
            if request.outcome == "answered":
                self.check_answered(case)
            told = {"outcome": request.outcome, "reason": request.reason}
            return [self._event(self.closed, actor, case, **told)]

        return self._changed(case_id, decide)

    def _require(self, actor: Actor, act: str) -> None:
        self._require_one(actor, frozenset({Permission.GOVERN}), act)

    def _require_one(
        self,
        actor: Actor,
        permissions: frozenset[Permission],
        act: str,
        purpose: Purpose = FOR_OPERATIONS,
    ) -> None:
        action = f"{self.acts}.{act}"
        if permissions.isdisjoint(actor.permissions):
            self._audit.require(actor, Permission.GOVERN, action, purpose)
        if actor.restricted:
            self._audit.record(actor, purpose, action, allowed=False)
            raise ForbiddenError("Whoever sees a part of the records alone sees no case.")

    def _event(self, kind: type[CaseEvent], actor: Actor, case: CaseT, **fields: Any) -> CaseEvent:
        return kind(
            originator_id=case.id,
            originator_version=case.newest + 1,
            recorded_at=self._clock.now(),
            by=actor.id,
            address=actor.address,
            **fields,
        )

    def _changed(self, case_id: UUID, decide: Callable[[CaseT], Sequence[CaseEvent]]) -> AnswerT:
        """Commit what is decided over the newest state; ConflictError after several tries."""
        commit_decided(self._committer, lambda: decide(self._reader.case(case_id)))
        # What was decided holds from the moment that this returns.
        self._catch_up(self._pointers.last_seq())
        return self.told(self._reader.case(case_id))

    def _summary(self, case_id: UUID) -> CaseSummary:
        try:
            return CaseSummary.of(self._reader.case(case_id), self._clock.now())
        except CorruptError:
            return CaseSummary(id=case_id, state="unreadable")


def unless_closed(case: CaseT) -> None:
    """Raise ConflictError for a case that is over."""
    if case.closed is not None:
        raise ConflictError("The case is closed.")
