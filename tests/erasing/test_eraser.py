"""Erasing: the keys are gone from every version of every object, whatever fails, and no others."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from archive.bucket.names import blob_name, keys_prefix
from archive.bucket.port import LockMode, Retention
from archive.errors import (
    CorruptError,
    InvalidError,
    LockedError,
    MunimentError,
    NotFoundError,
    UnavailableError,
)
from archive.events.custody import HeldSegment
from archive.events.groups import Group
from archive.events.pointers import BlobCondemnedError, BlobUse, PointerRow
from tests.erasing.house import (
    WHO,
    Fate,
    Killed,
    QuickClock,
    TrippingBucket,
    Url,
    host,
    keys_in,
    plain,
    readable,
)


def test_survivors_stay_and_the_others_are_nowhere(tmp_path: Path, each_database: Url) -> None:
    one = host(tmp_path, each_database)
    rows = one.commit(plain(), plain(), plain())
    assert one.states(rows) == ["OpenedEvent"] * 3
    done = one.eraser.erase(rows[:2], **WHO)
    assert (done.events, done.segments, done.epochs) == (2, 1, (1,))
    # The same opener had all three keys in memory.
    assert one.states(rows) == ["ErasedEvent", "ErasedEvent", "OpenedEvent"]
    assert [readable(one.bucket, row, one.keyring) for row in rows] == [False, False, True]
    assert one.types()[-2:] == ["keys.condemned", "keys.destroyed"]
    assert len(list(one.bucket.versions(keys_prefix(rows[0].pointer.segment_id)))) == 1
    one.close()


def test_without_survivors_an_empty_key_object_is_left(tmp_path: Path, each_database: Url) -> None:
    one = host(tmp_path, each_database)
    rows = one.commit(plain(), plain())
    one.eraser.erase(rows, **WHO)
    segment_id = rows[0].pointer.segment_id
    assert keys_in(one.bucket, one.keyring)[segment_id] == set()
    assert len(list(one.bucket.versions(keys_prefix(segment_id)))) == 1
    assert one.states(rows) == ["ErasedEvent"] * 2
    one.close()


def test_another_process_stops_reading_at_once(tmp_path: Path, each_database: Url) -> None:
    one = host(tmp_path, each_database)
    two = host(tmp_path, each_database, bucket=one.bucket, held=one.keyring)
    rows = one.commit(plain(), plain())
    assert two.states(rows) == ["OpenedEvent"] * 2
    one.eraser.erase(rows[:1], **WHO)
    assert two.states(rows) == ["ErasedEvent", "OpenedEvent"]
    two.close()
    one.close()


def test_an_event_read_while_its_segment_is_rewritten_is_not_damaged(
    tmp_path: Path, each_database: Url, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = host(tmp_path, each_database)
    two = host(tmp_path, each_database, bucket=one.bucket, held=one.keyring)
    rows = one.commit(plain(), plain())
    asked = two.pointers.keys_of_each

    def slow(segment_ids):
        found = asked(segment_ids)
        monkeypatch.undo()
        one.eraser.erase(rows[:1], **WHO)
        return found

    monkeypatch.setattr(two.pointers, "keys_of_each", slow)
    assert two.states(rows) == ["ErasedEvent", "OpenedEvent"]
    two.close()
    one.close()


def run_into(fate: Fate, number: int, folder: Path, url: Url) -> bool:
    """Erase while the bucket fails at a request, then finish; False when nothing failed any more.

    What was condemned must be nowhere, and everything else as it was.
    """
    bucket = TrippingBucket(QuickClock())
    one = host(folder, url, bucket=bucket)
    rows = one.commit(plain(), plain()) + one.commit(plain(), plain())
    condemned, spared = rows[:3], rows[3:]
    bucket.trip(number, fate)
    with suppress(MunimentError, Killed):
        one.eraser.erase(condemned, **WHO)
    tripped = bucket.heal_all()
    one.pointers.close()
    two = host(folder, url, bucket=bucket, held=one.keyring)
    began = "keys.condemned" in two.types()
    assert two.eraser.resume() == []
    if began:
        assert two.states(rows) == ["ErasedEvent"] * 3 + ["OpenedEvent"]
        assert not any(readable(bucket, row, two.keyring) for row in condemned)
        assert two.types().count("keys.destroyed") == 1
    else:
        assert two.states(rows) == ["OpenedEvent"] * 4
    assert all(readable(bucket, row, two.keyring) for row in spared)
    assert two.unfinished() == []
    two.close()
    return tripped


def run_into_all(fate: Fate, folder: Path, first: int, step: int) -> None:
    number = first
    while True:
        place = folder / str(number)
        place.mkdir()
        if not run_into(fate, number, place, None):
            break
        number += step
    assert number > 20


@pytest.mark.parametrize("fate", Fate)
def test_where_the_bucket_fails_or_the_process_dies(tmp_path: Path, fate: Fate) -> None:
    # Each fate meets other requests, so that together they meet all.
    run_into_all(fate, tmp_path, list(Fate).index(fate), len(Fate))


@pytest.mark.slow
@pytest.mark.parametrize("fate", Fate)
def test_at_whatever_request_the_bucket_fails(tmp_path: Path, fate: Fate) -> None:
    run_into_all(fate, tmp_path, 0, 1)


@pytest.mark.parametrize("fate", [Fate.KEPT, Fate.KILLED_AFTER])
@pytest.mark.parametrize("number", [5, 8, 11, 14, 17])
def test_the_same_over_postgresql(
    tmp_path: Path, database_url: str, fate: Fate, number: int
) -> None:
    run_into(fate, number, tmp_path, database_url)


def test_a_locked_key_object_is_told_before_anything_is_done(
    tmp_path: Path, each_database: Url
) -> None:
    one = host(tmp_path, each_database)
    free, locked = one.commit(plain()), one.commit(plain())
    (found,) = one.bucket.versions(keys_prefix(locked[0].pointer.segment_id))
    until = one.bucket.now() + timedelta(days=30)
    retention = Retention(LockMode.COMPLIANCE, until)
    one.bucket.extend_retention(found.name, found.version, retention)
    with pytest.raises(LockedError, match=str(until.year)):
        one.eraser.erase([*free, *locked], **WHO)
    assert one.types() == ["interaction.captured"] * 2
    assert one.states([*free, *locked]) == ["OpenedEvent"] * 2
    one.close()


def test_the_account_is_never_erased(tmp_path: Path) -> None:
    one = host(tmp_path, None)
    one.eraser.erase(one.commit(plain()), **WHO)
    with pytest.raises(InvalidError, match=r"keys\.condemned"):
        one.eraser.erase([one.row(2)], **WHO)
    with pytest.raises(InvalidError, match="no events"):
        one.eraser.erase([], **WHO)
    one.close()


def test_a_blob_goes_with_its_last_reference(tmp_path: Path, each_database: Url) -> None:
    one = host(tmp_path, each_database)
    blob_id, digest = one.clock.uuid7(), b"d" * 32
    name = blob_name(digest, blob_id)
    one.bucket.put(name, b"sealed")

    def refer(*, new: bool) -> PointerRow:
        event = plain()
        use = BlobUse(blob_id, digest, 6, UUID(bytes=event.originator), 1, new)
        group = Group([event], blobs=[use])
        one.committer.commit(group)
        return one.row(group.seqs[event.key])

    first, second = refer(new=True), refer(new=False)
    assert one.eraser.erase([first], **WHO).blobs == 0
    assert one.pointers.live_blob(digest) is not None
    assert one.eraser.erase([second], **WHO).blobs == 1
    assert list(one.bucket.versions(name)) == []
    assert one.pointers.live_blob(digest) is None
    with pytest.raises(BlobCondemnedError):
        refer(new=False)
    one.close()


def test_a_locked_blob_is_left_and_goes_later(tmp_path: Path, each_database: Url) -> None:
    one = host(tmp_path, each_database)
    event, blob_id, digest = plain(), one.clock.uuid7(), b"d" * 32
    name = blob_name(digest, blob_id)
    version = one.bucket.put(name, b"sealed", legal_hold=True)
    use = BlobUse(blob_id, digest, 6, UUID(bytes=event.originator), 1, new=True)
    group = Group([event], blobs=[use])
    one.committer.commit(group)
    done = one.eraser.erase([one.row(1)], **WHO)
    assert (done.blobs, done.blobs_left) == (0, 1)
    one.bucket.set_legal_hold(name, version, False)
    assert one.eraser.destroy_condemned_blobs() == (1, 0)
    assert list(one.bucket.versions(name)) == []
    one.close()


def test_two_at_once_in_one_segment(tmp_path: Path, each_database: Url) -> None:
    one = host(tmp_path, each_database)
    two = host(tmp_path, each_database, bucket=one.bucket, held=one.keyring)
    rows = one.commit(*(plain() for _ in range(12)))
    with ThreadPoolExecutor(2) as pool:
        list(
            pool.map(
                lambda job: [job[0].eraser.erase([row], **WHO) for row in job[1]],
                [(one, rows[0:10:2]), (two, rows[1:10:2])],
            )
        )
    assert one.states(rows) == ["ErasedEvent"] * 10 + ["OpenedEvent"] * 2
    slots = {row.pointer.slot for row in rows[10:]}
    assert keys_in(one.bucket, one.keyring)[rows[0].pointer.segment_id] == slots
    two.close()
    one.close()


def test_whoever_lost_the_segment_destroys_what_it_wrote(
    tmp_path: Path, each_database: Url, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process stands still before its put, and another erases a record that it is to keep."""
    one = host(tmp_path, each_database)
    two = host(tmp_path, each_database, bucket=one.bucket, held=one.keyring)
    rows = one.commit(plain(), plain(), plain())
    held = one.pointers.held_segment

    @contextmanager
    def lost(segment_id: UUID) -> Iterator[HeldSegment]:
        with held(segment_id) as real:
            keys_id = real.keys_id
        monkeypatch.undo()
        yield Deposed(keys_id, lambda: two.eraser.erase(rows[1:2], **WHO))

    monkeypatch.setattr(one.pointers, "held_segment", lost)
    with pytest.raises(UnavailableError, match="deposed"):
        one.eraser.erase(rows[:1], **WHO)
    assert not readable(one.bucket, rows[1], one.keyring)
    assert readable(one.bucket, rows[2], one.keyring)
    assert one.eraser.resume() == []
    assert one.states(rows) == ["ErasedEvent", "ErasedEvent", "OpenedEvent"]
    assert not readable(one.bucket, rows[0], one.keyring)
    two.close()
    one.close()


