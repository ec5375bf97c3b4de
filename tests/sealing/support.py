"""What the sealing tests share: a clock that never surprises, and ways to damage bytes."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from archive.clock import Clock
from archive.sealing.frame import seal_frame
from archive.sealing.keyring import Keyring


class CountingClock(Clock):
    """Stands at one time and gives the same bytes, never the same twice, in every run."""

    def __init__(self) -> None:
        self._drawn = 0

    def now(self) -> datetime:
        return datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC) + timedelta(milliseconds=self._drawn)

    def monotonic(self) -> float:
        return float(self._drawn)

    def random_bytes(self, count: int) -> bytes:
        self._drawn += 1
        return hashlib.shake_128(self._drawn.to_bytes(8, "big")).digest(count)

    def sleep(self, seconds: float) -> None:
        self._drawn += 1


ARCHIVE = UUID("0194233c-7e80-7000-8000-00000000a7c4")
OTHER_ARCHIVE = UUID("0194233c-7e80-7000-8000-00000000b0b0")


def new_keyring() -> Keyring:
    return Keyring.generate(ARCHIVE, CountingClock())


def some_frames(count: int) -> tuple[list[bytes], list[bytes]]:
    """Frames of different lengths, and their data keys."""
    clock = CountingClock()
    keys = [clock.random_bytes(32) for _ in range(count)]
    frames = [
        seal_frame(ARCHIVE, clock.uuid7(), 1, "test.event", clock.random_bytes(5 * n), b"c", key)
        for n, key in enumerate(keys)
    ]
    return frames, keys


def every_flip(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Each copy of `data` with one bit changed, and the byte that it is in."""
    for place in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[place] ^= 1 << bit
            yield place, bytes(changed)


def every_cut(data: bytes) -> Iterator[bytes]:
    """Each beginning of `data` but the whole, then the whole with something behind it."""
    for length in range(len(data)):
        yield data[:length]
    yield data + b"\0"
