"""Whatever is altered in SQL of what events tell, verify names the row and goes on."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from archive.creating import create_archive
from archive.events.pointers import Pointer
from archive.model.roles import LOCAL_ACTOR
from archive.opening import open_archive
from archive.settings import Settings
from archive.verifying.verifier import verify
from tests.archive.house import capture, create, line, opened
from tests.policies import purging_house as purging
from tests.policies import reviewing_house as reviewing
from tests.policies.test_restricted import MAIA, restricting
from tests.verifying.verified import Impatient, verified

TABLES = ("cases", "restrictions", "reviews")
DESTROYING = ("erasures", "destructions", "certificates", "purges", "users", "tokens")
ANOTHER = "x'0102030405060708090a0b0c0d0e0f10'"
FIRST_TOKEN = "(SELECT min(digest) FROM tokens)"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three records under review, one extended; two that a case restricts, one of them gone."""
    folder = tmp_path_factory.mktemp("decided")
    create(folder)
    with opened(folder) as archive:
        reviewing.reviewed(archive)
        old = [line(f"o{number}", occurred_at="2001-01-01T00:00:00Z") for number in range(3)]
        new = [line(f"m{number}", participants=MAIA) for number in range(2)]
        ids = capture(archive, *old, *new)
        reviewing.opened(archive)
        until = archive.clock.now() + timedelta(days=100)
        reviewing.extend(
            archive, reviewing.OFFICER, stage="records manager", records=[ids[0]], until=until
        )
        restricting(archive)
        archive.eraser.erase_records([ids[4]], actor="local", ground="a request")
        archive.publish()
        archive.follow()
    return folder / "home"


