"""The schedule: jobs that the leading worker runs, one at a time, each after its time.

A job that is due when nobody led is run soon after somebody does. When a run ended, and whether it
failed, stands in SQL, so that the next leader knows it and every host's health tells it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from threading import Event
from typing import Final

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from archive.catalog.jobs import JobBook
from archive.clock import Clock
from archive.errors import MunimentError, unforeseen

SOON: Final = timedelta(minutes=1)
"""So long after a worker has begun to lead its first job may run: starting comes first."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Job:
    """Something to be done again and again.

    `run` is given what says that it is to stop, which it looks at once a second at least. It may
    be cut off anywhere, and two may run at once, in two processes that both think that they lead.
    It returns a sentence for the operator, or an empty text.
    """

    name: str
    every: timedelta
    run: Callable[[Event], str]


class Schedule:
    """Runs jobs between `begin` and `end`. One thread calls both."""

    def __init__(
        self, jobs: Sequence[Job], book: JobBook, clock: Clock, say: Say, *, soon: timedelta = SOON
    ) -> None:
        self._jobs = jobs
        self._book = book
        self._clock = clock
        self._say = say
        self._soon = soon
        self._stop = Event()
        self._scheduler: BackgroundScheduler | None = None

    def begin(self) -> None:
        """Begin to run jobs, because this process leads.

        Raises UnavailableError when the database does not answer; nothing has begun then.
        """
        if self._scheduler is not None:
            return
        ends = [self._book.last_end(job.name) for job in self._jobs]
        self._stop = stop = Event()
        scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(1)}, timezone="UTC"
        )
        first = self._clock.now() + self._soon
        for job, end in zip(self._jobs, ends, strict=True):
            scheduler.add_job(
                self._run,
                IntervalTrigger(seconds=int(job.every.total_seconds())),
                args=(job, stop),
                next_run_time=first if end is None else max(first, end + job.every),
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )
        scheduler.start()
        self._scheduler = scheduler

    def end(self) -> None:
        """Run nothing more, and return once what runs has stopped."""
        self._stop.set()
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=True)
            self._scheduler = None

    def _run(self, job: Job, stop: Event) -> None:
        if stop.is_set():
            return
        problem = None
        try:
            told = job.run(stop)
        except MunimentError as error:
            problem = str(error)
        except Exception as error:
            # A defect must not end the schedule.
            problem = f"{unforeseen(error)}; please report it."
        if problem is not None:
            told = f"The job {job.name} failed: {problem}"
        if told:
            self._say(told)
        if not stop.is_set():
            self._note(job, problem)

    def _note(self, job: Job, problem: str | None) -> None:
        try:
            self._book.ended(job.name, self._clock.now(), problem)
        except MunimentError as error:
            self._say(f"The end of the job {job.name} cannot be noted: {error}")
