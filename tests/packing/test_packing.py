"""Cold frames move into packs: nothing reads otherwise, whatever fails, and whoever erases."""

import shutil
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive.bucket.names import relocation_name, segment_name
from archive.bucket.port import LockMode, Retention
from archive.errors import LockedError, MunimentError
from archive.events.relocations import Relocations
from archive.events.restoring import Restorer
from archive.packing.packer import COLD
from archive.sealing.segment import parse_segment
from tests.erasing.house import WHO, Fate, Host, Killed, TrippingBucket, Url, host, plain
from tests.events.parts import open_pointers
from tests.packing.pack_house import check, pack, packer, rows, segments

MOST_REQUESTS = 400


def filled(folder: Path, url: Url, count: int = 3, **parts: object) -> Host:
    """An archive of so many segments: the first of two events, the others of one."""
    opened = host(folder, url, **parts)  # type: ignore[arg-type]  # They are a host's own.
    opened.commit(plain(), plain())
    for _ in range(count - 1):
        opened.commit(plain())
    # What a committer does when it ends, or with its next commit.
    opened.pointers.mark_durable([row.first_seq for row in opened.pointers.commits_not_durable()])
    return opened


def test_frames_move_unchanged_into_one_segment(tmp_path: Path, each_database: Url) -> None:
    opened = filled(tmp_path, each_database, 5)
    before = rows(opened)
    frames = opened.opener.frames(before)
    report = pack(opened)
    assert (report.packs, report.segments, report.events, report.dropped) == (1, 5, 6, 0)
    assert report.left == ()
    (pack_id,) = segments(opened)
    after = rows(opened)
    assert {row.pointer.segment_id for row in after} == {pack_id}
    assert [row.pointer.slot for row in after] == list(range(6))
    assert [row.pointer.digest for row in after] == [row.pointer.digest for row in before]
    assert opened.opener.frames(after) == frames
    assert list(opened.bucket.names("relocations/")) == [relocation_name(pack_id)]
    assert len(list(opened.bucket.names("keys/"))) == 1
    data = opened.bucket.get(segment_name(pack_id))
    assert [bytes(frame) for frame in parse_segment(data).frames] == list(frames.values())
    check(opened)
    opened.close()


def test_what_was_erased_is_left_behind(tmp_path: Path, each_database: Url) -> None:
    opened = filled(tmp_path, each_database, 4)
    first, second, third, *_ = rows(opened)
    opened.eraser.erase([first, third], **WHO)
    opened.pointers.mark_durable([r.first_seq for r in opened.pointers.commits_not_durable()])
    report = pack(opened)
    assert report.dropped == 2 and report.left == ()
    erased = {first.seq, third.seq}
    check(opened, sorted(erased))
    assert all(row.pointer.is_dropped == (row.seq in erased) for row in rows(opened))
    assert opened.states([opened.row(second.seq)]) == ["OpenedEvent"]
    opened.eraser.erase([opened.row(second.seq), opened.row(first.seq)], **WHO)
    check(opened, sorted(erased | {second.seq}))
    opened.close()


def test_packs_are_packed_again(tmp_path: Path, each_database: Url) -> None:
    opened = filled(tmp_path, each_database)
    (erased, *_) = rows(opened)
    opened.eraser.erase([erased], **WHO)
    for _ in range(3):
        opened.commit(plain())
        opened.pointers.mark_durable([r.first_seq for r in opened.pointers.commits_not_durable()])
        assert pack(opened).packs == 1
        assert len(segments(opened)) == 1
        check(opened, [erased.seq])
    assert len(Relocations(opened.bucket, opened.keyring).pack_ids) == 3
    opened.close()


def test_what_is_young_large_locked_or_held_stays(tmp_path: Path) -> None:
    opened = filled(tmp_path, None, 6)
    assert packer(opened).pack(cold=COLD).segments == 0
    names = sorted(opened.bucket.names("segments/"))
    locked = Retention(LockMode.GOVERNANCE, datetime.now(UTC) + timedelta(days=1))
    (version,) = opened.bucket.versions(names[0])
    opened.bucket.extend_retention(names[0], version.version, locked)
    (version,) = opened.bucket.versions(names[1])
    opened.bucket.set_legal_hold(names[1], version.version, True)
    key = sorted(opened.bucket.names("keys/"))[2]
    (version,) = opened.bucket.versions(key)
    opened.bucket.set_legal_hold(key, version.version, True)
    report = pack(opened)
    assert report.segments == 3 and report.left == ()
    assert len(segments(opened)) == 4 and set(names[:3]) <= set(opened.bucket.names("segments/"))
    check(opened)
    opened.close()


