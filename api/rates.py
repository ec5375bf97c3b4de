"""How often somebody may ask: so much a minute, a minute's worth of it at once.

The generic cell rate algorithm (ITU-T I.371): one number for each caller, which is when they will
have made up for what they asked. It is kept in the memory of one web process, because a count that
all processes share would cost a write to SQL with every read; with several processes as many times
as much is let through (docs/operations.md, "Limits"). It stops a flood; it does not meter.
"""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import BoundedSemaphore, Lock
from typing import Final

from archive.clock import Clock
from archive.errors import UnavailableError

STRANGERS_A_MINUTE: Final = 3_000
"""How often may be asked from one address by whoever is not, or not yet, known."""
STREAMS_AT_ONCE: Final = 8
"""How many bulk uploads one web process takes at a time: half of its threads."""
FORMS_AT_ONCE: Final = 8
"""How many bodies of people that nobody knows yet one web process reads at a time."""
MINUTE: Final = 60.0
_MOST_CALLERS: Final = 50_000


class Rate:
    """Counts what callers ask against one rate; safe for threads.

    `_lock` owns `_until`, which holds for each caller when they are even, in seconds of the
    clock's monotonic time, the one who asked longest ago first.
    """

    def __init__(self, clock: Clock, a_minute: int) -> None:
        self._clock = clock
        self._seconds_each = MINUTE / a_minute
        self._until: OrderedDict[str, float] = OrderedDict()
        self._lock = Lock()

    def count(self, caller: str, weight: int = 1) -> float:
        """Count a request, and return 0; or count nothing, and return the seconds to wait.

        `weight` is how many ordinary requests it stands for.
        """
        with self._lock:
            now = self._clock.monotonic()
            until = max(self._until.get(caller, now), now) + weight * self._seconds_each
            wait = until - now - MINUTE
            # What a minute holds, added up one by one, is a minute but for rounding.
            if wait > 1e-6:
                return wait
            self._until[caller] = until
            self._until.move_to_end(caller)
            if len(self._until) > _MOST_CALLERS:
                self._until.popitem(last=False)
            return 0.0


class Places:
    """So many may be at something at a time, in one web process; safe for threads."""

    def __init__(self, count: int, refusal: str) -> None:
        self._free = BoundedSemaphore(count)
        self._refusal = refusal

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Hold one of the places; UnavailableError, with the refusal, when none is free."""
        if not self._free.acquire(blocking=False):
            raise UnavailableError(self._refusal, retry_after=5)
        try:
            yield
        finally:
            self._free.release()


@dataclass(frozen=True, slots=True)
class Limits:
    """What one web process lets through; `users` is None where users are not counted."""

    users: Rate | None
    strangers: Rate
    streams: Places
    forms: Places

    @classmethod
    def of(cls, clock: Clock, user_rate: int) -> "Limits":
        """Begin to count; `user_rate` is in requests a minute for each user, 0 for any number."""
        return cls(
            users=Rate(clock, user_rate) if user_rate else None,
            strangers=Rate(clock, STRANGERS_A_MINUTE),
            streams=Places(STREAMS_AT_ONCE, "As many uploads as can be are under way."),
            forms=Places(FORMS_AT_ONCE, "As many people as can are signing in."),
        )
