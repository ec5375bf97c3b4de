"""A whole archive before and after packing: what is found, read, proved, verified and rebuilt."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from archive.model.roles import LOCAL_ACTOR
from archive.opening import Archive
from archive.rebuilding import rebuild
from tests.archive.house import OPERATIONS, capture, create, found, line, opened, settings
from tests.verifying.verified import verified

COUNT = 40


def filled(archive: Archive) -> list[UUID]:
    """Capture one at a time, so that each has a segment of its own."""
    ids = [capture(archive, line(str(number), f"alpha {number}"))[0] for number in range(COUNT)]
    archive.follow()
    done = [row.first_seq for row in archive.pointers.commits_not_durable()]
    archive.pointers.mark_durable(done)
    archive.clock.sleep(0.01)
    return ids


@pytest.fixture
def packed(tmp_path: Path) -> Iterator[tuple[Path, list[UUID]]]:
    create(tmp_path)
    with opened(tmp_path) as archive:
        ids = filled(archive)
        archive.eraser.erase_records([ids[3]], actor="local", ground="policy 7")
        archive.follow()
        report = archive.packer.pack(cold=timedelta(0))
        assert report.packs == 1 and report.dropped == 1 and report.left == ()
    yield tmp_path, ids


def segments(folder: Path) -> list[Path]:
    return sorted((folder / "home" / "bucket" / "segments").rglob("*.seg"))


def faults(folder: Path, *, full: bool = True) -> list[str]:
    return [fault.message for fault in verified(folder / "home", full=full).faults]


def test_all_is_found_and_read_as_before(packed: tuple[Path, list[UUID]]) -> None:
    folder, ids = packed
    assert len(segments(folder)) < 10
    with opened(folder) as archive:
        assert found(archive, "alpha", limit=100) == set(ids) - {ids[3]}
        for number, record_id in enumerate(ids):
            if number != 3:
                shown = archive.access.show(LOCAL_ACTOR, OPERATIONS, record_id)
                assert shown.text == f"alpha {number}"


@pytest.mark.parametrize("full", [False, True])
def test_it_verifies(packed: tuple[Path, list[UUID]], full: bool) -> None:
    assert faults(packed[0], full=full) == []


def test_nothing_of_it_is_collected(packed: tuple[Path, list[UUID]]) -> None:
    with opened(packed[0]) as archive:
        collection = archive.collector.collect()
        assert (collection.removed, collection.doubts) == (0, ())


def test_what_is_wrong_with_a_pack_is_named(packed: tuple[Path, list[UUID]]) -> None:
    folder, _ = packed
    pack = max(segments(folder), key=lambda path: path.stat().st_size)
    data = bytearray(pack.read_bytes())
    data[len(data) // 2] ^= 1
    pack.chmod(0o600)
    pack.write_bytes(data)
    told = faults(folder)
    assert told and all(pack.stem in message for message in told)


def test_a_relocation_record_that_is_gone_is_missed(packed: tuple[Path, list[UUID]]) -> None:
    folder, _ = packed
    (record,) = (folder / "home" / "bucket" / "relocations").iterdir()
    data = record.read_bytes()
    record.unlink()
    assert len(faults(folder, full=False)) >= COUNT
    record.write_bytes(bytes([data[0] ^ 1]) + data[1:])
    assert any("relocations/" in message for message in faults(folder, full=False))


def test_it_is_rebuilt(packed: tuple[Path, list[UUID]]) -> None:
    folder, ids = packed
    for path in (folder / "home").glob("*.db*"):
        path.unlink()
    rebuild(settings(folder))
    with opened(folder) as archive:
        assert found(archive, "alpha", limit=100) == set(ids) - {ids[3]}
    assert faults(folder) == []
