"""What is asked and told of cases of erasure: the same at every door."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from archive.access.search_answers import SearchResult
from archive.asked import Asked
from archive.events.case_events import MOST_RECORDS, Explanation
from archive.events.erasure_events import Cause, Decision, Ground
from archive.model.interaction import Frozen
from archive.trail.answers import Reader
from policies.erasures.case import Case, Decided, Order
from policies.requests.answers import PersonCaseAnswer, told_of
from policies.requests.case import FoundAs

Proposed = Literal["erase", "refuse", "none"]
"""What is proposed for a record; `none` is left to somebody who looks."""


class CaseDecision(Asked):
    """What is decided: of `records`, or else of all that are `proposed` so and not decided yet.

    Without either it is all that are not decided. Without a decision it is what is proposed. The
    ground of a refusal where nothing forbids to erase is `exemption` or `unrelated`.
    """

    decision: Decision | None = None
    records: Annotated[tuple[UUID, ...], Field(max_length=MOST_RECORDS)] = ()
    proposed: Proposed | None = None
    ground: Literal[Ground.EXEMPTION, Ground.UNRELATED] | None = None
    reason: Annotated[str, StringConstraints(max_length=500)] = ""


class CaseLifting(Asked):
    """Records that are not to be restricted any more, and why."""

    records: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=MOST_RECORDS)]
    reason: Explanation


class OrderAnswer(Frozen):
    """What was ordered to be destroyed or redacted, and what came of it; null while under way.

    `records` were ordered to go and `condemned` of them are; of `to_redact` so many are `redacted`.
    """

    by: str
    at: datetime
    records: int
    to_redact: int
    condemned: int
    destroyed: int | None
    redacted: int | None
    kept: dict[str, int]
    certificate: UUID | None

    @classmethod
    def of(cls, order: Order, names: Mapping[str, str]) -> Self:
        """Tell of an order; `names` are those of people by id."""
        ordered, done = order.ordered, order.done
        return cls(
            by=names.get(ordered.by, ordered.by),
            at=ordered.recorded_at,
            records=ordered.records,
            to_redact=ordered.redacted,
            condemned=order.condemned,
            destroyed=done.destroyed if done else None,
            redacted=done.redacted if done else None,
            kept=done.kept if done else {},
            certificate=done.certificate if done else None,
        )


class CaseAnswer(PersonCaseAnswer):
    """A case of erasure.

    `to_erase` and `to_redact` count the records that are decided to be erased or redacted, and are
    not yet.
    """

    to_erase: int
    to_redact: int
    refused: int
    restricted: int
    erased: int
    redacted: int
    orders: tuple[OrderAnswer, ...]
    problems: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        case: Case,
        erased: set[UUID],
        names: Mapping[str, str],
        now: datetime,
        problems: Iterable[str] = (),
    ) -> Self:
        """Tell of a case as of a time; `erased` are those of its records that are gone."""
        decided = {
            decision: set(case.decided_to(decision)).difference(erased) for decision in Decision
        }
        return cls(
            **told_of(case, names, now),
            undecided=len(case.found.keys() - case.decided.keys() - erased),
            to_erase=len(decided[Decision.ERASE]),
            to_redact=len(decided[Decision.REDACT] - case.redacted),
            refused=len(decided[Decision.REFUSE]),
            restricted=len(decided[Decision.RESTRICT]),
            erased=len(erased),
            redacted=len(case.redacted - erased),
            orders=tuple(OrderAnswer.of(each, names) for each in case.orders),
            problems=tuple(problems),
        )


class DecidedAnswer(Frozen):
    """What was decided of a record, why, by whom and when."""

    decision: Decision
    causes: tuple[Cause, ...]
    reason: str
    by: str
    at: datetime

    @classmethod
    def of(cls, decided: Decided, names: Mapping[str, str]) -> Self:
        """Tell of a decision; `names` are those of people by id."""
        return cls(
            decision=decided.decision,
            causes=decided.causes,
            reason=decided.reason,
            by=names.get(decided.act.by, decided.act.by),
            at=decided.act.at,
        )


class CaseRecord(Frozen):
    """A record of a case: what is proposed and on which grounds, what was decided.

    `record` is who, when and through what, without anything that was said; null where it is erased
    or cannot be opened. Of an erased one nothing is proposed. One that is `redacted` was so by this
    case.
    """

    id: UUID
    found: FoundAs
    erased: bool
    redacted: bool
    certificate: UUID | None
    record: SearchResult | None
    proposed: Proposed | None
    causes: tuple[Cause, ...]
    decided: DecidedAnswer | None


class CaseRecordsAnswer(Frozen):
    """A page of a case's records in the order of finding; `total` is of all pages."""

    total: int
    records: tuple[CaseRecord, ...]
    cursor: str | None


class RecipientsAnswer(Frozen):
    """Who is to be told that records are erased or redacted, by the audit trail (Article 19).

    `records` are those that are, or are decided to be.
    """

    records: int
    recipients: tuple[Reader, ...]
