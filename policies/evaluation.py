"""From a record's dates and the policies that govern it to when it may go (docs/retention.md).

Pure: the caller says in which scopes the record stands, which holds it is under, and what time it
is. Two dates are computed apart, and no policy wins over another.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, Literal, NamedTuple
from uuid import UUID

from archive.events.policy_events import Stage, Terms
from archive.model.period import Period

EVALUATOR: Final = "muniment retention 3"
"""Which rules these are, as certificates name them; raised when docs/retention.md changes them."""
Kind = Literal["minimum", "maximum"]
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
class Start:
    """When a clock starts that starts at a named event, and the retention event that says so."""

    at: datetime
    event: UUID


class Governing(NamedTuple):
    """A version of a policy in whose scope a record stands.

    `certain` is False where the scope looks into words of the record that could not be read: the
    minimum applies then, and the maximum does not. `start` is for a clock that starts at a named
    event; None until there is one. Before `not_before`, to which a review extended the record, it
    is not due.

    Where an earlier version of the record stands in the scope, `earlier_from` is the date that the
    clock `occurred` starts at for that version, and the maximum does not apply; None for the newest
    version. A named tuple, since some are made of every record.
    """

    version: int
    terms: Terms
    certain: bool = True
    start: Start | None = None
    not_before: datetime | None = None
    earlier_from: datetime | None = None


class Demand(NamedTuple):
    """What one version of a policy demands of the record.

    `event` names what its clock starts at, None for a clock of dates; until that has happened
    there is neither start nor end. `started_by` is the retention event that started it. `binding`
    says whether it makes the record's date of this kind, or that there is none yet. Of a maximum
    `due_at` is when its grace ends, None while that cannot be known, and `conflicting` says that a
    minimum ends after it. A minimum is of an `earlier` version where that one is kept for longer
    than the newest.
    """

    policy: str
    version: int
    kind: Kind
    period: Period
    starts_at: datetime | None
    ends_at: datetime | None
    binding: bool
    event: str | None = None
    started_by: UUID | None = None
    due_at: datetime | None = None
    conflicting: bool = False
    review: tuple[Stage, ...] = ()
    earlier: bool = False


class Evaluation(NamedTuple):
    """When a record may go, and why.

    `indefinite` says that a minimum has no end yet, so that nothing is known to come after it:
    both dates are None then. `due_at` is None where nothing demands deletion, and while something
    stops it. `uncertain` are the policies of which it is not known whether the record stands in
    their scope.
    """

    state: State
    indefinite: bool
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


class Dates(NamedTuple):
    """When a record may go, as `Evaluation` says it."""

    retain_until: datetime | None
    delete_at: datetime | None
    due_at: datetime | None


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

    Where a policy governs several versions of it, that of the newest comes first. `holds` names the
    holds that the record is under, `released_at` is when the last one was released. `unreadable`
    says that there may be a policy of which nothing is known.
    """
    claimed, doubt = counted_from(occurred_at, captured_at)
    minimums, maximums = _endings(governing, claimed, captured_at)
    until = _Until.of(minimums)
    delete_at = _earliest(until.expiry(each.ends_at) for each in maximums)
    stopped = bool(holds) or unreadable
    deletions = [each.deletion(until, delete_at, released_at, stopped) for each in maximums]
    due_at = _earliest(each.due_at for each in deletions)
    return Evaluation(
        state=_state(bool(governing) or unreadable, delete_at, due_at, now),
        indefinite=until.indefinite,
        retain_until=until.date,
        delete_at=delete_at,
        due_at=due_at,
        demands=(*(each.keeping(until) for each in minimums), *deletions),
        doubt=doubt,
        uncertain=_uncertain(governing),
        holds=tuple(sorted(holds)),
        unreadable=unreadable,
    )


def dates(
    occurred_at: datetime | None, captured_at: datetime, governing: Sequence[Governing]
) -> Dates:
    """Return what `evaluate` says of a record's dates that no hold reaches or did, in less time."""
    claimed, _ = counted_from(occurred_at, captured_at)
    minimums, maximums = _endings(governing, claimed, captured_at)
    until = _Until.of(minimums)
    return Dates(
        until.date,
        _earliest(until.expiry(each.ends_at) for each in maximums),
        _earliest(each.due_at(until, None) for each in maximums),
    )


