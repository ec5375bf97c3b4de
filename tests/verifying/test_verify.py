"""Verifying beside a service, without SQL, against a checkpoint, and what it says of the index."""

import json
import shutil
from pathlib import Path
from threading import Condition, Event, Thread
from uuid import UUID

import pytest
from click.testing import CliRunner

from api.cli import muniment
from archive.bucket.names import LOG_CHECKPOINT
from archive.clock import SystemClock
from archive.errors import InvalidError
from archive.index.documents import document_key
from archive.index.schema import create_index
from archive.index.searcher import Searcher
from archive.keyrings import unlock
from archive.log.note import Signer
from archive.verifying import database, workers
from archive.verifying.index import index_faults
from scripts.support.tampering import CLOCK, settings_of
from tests.archive.house import capture, create, line, opened
from tests.verifying.verified import verified
from tests.waiting import PATIENCE


def checkpoint(folder: Path) -> str:
    bucket, _ = unlock(settings_of(folder / "home"), {}, CLOCK)
    return bucket.get(LOG_CHECKPOINT).decode()


def add(folder: Path, *names: str) -> list[UUID]:
    with opened(folder) as archive:
        found = capture(archive, *(line(name) for name in names))
        archive.publish()
        archive.follow()
    return found


def files_under(home: Path) -> dict[str, tuple[bytes, int]]:
    files = (path for path in home.rglob("*") if path.is_file())
    return {
        str(path): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in files
        if not path.name.endswith(("-wal", "-shm"))
    }


def test_it_changes_nothing(tmp_path: Path):
    create(tmp_path)
    add(tmp_path, "1", "2")
    bucket = tmp_path / "home" / "bucket"
    before = files_under(bucket)
    assert verified(tmp_path / "home").ok
    assert files_under(bucket) == before


def test_a_roll_back_of_the_whole_archive_shows_against_a_kept_checkpoint(tmp_path: Path):
    create(tmp_path)
    add(tmp_path, "1")
    shutil.copytree(tmp_path / "home", tmp_path / "old", symlinks=True)
    older = checkpoint(tmp_path)
    add(tmp_path, "2")
    kept = checkpoint(tmp_path)
    assert verified(tmp_path / "home", against=kept).ok
    assert verified(tmp_path / "home", against=older).ok
    shutil.rmtree(tmp_path / "home")
    shutil.move(tmp_path / "old", tmp_path / "home")
    assert verified(tmp_path / "home").ok
    (fault,) = verified(tmp_path / "home", against=kept).faults
    assert fault.kind == "roll-back"
    # The history goes on otherwise than it did: the sizes may grow, and the roots cannot agree.
    add(tmp_path, "3", "4")
    assert {each.kind for each in verified(tmp_path / "home", against=kept).faults} == {"fork"}


def test_what_is_no_checkpoint_of_this_log_is_not_compared(tmp_path: Path):
    create(tmp_path)
    add(tmp_path, "1")
    other = Signer("muniment.other", b"x" * 32).sign("muniment.other\n3\nAA==\n")
    for note in ("", other):
        with pytest.raises(InvalidError, match="no checkpoint of this log"):
            verified(tmp_path / "home", against=note)


class Rounds(SystemClock):
    """A clock by which a pause ends once all that somebody else had begun before it has ended."""

    def __init__(self) -> None:
        self._ended = 0
        self._change = Condition()

    def end(self) -> None:
        """Say that a round of the other's work has ended."""
        with self._change:
            self._ended += 1
            self._change.notify_all()

    def sleep(self, seconds: float) -> None:
        with self._change:
            ended = self._ended + 1
            assert self._change.wait_for(lambda: self._ended >= ended, PATIENCE)


