"""The archive-wide lock from capture: what is locked, for how long, and when nothing may be."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from archive.bucket.fake import FakeBucket
from archive.bucket.names import blob_name
from archive.bucket.port import LockMode, Retention
from archive.errors import ConfigurationError, LockedError, UnavailableError
from archive.events.groups import Group
from archive.events.pointers import BlobUse
from archive.events.sealer import PlainEvent
from archive.locking.minimum import MinimumLock
from archive.model.period import Period
from archive.sealing.lock_term import LockTerm
from tests.events.parts import Parts, assemble
from tests.locking.clocks import SetClock

TERM = LockTerm("compliance", Period(3, "y"))
CLASS_END = datetime(2029, 6, 1, tzinfo=UTC)


def locked(folder: Path, bucket: FakeBucket, clock: SetClock) -> tuple[Parts, MinimumLock]:
    minimum = MinimumLock(TERM, bucket, clock)
    return assemble(folder, bucket=bucket, clock=clock, classify=minimum.classify), minimum


def plain() -> PlainEvent:
    return PlainEvent(uuid4().bytes, 1, "interaction.captured", b"said", b"whose")


def use(event: PlainEvent, blob: BlobUse | None = None) -> BlobUse:
    digest = bytes(31) + b"\1"
    blob_id = SetClock().uuid7() if blob is None else blob.blob_id
    return BlobUse(blob_id, digest, 9, UUID(bytes=event.originator), 1, blob is None)


def test_segment_keys_and_blobs_are_locked_to_the_end_of_the_month(tmp_path: Path) -> None:
    clock = SetClock()
    bucket = FakeBucket(clock)
    parts, _ = locked(tmp_path, bucket, clock)
    event = plain()
    blob = use(event)
    name = blob_name(blob.digest, blob.blob_id)
    bucket.put(name, b"ciphertext")
    parts.committer.commit(Group([event], blobs=[blob]))
    expected = Retention(LockMode.COMPLIANCE, CLASS_END)
    for prefix in ("segments/", "keys/", "blobs/"):
        (each,) = bucket.versions(prefix)
        assert bucket.stat(each.name).retention == expected
        with pytest.raises(LockedError):
            bucket.delete(each.name, version=each.version)
    clock.go(days=3 * 366 + 31)
    for each in list(bucket.versions("")):
        bucket.delete(each.name, version=each.version)
    parts.close()


def test_a_blob_that_is_used_again_is_locked_for_longer(tmp_path: Path) -> None:
    clock = SetClock()
    bucket = FakeBucket(clock)
    parts, _ = locked(tmp_path, bucket, clock)
    first, second = plain(), plain()
    blob = use(first)
    name = blob_name(blob.digest, blob.blob_id)
    bucket.put(name, b"ciphertext")
    parts.committer.commit(Group([first], blobs=[blob]))
    clock.go(days=40)
    parts.committer.commit(Group([second], blobs=[use(second, blob)]))
    assert bucket.stat(name).retention == Retention(
        LockMode.COMPLIANCE, datetime(2029, 7, 1, tzinfo=UTC)
    )
    parts.close()


def test_an_unlocked_archive_locks_nothing_and_asks_for_no_time(tmp_path: Path) -> None:
    clock = SetClock()
    bucket = FakeBucket(clock)
    minimum = MinimumLock(None, bucket, clock)
    minimum.check()
    parts = assemble(tmp_path, bucket=bucket, clock=clock, classify=minimum.classify)
    event = plain()
    blob = use(event)
    bucket.put(blob_name(blob.digest, blob.blob_id), b"ciphertext")
    parts.committer.commit(Group([event], blobs=[blob]))
    assert all(bucket.stat(name).retention is None for name in bucket.names(""))
    assert not bucket.requested("extend_retention")
    parts.close()


@pytest.mark.parametrize("minutes", [-6, 6, 60 * 24 * 365])
def test_nothing_is_locked_while_the_clocks_differ(tmp_path: Path, minutes: int) -> None:
    clock, theirs = SetClock(), SetClock()
    bucket = FakeBucket(theirs)
    parts, minimum = locked(tmp_path, bucket, clock)
    parts.committer.commit(Group([plain()]))
    clock.go(minutes=10 + max(minutes, 0))
    theirs.go(minutes=10 + max(-minutes, 0))
    with pytest.raises(ConfigurationError, match="clock"):
        minimum.check()
    before = len(list(bucket.names("")))
    with pytest.raises(UnavailableError, match="clock"):
        parts.committer.commit(Group([plain()]))
    assert len(list(bucket.names(""))) == before
    theirs.moment = clock.moment + timedelta(minutes=1)
    parts.committer.commit(Group([plain()]))
    parts.close()
