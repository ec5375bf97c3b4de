"""Whatever stands in a row of SQL in place of what must, verify names the row and goes on."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.archive.house import capture, create, line, opened
from tests.verifying.verified import verified


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rows")
    create(folder)
    with opened(folder) as archive:
        for number in range(3):
            capture(archive, line(f"{number}"))
        archive.publish()
        archive.follow()
    return folder / "home"


@pytest.mark.parametrize("value", ["abc", 17, b"", b"\0", bytes(65), bytes(97)], ids=repr)
def test_what_is_no_pointer_is_named(home: Path, value: object):
    with closing(sqlite3.connect(home / "events.db")) as rows:
        seq, state = rows.execute("SELECT max(seq), state FROM stored_events").fetchone()
        put = "UPDATE stored_events SET state = ? WHERE seq = ?"
        rows.execute(put, (value, seq))
        rows.commit()
        try:
            faults = verified(home).faults
        finally:
            rows.execute(put, (state, seq))
            rows.commit()
    assert [(fault.kind, fault.object, fault.seq) for fault in faults] == [
        ("database", "stored_events", seq)
    ]
    assert "tells otherwise" in faults[0].message
    assert verified(home).ok
