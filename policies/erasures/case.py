"""One case of erasure as its events tell it (docs/erasure.md, "A case"). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from archive.errors import CorruptError
from archive.events import erasure_events as happened
from archive.events.erasure_events import Cause, Decision
from archive.events.event import Event
from archive.events.purge_events import PurgedGroup
from policies.purging.counting import merged
from policies.requests.case import CaseState, PersonCase, evolved
from policies.versions import Act


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided last of a record, on which grounds."""

    decision: Decision
    causes: tuple[Cause, ...]
    reason: str
    act: Act


@dataclass(frozen=True, slots=True)
class Order:
    """That records are to be destroyed or redacted; `batches` are condemned, `done` ends it."""

    ordered: happened.ErasureOrdered
    batches: tuple[happened.ErasureCondemned, ...] = ()
    done: happened.ErasureCarriedOut | None = None

    @property
    def groups(self) -> tuple[PurgedGroup, ...]:
        """What it condemned, by class."""
        return merged(group for batch in self.batches for group in batch.groups)

    @property
    def redactions(self) -> tuple[PurgedGroup, ...]:
        """Of what it condemned what stood before a redaction, by class."""
        return merged(group for batch in self.batches for group in batch.redactions)

    @property
    def condemned(self) -> int:
        """How many records it condemned."""
        return sum(group.records for group in self.groups)

    @property
    def redacted(self) -> int:
        """How many records it redacted."""
        return sum(group.records for group in self.redactions)


@dataclass(frozen=True, slots=True)
class Case(PersonCase):
    """A case of erasure: what was decided of its records, and what was ordered.

    `redacted` are those of which that was decided last, and done.
    """

    decided: Mapping[UUID, Decided] = field(default_factory=dict)
    orders: tuple[Order, ...] = ()
    redacted: frozenset[UUID] = frozenset()

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

    def decided_to(self, decision: Decision) -> list[UUID]:
        """Return the records of which that was decided last, in the order of finding."""
        return [
            each
            for each in self.found
            if (one := self.decided.get(each)) is not None and one.decision is decision
        ]


def evolve(case: Case | None, event: Event) -> Case:
    """Return the case after the next event of its stream; CorruptError for one of another kind."""
    if case is None:
        if not isinstance(event, happened.ErasureOpened):
            raise CorruptError("The first event of a case cannot be read: verify names it.")
        return Case(event)
    case = replace(case, newest=event.originator_version)
    common = evolved(case, event)
    if common is not None:
        return common
    match event:
        case happened.ErasureDecided():
            act = Act(event.by, event.recorded_at)
            new = {
                record: Decided(ruling.decision, ruling.causes, event.reason, act)
                for ruling in event.rulings
                for record in ruling.records
            }
            left = case.redacted.difference(new)
            return replace(case, decided={**case.decided, **new}, redacted=left)
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
            order = replace(case.order, batches=(*case.order.batches, event))
            redacted = case.redacted.union(event.redacted)
            return replace(case, orders=(*case.orders[:-1], order), redacted=redacted)
        case happened.ErasureCarriedOut() if case.order is not None:
            return replace(case, orders=(*case.orders[:-1], replace(case.order, done=event)))
    raise CorruptError(f"An event of case {case.id} cannot be read: verify names it.")
