"""Whether a change of a retention event could let a record go earlier (docs/retention-events.md).

Pure, and on the safe side: what cannot be shown to keep everything as long is said to shorten. A
later date always keeps longer, since of several events the latest counts; and without any event the
record is kept without end.
"""

from collections.abc import Sequence

from archive.events.retention_events import Statement
from archive.query.scopes import read_scope
from policies.shortening import wider


def why_it_starts_sooner(
    old: Statement | None, new: Statement | None, others: Sequence[Statement]
) -> str:
    """Return in what a change shortens, as a phrase; empty where it does not.

    `old` is what is in force of the event and `new` what will be, None for nothing; `others` are
    the other events of its name in force.
    """
    return "; ".join(_reasons(old, new, others))


def _reasons(
    old: Statement | None, new: Statement | None, others: Sequence[Statement]
) -> list[str]:
    found = []
    if new is not None and not any(_within(new, each) for each in (old, *others)):
        found.append("clocks may start that no event of this name had started")
    if old is not None and new is not None and new.date < old.date:
        found.append("the date becomes earlier")
    if old is not None and not _within(old, new) and any(each.date < old.date for each in others):
        found.append("records may count from an earlier event of this name")
    return found


def _within(one: Statement, other: Statement | None) -> bool:
    """Say whether all that one reaches is provably reached by the other."""
    return other is not None and wider(read_scope(one.query), read_scope(other.query))
