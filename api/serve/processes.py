"""What the committer's process and the worker's process do until they are told to stop."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType

from archive.leading import lead
from archive.opening import open_archive
from archive.settings import Settings
from archive.tuning import spare_the_collector

_WAIT_SECONDS = 0.5


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
            with open_archive(settings) as archive:
                if archive.committing:
                    spare_the_collector()
                    stop.wait()
                    break
            stop.wait(_WAIT_SECONDS)
    return 0


def worker(settings: Settings) -> int:
    """Follow the events: catalog and index; returns the exit status."""
    with _until_told() as stop, open_archive(settings, commits=False) as archive:
        spare_the_collector()
        lead(archive, stop, _say)
    return 0


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
