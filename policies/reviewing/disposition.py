"""One disposition as its events tell it, and what may be decided in it. Pure.

What an event that cannot be read decided is not known: the disposition says so, and none of its
records may go.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from archive.events import disposition_events as happened
from archive.events.disposition_events import Departure
from archive.events.event import Event
from archive.events.policy_events import Stage
from policies.policy import SCHEDULE
from policies.versions import Act


class ItemState(StrEnum):
    """Where a record stands in a disposition; only an approved one may go."""

    WAITING = "waiting"
    APPROVED = "approved"
    EXTENDED = "extended"
    RELABELLED = "relabelled"
    LEFT = "left"
    CONDEMNED = "condemned"


@dataclass(frozen=True, slots=True)
class Approval:
    """That a stage was passed; `own` says that whoever approved it owns the record."""

    stage: str
    act: Act
    comment: str | None
    own: bool

    @property
    def automatic(self) -> bool:
        """Whether the time of the stage has passed, and nobody decided."""
        return self.act.by == SCHEDULE


@dataclass(frozen=True, slots=True)
class Item:
    """One record in a disposition.

    `began` is when it came to the stage that it waits at. `ended` says who ended the review, with
    a `comment`: until when it is extended, to which `policy` it was re-labelled, why it left, or
    by which erasure it was condemned.
    """

    state: ItemState
    began: datetime
    approvals: tuple[Approval, ...] = ()
    ended: Act | None = None
    comment: str | None = None
    until: datetime | None = None
    policy: str | None = None
    departure: Departure | None = None
    erasure: UUID | None = None

    def let_go(self, disposition: "Disposition") -> bool:
        """Say whether it was condemned after all stages of its disposition had approved it."""
        ended_otherwise = self.until or self.policy or self.departure
        passed = len(self.approvals) == len(disposition.stages)
        return self.state is ItemState.CONDEMNED and passed and not ended_otherwise


@dataclass(frozen=True, slots=True)
class Disposition:
    """Records under review by one version of a policy, in the order of capture.

    `newest` is the version of its `stream`, `opened_seq` the sequence number of the event that
    opened it; `unreadable` says that an event of it cannot be read.
    """

    number: int
    stream: UUID
    policy: str = ""
    version: int = 0
    stages: tuple[Stage, ...] = ()
    opened: Act | None = None
    items: Mapping[UUID, Item] = field(default_factory=dict)
    newest: int = 0
    unreadable: bool = False
    opened_seq: int = 0

    def is_for(self, due_since: datetime, version_seq: int) -> bool:
        """Say whether it was opened for a record as that is now.

        It is due since a time, and its newest version came in by the event of a sequence number.
        """
        if self.opened is None or self.opened_seq < version_seq:
            return False
        return self.opened.at >= due_since

    def stage_of(self, item: Item) -> Stage | None:
        """Return the stage that an item waits at, None if it waits at none."""
        return self.stages[len(item.approvals)] if item.state is ItemState.WAITING else None

    def waiting_at(self, stage: str) -> list[UUID]:
        """Return the records that wait at a stage."""
        return [
            record_id
            for record_id, item in self.items.items()
            if (found := self.stage_of(item)) is not None and found.stage == stage
        ]

    def may_approve(self, record_id: UUID, by: str, *, own: bool) -> bool:
        """Say whether somebody may approve a waiting record, of which they may be an owner.

        What owners approved passes the last stage only together with somebody who is none; time
        is nobody.
        """
        item = self.items[record_id]
        if len(item.approvals) + 1 < len(self.stages):
            return True
        people = [each for each in item.approvals if not each.automatic]
        seconded = any(not each.own for each in people)
        if by == SCHEDULE:
            return seconded or not people
        return seconded or not own

    def overdue(self, now: datetime) -> dict[str, list[UUID]]:
        """Return the records that time approves, by the stage that they wait at."""
        found: dict[str, list[UUID]] = {}
        for record_id, item in self.items.items():
            stage = self.stage_of(item)
            if stage is None or stage.approve_after is None:
                continue
            if now >= stage.approve_after.after(item.began) and self.may_approve(
                record_id, SCHEDULE, own=False
            ):
                found.setdefault(stage.stage, []).append(record_id)
        return found


def evolve(disposition: Disposition, event: Event) -> Disposition:
    """Return a disposition after an event of its stream that could be read."""
    disposition = replace(disposition, newest=event.originator_version)
    if not isinstance(event, happened.DispositionEvent):
        return replace(disposition, unreadable=True)
    act = Act(event.by, event.recorded_at)
    if isinstance(event, happened.DispositionOpened):
        waiting = Item(ItemState.WAITING, event.recorded_at)
        return replace(
            disposition,
            policy=event.policy,
            version=event.version,
            stages=event.stages,
            opened=act,
            items=dict.fromkeys(event.records, waiting),
        )
    if not disposition.items.keys() >= set(event.records):
        # What it is about stood in an event that cannot be read.
        return replace(disposition, unreadable=True)
    changed = _changed(disposition, event, act)
    return replace(disposition, items={**disposition.items, **changed})


def lose(disposition: Disposition, version: int) -> Disposition:
    """Return a disposition after an event that cannot be read."""
    return replace(disposition, newest=version, unreadable=True)


def _changed(
    disposition: Disposition, event: happened.DispositionEvent, act: Act
) -> dict[UUID, Item]:
    match event:
        case happened.DispositionApproved():
            return dict(_approved(disposition.items, event, act))
        case happened.DispositionExtended():
            ending = {"state": ItemState.EXTENDED, "until": event.until, "comment": event.comment}
        case happened.DispositionRelabelled():
            ending = {
                "state": ItemState.RELABELLED,
                "policy": event.policy,
                "comment": event.comment,
            }
        case happened.DispositionLeft():
            ending = {"state": ItemState.LEFT, "departure": event.reason}
        case happened.DispositionCondemned():
            ending = {"state": ItemState.CONDEMNED, "erasure": event.erasure}
        case _:
            return {}
    return {
        record_id: replace(disposition.items[record_id], ended=act, **ending)  # type: ignore[arg-type]
        for record_id in event.records
    }


def _approved(
    items: Mapping[UUID, Item], event: happened.DispositionApproved, act: Act
) -> Iterable[tuple[UUID, Item]]:
    own: Collection[UUID] = frozenset(event.own)
    state = ItemState.APPROVED if event.last else ItemState.WAITING
    theirs, others = (Approval(event.stage, act, event.comment, own=each) for each in (True, False))
    for record_id in event.records:
        item = items[record_id]
        approval = theirs if record_id in own else others
        yield (
            record_id,
            replace(item, state=state, began=act.at, approvals=(*item.approvals, approval)),
        )
