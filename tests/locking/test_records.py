"""Locks of records: of every object that holds them, longer or harder only, and legal holds."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from archive.bucket.names import blob_name
from archive.bucket.port import LockMode, Retention
from archive.errors import InvalidError, LockedError
from archive.events.commit import Group
from archive.events.pointers import BlobUse
from archive.locking.records import RecordLocks
from archive.locking.terms import Period
from archive.sealing.segment import LockClass
from tests.erasing.house import Host, host, plain
from tests.packing.pack_house import pack

Url = str | None
YEAR = datetime.now(UTC).year + 2
LONG = LockClass("governance", YEAR * 100 + 6)
SHORT = LockClass("governance", YEAR * 100 + 2)
HARD = LockClass("compliance", YEAR * 100 + 3)


def with_blob(opened: Host) -> tuple[UUID, str]:
    """Commit a record with a blob; return its id and the blob's name."""
    event, digest, blob_id = plain(), bytes(31) + b"\2", opened.clock.uuid7()
    record_id = UUID(bytes=event.originator)
    use = BlobUse(blob_id, digest, 9, record_id, 1, True)
    name = blob_name(digest, blob_id)
    opened.bucket.put(name, b"ciphertext")
    opened.committer.commit(Group([event], blobs=[use]))
    return record_id, name


def locks(opened: Host) -> RecordLocks:
    return RecordLocks(opened.pointers, opened.bucket, opened.clock, Period(12, "y"))


def retentions(opened: Host, names: set[str]) -> set[Retention | None]:
    return {opened.bucket.stat(name).retention for name in names}


def until(lock_class: LockClass) -> datetime:
    assert lock_class.until is not None
    return lock_class.until


def test_everything_that_holds_a_record_is_locked(tmp_path: Path, each_database: Url) -> None:
    opened = host(tmp_path, each_database)
    record_id, blob = with_blob(opened)
    other = opened.commit(plain())[0].originator_id
    service = locks(opened)
    names = service.objects([record_id])
    assert blob in names and len(names) == 3
    assert service.extend([record_id], LONG) == 3
    assert retentions(opened, names) == {Retention(LockMode.GOVERNANCE, until(LONG))}
    assert retentions(opened, service.objects([other])) == {None}
    opened.close()


def test_locks_grow_and_never_shrink(tmp_path: Path) -> None:
    opened = host(tmp_path, None)
    record_id, _ = with_blob(opened)
    service = locks(opened)
    names = service.objects([record_id])
    for lock_class in (SHORT, LONG, SHORT, LONG):
        service.extend([record_id], lock_class)
    assert retentions(opened, names) == {Retention(LockMode.GOVERNANCE, until(LONG))}
    service.extend([record_id], HARD)
    assert retentions(opened, names) == {Retention(LockMode.COMPLIANCE, until(LONG))}
    for wrong in (LockClass(), LockClass("compliance", (YEAR + 20) * 100 + 1)):
        with pytest.raises(InvalidError):
            service.extend([record_id], wrong)
    with pytest.raises(LockedError):
        opened.eraser.erase(
            opened.pointers.select_pointers_of([record_id]), actor="local", ground="policy 7"
        )
    opened.close()


def test_holds_are_placed_and_lifted_where_nobody_else_needs_them(tmp_path: Path) -> None:
    opened = host(tmp_path, None)
    together = [row.originator_id for row in opened.commit(plain(), plain())]
    alone = opened.commit(plain())[0].originator_id
    service = locks(opened)
    assert service.hold([*together, alone]) == 4
    assert service.lift([together[0], alone], needed=service.objects([together[1]])) == 2
    held = {name for name in opened.bucket.names("") if opened.bucket.stat(name).legal_hold}
    assert held == service.objects(together)
    assert service.lift(together, needed=()) == 2
    assert not any(opened.bucket.stat(name).legal_hold for name in opened.bucket.names(""))
    opened.close()


def test_a_record_that_was_packed_is_locked_where_it_is(tmp_path: Path) -> None:
    opened = host(tmp_path, None)
    ids = [opened.commit(plain())[0].originator_id for _ in range(3)]
    opened.pointers.mark_durable([row.first_seq for row in opened.pointers.commits_not_durable()])
    service = locks(opened)
    before = service.objects(ids)
    assert pack(opened).packs == 1
    assert service.extend(ids[:1], LONG) == 2
    assert (
        service.objects(ids) == service.objects(ids[:1]) and before & service.objects(ids) == set()
    )
    opened.close()
