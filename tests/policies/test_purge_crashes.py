"""A purge that dies at any write goes on from there: nothing else goes, its numbers are right."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from archive.errors import UnavailableError
from archive.events.hold_events import HoldScope
from archive.model.roles import LOCAL_ACTOR
from tests.archive.house import capture, line, opened
from tests.policies.purging_house import (
    Killed,
    dated,
    desk,
    in_force,
    place_hold,
    sandbox,
    states,
    tripping,
)

YEARS = range(2001, 2007)


@pytest.fixture(scope="module")
def beginning(tmp_path_factory):
    """An archive of which all but two records are due: one is held, and one is young."""
    folder = tmp_path_factory.mktemp("purge")
    with sandbox(folder) as archive:
        due = dated(archive, YEARS)
        kept = capture(
            archive,
            line("held", "the guarantee", occurred_at="2001-01-01T00:00:00Z"),
            line("young", "lunch", occurred_at="2999-01-01T00:00:00Z"),
        )
        in_force(archive, maximum="5y")
        place_hold(archive, "smith", HoldScope(query="guarantee"))
        archive.follow()
    return folder, due, kept


def dies(beginning, folder: Path, names: tuple[str, ...], number: int, after: bool) -> bool:
    """Purge until the process dies, then once more; False if it did not die."""
    origin, due, kept = beginning
    shutil.copytree(origin, folder)
    died = False
    with opened(folder) as archive, tripping(archive, names, number, after):
        try:
            desk(archive).run(LOCAL_ACTOR)
        except Killed:
            died = True
    with opened(folder) as archive:
        done = desk(archive).run(LOCAL_ACTOR)
        # All of it, whichever run did it; and what is held is told by the run that ends it.
        assert (done.planned, done.held) == ((len(YEARS), 1) if done.id else (0, 1))
        assert (done.destroyed, done.failed) == (done.planned, 0)
        purges = desk(archive).purges(LOCAL_ACTOR, 10).purges
        assert [each.destroyed for each in purges] == [len(YEARS)]
        (certificate,) = desk(archive).certificates(LOCAL_ACTOR, 10).certificates
        assert certificate.records == len(YEARS)
        assert archive.catalog.unfinished_erasures() == []
        assert states(archive, due) == ["GoneError"] * len(due)
        assert states(archive, kept) == ["Loaded", "Loaded"]
    return died


def test_before_every_commit_and_after_the_condemning(beginning, tmp_path):
    # The plan, the condemning, that it is destroyed, and the certificate.
    for number, after in ((0, True), (1, False), (1, True), (3, False)):
        assert dies(beginning, tmp_path / f"{number}{after}", ("commit",), number, after)


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True])
def test_at_every_write(beginning, tmp_path, after):
    names = ("commit", "put", "delete")
    number = 0
    while dies(beginning, tmp_path / str(number), names, number, after):
        number += 1
    assert number > 15


def test_what_cannot_be_destroyed_yet_stays_open_and_is_told(beginning, tmp_path):
    origin, due, _ = beginning
    shutil.copytree(origin, tmp_path / "copy")
    with opened(tmp_path / "copy") as archive, pytest.MonkeyPatch.context() as patch:

        def refuse(*_: Any, **__: Any) -> None:
            raise UnavailableError("The bucket is away.")

        patch.setattr(archive.bucket, "delete", refuse)
        with pytest.raises(UnavailableError):
            desk(archive).run(LOCAL_ACTOR)
        archive.follow()
        (purge,) = desk(archive).purges(LOCAL_ACTOR, 10).purges
        assert (purge.planned, purge.destroyed, purge.failed) == (len(due), 0, len(due))
        assert (purge.certificate, purge.completed_at) == (None, None)
        patch.undo()
        done = desk(archive).run(LOCAL_ACTOR)
        assert (done.id, done.destroyed, done.failed) == (purge.id, len(due), 0)
        assert done.certificate is not None
