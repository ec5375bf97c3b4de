"""An archive in a temporary folder, with a clock that stands until it is moved."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from archive.clock import SystemClock
from archive.creating import create_archive
from archive.opening import Archive, open_archive
from tests.archive.house import settings


class MovableClock(SystemClock):
    """A clock that stands still, however slow the machine is, until it is moved."""

    def __init__(self) -> None:
        self._now = super().now()

    def now(self) -> datetime:
        return self._now

    def move(self, **by: float) -> None:
        self._now += timedelta(**by)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def archive(tmp_path: Path, clock: MovableClock) -> Iterator[Archive]:
    create_archive(settings(tmp_path), clock=clock)
    with open_archive(settings(tmp_path), clock=clock) as archive:
        archive.follow()
        yield archive