@pytest.fixture(scope="module")
def purged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record that went by a purge, and two users with a token each."""
    folder = tmp_path_factory.mktemp("purged")
    with purging.sandbox(folder) as archive:
        purging.dated(archive, [2001])
        purging.in_force(archive, maximum="5y")
        assert purging.desk(archive).run(LOCAL_ACTOR).destroyed == 1
        archive.publish()
        archive.follow()
    return folder / "home"


@contextmanager
def changed(home: Path, table: str, statement: str) -> Iterator[None]:
    """Change a row, and put it back."""
    with closing(sqlite3.connect(home / "catalog.db")) as rows:
        held = rows.execute(f"SELECT * FROM {table}").fetchall()
        assert rows.execute(statement).rowcount == 1
        rows.commit()
        try:
            yield
        finally:
            rows.execute(f"DELETE FROM {table}")
            marks = ", ".join("?" * len(held[0]))
            rows.executemany(f"INSERT INTO {table} VALUES ({marks})", held)
            rows.commit()


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE cases SET closed = 1", "otherwise"),
        ("UPDATE cases SET ordered = 1", "otherwise"),
        ("DELETE FROM cases", "lacks"),
        (f"INSERT INTO cases VALUES ({ANOTHER}, 1, 0, 0)", "no event tells"),
        ("UPDATE restrictions SET until = 1", "otherwise"),
        ("DELETE FROM restrictions", "lacks"),
        (f"INSERT INTO restrictions VALUES ({ANOTHER}, {ANOTHER}, 1, NULL)", "no event tells"),
        ("UPDATE reviews SET state = 2 WHERE state = 3", "otherwise"),
        ("UPDATE reviews SET seq = 1 WHERE state = 3", "otherwise"),
        ("DELETE FROM reviews WHERE state = 3", "lacks"),
        (f"INSERT INTO reviews VALUES ({ANOTHER}, 1, 3, 1)", "no event tells"),
    ],
)
def test_an_altered_row_is_named(home: Path, statement: str, told: str) -> None:
    table = next(table for table in TABLES if table in statement)
    with changed(home, table, statement):
        (fault,) = verified(home, full=False).faults
    assert (fault.kind, fault.object) == ("database", table)
    assert told in fault.message


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE purges SET completed = 0", "otherwise than the events of purge "),
        ("DELETE FROM purges", "lacks the row of purge "),
        (f"INSERT INTO purges VALUES ({ANOTHER}, 1, 1)", "no event tells"),
        ("UPDATE certificates SET seq = 1", "otherwise than the events of erasure "),
        ("DELETE FROM certificates", "lacks the row of erasure "),
        (f"INSERT INTO certificates VALUES ({ANOTHER}, {ANOTHER}, 1)", "no event tells"),
        (f"UPDATE destructions SET erasure = {ANOTHER}", "otherwise than the events of record "),
        ("DELETE FROM destructions", "lacks the row of record "),
        (f"INSERT INTO destructions VALUES ({ANOTHER}, {ANOTHER})", "no event tells"),
        ("UPDATE erasures SET newest_epoch = 77", "otherwise than the events of erasure "),
        ("DELETE FROM erasures", "lacks the row of erasure "),
        (f"INSERT INTO erasures VALUES ({ANOTHER}, 0)", "no event tells"),
        ("UPDATE users SET role = 1 WHERE role <> 1", "otherwise than the events of user "),
        ("DELETE FROM users WHERE role = 1", "lacks the row of user "),
        (f"INSERT INTO users VALUES ({ANOTHER}, 1)", "no event tells"),
        (
            f"UPDATE tokens SET user_id = {ANOTHER} WHERE digest = {FIRST_TOKEN}",
            "otherwise than the events of a token of user ",
        ),
        (
            f"DELETE FROM tokens WHERE digest = {FIRST_TOKEN}",
            "lacks the row of a token of user ",
        ),
        (f"INSERT INTO tokens VALUES (zeroblob(32), {ANOTHER})", "no event tells"),
    ],
)
def test_an_altered_row_of_what_was_destroyed_or_who_may_come_in_is_named(
    purged: Path, statement: str, told: str
) -> None:
    table = next(table for table in DESTROYING if table in statement)
    with changed(purged, table, statement):
        (fault,) = verified(purged, full=False).faults
    assert (fault.kind, fault.object) == ("database", table)
    assert told in fault.message


def test_what_was_destroyed_is_no_fault(purged: Path) -> None:
    found = verified(purged)
    assert (found.faults, [note for note in found.notes if "SQL" in note]) == ([], [])


def test_rows_that_are_as_the_events_tell_are_no_fault(home: Path) -> None:
    found = verified(home)
    assert (found.faults, [note for note in found.notes if "SQL" in note]) == ([], [])


def test_an_event_that_cannot_be_read_leaves_them_without_comparison(home: Path) -> None:
    with closing(sqlite3.connect(home / "events.db")) as rows:
        query = "SELECT state FROM stored_events WHERE topic = 'erasure.decided'"
        pointer = Pointer.decode(rows.execute(query).fetchone()[0])
    (segment,) = (home / "bucket" / "segments").rglob(f"{pointer.segment_id}.seg")
    held = segment.read_bytes()
    segment.write_bytes(bytes(len(held)))
    try:
        found = verified(home)
    finally:
        segment.write_bytes(held)
    assert [fault for fault in found.faults if fault.object in TABLES] == []
    assert any("cases and reviews are not compared" in note for note in found.notes)


def test_what_is_decided_while_it_is_verified_is_no_fault(
    tmp_path: Path, each_database: str | None
) -> None:
    environ = {"MUNIMENT_HOME": str(tmp_path / "home")}
    environ |= {"MUNIMENT_DATABASE_URL": each_database} if each_database else {}
    settings = Settings.load(environ, tmp_path)
    create_archive(settings)
    with open_archive(settings) as archive:
        capture(archive, line("m", participants=MAIA))
        archive.publish()
        archive.follow()
        met: list[int] = []

        def meanwhile(done: int, _all: int) -> None:
            if not met:
                restricting(archive)
                archive.follow()
            met.append(done)

        found = verify(settings, environ={}, clock=Impatient(), advance=meanwhile)
        # The catalog has come to more than the check has read.
        assert len(archive.catalog.restricted()) == 1 and max(met) < archive.catalog.position()
    assert (found.faults, [note for note in found.notes if "SQL" in note]) == ([], [])
