"""The worker keeps the log: soon after a commit, whoever leads, whatever goes wrong."""

import re
from pathlib import Path
from threading import Event, Thread
from typing import Any, cast

import psycopg
import pytest

from archive.clock import SystemClock
from archive.creating import create_archive
from archive.errors import CorruptError, UnavailableError
from archive.leadership import DeposedError
from archive.leading import lead
from archive.log import keeper
from archive.log.keeper import LogKeeper
from archive.log.publisher import LogPublisher
from archive.opening import Archive, open_archive
from tests.archive.house import capture, create, line, opened
from tests.archive.test_postgres import host
from tests.log.checking import check_log
from tests.waiting import until


def covered(archive: Archive) -> bool:
    return archive.log.newest().checkpoint.size == archive.pointers.last_seq()


def published(archive: Archive) -> dict[str, bytes]:
    bucket = archive.settings.home / "bucket"
    return {
        str(path.relative_to(bucket)): path.read_bytes()
        for path in (bucket / "log").rglob("*")
        if path.is_file()
    }


def test_a_worker_publishes_what_is_captured(tmp_path: Path) -> None:
    create(tmp_path)
    with opened(tmp_path) as archive:
        stop = Event()
        worker = Thread(target=lead, args=(archive, stop))
        worker.start()
        for number in range(3):
            capture(archive, *[line(f"{number} {each}") for each in range(100)])
            until(lambda: covered(archive))
        capture(archive, line("the last"))
        stop.set()
        worker.join()
        assert covered(archive), "a worker that is told to stop leaves nothing behind"
        assert len(check_log(published(archive))) == archive.pointers.last_seq()


def test_without_a_service_an_archive_is_published_once(tmp_path: Path) -> None:
    create(tmp_path)
    with opened(tmp_path) as archive:
        capture(archive, line("1"))
        assert archive.publish() and covered(archive)
        other = archive.database.leadership()
        capture(archive, line("2"))
        assert other.acquire()
        assert not archive.publish() and not covered(archive)
        other.release()
        assert archive.publish() and covered(archive)


class Troubled:
    """Stands for the log's writer; each step is a number of entries, or an error."""

    def __init__(self, *steps: int | Exception) -> None:
        self.steps = list(steps)
        self.stopped = self.forgot = 0

    def step(self) -> int:
        each = self.steps.pop(0) if self.steps else 0
        if isinstance(each, Exception):
            raise each
        return each

    def note_stopped(self) -> None:
        self.stopped += 1

    def forget(self) -> None:
        self.forgot += 1


def test_trouble_is_said_once_and_gone_through(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_RETRY_SECONDS", "_STOPPED_SECONDS", "PACE_SECONDS"):
        monkeypatch.setattr(keeper, name, 0.01)
    said: list[str] = []
    away = UnavailableError("The bucket is away.")
    fork = CorruptError("A fork.")
    writer = Troubled(3, away, away, 2, fork, fork, ValueError("secret"), DeposedError(), 1)
    log = LogKeeper(cast(LogPublisher, writer), SystemClock(), lambda: True, said.append)
    log.start()
    until(lambda: not writer.steps)
    log.finish()
    assert [re.sub(r":\d+", ":0", each) for each in said] == [
        *("The bucket is away. The log waits.", "The log goes on."),
        *("The log has stopped: A fork.",),
        "The log has stopped: an error that nobody foresaw, ValueError at test_log_keeping.py:0; "
        "please report it.",
        *("Another process leads by now. The log waits.", "The log goes on."),
    ]
    assert writer.stopped == 3


def test_who_does_not_lead_publishes_nothing() -> None:
    writer = Troubled(1)
    said: list[str] = []
    log = LogKeeper(cast(LogPublisher, writer), SystemClock(), lambda: False, said.append)
    log.start()
    until(lambda: writer.forgot > 1)
    log.finish()
    assert writer.steps == [1] and not said


def test_the_next_leader_of_several_hosts_goes_on(tmp_path: Path, database_url: str) -> None:
    hosts = [host(tmp_path, name, database_url) for name in ("one", "two")]
    create_archive(hosts[0])
    with open_archive(hosts[0]) as one, open_archive(hosts[1]) as two:
        stops = [Event(), Event()]
        said: list[str] = []
        workers = [
            Thread(target=lead, args=(archive, stop, said.append))
            for archive, stop in zip((one, two), stops, strict=True)
        ]
        for worker in workers:
            worker.start()
        for number in range(4):
            capture(two, *[line(f"{number} {each}") for each in range(90)])
            until(lambda: covered(two))
            cut(database_url)
        for stop, worker in zip(stops, workers, strict=True):
            stop.set()
            worker.join()
        two.publish()
        assert covered(one)
        bucket = bucket_of(one)
        objects = {name: bucket.get(name) for name in bucket.names("log/")}
        assert len(check_log(objects)) == one.pointers.last_seq()
        assert not any("stopped" in each for each in said), said


def bucket_of(archive: Archive) -> Any:
    return archive.log._bucket


def cut(url: str) -> None:
    """End the connection that holds the leader's lock."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
        )
