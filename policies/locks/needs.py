"""How the bucket must lock a record by the policies that govern it (docs/retention.md, "Locks").

Pure: from the demands of an evaluation.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from archive.bucket.port import LockMode
from archive.locking.needs import LockNeed, end_of_month, whole_second
from archive.model.period import Period
from policies.evaluation import Evaluation
from policies.records import Scoped

AHEAD: Final = Period(1, "y")
"""A minimum without an end is locked so far ahead."""
PROLONGED_AFTER: Final = Period(6, "m")
"""After so long, locks that do not reach the end of a minimum are made longer."""


@dataclass(frozen=True, slots=True)
class Demanded:
    """What a record needs, and whether that must be prolonged, because a minimum ends later."""

    need: LockNeed
    prolonged: bool


def demanded(
    found: Evaluation, policies: Mapping[str, Scoped], now: datetime, longest: Period
) -> Demanded | None:
    """Return how a record must be locked; None where nothing demands a lock any more.

    `policies` are those in force by name, `longest` is MUNIMENT_LOCK_MAXIMUM. Several demands
    make one lock: the hardest, until the latest end.
    """
    wanted: list[tuple[datetime | None, LockMode]] = [
        (each.ends_at, LockMode(policies[each.policy].terms.lock))
        for each in found.demands
        if each.kind == "minimum" and policies[each.policy].terms.lock != "none"
    ]
    running = [(end, mode) for end, mode in wanted if end is None or end > now]
    if not running:
        return None
    # In whole months, so that what is looked at twice in a month is locked once.
    ahead, most = end_of_month(AHEAD.after(now)), end_of_month(longest.after(now))
    until = max(ahead if end is None else end for end, _ in running)
    need = LockNeed(
        max((mode for _, mode in running), key=list(LockMode).index),
        whole_second(min(until, most)).astimezone(UTC),
        found.delete_at,
    )
    return Demanded(need, until > most or any(end is None for end, _ in running))
