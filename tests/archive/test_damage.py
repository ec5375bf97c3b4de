"""Bytes that change at rest are named, and hide nothing but themselves."""

from pathlib import Path

import pytest

from archive.bucket.names import keyring_name, segment_name
from archive.errors import CorruptError
from archive.events.pointers import PointerRow
from archive.model.roles import LOCAL_ACTOR
from archive.rebuilding import rebuild
from archive.verifying.verifier import verify
from tests.archive.house import OPERATIONS, capture, create, found, line, opened, search, settings


def flip(folder: Path, row: PointerRow) -> str:
    """Change the last byte of an event's frame, as a failing disk would."""
    name = segment_name(row.pointer.segment_id)
    path = folder / "home" / "bucket" / name
    data = bytearray(path.read_bytes())
    data[row.pointer.offset + row.pointer.length - 1] ^= 1
    path.chmod(0o600)
    path.write_bytes(data)
    return name


def forget_catalog(folder: Path) -> None:
    for path in (folder / "home").glob("catalog.db*"):
        path.unlink()


def test_a_damaged_record_is_named_and_counted(tmp_path: Path) -> None:
    create(tmp_path)
    with opened(tmp_path) as archive:
        damaged, whole = capture(archive, line("1", "alpha"), line("2", "beta"))
        name = flip(tmp_path, archive.pointers.select_pointers_of([damaged])[0])
    forget_catalog(tmp_path)
    with opened(tmp_path) as archive:
        assert found(archive, "beta") == {whole} and found(archive, "alpha") == set()
        assert search(archive, "").unsearchable == 1
        with pytest.raises(CorruptError) as told:
            archive.access.show(LOCAL_ACTOR, OPERATIONS, damaged)
        assert name in str(told.value) and str(damaged) in str(told.value)
        assert archive.access.show(LOCAL_ACTOR, OPERATIONS, whole).text == "beta"


def test_a_segment_that_was_cut_short_keeps_what_stands_before_the_cut(tmp_path: Path) -> None:
    create(tmp_path)
    with opened(tmp_path) as archive:
        whole, lost = capture(archive, line("1", "alpha"), line("2", "beta"))
        row = archive.pointers.select_pointers_of([lost])[0]
        path = tmp_path / "home" / "bucket" / segment_name(row.pointer.segment_id)
        path.chmod(0o600)
        path.write_bytes(path.read_bytes()[: row.pointer.offset + 10])
    forget_catalog(tmp_path)
    with opened(tmp_path) as archive:
        assert found(archive, "alpha") == {whole}
        assert search(archive, "").unsearchable == 1
        with pytest.raises(CorruptError, match=path.name):
            archive.access.show(LOCAL_ACTOR, OPERATIONS, lost)


def test_a_damaged_code_hides_no_record(tmp_path: Path) -> None:
    create(tmp_path)
    with opened(tmp_path) as archive:
        (record_id,) = capture(archive, line("1", "alpha"))
        rows = archive.pointers.select_pointers_from(None, 100, topics=["code.assigned"])
        flip(tmp_path, rows[0])
    forget_catalog(tmp_path)
    with opened(tmp_path) as archive:
        assert found(archive, "alpha") == {record_id}
        (other,) = capture(archive, line("2", "beta"))
        assert found(archive, "source:desk") == {record_id, other}


def test_a_damaged_keyring_is_named(tmp_path: Path) -> None:
    create(tmp_path)
    path = tmp_path / "home" / "bucket" / keyring_name(1)
    data = bytearray(path.read_bytes())
    data[1] ^= 1
    path.chmod(0o600)
    path.write_bytes(data)
    with pytest.raises(CorruptError, match=keyring_name(1)), opened(tmp_path):
        pass


@pytest.mark.parametrize("name", ["events.db", "catalog.db"])
def test_a_damaged_database_is_named_and_made_again(tmp_path: Path, name: str) -> None:
    create(tmp_path)
    with opened(tmp_path) as archive:
        (record_id,) = capture(archive, line("1", "alpha"))
    home = tmp_path / "home"
    for path in home.glob("*.db-*"):
        path.unlink()
    (home / name).write_bytes(b"no database at all, though it is long enough to be read as one" * 9)
    with (
        pytest.raises(CorruptError, match=f"{name} is damaged.*muniment rebuild"),
        opened(tmp_path),
    ):
        pass
    findings = verify(settings(tmp_path))
    assert [fault.kind for fault in findings.faults] == ["database"]
    assert name in findings.faults[0].message
    for path in home.glob("*.db*"):
        path.unlink()
    rebuild(settings(tmp_path))
    with opened(tmp_path) as archive:
        assert found(archive, "alpha") == {record_id}
    assert verify(settings(tmp_path)).ok
