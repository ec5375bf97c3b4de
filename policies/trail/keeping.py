"""How long entries of the audit trail are kept, as the events of it tell (docs/trail-retention.md).

Pure. What an event that cannot be read decided is not known: the book says so, and nothing goes.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from archive.events import trail_events as happened
from archive.events.event import Event
from archive.model.period import Period
from policies import versions
from policies.shortening import earlier_start
from policies.versions import Act, Decided, VersionState

LEAST: Final = Period(6, "y")
"""No shorter period is taken: 45 CFR 164.316(b)(2)(i), 17 CFR 240.17a-4(a) and (c)."""
GRACE: Final = Period(30, "d")
DELAY: Final = Period(7, "d")
"""So long after its approval a change takes effect that shortens."""
_DAYS_A_YEAR: Final = 365
_DAYS_A_MONTH: Final = 28
_MONTHS_A_YEAR: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailVersion(Decided):
    """How long entries are kept, or would be; `keep` None is for ever."""

    keep: Period | None


@dataclass(frozen=True, slots=True)
class TrailBook:
    """All versions, oldest first, as of version `newest` of their stream.

    `unreadable` says that an event of it cannot be read.
    """

    newest: int = 0
    versions: tuple[TrailVersion, ...] = ()
    unreadable: bool = False

    def in_force(self, now: datetime) -> TrailVersion | None:
        """Return the version that counts; None while nothing is decided: for ever."""
        return versions.in_force(self.versions, now)

    def pending(self, now: datetime) -> TrailVersion | None:
        """Return the version that has yet to take effect, None if there is none."""
        return versions.pending(self.versions, now) if self.versions else None

    def state(self, version: TrailVersion, now: datetime) -> VersionState:
        """Return where one of the versions stands."""
        return versions.state(self.versions, version, now)


def evolve(book: TrailBook, event: Event) -> TrailBook:
    """Return the book after an event of its stream that could be read."""
    book = replace(book, newest=event.originator_version)
    if not isinstance(event, happened.TrailRetentionEvent):
        return replace(book, unreadable=True)
    act = Act(event.by, event.recorded_at)
    if isinstance(event, happened.TrailRetentionProposed):
        version = TrailVersion(
            number=event.version,
            keep=event.keep,
            shortens=event.shortens,
            proposed=act,
            effective_at=event.effective_at,
        )
        return replace(book, versions=(*book.versions, version))
    if not 1 <= event.version <= len(book.versions):
        # What it is about stood in an event that cannot be read.
        return replace(book, unreadable=True)
    changed = book.versions[event.version - 1]
    if isinstance(event, happened.TrailRetentionApproved):
        changed = replace(changed, approved=act, effective_at=event.effective_at)
    else:
        changed = replace(changed, withdrawn=act)
    every = list(book.versions)
    every[event.version - 1] = changed
    return replace(book, versions=tuple(every))


def lose(book: TrailBook, version: int) -> TrailBook:
    """Return the book after an event that cannot be read."""
    return replace(book, newest=version, unreadable=True)


def why_it_shortens(old: Period | None, new: Period | None) -> str:
    """Return in what a change of the period shortens, as a phrase; empty where it does not.

    None is for ever.
    """
    if new is None:
        return ""
    if old is None:
        return f"entries go after {new}, and were kept for ever"
    return f"entries go after {new} in place of {old}" if earlier_start(old, new) else ""


def too_short(keep: Period) -> bool:
    """Say whether a period can end before the least that there must be."""
    return earlier_start(LEAST, keep) is not None


def due_at(recorded_at: datetime, keep: Period, released_at: datetime | None = None) -> datetime:
    """Return from when on an entry is due.

    That is the grace after its period has ended, or after the last hold that had kept it was
    released, whichever is later.
    """
    ended = keep.after(recorded_at)
    return GRACE.after(ended if released_at is None else max(ended, released_at))


def newest_due(keep: Period, now: datetime) -> datetime:
    """Return a time after which no entry is due that was recorded; before it, not all are.

    It is as late as months of 28 days and years of 365 make it.
    """
    if keep.unit == "d":
        days = keep.count
    else:
        months = keep.count * (_MONTHS_A_YEAR if keep.unit == "y" else 1)
        years, rest = divmod(months, _MONTHS_A_YEAR)
        days = years * _DAYS_A_YEAR + rest * _DAYS_A_MONTH
    return now - timedelta(days=days + GRACE.count)
