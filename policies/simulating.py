"""What a change of a policy or a retention event would do, record by record; nothing is altered.

The exact matcher says which record stands in which scope.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from archive.catalog.catalog import Catalog
from archive.errors import CorruptError
from archive.opening import Archive
from archive.query.tree import Node
from policies.answers import Effect, EffectExample, EffectGroup, Simulation
from policies.evaluation import Evaluation, State, counted_from, evaluate
from policies.holds.book import HoldReader, hold_reader
from policies.holds.reach import Holds
from policies.locks.needs import demanded
from policies.locks.telling import LockSurvey
from policies.records import Found, GovernedRecords, Scoped, governed_records
from policies.retention_events.starts import Starts
from policies.rules import Rules
from policies.scopes import Standing

_SAMPLE: Final = 20
_NEVER: Final = datetime.max.replace(tzinfo=UTC)
_ALWAYS: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the rules: all that are in force, and what would be.

    `old` and `new` are the scope that changes, before and after; None reaches nothing. `policy` is
    the policy that does, by name, if one does.
    """

    shortens: str
    effective_at: datetime
    before: Rules
    after: Rules
    old: Node | None
    new: Node | None
    policy: str | None = None


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """A change of one policy: what is in force of all, and what it would say."""

    policy: str
    shortens: str
    effective_at: datetime
    in_force: Mapping[str, Scoped]
    new: Scoped

    def under(self, starts: Starts) -> Change:
        """Return it as a change of the rules, under some retention events."""
        old = self.in_force.get(self.policy)
        return Change(
            shortens=self.shortens,
            effective_at=self.effective_at,
            before=Rules(self.in_force, starts),
            after=Rules({**self.in_force, self.policy: self.new}, starts),
            old=old.scope if old is not None else None,
            new=self.new.scope,
            policy=self.policy,
        )


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


class Simulator:
    """Says what changes would do; nothing is altered."""

    def __init__(self, catalog: Catalog, records: GovernedRecords, holds: HoldReader) -> None:
        self._catalog = catalog
        self._records = records
        self._holds = holds

    def simulate(self, change: Change, locks: LockSurvey | None = None) -> Simulation:
        """Return what a change would do to every record of now, under the holds of now.

        `locks` counts what would be locked, if that is wanted.

        Raises UnavailableError where the catalog or the bucket do not answer.
        """
        as_of, holds = self._catalog.position(), Holds(self._holds.read())
        sooner, longer, due = _Counted(), _Counted(), _Counted()
        total = unopened = unsettled = before_count = after_count = 0
        for found in self._records.each_up_to(as_of):
            total += 1
            if isinstance(found, CorruptError):
                unopened += 1
                continue
            stood, stands = _standing(change.old, found), _standing(change.new, found)
            before_count += stood is Standing.IN
            after_count += stands is Standing.IN
            unsettled += Standing.UNKNOWN in (stood, stands)
            labelled = change.policy in found.reviewed.labels(change.after.policies).values()
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
                for each in (change.before, change.after)
            )
            if locks is not None:
                at, longest = change.effective_at, locks.longest
                locks.add(
                    found.record.id,
                    demanded(was, change.before.policies, at, longest),
                    demanded(will_be, change.after.policies, at, longest),
                )
            if _goes_sooner(was, will_be):
                sooner.add(found, was, will_be)
            if _stays_longer(was, will_be):
                longer.add(found, was, will_be)
            if will_be.state is State.DUE and was.state is not State.DUE:
                due.add(found, was, will_be)
        return Simulation(
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
        )


def simulator(archive: Archive) -> Simulator:
    """Return what simulates changes in an archive."""
    return Simulator(archive.catalog, governed_records(archive), hold_reader(archive))


def _standing(scope: Node | None, found: Found) -> Standing:
    return Standing.OUT if scope is None else found.standing(scope)


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
