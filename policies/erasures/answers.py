"""What is asked and told of cases of erasure: the same at every door."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from archive.access.answers import SearchResult
from archive.asked import Asked
from archive.events.erasure_events import (
    MOST_ALIASES,
    MOST_RECORDS,
    Alias,
    Cause,
    Decision,
    Explanation,
    Ground,
    PersonName,
    Reference,
)
from archive.model.interaction import Frozen
from archive.model.moment import Day
from archive.trail.answers import Reader
from policies.erasures.case import Case, CaseState, Decided, FoundAs, Order

Proposed = Literal["erase", "refuse", "none"]
"""What is proposed for a record; `none` is left to somebody who looks."""


class CaseRequest(Asked):
    """A case to be opened: of somebody in the directory, or by addresses, or by the name alone."""

    received_on: Day
    name: PersonName
    person: UUID | None = None
    aliases: Annotated[tuple[Alias, ...], Field(max_length=MOST_ALIASES)] = ()
    query: Annotated[str, StringConstraints(max_length=10_000)] | None = None
    reference: Reference = ""


class CaseExtension(Asked):
    """Why the answer takes two months more."""

    reason: Explanation


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


class CaseClosing(Asked):
    """How a case ends: the person was answered, or does not want it any more."""

    outcome: Literal["answered", "withdrawn"]
    reason: Annotated[str, StringConstraints(max_length=500)] = ""


class OrderAnswer(Frozen):
    """What was ordered to be destroyed, and what came of it; null where it is under way."""

    by: str
    at: datetime
    records: int
    condemned: int
    destroyed: int | None
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
            condemned=order.condemned,
            destroyed=done.destroyed if done else None,
            kept=done.kept if done else {},
            certificate=done.certificate if done else None,
        )


class CaseAnswer(Frozen):
    """A case: who asked for what, until when it is to be answered, and how far it is.

    `found` counts its records, `undecided` those of which nothing is decided and which are not
    erased, `to_erase` those that are decided to be and are not. Of `unsearched` records words could
    not be read, `unopened` could not be opened at all.
    """

    id: UUID
    state: CaseState
    name: str
    person: UUID | None
    aliases: tuple[str, ...]
    query: str | None
    reference: str
    received_on: date
    due_on: date
    overdue: bool
    extended: bool
    extension_reason: str
    opened_by: str
    opened_at: datetime
    searched_to: int
    found: int
    participant: int
    mention: int
    undecided: int
    to_erase: int
    refused: int
    restricted: int
    erased: int
    unsearched: int
    unopened: int
    orders: tuple[OrderAnswer, ...]
    closed_by: str | None
    closed_at: datetime | None
    outcome: str | None
    closing_reason: str
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
        opened, closed, found = case.opened, case.closed, case.found.values()
        decided = {
            decision: set(case.decided_to(decision)).difference(erased) for decision in Decision
        }
        participant = sum(each is FoundAs.PARTICIPANT for each in found)
        return cls(
            id=case.id,
            state=case.state,
            name=opened.name,
            person=opened.person,
            aliases=tuple(sorted(case.aliases)),
            query=opened.query,
            reference=opened.reference,
            received_on=opened.received_on,
            due_on=case.due_on,
            overdue=case.overdue(now),
            extended=case.extended is not None,
            extension_reason=case.extended.reason if case.extended else "",
            opened_by=names.get(opened.by, opened.by),
            opened_at=opened.recorded_at,
            searched_to=case.as_of,
            found=len(case.found),
            participant=participant,
            mention=len(case.found) - participant,
            undecided=len(case.found.keys() - case.decided.keys() - erased),
            to_erase=len(decided[Decision.ERASE]),
            refused=len(decided[Decision.REFUSE]),
            restricted=len(decided[Decision.RESTRICT]),
            erased=len(erased),
            unsearched=case.unsearched,
            unopened=case.unopened,
            orders=tuple(OrderAnswer.of(each, names) for each in case.orders),
            closed_by=names.get(closed.by, closed.by) if closed else None,
            closed_at=closed.recorded_at if closed else None,
            outcome=closed.outcome if closed else None,
            closing_reason=closed.reason if closed else "",
            problems=tuple(problems),
        )


class CaseSummary(Frozen):
    """A case in a list; of one that cannot be read no more than its id is known."""

    id: UUID
    state: CaseState | Literal["unreadable"]
    name: str | None = None
    reference: str | None = None
    received_on: date | None = None
    due_on: date | None = None
    overdue: bool | None = None
    found: int | None = None

    @classmethod
    def of(cls, case: Case, now: datetime) -> Self:
        """Tell of a case shortly."""
        return cls(
            id=case.id,
            state=case.state,
            name=case.opened.name,
            reference=case.opened.reference,
            received_on=case.opened.received_on,
            due_on=case.due_on,
            overdue=case.overdue(now),
            found=len(case.found),
        )


class CasesAnswer(Frozen):
    """A page of cases, the newest first."""

    cases: tuple[CaseSummary, ...]
    cursor: str | None


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
    or cannot be opened. Of an erased one nothing is proposed.
    """

    id: UUID
    found: FoundAs
    erased: bool
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
    """Who is to be told that records are erased, as the audit trail knows (GDPR, Article 19).

    `records` are those that are erased or decided to be.
    """

    records: int
    recipients: tuple[Reader, ...]
