"""Restarts: from a snapshot the archive answers as from the events, and readers notice nothing."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any
from uuid import UUID

import pytest

from archive.awaiting import WORKER_LOCK
from archive.bucket import open_bucket
from archive.bucket.names import INDEX
from archive.clock import SystemClock
from archive.events.server import HostLock
from archive.index.follower import IndexFollower
from archive.index.source import index_directory
from archive.leading import lead
from archive.opening import Archive, open_archive
from archive.query.parser import parse
from archive.settings import Settings
from tests.archive import house
from tests.archive.house import capture, create, found, line, search
from tests.waiting import until

FROM_SNAPSHOT = "restored from its snapshot"
FROM_EVENTS = "built from the first event on"


def settings(folder: Path) -> Settings:
    environ = {
        "MUNIMENT_HOME": str(folder / "home"),
        "MUNIMENT_INDEX_DIR": str(folder / "index"),
        "MUNIMENT_INDEX_ON_DISK": "yes",
    }
    return Settings.load(environ, folder)


@contextmanager
def leading(
    folder: Path,
    said: list[str] | None = None,
    prepare: Callable[[Archive], None] = lambda _: None,
) -> Iterator[Archive]:
    """Lead in a thread, and give an archive that searches where the leader writes.

    `prepare` gets the leader's own archive before it leads.
    """
    stop, notes = Event(), [] if said is None else said

    def run() -> None:
        with open_archive(settings(folder), commits=False) as archive:
            prepare(archive)
            lead(archive, stop, notes.append)

    thread = Thread(target=run)
    thread.start()
    try:
        # Whoever opens while somebody leads searches where the leader writes.
        until(lambda: HostLock.is_held(folder / "home" / "run" / WORKER_LOCK))
        with opened(folder) as archive:
            until(lambda: archive.search_source.position() == archive.pointers.last_seq())
            yield archive
    finally:
        stop.set()
        thread.join()


def fill(archive: Archive, *numbers: int, **changes: Any) -> None:
    capture(archive, *(line(f"n{number}", f"fee {number}", **changes) for number in numbers))


def answers(archive: Archive, earlier: int) -> list[object]:
    """What searches find now and as of the time before the restart, conversations one by one."""
    found: list[object] = []
    everything = search(archive, "", limit=1000, sort="date")
    rows = archive.catalog.rows(result.id for result in everything.results)
    threads = sorted({f"conversation:{row.conversation}" for row in rows.values()})
    for query in ("", "fee", "is:edited", "changed", "fee AND 7", *threads):
        for as_of in (None, earlier):
            answer = search(archive, query, limit=30, as_of=as_of, facets=True)
            results = [(result.id, result.seq) for result in answer.results]
            found.append((query, as_of, answer.total, answer.unsearchable, results, answer.facets))
    return found


def forget_snapshots(folder: Path) -> None:
    bucket = open_bucket(settings(folder).bucket, SystemClock())
    for version in list(bucket.versions(INDEX)):
        bucket.delete(version.name, version=version.version)


def with_snapshot(folder: Path) -> tuple[int, int]:
    """Make an archive of 1,000 records in 20 conversations, followed, snapshot and stopped.

    Returns the sequence number that the snapshot is as of, and one before some revisions.
    """
    create(folder)
    with opened(folder) as archive:
        for first in range(20):
            fill(archive, *range(first, 1_000, 20), conversation=f"c{first}")
        earlier = archive.pointers.last_seq()
        capture(archive, *(line(f"n{n}", "fee, edited", conversation=f"c{n}") for n in range(9)))
    with leading(folder) as archive:
        assert search(archive, "fee", count=True).total == 1_000
    with opened(folder) as archive:
        (name,) = archive.snapshots.names()
        return archive.snapshots.open(name).position, earlier


@contextmanager
def opened(folder: Path) -> Iterator[Archive]:
    with open_archive(settings(folder)) as archive:
        yield archive


def test_a_start_from_a_snapshot_answers_as_one_from_the_events(tmp_path: Path) -> None:
    stood, earlier = with_snapshot(tmp_path)
    with opened(tmp_path) as archive:
        fill(archive, 2_000, 2_001, conversation="c1")
        capture(archive, line("n7", "changed", conversation="c7"), line("n2001", "changed"))
        # Two conversations become one, then a third joins, and a new record answers an old one.
        fill(archive, 2_002, conversation="c3", in_reply_to="n4")
        fill(archive, 2_003, conversation="c5", in_reply_to="n2002")
        fill(archive, 2_004, in_reply_to="n6")
        # The catalog goes ahead of the snapshot, and tells of what it joined now or never.
        archive.follow()
        fill(archive, 2_005, conversation="c8", in_reply_to="n9")
    said: list[str] = []
    with leading(tmp_path, said) as archive:
        assert archive.health().notes == (
            f"The index was restored from its snapshot as of event {stood}.",
        )
        restored = answers(archive, earlier)
    with house.opened(tmp_path) as archive:
        # A command without a service.
        assert answers(archive, earlier) == restored
        assert archive.health().notes == (
            f"The index was restored from its snapshot as of event {stood}.",
        )
    forget_snapshots(tmp_path)
    with leading(tmp_path, said) as archive:
        assert archive.health().notes == ("The index is built from the first event on.",)
        built = answers(archive, earlier)
    assert said == [
        f"The index was restored from its snapshot as of event {stood}.",
        "The index is built from the first event on.",
    ]
    assert len(restored) == 2 * (5 + 20 - 3)
    for one, other in zip(restored, built, strict=True):
        assert one == other


def test_a_catalog_that_was_lost_is_made_again_beside_a_restored_index(tmp_path: Path) -> None:
    _, earlier = with_snapshot(tmp_path)
    for path in (tmp_path / "home").glob("catalog.db*"):
        path.unlink()
    with leading(tmp_path) as archive:
        assert FROM_SNAPSHOT in archive.health().notes[0]
        restored = answers(archive, earlier)
    forget_snapshots(tmp_path)
    with leading(tmp_path) as archive:
        assert answers(archive, earlier) == restored


def test_a_snapshot_of_before_an_erasure_that_was_brought_back_is_not_searched(
    tmp_path: Path,
) -> None:
    with_snapshot(tmp_path)
    index, kept = tmp_path / "home" / "bucket" / INDEX, tmp_path / "kept"
    shutil.copytree(index, kept)
    with house.opened(tmp_path) as archive:
        assert len(found(archive, "17")) == 1 and FROM_SNAPSHOT in archive.health().notes[0]
        archive.eraser.erase_records([*found(archive, "17")], actor="local", ground="a request")
        assert found(archive, "17") == set() and archive.health().notes == ()
    shutil.rmtree(index, ignore_errors=True)
    shutil.copytree(kept, index)
    with house.opened(tmp_path) as archive:
        assert len(archive.snapshots.names()) == 1
        assert found(archive, "17") == set() and archive.health().notes == ()


class Reader:
    """Searches without a pause, and keeps every answer and every error."""

    def __init__(self, archive: Archive) -> None:
        self._source = archive.search_source
        self._stop = Event()
        self.totals: list[int] = []
        self.errors: list[Exception] = []
        self._thread = Thread(target=self._run)
        self._thread.start()
        # Else the first answer might be given after what comes next.
        until(lambda: self.totals or self.errors)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                searcher, position = self._source.searcher()
                hits = searcher.search(
                    parse("fee"), as_of=position, limit=5, settle=lambda ids: iter(())
                )
                self.totals.append(hits.total)
            except Exception as error:
                self.errors.append(error)
            time.sleep(0.005)

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()


def test_readers_go_on_while_an_index_whose_key_is_destroyed_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.index.keeper.PAUSE_SECONDS", 0.0)
    with_snapshot(tmp_path)
    said: list[str] = []
    with leading(tmp_path, said) as archive:
        (destroyed,) = archive.snapshots.generations()
        reader = Reader(archive)
        archive.snapshots.destroy(destroyed)
        fill(archive, *range(5_000, 6_001))
        until(lambda: len(said) == 2)
        assert FROM_SNAPSHOT in said[0] and FROM_EVENTS in said[1]
        until(lambda: archive.health().notes == (said[1],))
        until(lambda: archive.search_source.position() == archive.pointers.last_seq())
        # What was being uploaded when the key went is removed with the first snapshot of the next.
        until(lambda: len(archive.snapshots.names()) > 0)
        until(lambda: destroyed not in archive.snapshots.generations())
        until(lambda: reader.totals[-1] == 2_001)
        reader.stop()
    assert reader.errors == []
    assert reader.totals == sorted(reader.totals) and reader.totals[0] == 1_000


def test_erasures_in_a_row_do_not_keep_searches_in_an_old_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(tmp_path)
    with opened(tmp_path) as archive:
        erased = capture(archive, *(line(f"n{number}", f"fee {number}") for number in range(3)))
    new: list[UUID] = []
    met: list[bool] = []

    def outdate(leader: Archive) -> None:
        """Let an erasure and a record come into each index once it is known how far it goes.

        The catalog has come to them before the index does, as where another host keeps it.
        """
        make = leader.index_follower

        def made(*arguments: Any) -> IndexFollower:
            if new and erased:
                met.append(new[-1] in found(archive, "fee"))
                archive.eraser.erase_records([erased.pop()], actor="local", ground="a request")
                new.extend(capture(archive, line(f"m{len(erased)}", "fee")))
                while leader.feed.step([leader.catalog_follower]):
                    pass
            return make(*arguments)

        monkeypatch.setattr(leader, "index_follower", made)

    with leading(tmp_path, prepare=outdate) as archive:
        new.extend(capture(archive, line("m", "fee")))
        archive.eraser.erase_records([erased.pop()], actor="local", ground="a request")
        until(lambda: not erased and found(archive, "fee") == set(new))
    assert met == [True, True]


@contextmanager
def worker(folder: Path, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A worker in a process of its own, killed when the block ends."""
    environ = os.environ | {"MUNIMENT_HOME": str(folder / "home")}
    environ |= {"MUNIMENT_INDEX_DIR": str(folder / "index"), "MUNIMENT_INDEX_ON_DISK": "yes"}
    command = [sys.executable, "-c", "from api.cli import main; main()", "worker"]
    with log.open("ab") as err:
        process = subprocess.Popen(command, env=environ, stderr=err)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


