"""Worker processes that read and parse: a hostile file can at worst take its own process down.

They are not forked from the parent, since that has threads (`archive.processes`). A batch whose
worker dies is given again item by item, so that exactly the item that does it is rejected.
"""

from collections import deque
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Any

from archive.capture.batches import Plan, Tally, capture_batch
from archive.capture.slices import Slice, Unreadable, items
from archive.capture.station import Station, join
from archive.errors import MunimentError, UnavailableError
from archive.processes import Child, warm_up
from archive.tuning import give_way, spare_the_collector

# What the parent's end of a pipe says when the parent stopped, which it may at any time.
_HUNG_UP = (EOFError, BrokenPipeError, ConnectionResetError)


def _work(connection: Connection) -> None:
    """Capture batches until the parent hangs up."""
    give_way()
    try:
        opening, plan = connection.recv()
    except _HUNG_UP:
        return
    with join(opening) as station:
        spare_the_collector()
        answer: Tally | MunimentError | None = None
        while True:
            try:
                connection.send(answer)
                batch: list[Slice] = connection.recv()
            except _HUNG_UP:
                return
            try:
                answer = capture_batch(station.intake, plan, batch)
            except MunimentError as error:
                answer = UnavailableError(str(error))


class _Worker(Child):
    def __init__(self, first_message: Any) -> None:
        super().__init__(_work, first_message)
        self.ready = False
        self.batch: list[Slice] = []


class WorkerPool:
    """Runs batches through as many processes as there are processors."""

    def __init__(self, station: Station, plan: Plan, count: int) -> None:
        self._first_message = (station.opening(), plan)
        warm_up(__name__)
        self._workers = [_Worker(self._first_message) for _ in range(count)]

    def run(self, waiting: Iterator[list[Slice]]) -> Iterator[Tally]:
        """Yield the tally of every batch, in no order.

        Raises:
            UnavailableError: the archive does not take batches any more.
        """
        again: deque[list[Slice]] = deque()
        while True:
            for worker in self._workers:
                if worker.ready and not worker.batch:
                    worker.batch = again.popleft() if again else next(waiting, [])
                    if worker.batch:
                        worker.connection.send(worker.batch)
            busy = [worker for worker in self._workers if worker.batch or not worker.ready]
            if not busy:
                return
            for connection in wait([worker.connection for worker in busy]):
                worker = next(each for each in busy if each.connection is connection)
                try:
                    answer = worker.connection.recv()
                except EOFError:
                    yield from self._died(worker, again)
                    continue
                if isinstance(answer, MunimentError):
                    raise answer
                worker.ready = True
                if answer is not None:
                    worker.batch = []
                    yield answer

    def _died(self, worker: "_Worker", again: deque[list[Slice]]) -> Iterator[Tally]:
        worker.close()
        batch = worker.batch
        if not worker.ready:
            raise UnavailableError(
                "A process that reads files could not start "
                f"(exit status {worker.process.exitcode})."
            )
        self._workers[self._workers.index(worker)] = _Worker(self._first_message)
        tally = Tally(slices=len(batch))
        # What killed the process may stand in a file of many items; look into each by itself.
        apart = [item for each in batch for item in items(each)]
        for item in apart:
            if isinstance(item, Unreadable):
                tally.reject(item, item.reason)
            elif len(apart) > 1:
                again.append([item])
                tally.slices -= 1
            else:
                reason = "Reading it stopped the process that read it; the file was left alone."
                tally.size = item.length
                tally.reject(item, reason)
        yield tally

    def __enter__(self) -> "WorkerPool":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for worker in self._workers:
            worker.close()
