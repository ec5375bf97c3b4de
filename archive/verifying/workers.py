"""Checks made side by side where the bucket answers from afar, and one by one where it does not."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any


class Workers:
    """Runs checks and hands each result on, in order; few results wait at a time."""

    def __init__(self, pool: ThreadPoolExecutor | None, at_once: int) -> None:
        self._pool = pool
        self._most = 2 * at_once
        self._waiting: deque[tuple[Future[Any], Callable[[Any], None]]] = deque()

    def run(self, check: Callable[[], Any], take: Callable[[Any], None]) -> None:
        """Run a check now or soon, and give what it returns to `take`, in this thread."""
        if self._pool is None:
            take(check())
            return
        self._waiting.append((self._pool.submit(check), take))
        while len(self._waiting) > self._most:
            self._take_one()

    def finish(self) -> None:
        """Wait until everything was taken."""
        while self._waiting:
            self._take_one()

    def _take_one(self) -> None:
        future, take = self._waiting.popleft()
        take(future.result())


@contextmanager
def workers(at_once: int) -> Iterator[Workers]:
    """Give workers for a bucket that likes so many calls at once; none is left at the end."""
    if at_once <= 1:
        yield Workers(None, 1)
        return
    with ThreadPoolExecutor(at_once, thread_name_prefix="verify") as pool:
        yield Workers(pool, at_once)
