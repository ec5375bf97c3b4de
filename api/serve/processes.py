"""What the committer's process and the worker's process do until they are told to stop."""

import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from threading import Event
from types import FrameType

from archive.errors import UnavailableError
from archive.leading import lead
from archive.opening import Archive, open_archive
from archive.settings import Settings
from archive.tuning import give_way, spare_the_collector

_WAIT_SECONDS = 0.5
_ANSWER_SECONDS = 1.0


@contextmanager
def _until_told() -> Iterator[Event]:
    """Give an event that SIGTERM and SIGINT set."""
    stop = Event()

    def told(_: int, __: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, told) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def committer(settings: Settings) -> int:
    """Commit for everybody on this host; returns the exit status.

    Where an import runs that commits for itself, it is waited for.
    """
    with _until_told() as stop:
        while not stop.is_set():
            with when_it_answers("committer", settings, stop, commits=True) as archive:
                if archive is None:
                    break
                if archive.committing:
                    spare_the_collector()
                    stop.wait()
                    break
            stop.wait(_WAIT_SECONDS)
    return 0


def worker(settings: Settings) -> int:
    """Follow the events, and run the schedule while leading; returns the exit status."""
    give_way()
    # The schedule's library is the worker's alone.
    from policies.jobs import schedule_of

    with (
        _until_told() as stop,
        when_it_answers("worker", settings, stop, commits=False) as archive,
    ):
        if archive is not None:
            spare_the_collector()
            tell = partial(say, "worker")
            lead(archive, stop, tell, schedule_of(archive, tell))
    return 0


@contextmanager
def when_it_answers(
    name: str, settings: Settings, stop: Event, *, commits: bool
) -> Iterator[Archive | None]:
    """Open the archive as soon as its bucket and database answer; None if told to stop before."""
    told = False
    while not stop.is_set():
        stack = ExitStack()
        try:
            archive = stack.enter_context(open_archive(settings, commits=commits))
        except UnavailableError as error:
            if not told:
                say(name, f"{error} It is waited for.")
            told = True
            stop.wait(_ANSWER_SECONDS)
            continue
        with stack:
            yield archive
        return
    yield None


def say(name: str, sentence: str) -> None:
    """Tell the operator what a process meets, on standard error."""
    print(f"muniment {name}: {sentence}", file=sys.stderr, flush=True)
