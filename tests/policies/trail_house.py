"""A sandbox whose trail is old, and a period that lets entries go."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from archive.creating import create_archive
from archive.events.audit import FOR_OPERATIONS
from archive.model.period import Period
from archive.model.roles import LOCAL_ACTOR
from archive.opening import Archive, open_archive
from archive.trail.asked import TrailFilter
from archive.trail.entry import TrailEntry
from policies.trail.desk import trail_governance
from tests.policies.holding import settings
from tests.policies.purging_house import SECOND
from tests.users.conftest import MovableClock

SIX_YEARS = Period(6, "y")


class OldClock(MovableClock):
    """A clock that begins in the past, and is moved on."""

    def move_to(self, when: datetime) -> None:
        self.move(seconds=(when - self.now()).total_seconds())


def day(year: int, month: int = 1, number: int = 1) -> datetime:
    return datetime(year, month, number, tzinfo=UTC)


@contextmanager
def old_sandbox(
    folder: Path, began: datetime, database: str | None = None
) -> Iterator[tuple[Archive, OldClock]]:
    """Make a sandbox whose clock stands at a time, and open it."""
    clock = OldClock()
    clock.move_to(began)
    wanted = settings(folder, database)
    create_archive(wanted, sandbox=True)
    with open_archive(wanted, clock=clock) as archive:
        yield archive, clock


@contextmanager
def reopened(folder: Path, clock: OldClock) -> Iterator[Archive]:
    with open_archive(settings(folder, None), clock=clock) as archive:
        yield archive


def kept_for(archive: Archive, keep: Period | None = SIX_YEARS) -> None:
    """Decide how long the trail is kept, by two people where it needs them."""
    governance = trail_governance(archive)
    book = governance.propose(LOCAL_ACTOR, keep)
    if book.versions[-1].shortens:
        governance.approve(SECOND)


def entries(archive: Archive) -> list[TrailEntry]:
    """Return the whole trail; reading it leaves an entry that is not among them."""
    archive.follow()
    exported = archive.trail.export(LOCAL_ACTOR, FOR_OPERATIONS, TrailFilter())
    return list(exported.entries)
