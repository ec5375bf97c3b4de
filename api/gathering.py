"""The lines of an upload, gathered into batches which are under way while more lines come.

Reading waits as long as the sender likes, so it has a thread of its own. Whoever waits for answers
sees when none come, and then has what was gathered begun as it is: who sends fast has large
batches, and who sends slowly is answered all the same.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Event, Lock, Semaphore, Thread
from typing import Final, Self

from api.lines import Line

PAUSE_SECONDS: Final = 1.0
"""How long lines wait for more of them where no batch is under way."""

Begin = Callable[[list[Line]], Future[str]]


class Gathering:
    """Gathers lines while it is entered, and gives the answers to them.

    A batch is begun by the line that brings it to `count` lines or `size` bytes, at the end, or
    when nothing was answered for a while; `at_once` of them are under way at most. `_lock` owns
    `_batch` and `_held`, and whoever has it may begin the batch. `_free` counts how many more may
    be begun: whoever begins one takes a place, and it is free again when it has been answered.
    """

    def __init__(
        self, lines: Iterator[Line], begin: Begin, *, count: int, size: int, at_once: int
    ) -> None:
        self._lines, self._begin = lines, begin
        self._count, self._size = count, size
        self._batch: list[Line] = []
        self._held = 0
        self._lock = Lock()
        self._free = Semaphore(at_once)
        self._stopped = Event()
        self._begun: SimpleQueue[tuple[int, Future[str]] | Exception | None] = SimpleQueue()
        # A sender who is silent keeps no process from ending.
        self._thread = Thread(target=self._gather, name="bulk-lines", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._free.release()
        # No read can be given up (`api.bodies`): it ends when something comes, or the connection.
        self._thread.join()

    def answers(self) -> Iterator[tuple[int, str]]:
        """Yield for each batch, in order, the number of its last line, and what it is answered.

        Raises what a batch or the reading of lines raised, once those before were answered. Lines
        that were gathered when reading failed are not begun.
        """
        while (begun := self._next()) is not None:
            if isinstance(begun, Exception):
                raise begun
            last, answer = begun
            answered = answer.result()
            self._free.release()
            yield last, answered

    def _next(self) -> tuple[int, Future[str]] | Exception | None:
        while True:
            with suppress(Empty):
                return self._begun.get(timeout=PAUSE_SECONDS)
            with self._lock:
                self._begin_batch()

    def _gather(self) -> None:
        try:
            for line in self._lines:
                if self._stopped.is_set():
                    return
                with self._lock:
                    self._batch.append(line)
                    self._held += len(line.data or b"")
                    if len(self._batch) >= self._count or self._held >= self._size:
                        self._begin_batch()
            with self._lock:
                self._begin_batch()
        except Exception as error:
            self._begun.put(error)
        else:
            self._begun.put(None)

    def _begin_batch(self) -> None:
        if not self._batch:
            return
        self._free.acquire()
        if not self._stopped.is_set():
            self._begun.put((self._batch[-1].number, self._begin(self._batch)))
        self._batch, self._held = [], 0
