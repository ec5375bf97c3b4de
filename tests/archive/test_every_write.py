"""The faults of `scripts/shows/04-every-write` reach each write of an archive."""

from pathlib import Path

from scripts.support.faults import Faults
from scripts.support.life import faulty
from tests.archive.house import capture, create, line, opened


def test_the_faults_see_what_a_capture_writes(tmp_path: Path) -> None:
    create(tmp_path)
    faults = Faults()
    with faulty(faults), opened(tmp_path) as archive:
        capture(archive, line("1"))
    assert {"put of segments", "put of keys", "put of commits"} <= set(faults.names)
    assert "SQL commit of pointers" in faults.names
