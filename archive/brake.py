"""The brake: who captures and who follows are held up for each other, and neither for good.

While a bulk is captured, the worker of that host rests before each batch, so that the bulk is
acknowledged sooner; it follows all the same, if slowly. Beside a stream that never ends it would
fall behind for ever. So from some way behind on it rests no more, and from twice that on captures
wait for it: it falls behind so far and no further.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Final

from archive.clock import Clock
from archive.events.feed import FULL_BATCH
from archive.events.server import HostLock

MOST_BEHIND: Final = 100_000
"""Events that the catalog may be behind before captures are held up: half a minute of following."""
BULK_LOCK: Final = "bulk.lock"
_PAUSE_SECONDS: Final = 1.0
_REST_SECONDS: Final = 2.0
_LOOKS: Final = 20


class Brake:
    """Holds captures up while the catalog is far behind, and the worker while it is not.

    Never for long: a catalog that stands still, because its worker is down, slows captures and
    stops none. `run_folder` is this host's.
    """

    def __init__(
        self,
        last_seq: Callable[[], int],
        position: Callable[[], int],
        clock: Clock,
        run_folder: Path,
        most_behind: int = MOST_BEHIND,
        batch: int = FULL_BATCH,
    ) -> None:
        self._last_seq = last_seq
        self._position = position
        self._clock = clock
        self._lock = run_folder / BULK_LOCK
        self._most_behind = most_behind
        self._batch = batch

    def hold_up(self) -> None:
        """Return at once, or after a second if the catalog is far behind.

        UnavailableError if the database does not answer.
        """
        if self._behind() > self._most_behind:
            self._clock.sleep(_PAUSE_SECONDS)

    @contextmanager
    def bulk(self) -> Iterator[None]:
        """Have the worker of this host rest beside what is captured meanwhile."""
        lock = HostLock(self._lock)
        try:
            # Shared among all who capture; the worker only tries it, and lets go at once.
            lock.acquire(wait=True, shared=True)
            yield
        finally:
            lock.release()

    def rest(self, stop: Event) -> None:
        """Let a worker rest that has a whole batch to follow, while a bulk is captured.

        Two seconds at most, and not if the catalog is far behind. UnavailableError if the database
        does not answer.
        """
        for _ in range(_LOOKS):
            if not HostLock.is_held(self._lock, shared=True):
                return
            if not self._batch <= self._behind() <= self._most_behind // 2:
                return
            if stop.wait(_REST_SECONDS / _LOOKS):
                return

    def _behind(self) -> int:
        return self._last_seq() - self._position()
