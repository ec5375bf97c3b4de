"""What locks the keys of records need, and how keys are put together under one lock. Pure.

A key that is locked cannot be destroyed. So no key is locked past the earliest moment at which it
may have to go, and none past the month in which its own lock may end: keys whose spans overlap
share an object, others get one of their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from archive.bucket.port import LockMode, Retention
from archive.sealing.segment import LockClass

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class LockNeed:
    """How a record must be locked: how hard, and until when, in whole seconds, UTC.

    `limit` is when its deletion is demanded, None where nobody does: its keys must be free then.
    """

    mode: LockMode
    until: datetime
    limit: datetime | None = None

    @property
    def evidence(self) -> Retention:
        """The lock of what holds its ciphertext: to the end of the month."""
        return Retention(self.mode, end_of_month(self.until))

    @property
    def latest(self) -> datetime:
        """The latest moment to which a key of the record may be locked."""
        month = self.evidence.until
        return month if self.limit is None else min(month, max(self.limit, self.until))

    def met_by(self, held: Retention | None) -> bool:
        """Say whether a lock is long and hard enough."""
        return (
            held is not None
            and held.until >= self.until
            and (held.mode is LockMode.COMPLIANCE or self.mode is LockMode.GOVERNANCE)
        )


def end_of_month(moment: datetime) -> datetime:
    """Return the first of the next month, UTC; one that is a first ends the month before it."""
    # A class that locks has an end.
    return LockClass.reaching("governance", moment).until or moment


def whole_second(moment: datetime) -> datetime:
    """Return the first whole second that is not before a moment."""
    floor = moment.replace(microsecond=0)
    return floor if floor == moment else floor + _SECOND


def grouped(needs: Mapping[int, LockNeed]) -> list[tuple[Retention, tuple[int, ...]]]:
    """Put slots together under as few locks as can be: each with its slots, in order.

    Every slot is in one group. Its lock is as hard as the slot needs, lasts as long as it needs at
    least, and ends no later than its `latest`.
    """
    found: list[tuple[Retention, tuple[int, ...]]] = []
    for mode in LockMode:
        left = sorted(
            (slot for slot, need in needs.items() if need.mode is mode),
            key=lambda slot: (needs[slot].latest, slot),
        )
        while left:
            # The one that must be free first settles what can share its lock.
            earliest = needs[left[0]].latest
            group = [slot for slot in left if needs[slot].until <= earliest]
            left = [slot for slot in left if needs[slot].until > earliest]
            until = max(needs[slot].until for slot in group)
            found.append((Retention(mode, until), tuple(sorted(group))))
    return found
