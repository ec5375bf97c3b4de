"""Other users of the machine read nothing of a home folder that was made here."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.archive.house import capture, create, line, opened


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_all_of_a_home_is_for_its_owner_alone(tmp_path: Path) -> None:
    create(tmp_path)
    home = tmp_path / "home"
    with opened(tmp_path) as archive:
        capture(archive, line("1"))
        modes = {path: mode(path) for path in (home, *home.rglob("*")) if not path.is_socket()}
        assert {home / "events.db-wal", home / "catalog.db-shm"} <= modes.keys()
    for path, found in modes.items():
        assert found == (0o700 if path.is_dir() else 0o600), path


def test_a_home_that_was_there_keeps_its_mode(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o750)
    create(tmp_path)
    (home / "events.db").chmod(0o640)
    with opened(tmp_path) as archive:
        capture(archive, line("1"))
    assert (mode(home), mode(home / "events.db")) == (0o750, 0o640)
