"""What a change of a policy would do, record by record; nothing is altered.

The exact matcher says which record stands in which scope.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from archive.catalog.catalog import Catalog
from archive.errors import CorruptError
from policies.answers import Effect, EffectExample, EffectGroup, SimulationAnswer
from policies.evaluation import Evaluation, State, counted_from, evaluate
from policies.holds.reach import Holds
from policies.locks.needs import demanded
from policies.locks.telling import LockSurvey
from policies.records import Found, GovernedRecords, Scoped
from policies.retention_events.starts import Starts
from policies.rules import Rules
from policies.scopes import Standing

_SAMPLE: Final = 20
_NEVER: Final = datetime.max.replace(tzinfo=UTC)
_ALWAYS: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one policy: what is in force of all, what it says now, and what it would."""

    policy: str
    shortens: str
    effective_at: datetime
    in_force: Mapping[str, Scoped]
    new: Scoped


@dataclass(slots=True)
class _Counted:
    """The records that one effect is on."""

    groups: dict[tuple[str, int], list[int]] = field(
        default_factory=lambda: defaultdict(lambda: [0, 0])
    )
    sample: list[EffectExample] = field(default_factory=list)

    def add(self, found: Found, before: Evaluation, after: Evaluation) -> None:
        record = found.record
        started, _ = counted_from(record.content.occurred_at, record.captured_at)
        group = self.groups[record.content.channel.value, started.astimezone(UTC).year]
        group[0] += 1
        group[1] += record.size
        if len(self.sample) < _SAMPLE:
            self.sample.append(
                EffectExample(
                    id=record.id,
                    indefinite_before=before.indefinite,
                    indefinite_after=after.indefinite,
                    retain_until_before=before.retain_until,
                    retain_until_after=after.retain_until,
                    delete_at_before=before.delete_at,
                    delete_at_after=after.delete_at,
                    due_at_before=before.due_at,
                    due_at_after=after.due_at,
                )
            )

    def told(self) -> Effect:
        groups = [
            EffectGroup(channel=channel, year=year, records=count, bytes=size)
            for (channel, year), (count, size) in sorted(self.groups.items())
        ]
        return Effect(
            records=sum(group.records for group in groups),
            bytes=sum(group.bytes for group in groups),
            groups=tuple(groups),
            sample=tuple(self.sample),
        )


def simulate(
    change: Change,
    starts: Starts,
    catalog: Catalog,
    records: GovernedRecords,
    holds: Holds,
    locks: LockSurvey,
) -> SimulationAnswer:
    """Return what a change would do to every record that is archived now, under the holds of now.

    `starts` are the retention events of now, and `locks` counts what would be locked.

    Raises UnavailableError where the catalog or the bucket do not answer.
    """
    as_of = catalog.position()
    old = change.in_force.get(change.policy)
    rules = (
        Rules(change.in_force, starts),
        Rules({**change.in_force, change.policy: change.new}, starts),
    )
    sooner, longer, due = _Counted(), _Counted(), _Counted()
    total = unopened = unsettled = before_count = after_count = 0
    for found in records.each_up_to(as_of):
        total += 1
        if isinstance(found, CorruptError):
            unopened += 1
            continue
        stood = old.standing(found) if old else Standing.OUT
        stands = change.new.standing(found)
        before_count += stood is Standing.IN
        after_count += stands is Standing.IN
        unsettled += Standing.UNKNOWN in (stood, stands)
        labelled = change.policy in found.reviewed.labels(rules[1].policies).values()
        if stood is Standing.OUT and stands is Standing.OUT and not labelled:
            continue
        held = holds.held(found.record.id, found)
        was, will_be = (
            evaluate(
                found.record.content.occurred_at,
                found.record.captured_at,
                each.governing(found),
                now=change.effective_at,
                holds=held.holds,
                released_at=held.released_at,
                unreadable=held.unreadable or found.reviewed.unreadable,
            )
            for each in rules
        )
        locks.add(
            found.record.id,
            *(
                demanded(evaluation, each.policies, change.effective_at, locks.longest)
                for evaluation, each in zip((was, will_be), rules, strict=True)
            ),
        )
        if _goes_sooner(was, will_be):
            sooner.add(found, was, will_be)
        if _stays_longer(was, will_be):
            longer.add(found, was, will_be)
        if will_be.state is State.DUE and was.state is not State.DUE:
            due.add(found, was, will_be)
    return SimulationAnswer(
        policy=change.policy,
        shortens=change.shortens,
        effective_at=change.effective_at,
        as_of=as_of,
        records=total,
        in_scope_before=before_count,
        in_scope_after=after_count,
        unsettled=unsettled,
        unopened=unopened,
        sooner=sooner.told(),
        longer=longer.told(),
        due=due.told(),
        lock=locks.told(change.new.terms),
    )


def _kept_until(found: Evaluation) -> datetime:
    return _NEVER if found.indefinite else found.retain_until or _ALWAYS


def _goes_sooner(was: Evaluation, will_be: Evaluation) -> bool:
    return (
        _kept_until(will_be) < _kept_until(was)
        or (will_be.delete_at or _NEVER) < (was.delete_at or _NEVER)
        or (will_be.due_at or _NEVER) < (was.due_at or _NEVER)
    )


def _stays_longer(was: Evaluation, will_be: Evaluation) -> bool:
    return (
        _kept_until(will_be) > _kept_until(was)
        or (will_be.delete_at or _NEVER) > (was.delete_at or _NEVER)
        or (will_be.due_at or _NEVER) > (was.due_at or _NEVER)
    )
