"""Checks made side by side: in threads where the bucket answers from afar, else in processes.

What checking local files takes is the interpreter's time, of which the threads of a process share
one. Children take a moment to start, so a small archive is checked without them.
"""

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.connection import Connection
from queue import SimpleQueue
from threading import Lock
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from archive.bucket.places import open_places
from archive.clock import Clock, SystemClock
from archive.errors import MunimentError, UnavailableError
from archive.processes import Child, warm_up
from archive.sealing.keyring import Keyring
from archive.settings import Settings
from archive.tuning import spare_the_collector
from archive.verifying.examiner import Examiner
from archive.verifying.findings import Patience

_P = ParamSpec("_P")
_Found = TypeVar("_Found")

_SECONDS_ALONE: Final = 0.05
"""How long is checked here before children are worth their start."""
_MOST_CHILDREN: Final = 8
_MOST_WAITING: Final = 64


class Workers:
    """Runs checks and hands each result on, in order; few results wait at a time.

    What there is no room for elsewhere is checked here.
    """

    def __init__(
        self,
        examiner: Examiner,
        clock: Clock,
        threads: int,
        start_children: "Callable[[], Children] | None",
    ) -> None:
        """Check in so many threads if it is more than one, else in children, or here alone."""
        self._examiner = examiner
        self._start_children = start_children if threads <= 1 else None
        self._children: Children | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._room = 0
        self._clock = clock
        self._alone = 0.0
        self._waiting: deque[tuple[Future[Any], Callable[[Any], None]]] = deque()
        if threads > 1:
            self._open(threads)

    def run(
        self,
        check: Callable[Concatenate[Examiner, _P], _Found],
        take: Callable[[_Found], None],
        *args: _P.args,
        **kwargs: _P.kwargs,
    ) -> None:
        """Run a method of the examiner now or soon; give what it finds to `take` in this thread.

        UnavailableError if the bucket does not answer, or if a child was killed.
        """
        if self._pool is None:
            began = self._clock.monotonic()
            take(check(self._examiner, *args, **kwargs))
            self._alone += self._clock.monotonic() - began
            if self._start_children is not None and self._alone > _SECONDS_ALONE:
                self._children = self._start_children()
                self._open(2 * len(self._children))
            return
        if sum(not future.done() for future, _ in self._waiting) < self._room:
            where = self._examiner if self._children is None else self._children
            future = self._pool.submit(_checked, where, check, args, kwargs)
        else:
            future = Future()
            future.set_result(check(self._examiner, *args, **kwargs))
        self._waiting.append((future, take))
        while self._waiting and (self._waiting[0][0].done() or len(self._waiting) > _MOST_WAITING):
            self._take_one()

    def finish(self) -> None:
        """Wait until everything was taken."""
        while self._waiting:
            self._take_one()

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        if self._children is not None:
            self._children.close()

    def _open(self, count: int) -> None:
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="verify")
        self._room = count + 1

    def _take_one(self) -> None:
        future, take = self._waiting.popleft()
        take(future.result())


class Children:
    """Processes that check, each started when first wanted, and each with a check in hand and the
    next one waiting in its pipe, so that it never waits for this process.
    """

    def __init__(self, settings: Settings, keyring: Keyring, *, full: bool) -> None:
        warm_up(__name__)
        self._first_message = (settings, keyring, full)
        # This process has much to do of its own.
        count = min(max((os.cpu_count() or 1) - 1, 1), _MOST_CHILDREN)
        self._lines = [_Line() for _ in range(count)]
        self._free: SimpleQueue[_Line] = SimpleQueue()
        for line in self._lines * 2:
            self._free.put(line)

    def __len__(self) -> int:
        return len(self._lines)

    def check(self, message: Any) -> Any:
        """Have one of them run a check; UnavailableError if it dies of it."""
        line = self._free.get()
        try:
            found = line.answer(self._first_message, message)
        except (EOFError, OSError):
            raise UnavailableError(
                "A process that checks was killed, perhaps for want of memory. Run verify again."
            ) from None
        finally:
            self._free.put(line)
        if isinstance(found, MunimentError):
            raise found
        return found

    def close(self) -> None:
        """Let them end."""
        for line in self._lines:
            line.close()


class _Line:
    """The pipe to one child, which two threads may use: answers come in the order of questions."""

    def __init__(self) -> None:
        self._asking, self._listening = Lock(), Lock()
        self._child: Child | None = None

    def answer(self, first_message: Any, message: Any) -> Any:
        with self._asking:
            if self._child is None:
                # This waits until the server has loaded its libraries.
                self._child = Child(_work, first_message)
            connection = self._child.connection
            connection.send(message)
            self._listening.acquire()
        try:
            return connection.recv()
        finally:
            self._listening.release()

    def close(self) -> None:
        if self._child is not None:
            self._child.close()


def _checked(
    where: "Examiner | Children",
    check: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    if isinstance(where, Children):
        return where.check((check, args, kwargs))
    return check(where, *args, **kwargs)


def _work(connection: Connection) -> None:
    """Check what the parent asks for until it hangs up."""
    with suppress(EOFError):
        settings, keyring, full = connection.recv()
        clock = Patience(SystemClock())
        examiner = Examiner(open_places(settings, clock), keyring, clock, full=full)
        spare_the_collector()
        while True:
            check, args, kwargs = connection.recv()
            try:
                found = check(examiner, *args, **kwargs)
            except MunimentError as error:
                found = UnavailableError(str(error))
            connection.send(found)