def test_what_is_committed_meanwhile_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    # Children wait by a clock of their own.
    monkeypatch.setattr(workers, "_BYTES_ALONE", float("inf"))
    create(tmp_path)
    stop, rounds = Event(), Rounds()
    with opened(tmp_path) as archive:

        def keep_capturing() -> None:
            number = 0
            while not stop.is_set():
                found = capture(archive, *(line(f"{number}-{each}") for each in range(5)))
                if number % 7 == 3:
                    archive.eraser.erase_records(found[:1], actor="local", ground="case 1")
                archive.publish()
                archive.follow()
                number += 1
                rounds.end()

        writer = Thread(target=keep_capturing)
        writer.start()
        try:
            for turn in range(6):
                findings = verified(tmp_path / "home", full=turn % 2 == 0, clock=rounds)
                assert findings.faults == []
        finally:
            stop.set()
            writer.join()


@pytest.mark.parametrize("missing", ["events.db", "catalog.db"])
def test_without_sql_it_says_what_it_did_not_compare(tmp_path: Path, missing: str):
    create(tmp_path)
    add(tmp_path, "1")
    (tmp_path / "home" / missing).unlink()
    findings = verified(tmp_path / "home")
    assert findings.ok and any("not compared" in note for note in findings.notes)
    assert not (tmp_path / "home" / missing).exists()


def test_broken_sql_does_not_stop_the_check_of_the_bucket(tmp_path: Path):
    create(tmp_path)
    add(tmp_path, "1")
    (tmp_path / "home" / "events.db").write_bytes(b"no database at all" * 1000)
    for other in ("events.db-wal", "events.db-shm"):
        (tmp_path / "home" / other).unlink(missing_ok=True)
    findings = verified(tmp_path / "home")
    assert findings.checked["events"] > 3
    assert [fault.kind for fault in findings.faults] == ["database"]
    assert "events.db is damaged" in findings.faults[0].message


def test_an_index_that_was_edited_is_named(tmp_path: Path):
    create(tmp_path)
    with opened(tmp_path) as archive:
        _, second, third = capture(archive, line("1"), line("2"), line("3"))
        archive.follow()
        index = create_index()
        follower = archive.index_follower(index, lambda _: None)
        while archive.feed.step([follower], archive.catalog.position()):
            pass
        position = follower.position()
        follower.close()
        index.reload()
        searcher = Searcher(index)
        assert index_faults(searcher, archive.catalog, position) == []
        writer = index.writer()
        writer.delete_documents_by_term("key", document_key(second, 1))
        writer.commit()
        index.reload()
        (fault,) = index_faults(searcher, archive.catalog, position)
        assert "finds 2 records" in fault.message
        archive.eraser.erase_records([third], actor="local", ground="case 1")
        archive.follow()
        faults = index_faults(searcher, archive.catalog, position)
        assert [(each.record, "erased" in each.message) for each in faults] == [(third, True)]


def test_an_erasure_that_the_catalog_has_not_come_to_is_no_fault(tmp_path: Path):
    create(tmp_path)
    with opened(tmp_path) as archive:
        found = capture(archive, *(line(str(number)) for number in range(3)))
        archive.follow()
        archive.eraser.erase_records(found[:1], actor="local", ground="case 1")
        behind = archive.catalog.position() < archive.pointers.last_seq()
    assert behind
    assert verified(tmp_path / "home").faults == []


def test_the_command_leaves_with_1_and_lists_the_faults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    create(tmp_path)
    add(tmp_path, "1")
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path / "home"))
    run = CliRunner().invoke
    clean = run(muniment, ["verify", "--full", "--json"], standalone_mode=False)
    assert clean.return_value == 0
    assert json.loads(clean.stdout)["ok"] is True
    (tmp_path / "home" / "bucket" / "segments" / "stray").write_bytes(b"")
    dirty = run(muniment, ["verify", "--json"], standalone_mode=False)
    assert dirty.return_value == 1
    (fault,) = json.loads(dirty.stdout)["faults"]
    assert (fault["kind"], fault["object"]) == ("name", "segments/stray")
    told = run(muniment, ["verify"], standalone_mode=False)
    assert "FAULT name: segments/stray is not" in told.stdout and "1 fault;" in told.stdout


def test_a_commit_that_goes_over_a_page_is_compared_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(database, "_ROWS_AT_ONCE", 3)
    create(tmp_path)
    add(tmp_path, *map(str, range(20)))
    assert verified(tmp_path / "home").faults == []