def _endings(
    governing: Sequence[Governing], claimed: datetime, captured_at: datetime
) -> tuple[list["_Ending"], list["_Ending"]]:
    """Return the minimums and the maximums that count for a record.

    Of each policy that is the latest of its minimums: no version shortens what another demands.
    """
    minimums, maximums = dict[str, _Ending](), list[_Ending]()
    for one in governing:
        terms, start = one.terms, _start(one, claimed, captured_at)
        if terms.minimum is not None:
            ending = _Ending.of(one, terms.minimum, start)
            known = minimums.get(terms.name)
            if known is None or ending.outlasts(known):
                minimums[terms.name] = ending
        if terms.maximum is not None and one.certain and one.earlier_from is None:
            maximums.append(_Ending.of(one, terms.maximum, start))
    return [*minimums.values()], maximums


def _uncertain(governing: Sequence[Governing]) -> tuple[str, ...]:
    """Return the policies of which it is not known whether the version that counts is in scope."""
    certain = dict[str, bool]()
    for one in governing:
        certain.setdefault(one.terms.name, one.certain)
    return tuple(name for name, known in certain.items() if not known)


def _start(one: Governing, claimed: datetime, captured_at: datetime) -> datetime | None:
    """Return when the clock of a policy starts for a record, None while that is not known."""
    match one.terms.clock:
        case "occurred":
            return claimed if one.earlier_from is None else one.earlier_from
        case "captured":
            return captured_at
        case _:
            return one.start.at if one.start is not None else None


class _Until(NamedTuple):
    """Until when a record is kept: a date, None where no minimum says one, or without end."""

    date: datetime | None
    indefinite: bool

    @classmethod
    def of(cls, minimums: Sequence["_Ending"]) -> "_Until":
        """Return the latest of the ends of minimums; one that is None is later than any date."""
        if not minimums:
            return _UNTIL_NOTHING
        dates = [each.ends_at for each in minimums if each.ends_at is not None]
        if len(dates) < len(minimums):
            return cls(None, indefinite=True)
        return cls(max(dates), indefinite=False)

    def expiry(self, ends_at: datetime | None) -> datetime | None:
        """Return when a maximum demands deletion: never before the record may go, None if never."""
        if ends_at is None or self.indefinite:
            return None
        return ends_at if self.date is None else max(ends_at, self.date)


_UNTIL_NOTHING: Final = _Until(None, indefinite=False)


class _Ending(NamedTuple):
    """A period of a governing policy, and when it begins and ends for a record, if it has begun.

    A named tuple, as what it ends in is: they are made of every record.
    """

    one: Governing
    period: Period
    starts_at: datetime | None
    ends_at: datetime | None

    @classmethod
    def of(cls, one: Governing, period: Period, starts_at: datetime | None) -> "_Ending":
        """Return the period from its start on."""
        return cls(one, period, starts_at, starts_at and period.after(starts_at))

    def outlasts(self, other: "_Ending") -> bool:
        """Say whether it ends after another; what has no end yet does, after any that has."""
        if self.ends_at is None or other.ends_at is None:
            return other.ends_at is not None
        return self.ends_at > other.ends_at

    def keeping(self, until: _Until) -> Demand:
        """Return it as the demand of a minimum."""
        return self._demand("minimum", binding=self.ends_at == until.date)

    def deletion(
        self, until: _Until, delete_at: datetime | None, released_at: datetime | None, stopped: bool
    ) -> Demand:
        """Return it as the demand of a maximum; `stopped` says that something keeps the record."""
        expiry = until.expiry(self.ends_at)
        return self._demand(
            "maximum",
            binding=expiry is not None and expiry == delete_at,
            due_at=None if stopped else self.due_at(until, released_at),
            conflicting=expiry != self.ends_at,
            review=self.one.terms.review,
        )

    def _demand(
        self,
        kind: Kind,
        *,
        binding: bool,
        due_at: datetime | None = None,
        conflicting: bool = False,
        review: tuple[Stage, ...] = (),
    ) -> Demand:
        event, start = self.one.terms.event, self.one.start
        return Demand(
            self.one.terms.name,
            self.one.version,
            kind,
            self.period,
            self.starts_at,
            self.ends_at,
            binding,
            event,
            start.event if event is not None and start is not None else None,
            due_at,
            conflicting,
            review,
            self.one.earlier_from is not None,
        )

    def due_at(self, until: _Until, released_at: datetime | None) -> datetime | None:
        """Return when the grace of a maximum has passed, and since the release of the last hold."""
        expiry = until.expiry(self.ends_at)
        if expiry is None:
            return None
        passed = self.one.terms.grace.after(
            expiry if released_at is None else max(expiry, released_at)
        )
        return passed if self.one.not_before is None else max(passed, self.one.not_before)


def _earliest(moments: Iterable[datetime | None]) -> datetime | None:
    return min([each for each in moments if each is not None], default=None)


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
