"""How many records stay that are due by their dates, by reason, and when the first can go."""

from collections import Counter
from datetime import datetime


class Kept(Counter[str]):
    """Counts of records by reason; `locked_until` is when the lock of the first of them ends.

    It is None where none is locked, or by legal holds in the bucket alone.
    """

    locked_until: datetime | None = None

    def take(self, other: "Kept") -> None:
        """Add what was counted elsewhere."""
        self.update(other)
        self.note_lock(other.locked_until)

    def note_lock(self, until: datetime | None) -> None:
        """Note until when one of them is locked."""
        ends = [end for end in (self.locked_until, until) if end is not None]
        self.locked_until = min(ends, default=None)
