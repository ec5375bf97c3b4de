"""Where the folder of the index is full, it is said; all else goes on, and so does the index later.

A small disk is mounted, as a container's /dev/shm is small; without root there is none.
"""

import errno
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest

from archive import awaiting
from archive.awaiting import HostWorker
from archive.clock import SystemClock
from archive.errors import UnavailableError
from archive.events.feed import FedEvent
from archive.index import room
from archive.index.follower import IndexFollower
from archive.index.room import FullError
from archive.leading import lead
from archive.opening import open_archive
from scripts.support.disk import fill, small_disk
from scripts.support.show import Failed
from tests.archive import house
from tests.archive.house import capture, found, line, search
from tests.archive.test_restart import leading, settings, with_snapshot
from tests.index.test_strides import Led
from tests.waiting import until

FULL = "docker run --shm-size"
AGAIN = "has room again"


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The index's folder as a disk of 16 MB; it is tried again each fifth of a second."""
    monkeypatch.setattr(room, "_AGAIN_SECONDS", 0.2)
    with ExitStack() as stack:
        try:
            stack.enter_context(small_disk(tmp_path / "index", 16_000_000))
        except Failed as error:
            pytest.skip(f"skipped: {error}")
        yield tmp_path / "index"


def test_a_full_disk_is_told_and_the_index_goes_on_when_there_is_room(
    tmp_path: Path, disk: Path
) -> None:
    house.create(tmp_path)
    said: list[str] = []
    with leading(tmp_path, said) as archive:
        capture(archive, line("1", "fee"))
        until(lambda: len(found(archive, "fee")) == 1)
        fill(disk / "filler")
        texts = (" ".join(f"w{n}x{each}" for each in range(300)) for n in range(400))
        capture(archive, *(line(f"n{n}", f"fee {text}") for n, text in enumerate(texts)))
        last = archive.pointers.last_seq()
        until(lambda: any(FULL in each for each in said))
        until(lambda: archive.catalog.position() == last)
        assert any(FULL in each for each in archive.health().notes)
        assert archive.health().ready and len(found(archive, "fee")) == 1
        (disk / "filler").unlink()
        until(lambda: archive.search_source.position() >= last)
        assert len(found(archive, "fee", limit=1000)) == 401
        until(lambda: any(AGAIN in each for each in said))
        assert not any(FULL in each for each in archive.health().notes)
    assert sum(FULL in each for each in said) == 1


@contextmanager
def led(folder: Path) -> Iterator[list[str]]:
    """Lead in a thread that nobody waits for, and give what it says."""
    stop, said = Event(), list[str]()

    def run() -> None:
        with open_archive(settings(folder), commits=False) as archive:
            lead(archive, stop, said.append)

    thread = Thread(target=run)
    thread.start()
    try:
        yield said
    finally:
        stop.set()
        thread.join()


def test_where_none_was_ever_made_whoever_waits_is_told(
    tmp_path: Path, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(awaiting, "_PATIENCE_SECONDS", 0.5)
    house.create(tmp_path)
    with open_archive(settings(tmp_path)) as archive:
        texts = (" ".join(f"w{n}x{each}" for each in range(300)) for n in range(400))
        capture(archive, *(line(f"n{n}", text) for n, text in enumerate(texts)))
        last = archive.pointers.last_seq()
    (disk / "filler").write_bytes(bytes(15_700_000))
    with led(tmp_path) as said:
        until(lambda: any(FULL in each for each in said))
        with open_archive(settings(tmp_path)) as archive:
            until(lambda: any(FULL in each for each in archive.health().problems))
            with pytest.raises(UnavailableError, match=FULL):
                HostWorker(settings(tmp_path), SystemClock()).wait_until_searchable(last)
            (disk / "filler").unlink()
            until(lambda: archive.health().ready)
            assert len(found(archive, "", limit=1000)) == 400


@pytest.mark.parametrize(
    "error",
    [
        ValueError("Internal error: 'No space left on device (os error 28)'"),
        ValueError("An error occurred in a thread: 'An index writer was killed.. A worker'"),
        OSError(errno.ENOSPC, "No space left on device"),
    ],
    ids=["commit", "writer", "position"],
)
def test_what_was_not_written_is_fed_again(
    tmp_path: Path, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing: list[Exception] = [error]
    house.create(tmp_path)
    with house.opened(tmp_path) as archive:
        assert archive.leadership.acquire()
        led = Led(archive)
        publish = led.index._publish

        def published(position: int) -> None:
            if failing:
                raise failing.pop()
            publish(position)

        monkeypatch.setattr(led.index, "_publish", published)
        last = led.capture(3)
        with pytest.raises(FullError):
            led.step()
        while led.step():
            pass
        assert led.index.position() == last == led.published[-1]
        led.index.close()


def test_another_error_is_no_want_of_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house.create(tmp_path)
    with house.opened(tmp_path) as archive:
        assert archive.leadership.acquire()
        led = Led(archive)

        def fail(_position: int) -> None:
            raise ValueError("a date of no year")

        monkeypatch.setattr(led.index, "_publish", fail)
        led.capture(3)
        with pytest.raises(ValueError, match="no year"):
            led.step()
        led.index.close()


def test_a_search_without_a_service_goes_on_in_its_own_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_snapshot(tmp_path)
    whole, refused = IndexFollower.apply, list[int]()

    def apply(self: IndexFollower, events: Sequence[FedEvent], up_to: int) -> None:
        if events and not refused:
            refused.append(up_to)
            raise FullError("There is no room for the search index.")
        whole(self, events, up_to)

    with house.opened(tmp_path) as archive:
        capture(archive, line("another", "fee"))
        monkeypatch.setattr(IndexFollower, "apply", apply)
        assert search(archive, "fee").total == 1_001
        assert refused and archive.health().notes == ()


def test_where_not_even_an_empty_one_fits_the_catalog_goes_on(tmp_path: Path, disk: Path) -> None:
    house.create(tmp_path)
    fill(disk / "filler")
    with open_archive(settings(tmp_path)) as archive, led(tmp_path) as said:
        until(lambda: any(FULL in each for each in said))
        capture(archive, line("1", "fee"))
        last = archive.pointers.last_seq()
        until(lambda: archive.catalog.position() == last)
        (disk / "filler").unlink()
    with leading(tmp_path) as archive:
        assert len(found(archive, "fee")) == 1
