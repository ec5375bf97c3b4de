"""One case of erasure as its events tell it (docs/erasure.md, "A case"). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Final
from uuid import UUID

from archive.errors import CorruptError
from archive.events import erasure_events as happened
from archive.events.erasure_events import Cause, Decision
from archive.events.event import Event
from archive.events.purge_events import PurgedGroup
from archive.locking.terms import Period
from policies.purging.purge import merged
from policies.versions import Act

ANSWERED_WITHIN: Final = Period(1, "m")
"""GDPR, Article 12(3); extended it is three months."""
EXTENDED: Final = Period(3, "m")


class CaseState(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    ORDERED = "ordered"
    CLOSED = "closed"


class FoundAs(StrEnum):
    """Why a record is one of the case: the person takes part in it, or it may be about them."""

    PARTICIPANT = "participant"
    MENTION = "mention"


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided last of a record, on which grounds."""

    decision: Decision
    causes: tuple[Cause, ...]
    reason: str
    act: Act


@dataclass(frozen=True, slots=True)
class Order:
    """That records are to be destroyed; `batches` are condemned already, and `done` ends it."""

    ordered: happened.ErasureOrdered
    batches: tuple[happened.ErasureCondemned, ...] = ()
    done: happened.ErasureCarriedOut | None = None

    @property
    def groups(self) -> tuple[PurgedGroup, ...]:
        """What it condemned, by class."""
        return merged(group for batch in self.batches for group in batch.groups)

    @property
    def condemned(self) -> int:
        """How many records it condemned."""
        return sum(group.records for group in self.groups)


@dataclass(frozen=True, slots=True)
class Case:
    """A case as of version `newest` of its stream.

    `found` are its records in the order in which they were found, searched up to sequence number
    `as_of` under `aliases`; `unsearched` and `unopened` are counts of that.
    """

    opened: happened.ErasureOpened
    newest: int = 1
    found: Mapping[UUID, FoundAs] = field(default_factory=dict)
    as_of: int = 0
    aliases: frozenset[str] = frozenset()
    unsearched: int = 0
    unopened: int = 0
    extended: happened.ErasureExtended | None = None
    decided: Mapping[UUID, Decided] = field(default_factory=dict)
    orders: tuple[Order, ...] = ()
    closed: happened.ErasureClosed | None = None

    @property
    def id(self) -> UUID:
        """The id of its stream."""
        return self.opened.originator_id

    @property
    def state(self) -> CaseState:
        """Where it stands."""
        if self.closed is not None:
            return CaseState.CLOSED
        return CaseState.ORDERED if self.order is not None else CaseState.OPEN

    @property
    def order(self) -> Order | None:
        """What is being carried out."""
        return self.orders[-1] if self.orders and self.orders[-1].done is None else None

    @property
    def due_on(self) -> date:
        """The last day on which the person is answered in time, in UTC."""
        return due_on(self.opened.received_on, extended=self.extended is not None)

    def overdue(self, now: datetime) -> bool:
        """Say whether it is open and its day has passed."""
        return self.closed is None and now.astimezone(UTC).date() > self.due_on

    def decided_to(self, decision: Decision) -> list[UUID]:
        """Return the records of which that was decided last, in the order of finding."""
        return [
            each
            for each in self.found
            if (one := self.decided.get(each)) is not None and one.decision is decision
        ]


def due_on(received_on: date, *, extended: bool) -> date:
    """Return the day by which a request is to be answered."""
    received = datetime.combine(received_on, time(), UTC)
    return (EXTENDED if extended else ANSWERED_WITHIN).after(received).date()


def evolve(case: Case | None, event: Event) -> Case:
    """Return the case after the next event of its stream; CorruptError for one of another kind."""
    if case is None:
        if not isinstance(event, happened.ErasureOpened):
            raise CorruptError("The first event of a case cannot be read: verify names it.")
        return Case(event)
    case = replace(case, newest=event.originator_version)
    match event:
        case happened.ErasureSearched():
            return _searched(case, event)
        case happened.ErasureExtended():
            return replace(case, extended=event)
        case happened.ErasureDecided():
            act = Act(event.by, event.recorded_at)
            new = {
                record: Decided(ruling.decision, ruling.causes, event.reason, act)
                for ruling in event.rulings
                for record in ruling.records
            }
            return replace(case, decided={**case.decided, **new})
        case happened.ErasureLifted():
            act = Act(event.by, event.recorded_at)
            lifted = {
                record: replace(
                    case.decided[record], decision=Decision.REFUSE, reason=event.reason, act=act
                )
                for record in event.records
                if record in case.decided
            }
            return replace(case, decided={**case.decided, **lifted})
        case happened.ErasureOrdered():
            return replace(case, orders=(*case.orders, Order(event)))
        case happened.ErasureCondemned() if case.order is not None:
            batches = (*case.order.batches, event)
            return replace(case, orders=(*case.orders[:-1], replace(case.order, batches=batches)))
        case happened.ErasureCarriedOut() if case.order is not None:
            return replace(case, orders=(*case.orders[:-1], replace(case.order, done=event)))
        case happened.ErasureClosed():
            return replace(case, closed=event)
    raise CorruptError(f"An event of case {case.id} cannot be read: verify names it.")


def _searched(case: Case, event: happened.ErasureSearched) -> Case:
    # Whoever takes part is one of the case for that, also if only a mention was known before.
    new = {
        **dict.fromkeys(event.mention, FoundAs.MENTION),
        **dict.fromkeys(event.participant, FoundAs.PARTICIPANT),
    }
    return replace(
        case,
        found={**case.found, **new},
        as_of=event.as_of,
        aliases=frozenset(event.aliases),
        unsearched=event.unsearched,
        unopened=event.unopened,
    )
