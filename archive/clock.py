"""Time and randomness: the only module that reads either.

Everything else is handed a `Clock`, so that tests decide what time it is and known-answer
vectors can be made.
"""

import os
import time
from abc import ABC, abstractmethod
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


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
        """Return a time-ordered UUID (RFC 9562, version 7: 48 bits of milliseconds).

        The 12 bits behind them are how far into its millisecond it was made (section 6.2, method
        3): what one process makes one after the other sorts so, however quick it is.
        """
        milliseconds, rest = divmod((self.now() - _EPOCH) // timedelta(microseconds=1), 1000)
        value = milliseconds << 80 | 0x7 << 76 | (rest << 12) // 1000 << 64
        value |= int.from_bytes(self.random_bytes(8), "big") & ~(0x3 << 62) | 0x2 << 62
        return UUID(int=value)


def uuid7_time(value: UUID) -> datetime:
    """Return the UTC time in a version 7 UUID, to the millisecond."""
    return _EPOCH + timedelta(milliseconds=value.int >> 80)


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