class Deposed(HeldSegment):
    """What a process believes to hold after it has lost it; naming a key object tells it."""

    def __init__(self, keys_id: UUID | None, meanwhile: Callable[[], object]) -> None:
        self.keys_id = keys_id
        self._meanwhile = meanwhile

    def name(self, keys_id: UUID) -> None:
        self._meanwhile()
        raise UnavailableError("deposed")


def test_keys_that_were_packed_meanwhile_leave_nothing_behind(
    tmp_path: Path, each_database: Url, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQL forgets the segment while its keys are written anew: what was written goes again."""
    one = host(tmp_path, each_database)
    rows = one.commit(plain(), plain())
    held = one.pointers.held_segment

    @contextmanager
    def packed(segment_id: UUID) -> Iterator[HeldSegment]:
        monkeypatch.undo()
        with held(segment_id) as real:
            yield Deposed(real.keys_id, forget)

    def forget() -> None:
        raise NotFoundError("packed")

    monkeypatch.setattr(one.pointers, "held_segment", packed)
    with pytest.raises(CorruptError, match="no key object"):
        one.eraser.erase(rows[:1], **WHO)
    assert len(list(one.bucket.versions(keys_prefix(rows[0].pointer.segment_id)))) == 1
    assert one.eraser.resume() == []
    assert one.states(rows) == ["ErasedEvent", "OpenedEvent"]
    one.close()
