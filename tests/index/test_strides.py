"""A stream of records is shown in strides, a single one at once; nothing is held back for long."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.index.schema import create_index
from archive.opening import Archive
from tests.archive import house


class Led:
    """An archive whose index the test feeds step by step, as the leader does."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.published: list[int] = []
        self.index = archive.index_follower(create_index(), self.published.append)
        self._count = 0

    def capture(self, count: int) -> int:
        lines = [house.line(f"n{self._count + number}") for number in range(count)]
        self._count += count
        house.capture(self.archive, *lines)
        return self.archive.pointers.last_seq()

    def step(self) -> int:
        return self.archive.feed.step([self.archive.catalog_follower, self.index])


@pytest.fixture
def led(tmp_path: Path) -> Iterator[Led]:
    house.create(tmp_path)
    with house.opened(tmp_path) as archive:
        assert archive.leadership.acquire()
        led = Led(archive)
        led.capture(1)  # The first of a source comes with the source's code.
        while led.step():
            pass
        led.published.clear()
        yield led
        led.index.close()


def test_a_single_record_shows_with_the_step_that_applies_it(led: Led) -> None:
    last = led.capture(1)
    assert led.step() == 1
    assert led.index.position() == last
    assert led.published == [last]


def test_many_records_show_when_nothing_more_comes(led: Led) -> None:
    before = led.index.position()
    last = led.capture(150)
    assert led.step() == 150
    assert (led.index.position(), led.index.applied()) == (before, last)
    assert led.step() == 0
    assert led.index.position() == last
    assert led.published == [last]
    assert led.step() == 0
    assert led.published == [last], "What shows already is not committed again."


def test_the_last_few_of_many_show_with_the_others(led: Led) -> None:
    led.capture(150)
    led.step()
    last = led.capture(2)
    led.step()
    assert led.published == []
    led.step()
    assert led.published == [last]


def test_a_stream_that_does_not_end_shows_now_and_then(led: Led) -> None:
    ends = []
    for _ in range(8):
        ends.append(led.capture(100))
        led.step()
    assert led.published == [ends[3], ends[7]]


def test_what_nobody_searches_yet_shows_once_it_has_caught_up(led: Led) -> None:
    target = led.capture(600)
    published: list[int] = []
    begun = led.archive.index_follower(create_index(), published.append, target=target)
    feed, catalog = led.archive.feed, led.archive.catalog_follower
    while catalog.position() < target:
        feed.step([catalog])
    for end in range(100, target, 100):
        feed.step([begun], end)
    assert (begun.applied(), published) == (600, []), "100 at a time would have shown by now."
    feed.step([begun], target)
    assert published == []
    feed.step([begun], target)
    begun.close()
    assert published == [target]
