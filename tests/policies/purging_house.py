"""A sandbox with records of known dates, and policies by which they go."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from archive.access.roles import LOCAL_ACTOR, Actor, Role
from archive.clock import Clock
from archive.creating import create_archive
from archive.events.commit import Group
from archive.events.hold_events import HoldPlaced, HoldReleased, HoldScope
from archive.events.plain import plain
from archive.events.policy_events import Terms
from archive.opening import Archive, open_archive
from policies.desk import governance_of
from policies.holds.book import hold_reader
from policies.purging.desk import PurgeDesk, purge_desk
from tests.archive.house import capture, line, settings

SECOND = Actor(id=str(UUID(int=2)), name="second", role=Role.COMPLIANCE_OFFICER)


@contextmanager
def sandbox(folder: Path, clock: Clock | None = None) -> Iterator[Archive]:
    """Make a sandbox and open it."""
    create_archive(settings(folder), sandbox=True)
    with open_archive(settings(folder), clock=clock) as archive:
        yield archive


def dated(archive: Archive, years: Sequence[int], text: str = "Good morning") -> list[UUID]:
    """Capture a record of each of the years."""
    return capture(
        archive,
        *(
            line(f"{year}-{place}", f"{text} {year}", occurred_at=f"{year}-03-01T00:00:00Z")
            for place, year in enumerate(years)
        ),
    )


def in_force(archive: Archive, name: str = "plain", scope: str = "*", **terms: Any) -> None:
    """Bring a policy into force at once, by two people."""
    wanted = {"name": name, "scope": scope, "grace": "0d", "delay": "0d", **terms}
    governance = governance_of(archive)
    policy = governance.propose(LOCAL_ACTOR, Terms.model_validate(wanted))
    if policy.versions[-1].shortens:
        governance.approve(SECOND, name)


def desk(archive: Archive) -> PurgeDesk:
    archive.follow()
    return purge_desk(archive)


def place_hold(archive: Archive, name: str, scope: HoldScope) -> None:
    """Place a hold, by its event alone."""
    _hold(archive, HoldPlaced, hold=name, reason="a case", scope=scope)


def release_hold(archive: Archive, name: str) -> None:
    """Release a hold, by its event alone."""
    _hold(archive, HoldReleased, hold=name, reason="it is over")


def _hold(archive: Archive, kind: Any, **fields: Any) -> None:
    reader = hold_reader(archive)
    event = kind(
        originator_id=reader.stream,
        originator_version=reader.read().newest + 1,
        recorded_at=archive.clock.now(),
        by="local",
        **fields,
    )
    archive.committer.commit(Group([plain(event)]))


def states(archive: Archive, ids: Sequence[UUID]) -> list[str]:
    """Say of each record what opening it comes to."""
    return [type(each).__name__ for each in archive.records.load_each(ids)]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
