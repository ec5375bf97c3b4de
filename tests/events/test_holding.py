"""Holding segments and packs, over SQLite and over PostgreSQL: what excludes what."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Barrier, Event
from uuid import UUID, uuid4

import pytest

from archive.events.pointers import PointerCommit, PointerRecorder
from tests.events.parts import open_pointers
from tests.events.test_pointers import Url, row
from tests.waiting import PATIENCE

ONE, OTHER, PACK = (UUID(int=number) for number in (1, 2, 3))
Hold = Callable[[], AbstractContextManager[object]]


@pytest.fixture
def recorder(tmp_path: Path, each_database: Url) -> Iterator[PointerRecorder]:
    opened = open_pointers(tmp_path, each_database)
    opened.create(uuid4())
    segments = [(ONE, uuid4()), (OTHER, uuid4())]
    opened.write_commit(PointerCommit(segments=segments, record_id=uuid4(), rows=[row(uuid4())]))
    opened.begin_pack(PACK, [ONE])
    yield opened
    opened.close()


def waits(first: Hold, second: Hold) -> bool:
    """Say whether the second is held only once the first is let go."""
    begun, entered = Event(), Event()

    def enter() -> None:
        begun.set()
        with second():
            entered.set()

    with ThreadPoolExecutor(1) as pool:
        with first():
            waiting = pool.submit(enter)
            assert begun.wait(PATIENCE)
            at_once = entered.wait(0.3)
        waiting.result(PATIENCE)
    assert entered.is_set()
    return not at_once


def test_two_segments_are_held_at_once(recorder: PointerRecorder) -> None:
    met = Barrier(2, timeout=PATIENCE)

    def hold(segment_id: UUID) -> bool:
        with recorder.held_segment(segment_id) as held:
            met.wait()
            return held.keys_id is not None

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(hold, [ONE, OTHER])) == [True, True]


def test_one_segment_is_held_by_one_at_a_time(recorder: PointerRecorder) -> None:
    assert waits(lambda: recorder.held_segment(ONE), lambda: recorder.held_segment(ONE))


def test_a_pack_and_its_sources_are_not_held_at_once(recorder: PointerRecorder) -> None:
    assert waits(lambda: recorder.held_segment(ONE), lambda: recorder.held_pack(PACK))
    assert waits(lambda: recorder.held_pack(PACK), lambda: recorder.held_segment(ONE))
