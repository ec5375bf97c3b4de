"""Processes that open and judge candidates beside the one that destroys them.

They destroy nothing, and what they say is believed only while nothing changed that decides of
records (batches.py). What one cannot settle, because it cannot open a record, or dies, or is not
ready in time, is judged by whoever asked, who then meets what it met.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.connection import Connection
from queue import SimpleQueue
from threading import Lock
from typing import Final
from uuid import UUID

from archive.capture.station import Opening, Station, join
from archive.catalog.catalog import Catalog
from archive.catalog.dispositions import DispositionTable
from archive.errors import MunimentError
from archive.processes import Child, warm_up
from archive.tuning import give_way, spare_the_collector
from policies.purging.judging import Judge
from policies.purging.pages import PAGE, Basis, Judged, Judging
from policies.records import GovernedRecords
from policies.reviewing.reader import DispositionReader

_MOST: Final = 8
_PAGES_EACH: Final = 2
"""So many are with a process: while it waited for its next page, it would do nothing."""


class JudgedAhead:
    """Candidates that are judged beside this process, by a basis, a page at a time."""

    def __init__(
        self, basis: Basis, judge: Judge, pages: "Sequence[tuple[Sequence[UUID], _Answer]]"
    ) -> None:
        self.basis = basis
        self.judge = judge
        self._pages = pages

    def call_off(self) -> None:
        """Have no more of them judged."""
        for _, answer in self._pages:
            answer.cancel()

    def take(self, judging: Judging) -> list[Judged]:
        """Return what was judged, once all is; what nobody has begun is judged here meanwhile.

        It lacks those that could not be settled.
        """
        judged: list[Judged] = []
        for ids, answer in reversed(self._pages):
            if answer.cancel():
                judged += judging.each(ids)
        for _, answer in self._pages:
            if not answer.cancelled():
                judged += answer.result()
        return judged


class Judges:
    """The processes, started when first wanted. For one thread.

    There is one for each core but this process's own, and each has its next page before it has
    judged one.
    """

    def __init__(self, opening: Callable[[], Opening]) -> None:
        self._opening = opening
        self._count = min((os.cpu_count() or 1) - 1, _MOST)
        self._children: list[_Judge] = []
        self._free: SimpleQueue[_Judge] = SimpleQueue()
        self._pool: ThreadPoolExecutor | None = None

    def begin(self, ids: Sequence[UUID], basis: Basis, judge: Judge) -> JudgedAhead | None:
        """Have candidates judged from now on; None on a machine with a single core."""
        if self._count < 1:
            return None
        pool = self._pool or self._start()
        pages = [ids[start : start + PAGE] for start in range(0, len(ids), PAGE)]
        return JudgedAhead(
            basis, judge, [(page, pool.submit(self._ask, page, basis, judge)) for page in pages]
        )

    def close(self) -> None:
        """Let them end, once each has judged what it has in hand."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None
        for each in self._children:
            each.close()
        self._children.clear()
        self._free = SimpleQueue()

    def _start(self) -> ThreadPoolExecutor:
        with suppress(OSError):
            warm_up(__name__)
        opening = self._opening()
        self._children = [_Judge(opening) for _ in range(self._count)]
        for _ in range(_PAGES_EACH):
            for each in self._children:
                self._free.put(each)
        self._pool = ThreadPoolExecutor(self._count * _PAGES_EACH, thread_name_prefix="judge")
        return self._pool

    def _ask(self, ids: Sequence[UUID], basis: Basis, judge: Judge) -> list[Judged]:
        child = self._free.get()
        try:
            return child.answer((ids, basis, judge))
        finally:
            self._free.put(child)


class _Judge:
    """One process, which starts when it is first asked; once it has died it settles nothing."""

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._child: Child | None = None
        self._asking = Lock()
        self._hearing = Lock()

    def answer(self, question: "_Question") -> list[Judged]:
        """Ask, and return the answer, while another thread asks the next: answers come in turn."""
        try:
            with self._asking:
                if self._child is None:
                    # This waits until the server has loaded its libraries.
                    self._child = Child(_work, self._opening)
                connection = self._child.connection
                connection.send(question)
                # Held before another may ask, so that each hears its own answer.
                self._hearing.acquire()
            try:
                answer: list[Judged] = connection.recv()
            finally:
                self._hearing.release()
        except (EOFError, OSError):
            # It has died, or there may be no more processes than there are.
            return []
        return answer

    def close(self) -> None:
        if self._child is not None:
            self._child.close()


_Answer = Future[list[Judged]]
_Question = tuple[Sequence[UUID], Basis, Judge]


def _work(connection: Connection) -> None:
    """Judge what the parent asks about until it hangs up."""
    give_way()
    # What keeps the archive from being opened here, the parent meets itself.
    with suppress(EOFError, ConnectionError, MunimentError), join(connection.recv()) as station:
        records = _records(station)
        spare_the_collector(collect=False)
        known: tuple[Basis, Judge, Judging] | None = None
        while True:
            ids, basis, judge = connection.recv()
            if known is None or known[:2] != (basis, judge):
                known = (basis, judge, Judging(records, basis, judge))
            try:
                settled = [each for each in known[2].each(ids) if _is_settled(each)]
            except MunimentError:
                settled = []
            connection.send(settled)


def _is_settled(judged: Judged) -> bool:
    # Whoever condemns must know the dispositions that a record stands in, which may be large.
    return bool(judged.rows) and judged.reviewed.record is None


def _records(station: Station) -> GovernedRecords:
    engine = station.database.catalog()
    dispositions = DispositionReader(
        DispositionTable(engine),
        station.pointers,
        station.opener,
        station.mapper,
        station.identity,
    )
    return GovernedRecords(Catalog(engine), station.records, dispositions)