def test_an_archive_that_is_all_locked_is_asked_little(tmp_path: Path) -> None:
    opened = filled(tmp_path, None, 4)
    locked = Retention(LockMode.COMPLIANCE, datetime.now(UTC) + timedelta(days=1))
    for name in list(opened.bucket.names("segments/")):
        (version,) = opened.bucket.versions(name)
        opened.bucket.extend_retention(name, version.version, locked)
    opened.bucket.requests.clear()
    assert pack(opened).packs == 0
    assert not opened.bucket.requested("get") and not opened.bucket.requested("put")
    assert len(opened.bucket.requests) <= 1 + 4
    opened.close()


def test_a_damaged_segment_is_told_and_left(tmp_path: Path) -> None:
    opened = filled(tmp_path, None, 4)
    name = sorted(opened.bucket.names("segments/"))[1]
    data = bytearray(opened.bucket.get(name))
    data[len(data) // 2] ^= 1
    (whole,) = opened.bucket.versions(name)
    opened.bucket.put(name, bytes(data))
    opened.bucket.delete(name, version=whole.version)
    report = pack(opened)
    assert report.segments == 3 and len(report.left) == 1 and "Not packed" in report.left[0]
    assert name in opened.bucket.names("segments/")
    opened.close()


def test_a_commit_whose_record_is_owed_is_left_alone(tmp_path: Path) -> None:
    opened = filled(tmp_path, None, 3)
    opened.bucket.fail("put", "commits/", times=None)
    with pytest.raises(MunimentError):
        opened.commit(plain())
    opened.bucket.heal()
    assert pack(opened).segments == 3
    opened.commit(plain())
    check(opened)
    opened.close()


def test_a_dry_run_changes_nothing(tmp_path: Path) -> None:
    opened = filled(tmp_path, None, 3)
    opened.clock.sleep(0.01)
    opened.bucket.requests.clear()
    report = packer(opened).pack(cold=timedelta(0), dry_run=True)
    assert (report.packs, report.segments) == (1, 3)
    assert {request.operation for request in opened.bucket.requests} == {"versions"}
    opened.close()


@pytest.mark.slow
@pytest.mark.parametrize("fate", list(Fate))
def test_at_whatever_request_the_bucket_fails(tmp_path: Path, fate: Fate) -> None:
    for number in range(MOST_REQUESTS):
        if not _packed_with_a_fault(tmp_path / str(number), None, number, fate):
            assert number > 20
            return
    raise AssertionError("it never ends")


@pytest.mark.parametrize("fate", [Fate.KILLED_AFTER, Fate.KEPT])
def test_the_same_over_postgresql(tmp_path: Path, postgres, fate: Fate) -> None:
    for number in range(0, MOST_REQUESTS, 5):
        url = postgres.fresh_url()
        if not _packed_with_a_fault(tmp_path / str(number), url, number, fate):
            return
    raise AssertionError("it never ends")


def _packed_with_a_fault(folder: Path, url: Url, number: int, fate: Fate) -> bool:
    """Pack with a fault at a request, then erase elsewhere and pack again; False if none came."""
    folder.mkdir()
    first = host(folder, url)
    bucket = TrippingBucket(first.clock)
    first.close()
    opened = filled(folder, url, bucket=bucket, held=first.keyring)
    bucket.trip(number, fate)
    with suppress(MunimentError, Killed):
        pack(opened)
    came = bucket.heal_all()
    # Another process, which knows nothing of the pack, erases an event whose key was to move.
    other = host(folder, url, bucket=bucket, held=first.keyring)
    erased = rows(other)[1]
    other.eraser.erase([erased], **WHO)
    assert other.pointers.packs() == []
    check(other, [erased.seq])
    check(opened, [erased.seq])
    other.pointers.mark_durable([r.first_seq for r in other.pointers.commits_not_durable()])
    pack(other)
    check(opened, [erased.seq])
    opened.close()
    other.close()
    return came


def test_an_erasure_between_reading_and_moving_wins(tmp_path: Path, each_database: Url) -> None:
    opened = filled(tmp_path, each_database)
    eraser = host(tmp_path, each_database, bucket=opened.bucket, held=opened.keyring)
    victim = rows(opened)[0]
    packing = packer(opened)
    begin = opened.pointers.begin_pack

    def erase_first(pack_id, sources):
        begin(pack_id, sources)
        eraser.eraser.erase([victim], **WHO)
        # The erasure has called the pack off.
        assert opened.pointers.packs() == []

    opened.pointers.begin_pack = erase_first  # type: ignore[method-assign]
    opened.clock.sleep(0.01)
    assert packing.pack(cold=timedelta(0)).packs == 0
    check(opened, [victim.seq])
    opened.close()
    eraser.close()


def test_a_pointer_read_before_the_move_is_looked_up_again(
    tmp_path: Path, each_database: Url
) -> None:
    opened = filled(tmp_path, each_database)
    reader = host(tmp_path, each_database, bucket=opened.bucket, held=opened.keyring)
    old = rows(reader)
    assert reader.states(old) == ["OpenedEvent"] * 4
    pack(opened)
    assert reader.states(old) == ["OpenedEvent"] * 4
    assert len(reader.opener.frames(old)) == 4
    assert reader.opener.evidence(old[0]) is not None
    opened.eraser.erase([opened.row(old[0].seq)], **WHO)
    assert reader.states(old[:2]) == ["ErasedEvent", "OpenedEvent"]
    assert reader.opener.evidence(old[0]) is None
    opened.close()
    reader.close()


def test_sources_that_are_held_meanwhile_keep_an_erasure_open(tmp_path: Path) -> None:
    opened = filled(tmp_path, None)
    old = rows(opened)
    source = sorted(opened.bucket.names("keys/"))[0]
    packing = packer(opened)
    put = opened.bucket.put

    def hold_then_put(name: str, data: bytes, **locks: object) -> str:
        if name.startswith("relocations/"):
            (version,) = opened.bucket.versions(source)
            opened.bucket.set_legal_hold(source, version.version, True)
        return put(name, data, **locks)  # type: ignore[arg-type]  # They are passed on.

    opened.bucket.put = hold_then_put  # type: ignore[assignment,method-assign]
    opened.clock.sleep(0.01)
    report = packing.pack(cold=timedelta(0))
    assert len(report.left) == 1 and "legal hold" in report.left[0]
    opened.bucket.put = put  # type: ignore[method-assign]
    with pytest.raises(LockedError):
        opened.eraser.erase([opened.row(old[0].seq)], **WHO)
    assert opened.unfinished() != []
    (version,) = opened.bucket.versions(source)
    opened.bucket.set_legal_hold(source, version.version, False)
    assert opened.eraser.resume() == []
    check(opened, [old[0].seq])
    opened.close()


def test_a_restored_database_finds_what_was_packed(tmp_path: Path, each_database: Url) -> None:
    opened = filled(tmp_path, each_database, 4)
    erased = rows(opened)[0]
    opened.eraser.erase([erased], **WHO)
    opened.pointers.mark_durable([r.first_seq for r in opened.pointers.commits_not_durable()])
    pack(opened)
    opened.commit(plain())
    before = rows(opened)
    restorer = Restorer(opened.pointers, opened.bucket, opened.keyring)
    opened.pointers.restorer().clear(before[-1].seq)
    restorer.restore(lambda _: None, incomplete=False)
    after = rows(opened)
    assert [row.pointer.segment_id for row in after] == [r.pointer.segment_id for r in before]
    assert [row.pointer.slot for row in after] == [row.pointer.slot for row in before]
    check(opened, [erased.seq])
    opened.close()


@pytest.mark.parametrize("later", [False, True], ids=["nothing since", "a commit since"])
def test_an_older_database_learns_of_packs(tmp_path: Path, later: bool) -> None:
    opened = filled(tmp_path, None, 4)
    opened.close()
    (tmp_path / "old").mkdir()
    shutil.copy(tmp_path / "events.db", tmp_path / "old" / "events.db")
    opened = host(tmp_path, None, bucket=opened.bucket, held=opened.keyring)
    pack(opened)
    opened.commit(plain())
    opened.pointers.mark_durable([r.first_seq for r in opened.pointers.commits_not_durable()])
    pack(opened)
    if later:
        opened.commit(plain())
    opened.close()
    pointers = open_pointers(tmp_path / "old", None)
    restorer = Restorer(pointers, opened.bucket, opened.keyring)
    assert restorer.catch_up()
    assert not restorer.catch_up()
    pointers.close()
    restored = host(tmp_path / "old", None, bucket=opened.bucket, held=opened.keyring)
    check(restored)
    restored.close()
