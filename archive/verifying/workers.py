"""Checks made side by side: in threads where the bucket answers from afar, else in processes.

What checking local files takes is the interpreter's time, of which the threads of a process share
one. Children take a moment to start, so a small archive is checked without them.
"""

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from queue import SimpleQueue
from threading import Lock
from traceback import format_exc
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from archive.clock import SystemClock
from archive.errors import MunimentError, UnavailableError
from archive.places import open_places
from archive.processes import Child, warm_up
from archive.sealing.keyring import Keyring
from archive.settings import Settings
from archive.tuning import spare_the_collector
from archive.verifying.examiner import Examiner
from archive.verifying.findings import Patience

_P = ParamSpec("_P")
_Found = TypeVar("_Found")

_BYTES_ALONE: Final = 4 * 2**20
"""What is checked here in less time than children take to start."""
_MOST_CHILDREN: Final = 8
_IN_HAND: Final = 3
"""So many threads serve a child: one listens, one has put the next check into its pipe, and one is
ready to follow, since threads may wait long for their turn in a process that has much to do."""
_MOST_QUEUED: Final = 16
_MOST_WAITING: Final = 64


class Workers:
    """Runs checks and hands each result on, in order; few wait at a time.

    This thread has work of its own, and checks only what there is no room for elsewhere, and in the
    end what nobody has begun.
    """

    def __init__(
        self,
        examiner: Examiner,
        threads: int,
        start_children: "Callable[[], Children] | None",
    ) -> None:
        """Check in so many threads if it is more than one, else in children, or here alone."""
        self._examiner = examiner
        self._start_children = start_children if threads <= 1 else None
        self._children: Children | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._room = 0
        self._waiting: deque[_Waiting] = deque()
        if threads > 1:
            self._open(threads)

    def expect(self, size: int) -> None:
        """Take down how many bytes there will be to read: much is shared with children."""
        if self._start_children is not None and size > _BYTES_ALONE:
            self._children = self._start_children()
            self._open(_IN_HAND * len(self._children))

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
            take(check(self._examiner, *args, **kwargs))
            return
        waiting = _Waiting(partial(check, self._examiner, *args, **kwargs), take)
        if sum(not each.future.done() for each in self._waiting) < self._room:
            where = self._examiner if self._children is None else self._children
            waiting.future = self._pool.submit(_checked, where, check, args, kwargs)
        else:
            waiting.check_here()
        self._waiting.append(waiting)
        while self._waiting and (
            self._waiting[0].future.done() or len(self._waiting) > _MOST_WAITING
        ):
            self._take_one()

    def finish(self) -> None:
        """Return when everything was taken."""
        for waiting in reversed(self._waiting):
            if waiting.future.cancel():
                waiting.check_here()
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
        self._room = count + _MOST_QUEUED

    def _take_one(self) -> None:
        waiting = self._waiting.popleft()
        waiting.take(waiting.future.result())


@dataclass(slots=True)
class _Waiting:
    """A check whose result was not taken yet."""

    check: Callable[[], Any]
    take: Callable[[Any], None]
    future: Future[Any] = field(default_factory=Future)

    def check_here(self) -> None:
        self.future = Future()
        self.future.set_result(self.check())


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
        for line in self._lines * _IN_HAND:
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
        if isinstance(found, _Mistake):
            raise RuntimeError(f"A check failed in its process.\n{found.told}")
        return found

    def close(self) -> None:
        """Let them end."""
        for line in self._lines:
            line.close()


@dataclass(frozen=True, slots=True)
class _Mistake:
    """An error that nobody foresaw, as the child tells of it: not every one can be sent."""

    told: str


class _Line:
    """The pipe to one child, for several threads: answers come in the order of questions."""

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
        spare_the_collector(collect=False)
        while True:
            check, args, kwargs = connection.recv()
            try:
                found = check(examiner, *args, **kwargs)
            except MunimentError as error:
                found = UnavailableError(str(error))
            except Exception:
                found = _Mistake(format_exc())
            connection.send(found)
