"""Jobs run while somebody leads, once at a time, and what goes wrong with them is told."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

import pytest

from archive.catalog.engines import sqlite_engine
from archive.catalog.jobs import JobBook
from archive.clock import SystemClock
from archive.creating import create_archive
from archive.errors import UnavailableError
from archive.leading import lead
from archive.opening import open_archive
from policies.jobs import schedule_of
from policies.schedule import Job, Schedule
from tests.archive.house import settings
from tests.waiting import PATIENCE, until

NOW = timedelta(seconds=0)
DAY = timedelta(days=1)


@pytest.fixture
def book(tmp_path: Path) -> Iterator[JobBook]:
    engine = sqlite_engine(tmp_path / "catalog.db")
    yield JobBook(engine)
    engine.dispose()


def scheduled(book: JobBook, *jobs: Job, soon: timedelta = NOW) -> tuple[Schedule, list[str]]:
    said: list[str] = []
    return Schedule(jobs, book, SystemClock(), said.append, soon=soon), said


def counting(runs: list[int]) -> Callable[[Event], str]:
    def run(_: Event) -> str:
        runs.append(1)
        return ""

    return run


def test_a_job_runs_soon_and_its_end_is_noted(book: JobBook) -> None:
    runs: list[Event] = []

    def run(stop: Event) -> str:
        runs.append(stop)
        return "It is done."

    schedule, said = scheduled(book, Job("tidy", DAY, run))
    schedule.begin()
    schedule.begin()
    until(lambda: book.last_end("tidy"))
    schedule.end()
    assert len(runs) == 1 and said == ["It is done."] and book.notes() == ()


def test_the_next_leader_waits_for_its_time(book: JobBook) -> None:
    book.ended("tidy", SystemClock().now(), None)
    runs: list[int] = []
    schedule, _ = scheduled(book, Job("tidy", DAY, counting(runs)))
    schedule.begin()
    time.sleep(0.3)
    schedule.end()
    assert runs == []


def test_a_job_that_is_overdue_waits_for_the_start_to_be_over(book: JobBook) -> None:
    clock, soon = SystemClock(), timedelta(seconds=0.4)
    book.ended("tidy", clock.now() - 3 * DAY, None)
    runs: list[datetime] = []

    def run(_: Event) -> str:
        runs.append(clock.now())
        return ""

    schedule, _ = scheduled(book, Job("tidy", DAY, run), soon=soon)
    began = clock.now()
    schedule.begin()
    until(lambda: runs)
    schedule.end()
    assert runs[0] - began >= soon


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (UnavailableError("The bucket is away."), "The job tidy failed: The bucket is away."),
        (ValueError("secret"), "an error that nobody foresaw, ValueError at test_schedule.py:"),
    ],
)
def test_what_goes_wrong_is_said_and_noted(book: JobBook, error: Exception, sentence: str) -> None:
    def run(_: Event) -> str:
        raise error

    schedule, said = scheduled(book, Job("tidy", DAY, run))
    schedule.begin()
    until(lambda: book.notes())
    schedule.end()
    assert sentence in said[0] and sentence in book.notes()[0]
    assert "secret" not in said[0] + book.notes()[0]
    book.ended("tidy", SystemClock().now(), None)
    assert book.notes() == ()


def test_what_runs_is_told_to_stop_and_its_end_is_not_noted(book: JobBook) -> None:
    begun, told = Event(), list[bool]()

    def run(stop: Event) -> str:
        begun.set()
        told.append(stop.wait(PATIENCE))
        return ""

    schedule, _ = scheduled(book, Job("tidy", DAY, run))
    schedule.begin()
    assert begun.wait(PATIENCE)
    schedule.end()
    assert told == [True]
    assert book.last_end("tidy") is None
    schedule.end()


def test_jobs_run_one_at_a_time(book: JobBook) -> None:
    running = most = 0

    def run(stop: Event) -> str:
        nonlocal running, most
        running += 1
        most = max(most, running)
        stop.wait(0.1)
        running -= 1
        return ""

    schedule, _ = scheduled(book, *(Job(f"tidy {n}", DAY, run) for n in range(4)))
    schedule.begin()
    until(lambda: all(book.last_end(f"tidy {n}") for n in range(4)))
    schedule.end()
    assert most == 1


def test_a_worker_runs_the_jobs_while_it_leads(tmp_path: Path) -> None:
    create_archive(settings(tmp_path))
    stop, said = Event(), list[str]()
    with open_archive(settings(tmp_path)) as archive:

        def run(_: Event) -> str:
            assert not archive.database.leadership().acquire()
            stop.set()
            return "It ran."

        duties = Schedule(
            [Job("tidy", DAY, run)], archive.jobs, archive.clock, said.append, soon=NOW
        )
        lead(archive, stop, said.append, duties)
        assert "It ran." in said
        archive.jobs.ended("tidy", archive.clock.now(), "The bucket is away.")
        assert "The job tidy failed: The bucket is away." in archive.health().notes


def test_the_collector_is_a_job(tmp_path: Path) -> None:
    create_archive(settings(tmp_path))
    with open_archive(settings(tmp_path)) as archive:
        (job,) = (each for each in schedule_of(archive, print)._jobs if each.name == "collect")
        assert job.every == DAY and job.run(Event()) == ""
