"""Where cases of erasure are opened, decided, carried out and closed (docs/erasure.md).

Every change writes the next version of the case's stream, so that whoever was second reads again
and decides anew.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from archive.errors import ConflictError, ForbiddenError, InvalidError
from archive.events import erasure_events as happened
from archive.events.audit import FOR_OPERATIONS
from archive.events.case_events import CaseEvent
from archive.events.erasure_events import Decision
from archive.model.roles import Actor, Purpose
from archive.trail.desk import Trail
from policies.erasures.answers import (
    CaseAnswer,
    CaseDecision,
    CaseLifting,
    CaseRecord,
    CaseRecordsAnswer,
    DecidedAnswer,
    RecipientsAnswer,
)
from policies.erasures.case import Case
from policies.erasures.executing import DESTROYING, Executor, left_to
from policies.erasures.proposing import Looked, Proposing, rulings
from policies.requests.case import CaseState
from policies.requests.desk import SEES_RECORDS, DeskParts, RequestDesk, unless_closed

_PAGE: Final = 500


class ErasureDesk(RequestDesk[Case, CaseAnswer]):
    """Works on cases of erasure; what it raises as `RequestDesk` says."""

    acts = "erasure"
    extended = happened.ErasureExtended
    closed = happened.ErasureClosed

    def __init__(
        self, parts: DeskParts[Case], *, proposing: Proposing, executor: Executor, trail: Trail
    ) -> None:
        super().__init__(parts)
        self._proposing = proposing
        self._executor = executor
        self._trail = trail

    def records(
        self, actor: Actor, purpose: Purpose, case_id: UUID, limit: int, start: int = 0
    ) -> CaseRecordsAnswer:
        """Return a page of a case's records, from a place of them on, judged as of now."""
        self._require_one(actor, SEES_RECORDS, "records", purpose)
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
        """Return who saw the records that are erased or redacted, or are decided to be."""
        self._require_one(actor, SEES_RECORDS, "recipients")
        case = self._reader.case(case_id)
        gone = self._records.erased(list(case.found))
        wanted = gone.union(*map(case.decided_to, DESTROYING))
        self._audit.record(actor, FOR_OPERATIONS, "erasure.recipients", total=len(wanted))
        readers = self._trail.readers(wanted)
        return RecipientsAnswer(records=len(wanted), recipients=readers)

    def decide(self, actor: Actor, case_id: UUID, request: CaseDecision) -> CaseAnswer:
        """Decide what becomes of records.

        Raises InvalidError where nothing fits the request, a record is none of the case or is
        erased, or something forbids to erase it.
        """
        self._require(actor, "decide")

        def decide(case: Case) -> list[CaseEvent]:
            self.check_open(case)
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
        self._require(actor, "lift")

        def decide(case: Case) -> list[CaseEvent]:
            there = set(case.decided_to(Decision.RESTRICT))
            for each in request.records:
                if each not in there:
                    raise InvalidError(f"The record {each} is not restricted by the case.")
            told = {"records": tuple(dict.fromkeys(request.records)), "reason": request.reason}
            return [self._event(happened.ErasureLifted, actor, case, **told)]

        return self._changed(case_id, decide)

    def order(self, actor: Actor, case_id: UUID) -> CaseAnswer:
        """Order that what is decided to be erased or redacted is; the leader carries it out.

        Raises ForbiddenError (audited) where the actor decided any of it, and ConflictError where
        there is nothing to destroy.
        """
        self._require(actor, "order")

        def decide(case: Case) -> list[CaseEvent]:
            if case.state is CaseState.ORDERED:
                return []
            self.check_open(case)
            erase, redact = (left_to(self._records, case, each) for each in DESTROYING)
            left = [*erase, *redact]
            if not left:
                raise ConflictError("Nothing that is there is decided to be erased or redacted.")
            if any(case.decided[each].act.by == actor.id for each in left):
                self._audit.record(actor, FOR_OPERATIONS, "erasure.order", allowed=False)
                raise ForbiddenError("Somebody else orders it than whoever decided what is erased.")
            told = {"records": len(erase), "redacted": len(redact)}
            return [self._event(happened.ErasureOrdered, actor, case, **told)]

        return self._changed(case_id, decide)

    def execute(self, actor: Actor, case_id: UUID) -> CaseAnswer:
        """Order it, as `order`, and carry it out; `problems` say what is not destroyed yet."""
        self.order(actor, case_id)
        problems = self._executor.carry_out(case_id)
        return self._told(self._reader.case(case_id), problems)

    def check_open(self, case: Case) -> None:
        unless_closed(case)
        if case.state is CaseState.ORDERED:
            raise ConflictError("The case is being carried out: wait until that is done.")

    def check_answered(self, case: Case) -> None:
        gone = self._records.erased(list(case.found))
        undecided = case.found.keys() - case.decided.keys() - gone
        if undecided:
            raise ConflictError(
                f"Of {len(undecided):,} records it is not decided what becomes of them."
            )
        for decision in DESTROYING:
            if left := left_to(self._records, case, decision):
                done = "erased" if decision is Decision.ERASE else "redacted"
                raise ConflictError(
                    f"{len(left):,} records are decided to be {done} and are not: order it, or "
                    "decide anew."
                )

    def told(self, case: Case) -> CaseAnswer:
        return self._told(case)

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
        redacted=looked.id in case.redacted and not looked.erased,
        certificate=looked.certificate,
        record=looked.result,
        proposed=None if looked.erased else looked.proposal_name,
        causes=looked.proposal.causes,
        decided=DecidedAnswer.of(decided, names) if decided else None,
    )