@pytest.mark.slow
def test_readers_go_on_while_leaders_are_killed_restore_and_rebuild(tmp_path: Path) -> None:
    with_snapshot(tmp_path)
    log = tmp_path / "log"
    directory = index_directory(settings(tmp_path))
    assert directory is not None
    current = directory.path / "current"
    with ExitStack() as killed_at_last:
        process = killed_at_last.enter_context(worker(tmp_path, log))
        until(current.is_symlink)
        archive = killed_at_last.enter_context(opened(tmp_path))
        readers = [Reader(archive), Reader(archive)]
        for number in (5_000, 5_001, 5_002):
            if number == 5_001:
                forget_snapshots(tmp_path)
            fill(archive, number)
            before = current.readlink()
            process.kill()
            process.wait()
            process = killed_at_last.enter_context(worker(tmp_path, log))
            until(lambda old=before: current.readlink() != old)  # type: ignore[misc]
            until(lambda n=number: {r.totals[-1] for r in readers} == {n - 3_999})  # type: ignore[misc]
        for reader in readers:
            reader.stop()
    for reader in readers:
        assert reader.errors == []
        assert reader.totals == sorted(reader.totals) and reader.totals[0] == 1_000
    said = log.read_text()
    assert FROM_SNAPSHOT in said and FROM_EVENTS in said
