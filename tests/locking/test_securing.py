"""Records locked in a bucket: ciphertext to the end of a month, keys no longer than they may be."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from archive.bucket.names import blob_name, keys_name, keys_prefix, segment_name
from archive.bucket.port import LockMode, Retention
from archive.errors import LockedError, UnavailableError
from archive.events.custody import HeldSegment
from archive.events.groups import Group
from archive.events.pointers import BlobUse, PointerRow
from archive.locking.needs import LockNeed
from archive.locking.securing import Securing
from archive.sealing.held import HeldKeyring
from archive.sealing.keys import open_keys
from tests.erasing.house import WHO, Fate, Host, Killed, TrippingBucket, host, plain, readable
from tests.packing.pack_house import pack
from tests.users.conftest import MovableClock

Url = str | None
DAY = timedelta(days=1)


class MayClock(MovableClock):
    """Begins in the middle of a month, whatever day it is."""

    def __init__(self) -> None:
        super().__init__()
        self._now = datetime(2031, 5, 4, 12, tzinfo=UTC)


def securing(opened: Host) -> Securing:
    return Securing(
        opened.pointers, opened.bucket, opened.keyring, opened.key_objects, opened.clock
    )


def need(opened: Host, days: int, *, limit: int | None = None, hard: bool = True) -> LockNeed:
    now = opened.clock.now().replace(microsecond=0)
    mode = LockMode.COMPLIANCE if hard else LockMode.GOVERNANCE
    return LockNeed(mode, now + days * DAY, None if limit is None else now + limit * DAY)


def locked_keys(opened: Host, row: PointerRow) -> list[Retention | None]:
    prefix = keys_prefix(row.pointer.segment_id)
    named = [name for name in opened.bucket.names(prefix) if name.endswith(".locked")]
    return [opened.bucket.stat(name).retention for name in named]


def main_keys(opened: Host, row: PointerRow) -> str:
    keys_id = opened.pointers.keys_of(row.pointer.segment_id)
    assert keys_id is not None
    return keys_name(row.pointer.segment_id, keys_id)


def test_ciphertext_is_locked_by_the_month_and_keys_to_the_second(
    tmp_path: Path, each_database: Url
) -> None:
    opened = host(tmp_path, each_database)
    event, digest, blob_id = plain(), bytes(31) + b"\2", opened.clock.uuid7()
    record_id, other = UUID(bytes=event.originator), plain()
    blob = blob_name(digest, blob_id)
    opened.bucket.put(blob, b"ciphertext")
    use = BlobUse(blob_id, digest, 9, record_id, 1, True)
    opened.committer.commit(Group([event, other], blobs=[use]))
    (row,) = opened.pointers.select_pointers_of([record_id])
    wanted = need(opened, 40)
    assert securing(opened).survey({record_id: wanted}).evidence == {
        segment_name(row.pointer.segment_id),
        blob,
    }
    assert securing(opened).locks(record_id).held is None
    assert securing(opened).secure({record_id: wanted}).put == 1
    for name in (segment_name(row.pointer.segment_id), blob):
        assert opened.bucket.stat(name).retention == wanted.evidence
    assert locked_keys(opened, row) == [Retention(LockMode.COMPLIANCE, wanted.until)]
    assert opened.bucket.stat(main_keys(opened, row)).retention is None
    assert securing(opened).locks(record_id).held == Retention(LockMode.COMPLIANCE, wanted.until)
    # Its neighbour in the segment is not locked, and can go.
    neighbour = opened.pointers.select_pointers_of([UUID(bytes=other.originator)])
    assert opened.eraser.locked_records([row, *neighbour]) == {record_id: wanted.until}
    with pytest.raises(LockedError) as refused:
        opened.eraser.erase([row], **WHO)
    assert refused.value.until == wanted.until
    opened.eraser.erase(neighbour, **WHO)
    assert opened.states([row, *neighbour]) == ["OpenedEvent", "ErasedEvent"]
    assert not readable(opened.bucket, neighbour[0], opened.keyring)
    opened.close()


def test_what_is_locked_goes_when_the_lock_has_ended(tmp_path: Path, each_database: Url) -> None:
    clock = MayClock()
    opened = host(tmp_path, each_database, clock=clock)
    first, second, third = opened.commit(plain(), plain(), plain())
    wanted = {
        first.originator_id: need(opened, 2, limit=3),
        second.originator_id: need(opened, 3, limit=9),
        third.originator_id: need(opened, 9, limit=9),
    }
    assert securing(opened).secure(wanted).put == 2
    assert securing(opened).secure(wanted).put == 0
    clock.move(days=4)
    opened.eraser.erase([first], **WHO)
    assert not readable(opened.bucket, first, opened.keyring)
    assert opened.states([first, second, third]) == ["ErasedEvent", "OpenedEvent", "OpenedEvent"]
    # The second was locked together with the first, and nothing demands its lock any more.
    assert opened.eraser.locked_records([second, third]) == {
        third.originator_id: wanted[third.originator_id].until
    }
    clock.move(days=9)
    opened.eraser.erase([second, third], **WHO)
    assert not any(readable(opened.bucket, row, opened.keyring) for row in (first, second, third))
    opened.close()


def test_locks_grow_and_never_shrink(tmp_path: Path) -> None:
    clock = MayClock()
    opened = host(tmp_path, None, clock=clock)
    (row,) = opened.commit(plain())
    record_id, service = row.originator_id, securing(opened)
    long = need(opened, 60)
    for wanted in (need(opened, 9, hard=False), need(opened, 9), long, need(opened, 20)):
        service.secure({record_id: wanted})
    assert service.locks(record_id).held == Retention(LockMode.COMPLIANCE, long.until)
    assert opened.bucket.stat(segment_name(row.pointer.segment_id)).retention == long.evidence
    assert len(locked_keys(opened, row)) == 3
    clock.move(days=10)
    service.secure({record_id: long})
    assert locked_keys(opened, row) == [Retention(LockMode.COMPLIANCE, long.until)]
    assert service.secure({record_id: need(opened, -1)}).put == 0
    opened.close()


def test_a_locked_record_reads_on_when_its_key_object_is_destroyed(tmp_path: Path) -> None:
    opened = host(tmp_path, None)
    locked, free = opened.commit(plain(), plain())
    securing(opened).secure({locked.originator_id: need(opened, 9)})
    name = main_keys(opened, locked)
    for each in list(opened.bucket.versions(name)):
        opened.bucket.delete(name, version=each.version)
    again = host(tmp_path, None, bucket=opened.bucket, held=opened.keyring)
    # What is lost is told as damage: it was not erased.
    assert again.states([locked, free]) == ["OpenedEvent", "DamagedEvent"]
    assert securing(again).secure({free.originator_id: need(again, 9)}).failed == {
        free.originator_id
    }
    again.close()
    opened.close()


def test_locked_keys_are_under_no_newer_epoch_than_an_erasure_names(tmp_path: Path) -> None:
    clock = MayClock()
    opened = host(tmp_path, None, clock=clock)
    (row,) = opened.commit(plain())
    segment_id = row.pointer.segment_id
    before = opened.keyring.current
    epochs = {**before.epochs, 2: opened.clock.random_bytes(32)}
    renewed = replace(before, number=before.number + 1, epochs=epochs, current_epoch=2)
    held = HeldKeyring(renewed)
    opened.close()
    again = host(tmp_path, None, bucket=opened.bucket, held=held, clock=clock)
    securing(again).secure({row.originator_id: need(again, 5)})
    (name,) = [
        name for name in again.bucket.names(keys_prefix(segment_id)) if name.endswith(".locked")
    ]
    assert open_keys(again.bucket.get(name), held).epoch == 1
    clock.move(days=6)
    assert again.eraser.erase([row], **WHO).epochs == (1,)
    again.close()


def test_a_segment_whose_key_object_nobody_knows_has_failed(tmp_path: Path) -> None:
    opened = host(tmp_path, None)
    (row,) = opened.commit(plain())
    held_segment = opened.pointers.held_segment

    @contextmanager
    def forgotten(segment_id: UUID) -> Iterator[HeldSegment]:
        with held_segment(segment_id) as held:
            held.keys_id = None
            yield held

    opened.pointers.held_segment = forgotten  # type: ignore[method-assign]
    secured = securing(opened).secure({row.originator_id: need(opened, 9)})
    assert (secured.put, secured.failed) == (0, {row.originator_id})
    opened.close()


def test_what_is_locked_is_not_packed_also_while_a_pack_is_made(tmp_path: Path) -> None:
    opened = host(tmp_path, None)
    rows = [opened.commit(plain())[0] for _ in range(4)]
    opened.pointers.mark_durable([row.first_seq for row in opened.pointers.commits_not_durable()])
    wanted = {rows[0].originator_id: need(opened, 9)}
    held_pack = opened.pointers.held_pack

    def late(pack_id: UUID):
        securing(opened).secure(wanted)
        return held_pack(pack_id)

    opened.pointers.held_pack = late  # type: ignore[method-assign]
    assert pack(opened).packs == 0
    opened.pointers.held_pack = held_pack  # type: ignore[method-assign]
    assert pack(opened).segments == 3
    assert not opened.pointers.packs()
    moved = [opened.row(row.seq).pointer.segment_id for row in rows]
    assert moved[0] == rows[0].pointer.segment_id and len(set(moved[1:])) == 1
    # One that was packed is locked where it is now.
    securing(opened).secure({rows[1].originator_id: need(opened, 9)})
    assert locked_keys(opened, opened.row(rows[1].seq))
    opened.close()


@pytest.mark.parametrize("fate", Fate)
def test_whoever_is_cut_off_locks_the_rest_the_next_time(tmp_path: Path, fate: Fate) -> None:
    clock = MayClock()
    for number in range(40):
        bucket = TrippingBucket(clock)
        opened = host(folder_of(tmp_path, number), None, bucket=bucket, clock=clock)
        first, second = opened.commit(plain(), plain())
        wanted = {
            first.originator_id: need(opened, 5, limit=6),
            second.originator_id: need(opened, 9),
        }
        bucket.trip(number, fate)
        with suppress(UnavailableError, Killed):
            securing(opened).secure(wanted)
        came = bucket.heal_all()
        securing(opened).secure(wanted)
        for row, limit in ((first, need(opened, 6).until), (second, None)):
            held = securing(opened).locks(row.originator_id).held
            assert wanted[row.originator_id].met_by(held)
            assert held is not None and (limit is None or held.until <= limit)
        erased_at_last(opened, clock, [first, second])
        opened.close()
        if not came:
            return
    raise AssertionError("there were more requests than were tripped at")


def folder_of(parent: Path, number: int) -> Path:
    folder = parent / str(number)
    folder.mkdir()
    return folder


def erased_at_last(opened: Host, clock: MovableClock, rows: list[PointerRow]) -> None:
    """Nothing that was left behind keeps what must go once the locks have ended."""
    clock.move(days=10)
    opened.eraser.erase(rows, **WHO)
    assert not any(readable(opened.bucket, row, opened.keyring) for row in rows)


def test_an_erasure_that_is_cut_off_destroys_locked_keys_in_the_end(tmp_path: Path) -> None:
    clock = MayClock()
    for number in range(60):
        bucket = TrippingBucket(clock)
        opened = host(folder_of(tmp_path, number), None, bucket=bucket, clock=clock)
        first, second = opened.commit(plain(), plain())
        wanted = {row.originator_id: need(opened, 5) for row in (first, second)}
        securing(opened).secure(wanted)
        clock.move(days=6)
        bucket.trip(number, Fate.KILLED_BEFORE)
        with suppress(UnavailableError, Killed):
            opened.eraser.erase([first], **WHO)
        came = bucket.heal_all()
        if opened.unfinished():
            assert opened.eraser.resume() == []
        elif opened.states([first]) != ["ErasedEvent"]:
            opened.eraser.erase([first], **WHO)
        assert not readable(bucket, first, opened.keyring)
        assert opened.states([first, second]) == ["ErasedEvent", "OpenedEvent"]
        opened.close()
        if not came:
            return
    raise AssertionError("there were more requests than were tripped at")
