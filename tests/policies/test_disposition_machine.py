"""The stages of a disposition: whatever is decided, in any order, the rules of its page hold."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from archive.events import disposition_events as happened
from archive.events.disposition_events import DispositionEvent
from archive.events.policy_events import Stage
from archive.model.period import Period
from policies.policy import SCHEDULE
from policies.reviewing.disposition import Disposition, ItemState, evolve, lose

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
STREAM = UUID(int=99)
RECORDS = tuple(UUID(int=number) for number in range(1, 5))
PEOPLE = ("olga", "lea", "ann")

stages = st.lists(st.sampled_from([None, 1, 30]), min_size=1, max_size=5).map(
    lambda days: tuple(
        Stage(stage=f"stage {place}", approve_after=Period(count, "d") if count else None)
        for place, count in enumerate(days)
    )
)
subsets = st.sets(st.sampled_from(RECORDS), min_size=1)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("approve"), st.sampled_from(PEOPLE), subsets, st.integers(0, 4)),
        st.tuples(st.just("wait"), st.integers(1, 40)),
        st.tuples(st.just("extend"), subsets),
        st.tuples(st.just("relabel"), subsets),
        st.tuples(st.just("leave"), subsets),
    ),
    max_size=30,
)
owners = st.dictionaries(st.sampled_from(RECORDS), st.sampled_from(PEOPLE))


class Table:
    """A disposition at which people decide, and when what happened, told naively."""

    def __init__(self, stages: tuple[Stage, ...], owners: dict[UUID, str]) -> None:
        self.now = BEGAN
        self.owners = owners
        self.disposition = Disposition(1, STREAM)
        self.passed: dict[UUID, list[tuple[str, str, datetime]]] = {each: [] for each in RECORDS}
        self.tell(happened.DispositionOpened, RECORDS, policy="a", version=1, stages=stages)

    def tell(self, kind: type[DispositionEvent], records, by: str = SCHEDULE, **fields) -> None:
        event = kind(
            originator_id=STREAM,
            originator_version=self.disposition.newest + 1,
            recorded_at=self.now,
            disposition=1,
            by=by,
            records=tuple(records),
            **fields,
        )
        self.disposition = evolve(self.disposition, event)

    def waiting(self, records) -> list[UUID]:
        items = self.disposition.items
        return [each for each in sorted(records) if items[each].state is ItemState.WAITING]

    def approve(self, by: str, records, stage: str) -> None:
        own = {each for each, owner in self.owners.items() if owner == by}
        here = [
            each
            for each in self.disposition.waiting_at(stage)
            if each in records and self.disposition.may_approve(each, by, own=each in own)
        ]
        if here:
            self.pass_stage(here, by, stage, [each for each in here if each in own])

    def pass_stage(self, records, by: str, stage: str, own) -> None:
        for each in records:
            self.passed[each].append((stage, by, self.now))
        self.tell(
            happened.DispositionApproved,
            records,
            by,
            stage=stage,
            last=stage == self.disposition.stages[-1].stage,
            comment=None if by == SCHEDULE else "seen",
            own=tuple(own),
        )

    def take(self, step) -> None:
        match step:
            case ("approve", by, records, place):
                self.approve(by, records, f"stage {place}")
            case ("wait", days):
                self.now += timedelta(days=days)
                for stage, records in self.disposition.overdue(self.now).items():
                    self.pass_stage(records, SCHEDULE, stage, ())
            case ("extend", records) if here := self.waiting(records):
                until = self.now + timedelta(days=9)
                self.tell(happened.DispositionExtended, here, "lea", until=until, comment="x")
            case ("relabel", records) if here := self.waiting(records):
                self.tell(happened.DispositionRelabelled, here, "lea", policy="b", comment="x")
            case ("leave", records) if here := self.waiting(records):
                self.tell(happened.DispositionLeft, here, reason="held")


@settings(max_examples=50)
@given(stages, owners, steps)
def test_whatever_is_decided_the_rules_hold(stages, owners, taken):
    table = Table(stages, owners)
    ended: dict[UUID, object] = {}
    for step in taken:
        table.take(step)
        assert tuple(table.disposition.items) == RECORDS
        for record, item in table.disposition.items.items():
            passed = table.passed[record]
            # Stages are passed one after the other, and each once.
            assert [each[0] for each in passed] == [each.stage for each in stages[: len(passed)]]
            assert [(each.stage, each.act.by, each.act.at) for each in item.approvals] == passed
            if item.state is ItemState.WAITING:
                assert record not in ended and len(passed) < len(stages)
            else:
                # What has ended stays as it ended.
                assert ended.setdefault(record, item) == item
            if item.state is ItemState.APPROVED:
                assert len(passed) == len(stages)
                people = {by for _, by, _ in passed} - {SCHEDULE}
                assert not people or people - {owners.get(record)}
            # Time approves no earlier than its stage says, counted from when that began.
            began = BEGAN
            for stage, (_, by, at) in zip(stages, passed, strict=False):
                if by == SCHEDULE:
                    assert stage.approve_after is not None
                    assert at >= stage.approve_after.after(began)
                began = at


@settings(max_examples=25)
@given(stages, owners)
def test_whoever_owns_nothing_can_always_end_it(stages, owners):
    table = Table(stages, owners)
    stranger = next(each for each in (*PEOPLE, "max") if each not in owners.values())
    for stage in stages:
        table.approve(stranger, RECORDS, stage.stage)
    assert {item.state for item in table.disposition.items.values()} == {ItemState.APPROVED}


def test_what_cannot_be_read_is_said_and_nothing_is_known_after_it():
    table = Table((Stage(stage="stage 0"),), {})
    assert not table.disposition.unreadable
    lost = lose(table.disposition, 2)
    assert (lost.unreadable, lost.newest) == (True, 2)
    begun_lost = lose(Disposition(1, STREAM), 1)
    event = happened.DispositionLeft(
        originator_id=STREAM,
        originator_version=2,
        recorded_at=BEGAN,
        disposition=1,
        by=SCHEDULE,
        records=RECORDS,
        reason="held",
    )
    assert evolve(begun_lost, event).unreadable
    assert evolve(Disposition(1, STREAM), event).unreadable
