"""The trail is kept: a rebuild gives the same, erasure leaves the place, and a gap is named."""

import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from archive.events.audit import FOR_OPERATIONS
from archive.model.roles import LOCAL_ACTOR, Role
from archive.opening import Archive
from archive.rebuilding import rebuild
from archive.trail.asked import TrailFilter
from archive.trail.entry import TrailEntry
from scripts.support import removals
from scripts.support.removals import REMOVALS, Remove
from scripts.support.tampering import Target
from tests.archive.house import capture, create, line, opened, search, settings
from tests.verifying.verified import verified

TABLES = ("trail", "trail_subjects")


def fill(folder: Path) -> None:
    create(folder)
    with opened(folder) as archive:
        ids = capture(archive, line("1", "herring"), line("2", "pike"))
        archive.administration.register(LOCAL_ACTOR, "eve", [Role.AUDITOR])
        for id in ids:
            archive.access.show(LOCAL_ACTOR, FOR_OPERATIONS, id)
        search(archive, "herring OR pike")
        archive.access.show(LOCAL_ACTOR, FOR_OPERATIONS, ids[0])
        archive.publish()
        archive.follow()


def rows(folder: Path) -> dict[str, list[Any]]:
    connection = sqlite3.connect(folder / "home" / "catalog.db")
    found = {name: sorted(connection.execute(f"SELECT * FROM {name}"), key=repr) for name in TABLES}
    connection.close()
    return found


def entries(archive: Archive) -> list[TrailEntry]:
    return list(archive.trail.export(LOCAL_ACTOR, FOR_OPERATIONS, TrailFilter()).entries)


def test_a_rebuild_gives_the_same_trail(tmp_path: Path) -> None:
    fill(tmp_path)
    with opened(tmp_path) as archive:
        before = entries(archive)
        archive.follow()
    kept = rows(tmp_path)
    for file in (tmp_path / "home").glob("*.db*"):
        file.unlink()
    rebuild(settings(tmp_path))
    assert rows(tmp_path) == kept
    with opened(tmp_path) as archive:
        assert entries(archive)[: len(before)] == before


def test_an_erased_entry_leaves_its_place_and_nothing_else(tmp_path: Path) -> None:
    fill(tmp_path)
    with opened(tmp_path) as archive:
        (searched,) = [told.seq for told in entries(archive) if told.action == "search"]
        archive.eraser.erase(
            archive.pointers.select_pointers_from(searched, 1), actor="local", ground="case 1"
        )
        archive.follow()
        (told,) = [told for told in entries(archive) if told.seq == searched]
        assert told == TrailEntry(seq=searched, at=None, state="erased")
        archive.follow()
    kept = rows(tmp_path)
    assert not any(seq == searched for _, seq in kept["trail_subjects"])
    assert {row[1:] for row in kept["trail"] if row[0] == searched} == {(None,) * 8}
    rebuild(settings(tmp_path))
    assert rows(tmp_path) == kept


@pytest.mark.parametrize("between", [1, 30], ids=["near", "far apart"])
def test_of_entries_that_are_erased_together_those_between_stay(
    tmp_path: Path, between: int
) -> None:
    fill(tmp_path)
    with opened(tmp_path) as archive:
        for _ in range(between + 1):
            search(archive, "herring")
        seqs = [told.seq for told in entries(archive) if told.action == "search"][-between - 2 :]
        gone = {seqs[0], seqs[-1]}
        rows_gone = [archive.pointers.select_pointers_from(seq, 1)[0] for seq in sorted(gone)]
        archive.eraser.erase(rows_gone, actor="local", ground="case 1")
        archive.follow()
        states = {told.seq: told.state for told in entries(archive) if told.seq in seqs}
        assert states == {seq: "erased" if seq in gone else "readable" for seq in seqs}
    blank = {row[0] for row in rows(tmp_path)["trail"] if row[1:] == (None,) * 8}
    assert blank == gone


def test_the_ids_of_erased_records_stay_in_it(tmp_path: Path) -> None:
    fill(tmp_path)
    with opened(tmp_path) as archive:
        (id,) = [told.records[0] for told in entries(archive) if told.action == "show"][:1]
        archive.eraser.erase_records([id], actor="local", ground="case 1")
        archive.follow()
        seen = archive.trail.who_saw(LOCAL_ACTOR, FOR_OPERATIONS, str(id)).seen
        assert [(each.record, each.times) for each in seen] == [(id, 3)]


def test_an_archive_of_before_there_was_an_index_gets_one(tmp_path: Path) -> None:
    fill(tmp_path)
    kept = rows(tmp_path)
    connection = sqlite3.connect(tmp_path / "home" / "catalog.db")
    with connection:
        for name in TABLES:
            connection.execute(f"DROP TABLE {name}")
        connection.execute("DELETE FROM positions WHERE follower = 2")
    connection.close()
    with opened(tmp_path) as archive:
        archive.follow()
    assert rows(tmp_path) == kept


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("removals")
    fill(folder)
    return folder


@pytest.mark.parametrize("remove", REMOVALS, ids=lambda remove: remove.__name__)
def test_a_removed_entry_is_noticed(base: Path, tmp_path: Path, remove: Remove) -> None:
    home = tmp_path / "home"
    shutil.copytree(base / "home", home, ignore=shutil.ignore_patterns("run"), symlinks=True)
    assert verified(home).faults == []
    target = Target(home, base)
    record, entry = list(removals.acts(target))[-2]
    remove(target, record, entry)
    faults = verified(home).faults
    assert removals.named(remove, record, entry, faults), faults


def test_an_entry_of_no_act_is_noticed(base: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(base / "home", home, ignore=shutil.ignore_patterns("run"), symlinks=True)
    target = Target(home, base)
    target.sql("catalog.db", "INSERT INTO trail (seq) VALUES (1)")
    (fault,) = verified(home).faults
    assert (fault.object, fault.seq) == ("trail", 1)
