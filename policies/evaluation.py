"""From a record's dates and the policies that govern it to when it may go (docs/retention.md).

Pure: the caller says in which scopes the record stands, which holds it is under, and what time it
is. Two dates are computed apart, and no policy wins over another.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, Literal

from archive.events.policy_events import Stage, Terms
from archive.locking.terms import Period

EARLIEST_CLAIM: Final = datetime(1971, 1, 1, tzinfo=UTC)
"""A date before the year of the first mail over a network is taken for a defect."""


class Doubt(StrEnum):
    """Why the date that a source claims is not counted from."""

    UNDATED = "undated"
    AFTER_CAPTURE = "dated-after-capture"
    TOO_EARLY = "dated-too-early"


class State(StrEnum):
    """Where a record stands; only one that is due may go."""

    UNGOVERNED = "ungoverned"
    KEPT = "kept"
    HELD = "held"
    GRACE = "grace"
    DUE = "due"


@dataclass(frozen=True, slots=True)
class Governing:
    """A version of a policy in whose scope a record stands.

    `certain` is False where the scope looks into words of the record that could not be read: the
    minimum applies then, and the maximum does not.
    """

    version: int
    terms: Terms
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Demand:
    """What one version of a policy demands of the record.

    `binding` says whether it makes the record's date of this kind. Of a maximum `due_at` is when
    its grace ends, None while that cannot be known, and `conflicting` says that a minimum ends
    after it.
    """

    policy: str
    version: int
    kind: Literal["minimum", "maximum"]
    period: Period
    starts_at: datetime
    ends_at: datetime
    binding: bool
    due_at: datetime | None = None
    conflicting: bool = False
    review: tuple[Stage, ...] = ()


@dataclass(frozen=True, slots=True)
class Evaluation:
    """When a record may go, and why.

    `due_at` is None where nothing demands deletion, and while something stops it. `uncertain` are
    the policies of which it is not known whether the record stands in their scope.
    """

    state: State
    retain_until: datetime | None
    delete_at: datetime | None
    due_at: datetime | None
    demands: tuple[Demand, ...]
    doubt: Doubt | None
    uncertain: tuple[str, ...]
    holds: tuple[str, ...]
    unreadable: bool

    @property
    def conflict(self) -> bool:
        """Whether a minimum ends after a maximum."""
        return any(demand.conflicting for demand in self.demands)


def counted_from(
    occurred_at: datetime | None, captured_at: datetime
) -> tuple[datetime, Doubt | None]:
    """Return the date that the clock `occurred` starts at, and why it is not the one claimed."""
    if occurred_at is None:
        return captured_at, Doubt.UNDATED
    if occurred_at > captured_at:
        return captured_at, Doubt.AFTER_CAPTURE
    if occurred_at < EARLIEST_CLAIM:
        return captured_at, Doubt.TOO_EARLY
    return occurred_at, None


def evaluate(
    occurred_at: datetime | None,
    captured_at: datetime,
    governing: Sequence[Governing],
    *,
    now: datetime,
    holds: Collection[str] = (),
    released_at: datetime | None = None,
    unreadable: bool = False,
) -> Evaluation:
    """Return both dates of a record and what is behind them, as of a time.

    `holds` names the holds that the record is under, `released_at` is when the last one was
    released. `unreadable` says that there may be a policy of which nothing is known.
    """
    claimed, doubt = counted_from(occurred_at, captured_at)
    started = [
        (one, claimed if one.terms.clock == "occurred" else captured_at) for one in governing
    ]
    minimums = [
        _Ending(one, one.terms.minimum, start, one.terms.minimum.after(start))
        for one, start in started
        if one.terms.minimum is not None
    ]
    retain_until = max((each.ends_at for each in minimums), default=None)
    maximums = [
        _Ending(one, one.terms.maximum, start, one.terms.maximum.after(start))
        for one, start in started
        if one.terms.maximum is not None and one.certain
    ]
    delete_at = min((each.expiry(retain_until) for each in maximums), default=None)
    stopped = bool(holds) or unreadable
    deletions = [
        Demand(
            each.one.terms.name,
            each.one.version,
            "maximum",
            each.period,
            each.starts_at,
            each.ends_at,
            binding=each.expiry(retain_until) == delete_at,
            due_at=None if stopped else each.due(retain_until, released_at),
            conflicting=each.ends_at < each.expiry(retain_until),
            review=each.one.terms.review,
        )
        for each in maximums
    ]
    due_at = min((each.due_at for each in deletions if each.due_at is not None), default=None)
    return Evaluation(
        state=_state(bool(governing) or unreadable, delete_at, due_at, now),
        retain_until=retain_until,
        delete_at=delete_at,
        due_at=due_at,
        demands=(*(each.demand(retain_until) for each in minimums), *deletions),
        doubt=doubt,
        uncertain=tuple(one.terms.name for one in governing if not one.certain),
        holds=tuple(sorted(holds)),
        unreadable=unreadable,
    )


@dataclass(frozen=True, slots=True)
class _Ending:
    """When a period of a governing policy ends for the record."""

    one: Governing
    period: Period
    starts_at: datetime
    ends_at: datetime

    def demand(self, retain_until: datetime | None) -> Demand:
        """Return it as the demand of a minimum."""
        return Demand(
            self.one.terms.name,
            self.one.version,
            "minimum",
            self.period,
            self.starts_at,
            self.ends_at,
            binding=self.ends_at == retain_until,
        )

    def expiry(self, retain_until: datetime | None) -> datetime:
        """Return when deletion is demanded: never before the record may go."""
        return self.ends_at if retain_until is None else max(self.ends_at, retain_until)

    def due(self, retain_until: datetime | None, released_at: datetime | None) -> datetime:
        """Return when the grace has passed since that, and since the release of the last hold."""
        expiry = self.expiry(retain_until)
        return self.one.terms.grace.after(
            expiry if released_at is None else max(expiry, released_at)
        )


def _state(
    governed: bool, delete_at: datetime | None, due_at: datetime | None, now: datetime
) -> State:
    if not governed:
        return State.UNGOVERNED
    if delete_at is None or now < delete_at:
        return State.KEPT
    if due_at is None:
        return State.HELD
    return State.GRACE if now < due_at else State.DUE
