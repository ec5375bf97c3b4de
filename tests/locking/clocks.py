"""A clock that a test sets, and that tells another time to a bucket than to the archive."""

from datetime import UTC, datetime, timedelta

from archive.clock import Clock, SystemClock


class SetClock(Clock):
    """Begins at a moment and goes only where it is told to."""

    def __init__(self, now: datetime | None = None) -> None:
        self.moment = now or datetime(2026, 5, 17, 12, tzinfo=UTC)
        self._elapsed = 0.0
        self._random = SystemClock()

    def go(self, **by: float) -> None:
        """Let time pass, in the words of `timedelta`."""
        passed = timedelta(**by)
        self.moment += passed
        self._elapsed += passed.total_seconds()

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self._elapsed

    def random_bytes(self, count: int) -> bytes:
        return self._random.random_bytes(count)

    def sleep(self, seconds: float) -> None:
        self.go(seconds=seconds)
