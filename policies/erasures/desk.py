"""Where cases of erasure are opened, decided, carried out and closed (docs/erasure.md).

Every change writes the next version of the case's stream, so that whoever was second reads again
and decides anew.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from archive.access.audit import FOR_OPERATIONS, Audit
from archive.access.roles import Actor, Permission, Purpose
from archive.clock import Clock
from archive.errors import ConflictError, CorruptError, ForbiddenError, InvalidError
from archive.events import erasure_events as happened
from archive.events.commit import Group
from archive.events.deciding import commit_decided
from archive.events.erasure_events import Decision, ErasureEvent
from archive.events.group import Committer
from archive.events.plain import plain
from archive.events.pointers import PointerRecorder
from archive.trail.desk import Trail
from policies.erasures.answers import (
    CaseAnswer,
    CaseClosing,
    CaseDecision,
    CaseLifting,
    CaseRecord,
    CaseRecordsAnswer,
    CaseRequest,
    CasesAnswer,
    CaseSummary,
    DecidedAnswer,
    RecipientsAnswer,
)
from policies.erasures.case import Case, CaseState
from policies.erasures.executing import Executor
from policies.erasures.proposing import Looked, Proposing, rulings
from policies.erasures.reading import CaseReader
from policies.erasures.searching import CaseSearching
from policies.records import GovernedRecords

SEES_CASES: Final = frozenset({Permission.GOVERN, Permission.HOLD, Permission.AUDIT})
"""Whoever has one of these sees which cases there are."""
SEES_RECORDS: Final = frozenset({Permission.GOVERN, Permission.HOLD})
"""Whoever has one of these sees which records a case is about."""
_PAGE: Final = 500

Decide = Callable[[Case], Sequence[ErasureEvent]]
Names = Callable[[Iterable[str]], dict[str, str]]


class ErasureDesk:
    """Works on cases of erasure, for those who govern and see all records.

    Raises, in every method, ForbiddenError (audited) where the actor may not, NotFoundError for a
    case that is not there, CorruptError where an event of it cannot be read, and UnavailableError;
    in those that change something also ConflictError where its state forbids it.
    """

    def __init__(
        self,
        *,
        reader: CaseReader,
        searching: CaseSearching,
        proposing: Proposing,
        executor: Executor,
        trail: Trail,
        records: GovernedRecords,
        pointers: PointerRecorder,
        catch_up: Callable[[int], None],
        committer: Committer,
        audit: Audit,
        clock: Clock,
        names: Names,
    ) -> None:
        self._reader = reader
        self._searching = searching
        self._proposing = proposing
        self._executor = executor
        self._trail = trail
        self._records = records
        self._pointers = pointers
        self._catch_up = catch_up
        self._committer = committer
        self._audit = audit
        self._clock = clock
        self._names = names

    def cases(self, actor: Actor, limit: int, before: int | None = None) -> CasesAnswer:
        """Return a page of cases, the newest first; `before` is a sequence number."""
        self._require_one(actor, SEES_CASES, "erasure.list")
        found = self._reader.page(limit + 1, before)
        page = found[:limit]
        return CasesAnswer(
            cases=tuple(self._summary(case_id) for case_id, _ in page),
            cursor=str(page[-1][1]) if len(found) > limit else None,
        )

    def case(self, actor: Actor, case_id: UUID) -> CaseAnswer:
        """Return one case."""
        self._require_one(actor, SEES_CASES, "erasure.show")
        return self._told(self._reader.case(case_id))

    def open(self, actor: Actor, request: CaseRequest) -> CaseAnswer:
        """Open a case and look for its records, which takes its time.

        Raises InvalidError where the request cannot be; `column` says where in the query.
        """
        self._require(actor, "erasure.open")
        case_id = self._clock.uuid7()
        opened = self._searching.opened(actor, case_id, request)
        # Not atomic: sent twice after a cut connection, the event meets itself.
        self._committer.commit(Group([plain(opened)], atomic=False))
        self._searching.look(actor.id, actor.address, case_id)
        return self._told(self._reader.case(case_id))

    def find(self, actor: Actor, case_id: UUID) -> CaseAnswer:
        """Look for what came in or changed since it was looked last."""
        self._require(actor, "erasure.find")
        _unless_closed(self._reader.case(case_id))
        self._searching.look(actor.id, actor.address, case_id)
        return self._told(self._reader.case(case_id))

    def records(
        self, actor: Actor, purpose: Purpose, case_id: UUID, limit: int, start: int = 0
    ) -> CaseRecordsAnswer:
        """Return a page of a case's records, from a place of them on, judged as of now."""
        self._require_one(actor, SEES_RECORDS, "erasure.records", purpose)
        case = self._reader.case(case_id)
        ids = list(case.found)[start : start + limit]
        looked = self._proposing.look(case, ids)
        names = self._names({each.act.by for each in case.decided.values()})
        self._audit.record(actor, purpose, "erasure.records", total=len(case.found), records=ids)
        return CaseRecordsAnswer(
            total=len(case.found),
            records=tuple(_record(case, each, names) for each in looked),
            cursor=str(start + limit) if start + limit < len(case.found) else None,
        )

    def recipients(self, actor: Actor, case_id: UUID) -> RecipientsAnswer:
        """Return who saw the records that are erased, or are decided to be."""
        self._require_one(actor, SEES_RECORDS, "erasure.recipients")
        case = self._reader.case(case_id)
        gone = self._records.erased(list(case.found))
        wanted = gone.union(case.decided_to(Decision.ERASE))
        self._audit.record(actor, FOR_OPERATIONS, "erasure.recipients", total=len(wanted))
        readers = self._trail.readers(wanted)
        return RecipientsAnswer(records=len(wanted), recipients=readers)

    def extend(self, actor: Actor, case_id: UUID, reason: str) -> CaseAnswer:
        """Give the answer two months more; ConflictError a second time, or after its day."""
        self._require(actor, "erasure.extend")

        def decide(case: Case) -> list[ErasureEvent]:
            _unless_closed(case)
            if case.extended is not None:
                raise ConflictError("The time to answer was extended already: that is done once.")
            if case.overdue(self._clock.now()):
                raise ConflictError("The day to answer has passed: it cannot be extended any more.")
            return [self._event(happened.ErasureExtended, actor, case, reason=reason)]

        return self._changed(case_id, decide)

    def decide(self, actor: Actor, case_id: UUID, request: CaseDecision) -> CaseAnswer:
        """Decide what becomes of records.

        Raises InvalidError where nothing fits the request, a record is none of the case or is
        erased, or something forbids to erase it.
        """
        self._require(actor, "erasure.decide")

        def decide(case: Case) -> list[ErasureEvent]:
            _if_open(case)
            decided = rulings(case, request, self._asked(case, request))
            return [
                self._event(
                    happened.ErasureDecided, actor, case, rulings=decided, reason=request.reason
                )
            ]

        return self._changed(case_id, decide)

    def lift(self, actor: Actor, case_id: UUID, request: CaseLifting) -> CaseAnswer:
        """Let records be open to all again whom the case restricts, also once it is closed.

        Raises InvalidError for a record that it does not restrict.
        """
        self._require(actor, "erasure.lift")

        def decide(case: Case) -> list[ErasureEvent]:
            there = set(case.decided_to(Decision.RESTRICT))
            for each in request.records:
                if each not in there:
                    raise InvalidError(f"The record {each} is not restricted by the case.")
            told = {"records": tuple(dict.fromkeys(request.records)), "reason": request.reason}
            return [self._event(happened.ErasureLifted, actor, case, **told)]

        return self._changed(case_id, decide)

    def order(self, actor: Actor, case_id: UUID) -> CaseAnswer:
        """Order that what is decided to be erased is destroyed; the leader carries it out.

        Raises ForbiddenError (audited) where the actor decided any of it, and ConflictError where
        there is nothing to destroy.
        """
        self._require(actor, "erasure.order")

        def decide(case: Case) -> list[ErasureEvent]:
            if case.state is CaseState.ORDERED:
                return []
            _if_open(case)
            wanted = case.decided_to(Decision.ERASE)
            gone = self._records.erased(wanted)
            left = [each for each in wanted if each not in gone]
            if not left:
                raise ConflictError("Nothing that is there is decided to be erased.")
            if any(case.decided[each].act.by == actor.id for each in left):
                self._audit.record(actor, FOR_OPERATIONS, "erasure.order", allowed=False)
                raise ForbiddenError("Somebody else orders it than whoever decided what is erased.")
            return [self._event(happened.ErasureOrdered, actor, case, records=len(left))]

        return self._changed(case_id, decide)

    def execute(self, actor: Actor, case_id: UUID) -> CaseAnswer:
        """Order it, as `order`, and carry it out; `problems` say what is not destroyed yet."""
        self.order(actor, case_id)
        problems = self._executor.carry_out(case_id)
        return self._told(self._reader.case(case_id), problems)

    def close(self, actor: Actor, case_id: UUID, request: CaseClosing) -> CaseAnswer:
        """Close a case.

        Raises ConflictError where it is being carried out, or it is to be answered and of a record
        it is not decided what becomes of it, or that has not become of it.
        """
        self._require(actor, "erasure.close")
        _if_open(self._reader.case(case_id))
        if request.outcome == "answered":
            self._searching.look(actor.id, actor.address, case_id)
        elif not request.reason.strip():
            raise InvalidError("Say why the request is withdrawn.")

        def decide(case: Case) -> list[ErasureEvent]:
            _if_open(case)
            if request.outcome == "answered":
                self._check_answered(case)
            told = {"outcome": request.outcome, "reason": request.reason}
            return [self._event(happened.ErasureClosed, actor, case, **told)]

        return self._changed(case_id, decide)

    def _check_answered(self, case: Case) -> None:
        gone = self._records.erased(list(case.found))
        undecided = case.found.keys() - case.decided.keys() - gone
        if undecided:
            raise ConflictError(
                f"Of {len(undecided):,} records it is not decided what becomes of them."
            )
        left = set(case.decided_to(Decision.ERASE)) - gone
        if left:
            raise ConflictError(
                f"{len(left):,} records are decided to be erased and are not: order it, or decide "
                "anew."
            )

    def _asked(self, case: Case, request: CaseDecision) -> list[Looked]:
        """Return the records that a request means, as they stand now."""
        if request.records:
            strange = [each for each in request.records if each not in case.found]
            if strange:
                raise InvalidError(f"The record {strange[0]} is none of the case.")
            ids = list(dict.fromkeys(request.records))
        else:
            ids = [each for each in case.found if each not in case.decided]
        looked: list[Looked] = []
        for start in range(0, len(ids), _PAGE):
            looked += self._proposing.look(case, ids[start : start + _PAGE])
        if request.records:
            return looked
        return [
            each
            for each in looked
            if not each.erased and request.proposed in (None, each.proposal_name)
        ]

    def _require(self, actor: Actor, action: str) -> None:
        self._require_one(actor, frozenset({Permission.GOVERN}), action)

    def _require_one(
        self,
        actor: Actor,
        permissions: frozenset[Permission],
        action: str,
        purpose: Purpose = FOR_OPERATIONS,
    ) -> None:
        if permissions.isdisjoint(actor.permissions):
            self._audit.require(actor, Permission.GOVERN, action, purpose)
        if actor.restricted:
            self._audit.record(actor, purpose, action, allowed=False)
            raise ForbiddenError("Whoever sees a part of the records alone sees no case.")

    def _event(
        self, kind: type[ErasureEvent], actor: Actor, case: Case, **fields: Any
    ) -> ErasureEvent:
        return kind(
            originator_id=case.id,
            originator_version=case.newest + 1,
            recorded_at=self._clock.now(),
            by=actor.id,
            address=actor.address,
            **fields,
        )

    def _changed(self, case_id: UUID, decide: Decide) -> CaseAnswer:
        """Commit what is decided over the newest state; ConflictError after several tries."""
        commit_decided(self._committer, lambda: decide(self._reader.case(case_id)))
        # What is restricted is so from the moment that this returns.
        self._catch_up(self._pointers.last_seq())
        return self._told(self._reader.case(case_id))

    def _summary(self, case_id: UUID) -> CaseSummary:
        try:
            return CaseSummary.of(self._reader.case(case_id), self._clock.now())
        except CorruptError:
            return CaseSummary(id=case_id, state="unreadable")

    def _told(self, case: Case, problems: Sequence[str] = ()) -> CaseAnswer:
        acts = [case.opened, case.closed, *(each.ordered for each in case.orders)]
        names = self._names({act.by for act in acts if act is not None})
        erased = self._records.erased(list(case.found))
        return CaseAnswer.of(case, erased, names, self._clock.now(), problems)


def _record(case: Case, looked: Looked, names: dict[str, str]) -> CaseRecord:
    decided = case.decided.get(looked.id)
    return CaseRecord(
        id=looked.id,
        found=case.found[looked.id],
        erased=looked.erased,
        certificate=looked.certificate,
        record=looked.result,
        proposed=None if looked.erased else looked.proposal_name,
        causes=looked.proposal.causes,
        decided=DecidedAnswer.of(decided, names) if decided else None,
    )


def _unless_closed(case: Case) -> None:
    if case.closed is not None:
        raise ConflictError("The case is closed.")


def _if_open(case: Case) -> None:
    _unless_closed(case)
    if case.state is CaseState.ORDERED:
        raise ConflictError("The case is being carried out: wait until that is done.")
