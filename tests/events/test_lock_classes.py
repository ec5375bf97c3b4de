"""Commits of several lock classes: a segment and its keys for each, locked as long as it says."""

from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from archive.bucket.names import keys_name, segment_name
from archive.bucket.port import LockMode, Retention
from archive.errors import LockedError, MunimentError
from archive.events.groups import Group
from archive.events.opener import OpenedEvent
from archive.events.pointers import PointerRow
from archive.events.sealer import Committable, PlainEvent
from archive.sealing.commit import COMMIT_MAC_LABEL, decode_commit_record
from archive.sealing.segment import LockClass, parse_segment
from tests.events.parts import Parts, assemble

Url = str | None


def by_type(event: Committable, now: datetime) -> LockClass:
    """Two classes and none, by the event's type."""
    if event.type == "interaction.captured":
        return LockClass.reaching("compliance", now + timedelta(days=400))
    if event.type == "access.recorded":
        return LockClass.reaching("governance", now + timedelta(days=40))
    return LockClass()


def plain(event_type: str) -> PlainEvent:
    said = f"said as {event_type}".encode()
    return PlainEvent(uuid4().bytes, 1, event_type, said, b"whose")


def mixed() -> list[PlainEvent]:
    types = ("interaction.captured", "code.assigned", "access.recorded", "interaction.captured")
    return [plain(event_type) for event_type in types]


def rows_of(parts: Parts) -> list[PointerRow]:
    return parts.pointers.select_pointers_from(None, 100)


def check_whole(parts: Parts, events: list[PlainEvent]) -> None:
    """Every event opens, in the order given, and the commit records say the same."""
    rows = rows_of(parts)
    opened = list(parts.opener.open_each(rows))
    assert all(isinstance(each, OpenedEvent) for each in opened)
    assert [each.evidence for each in opened if isinstance(each, OpenedEvent)] == [
        event.evidence for event in events
    ]
    key = parts.keyring.derive(COMMIT_MAC_LABEL)
    entries = [
        entry
        for name in parts.bucket.names("commits/")
        for entry in decode_commit_record(parts.bucket.get(name), key).entries
    ]
    assert [(entry.seq, entry.segment_id, entry.slot, entry.offset) for entry in entries] == [
        (row.seq, row.pointer.segment_id, row.pointer.slot, row.pointer.offset) for row in rows
    ]


def test_each_class_has_a_segment_of_its_own(tmp_path: Path, each_database: Url) -> None:
    parts = assemble(tmp_path, database_url=each_database, classify=by_type)
    events = mixed()
    parts.committer.commit(Group(events))
    rows = rows_of(parts)
    first, control, access, second = (row.pointer.segment_id for row in rows)
    assert first == second and len({first, control, access}) == 3
    assert [row.pointer.slot for row in rows] == [0, 0, 0, 1]
    for segment_id, mode in ((first, "compliance"), (control, "none"), (access, "governance")):
        lock_class = parse_segment(parts.bucket.get(segment_name(segment_id))).lock_class
        assert lock_class.mode == mode
        keys_id = parts.pointers.keys_of(segment_id)
        assert keys_id is not None
        expected = None
        if lock_class.until is not None:
            expected = Retention(LockMode(mode), lock_class.until)
        for name in (segment_name(segment_id), keys_name(segment_id, keys_id)):
            assert parts.bucket.stat(name).retention == expected
    check_whole(parts, events)
    parts.close()


def test_one_class_stays_one_segment(tmp_path: Path) -> None:
    parts = assemble(tmp_path, classify=by_type)
    parts.committer.commit(Group([plain("access.recorded"), plain("access.recorded")]))
    assert len(parts.bucket.requested("put", "segments/")) == 1
    assert len(parts.bucket.requested("put", "keys/")) == 1
    parts.close()


def test_what_is_locked_is_not_destroyed(tmp_path: Path) -> None:
    parts = assemble(tmp_path, classify=by_type)
    parts.committer.commit(Group([plain("interaction.captured")]))
    for prefix in ("segments/", "keys/"):
        (version,) = parts.bucket.versions(prefix)
        with pytest.raises(LockedError):
            parts.bucket.delete(version.name, version=version.version)
    parts.close()


@pytest.mark.parametrize("kept", [False, True], ids=["lost", "kept"])
@pytest.mark.parametrize("prefix", ["segments/", "keys/", "commits/"])
def test_a_put_that_fails(tmp_path: Path, each_database: Url, prefix: str, kept: bool) -> None:
    parts = assemble(tmp_path, database_url=each_database, classify=by_type)
    events = mixed()
    parts.bucket.fail("put", prefix, times=None, kept=kept)
    with pytest.raises(MunimentError):
        parts.committer.commit(Group(events))
    parts.pointers.close()
    parts.bucket.heal()
    parts = assemble(
        tmp_path,
        bucket=parts.bucket,
        keyring=parts.keyring,
        database_url=each_database,
        classify=by_type,
    )
    parts.committer.commit(Group(events, atomic=False))
    check_whole(parts, events)
    parts.close()
