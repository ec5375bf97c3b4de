"""Time and randomness: the only module that reads either.

Everything else is handed a `Clock`, so that tests decide what time it is and known-answer
vectors can be made.
"""

import os
import time
from abc import ABC, abstractmethod
from datetime import UTC, datetime, timedelta
from uuid import UUID


class Clock(ABC):
    """Where time and random bytes come from."""

    @abstractmethod
    def now(self) -> datetime:
        """Return the wall-clock time, timezone-aware, in UTC."""

    @abstractmethod
    def monotonic(self) -> float:
        """Return seconds that never go back; only differences mean anything."""

    @abstractmethod
    def random_bytes(self, count: int) -> bytes:
        """Return `count` bytes fit for keys."""

    @abstractmethod
    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""

    def uuid7(self) -> UUID:
        """Return a time-ordered UUID (RFC 9562, version 7: 48 bits of milliseconds)."""
        milliseconds = int(self.now().timestamp() * 1000)
        value = (milliseconds << 80) | int.from_bytes(self.random_bytes(10), "big")
        value = value & ~(0xF << 76) | (0x7 << 76)
        value = value & ~(0x3 << 62) | (0x2 << 62)
        return UUID(int=value)


def uuid7_time(value: UUID) -> datetime:
    """Return the UTC time in a version 7 UUID, to the millisecond."""
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=value.int >> 80)


class SystemClock(Clock):
    """The machine's clock and the kernel's random source."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def random_bytes(self, count: int) -> bytes:
        return os.urandom(count)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)
