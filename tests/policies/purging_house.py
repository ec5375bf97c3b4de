"""A sandbox with records of known dates, and policies by which they go."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any
from uuid import UUID

import pytest

from archive.clock import Clock
from archive.creating import create_archive
from archive.events.groups import Group
from archive.events.hold_events import HoldPlaced, HoldReleased, HoldScope
from archive.events.plain import plain
from archive.events.policy_events import Terms
from archive.model.roles import LOCAL_ACTOR, Actor, Role
from archive.opening import Archive, open_archive
from policies.desk import governance_of
from policies.holds.book import hold_reader
from policies.jobs import schedule_of
from policies.purging.desk import PurgeDesk
from policies.purging.opening import purge_desk
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


def job(archive: Archive, name: str) -> str:
    """Run a job of the leader's once, as its schedule would."""
    (found,) = (each for each in schedule_of(archive, print)._jobs if each.name == name)
    done = Event()

    def follow() -> None:
        while not done.wait(0.01):
            archive.follow()

    worker = Thread(target=follow)
    worker.start()
    try:
        return found.run(Event())
    finally:
        done.set()
        worker.join()


class Killed(BaseException):
    """The process is dead."""


@contextmanager
def tripping(archive: Archive, names: tuple[str, ...], number: int, after: bool) -> Iterator[None]:
    """Let the process die before or after one of its writes, counted from 0."""
    count = 0

    def watched(do: Callable[..., Any]) -> Callable[..., Any]:
        def one(*arguments: Any, **named: Any) -> Any:
            nonlocal count
            place, count = count, count + 1
            if place > number or (place == number and not after):
                raise Killed
            done = do(*arguments, **named)
            if place == number:
                raise Killed
            return done

        return one

    with pytest.MonkeyPatch.context() as patch:
        for where in (archive.committer, archive.bucket):
            for name in names:
                if hasattr(where, name):
                    patch.setattr(where, name, watched(getattr(where, name)))
        yield
