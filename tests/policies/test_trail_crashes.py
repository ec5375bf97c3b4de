"""A purge of the audit trail that dies at any write goes on from there, and nothing else goes."""

import shutil
from pathlib import Path

import pytest

from archive.events.audit import FOR_OPERATIONS
from archive.events.hold_events import HoldScope
from archive.model.roles import LOCAL_ACTOR
from tests.archive.house import capture, line
from tests.policies.purging_house import Killed, desk, place_hold, tripping
from tests.policies.trail_house import OldClock, day, entries, kept_for, old_sandbox, reopened

DUE = 3


@pytest.fixture(scope="module")
def beginning(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, OldClock, list[int]]:
    """An archive of whose trail three searches are due, and a read that is held."""
    folder = tmp_path_factory.mktemp("trail")
    with old_sandbox(folder, day(2015)) as (archive, clock):
        (held,) = capture(archive, line("1", "herring"))
        for query in range(DUE):
            archive.audit.record(LOCAL_ACTOR, FOR_OPERATIONS, "search", query=str(query))
        archive.access.show(LOCAL_ACTOR, FOR_OPERATIONS, held)
        kept_for(archive)
        place_hold(archive, "smith", HoldScope(query="herring"))
        clock.move_to(day(2021, 2, 1))
        searched = [told.seq for told in entries(archive) if told.action == "search"]
    return folder, clock, searched


def dies(
    beginning: tuple[Path, OldClock, list[int]],
    folder: Path,
    names: tuple[str, ...],
    number: int,
    after: bool,
) -> bool:
    """Purge until the process dies, then once more; False if it did not die."""
    origin, clock, searched = beginning
    shutil.copytree(origin, folder)
    died = False
    with reopened(folder, clock) as archive, tripping(archive, names, number, after):
        try:
            desk(archive).run(LOCAL_ACTOR)
        except Killed:
            died = True
    with reopened(folder, clock) as archive:
        done = desk(archive).run(LOCAL_ACTOR).trail
        assert (done.planned, done.held) == ((DUE, 1) if done.id else (0, 1))
        assert (done.destroyed, done.failed) == (done.planned, 0)
        purges = desk(archive).purges(LOCAL_ACTOR, 10).purges
        assert [(each.of, each.destroyed) for each in purges] == [("audit-trail", DUE)]
        (certificate,) = desk(archive).certificates(LOCAL_ACTOR, 10).certificates
        assert (certificate.of, certificate.records) == ("audit-trail", DUE)
        assert archive.catalog.unfinished_erasures() == []
        told = entries(archive)
        assert [each.seq for each in told if each.state != "readable"] == searched
    return died


@pytest.mark.parametrize(("number", "after"), [(0, True), (1, True), (3, False)])
def test_before_every_commit_and_after_the_condemning(
    beginning: tuple[Path, OldClock, list[int]], tmp_path: Path, number: int, after: bool
) -> None:
    # The plan, the condemning, that it is destroyed, and the certificate.
    assert dies(beginning, tmp_path / "copy", ("commit",), number, after)


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True])
def test_at_every_write(
    beginning: tuple[Path, OldClock, list[int]], tmp_path: Path, after: bool
) -> None:
    number = 0
    while dies(beginning, tmp_path / str(number), ("commit", "put", "delete"), number, after):
        number += 1
    assert number > 10
