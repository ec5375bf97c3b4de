"""Whether a change of a policy could let a record go earlier (docs/retention.md, "Changing one").

Pure, and on the safe side: what cannot be shown to keep everything as long is said to shorten.
"""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from archive.events.policy_events import NOTHING, Lock, Terms
from archive.model.period import Period
from archive.query.scopes import read_scope
from archive.query.tree import EVERYTHING, And, Node, Or

_HARDNESS: dict[Lock, int] = {"none": 0, "governance": 1, "compliance": 2}
_EPOCH = date(2000, 1, 1)
_MONTHS_IN_CYCLE = 400 * 12


def why_it_shortens(old: Terms | None, new: Terms | None) -> str:
    """Return in what a change shortens, as a phrase; empty where it does not.

    `old` is what is in force and `new` what will be, None for nothing.
    """
    return "; ".join(_reasons(old, new))


def earlier_start(old: Period, new: Period) -> date | None:
    """Return a date from which the new period ends before the old one, None if there is none."""
    before, after = _months(old), _months(new)
    if before is None and after is None:
        return _EPOCH if new.count < old.count else None
    if before is not None and after is not None:
        return _EPOCH if after < before else None
    if before is not None:
        longest, start = _longest(before)
        return start if new.count < longest else None
    shortest, start = _shortest(after or 0)
    return start if shortest < old.count else None


def wider(old: Node, new: Node) -> bool:
    """Say whether every record that `old` matches is provably one that `new` matches."""
    if new in (EVERYTHING, old):
        return True
    return _parts(old, Or) <= _parts(new, Or) or _parts(old, And) >= _parts(new, And)


def _reasons(old: Terms | None, new: Terms | None) -> list[str]:
    kept = old.minimum if old is not None else None
    keeps = new.minimum if new is not None else None
    deleted = old.maximum if old is not None else None
    deletes = new.maximum if new is not None else None
    found = []
    if kept is not None and keeps is None:
        found.append(f"the minimum of {kept} is dropped")
    if kept is not None and keeps is not None and earlier_start(kept, keeps):
        found.append(f"the minimum becomes {keeps} in place of {kept}")
    if deletes is not None and deleted is None:
        found.append(f"records are to be deleted after {deletes}")
    if deletes is not None and deleted is not None and earlier_start(deleted, deletes):
        found.append(f"records are to be deleted after {deletes} in place of {deleted}")
    if old is None or new is None:
        return found
    before, after = read_scope(old.scope), read_scope(new.scope)
    if old.clock != new.clock and (old.clock, new.clock) != ("occurred", "captured"):
        # What an event will start, and when, is not known: it may be earlier than any date.
        found.append(f"the clock starts {_begins(new)} in place of {_begins(old)}")
    if kept is not None and keeps is not None and _HARDNESS[new.lock] < _HARDNESS[old.lock]:
        found.append(f"the lock becomes {new.lock} in place of {old.lock}")
    if kept is not None and keeps is not None and not wider(before, after):
        found.append("records may leave the scope of its minimum")
    if deleted is not None and deletes is not None:
        if not wider(after, before):
            found.append("records may enter the scope of its maximum")
        if earlier_start(old.grace, new.grace):
            found.append(f"the grace becomes {_span(new.grace)} in place of {_span(old.grace)}")
        if _reviews_less(old, new):
            found.append("less is reviewed before deletion")
    return found


def _reviews_less(old: Terms, new: Terms) -> bool:
    """Say whether a stage is missing, is another role's, or approves by itself sooner.

    New ones may stand between.
    """
    left = iter(new.review)
    for stage in old.review:
        for other in left:
            if other.stage != stage.stage:
                continue
            if other.role != stage.role and stage.role is not None:
                return True
            if other.approve_after is not None and (
                stage.approve_after is None
                or earlier_start(stage.approve_after, other.approve_after)
            ):
                return True
            break
        else:
            return True
    return False


def _begins(terms: Terms) -> str:
    if terms.event is not None:
        return f"with the event {terms.event}"
    return "when it occurred" if terms.clock == "occurred" else "when it was captured"


def _span(period: Period) -> str:
    return "nothing" if period == NOTHING else str(period)


def _parts(node: Node, kind: type[And] | type[Or]) -> frozenset[Node]:
    return frozenset(node.children) if isinstance(node, kind) else frozenset({node})


def _months(period: Period) -> int | None:
    """Return a period's length in months, None for one of days."""
    if period.unit == "d":
        return 0 if period.count == 0 else None
    return period.count * (12 if period.unit == "y" else 1)


@lru_cache(maxsize=1024)
def _longest(months: int) -> tuple[int, date]:
    """Return the most days that so many months can be, and a date from which they are."""
    return max((_days(start, months), start) for start in _starts(last=False))


@lru_cache(maxsize=1024)
def _shortest(months: int) -> tuple[int, date]:
    """Return the fewest days that so many months can be, and a date from which they are."""
    return min((_days(start, months), start) for start in _starts(last=True))


def _starts(*, last: bool) -> Iterator[date]:
    """Yield the first day of each month until the calendar repeats, or the last day of each.

    From the first of a month a period of months is longest; from the last, whose day the month
    that it leads to may lack, it is shortest.
    """
    for month in range(_MONTHS_IN_CYCLE):
        year, place = _EPOCH.year + month // 12, month % 12 + 1
        yield date(year, place, monthrange(year, place)[1] if last else 1)


def _days(start: date, months: int) -> int:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    day = min(start.day, monthrange(year, month + 1)[1])
    return (date(year, month + 1, day) - start).days
