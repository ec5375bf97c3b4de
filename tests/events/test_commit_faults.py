"""Every write of a commit, failed and lost or failed but kept; then a restart, and all is there."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from archive.bucket.names import segment_name
from archive.clock import SystemClock
from archive.errors import ConflictError, MunimentError, UnavailableError
from archive.events.groups import Group
from archive.events.opener import DamagedEvent, ErasedEvent, OpenedEvent
from archive.events.pointers import PointerCommit, PointerRecorder
from archive.events.sealer import PlainEvent
from archive.sealing.commit import COMMIT_MAC_LABEL, decode_commit_record
from archive.sealing.keys import open_keys, seal_keys
from archive.sealing.leaf import leaf_hash
from tests.events.parts import Parts, assemble

Url = str | None


def plain(version: int = 1, originator: UUID | None = None) -> PlainEvent:
    return PlainEvent(
        (originator or uuid4()).bytes, version, "interaction.captured", b"said", b"whose"
    )


def seqs(parts: Parts) -> list[int]:
    return [row.seq for row in parts.pointers.select_pointers_from(None, 1000)]


def recorded(parts: Parts) -> set[int]:
    """The sequence numbers that the bucket's commit records name, MACs checked."""
    key = parts.keyring.derive(COMMIT_MAC_LABEL)
    names = list(parts.bucket.names("commits/"))
    records = [decode_commit_record(parts.bucket.get(name), key) for name in names]
    return {entry.seq for record in records for entry in record.entries}


def restarted(parts: Parts, folder: Path, database_url: Url) -> Parts:
    parts.pointers.close()
    parts.bucket.heal()
    return assemble(folder, bucket=parts.bucket, keyring=parts.keyring, database_url=database_url)


def test_a_commit_is_three_objects_in_order(tmp_path: Path, each_database: Url) -> None:
    parts = assemble(tmp_path, database_url=each_database)
    parts.committer.commit(Group([plain(), plain()]))
    names = [request.name for request in parts.bucket.requests if request.operation == "put"]
    assert sorted(name.split("/")[0] for name in names) == ["commits", "keys", "segments"]
    assert names[-1].startswith("commits/")
    assert seqs(parts) == [1, 2] and recorded(parts) == {1, 2}
    parts.close()


def test_a_pointer_holds_what_the_log_says_of_its_frame(tmp_path: Path) -> None:
    parts = assemble(tmp_path)
    parts.committer.commit(Group([plain(), plain()]))
    rows = parts.pointers.select_pointers_from(None, 10)
    assert len(rows) == 2
    for row in rows:
        pointer = row.pointer
        name = segment_name(pointer.segment_id)
        frame = parts.bucket.get_range(name, pointer.offset, pointer.length)
        assert pointer.digest == sha256(frame).digest()
        assert pointer.leaf_hash == leaf_hash(parts.keyring.archive_id, frame)
    parts.close()


@pytest.mark.parametrize("kept", [False, True], ids=["lost", "kept"])
@pytest.mark.parametrize("prefix", ["segments/", "keys/", "commits/"])
@pytest.mark.parametrize("times", [1, 10], ids=["once", "for long"])
def test_a_put_that_fails(
    tmp_path: Path, each_database: Url, prefix: str, kept: bool, times: int
) -> None:
    parts = assemble(tmp_path, database_url=each_database)
    acknowledged = Group([plain()])
    parts.committer.commit(acknowledged)
    parts.bucket.fail("put", prefix, times=times, kept=kept)
    second = Group([plain()], atomic=False)
    try:
        parts.committer.commit(second)
        answered = True
    except MunimentError:
        answered = False
    assert answered == (times == 1)
    parts = restarted(parts, tmp_path, each_database)
    repeated = Group(second.events, atomic=False)
    parts.committer.commit(repeated)
    assert repeated.seqs or repeated.already
    assert seqs(parts) == [1, 2] and recorded(parts) == {1, 2}
    rows = parts.pointers.select_pointers_from(None, 10)
    assert all(isinstance(each, OpenedEvent) for each in parts.opener.open_each(rows))
    parts.close()


class _Cut:
    """Breaks the SQL transaction: before it takes effect, or after."""

    def __init__(self, recorder: PointerRecorder, *, kept: bool) -> None:
        self._write: Callable[[PointerCommit], int] = recorder.write_commit
        self._kept = kept
        self._left = 1

    def __call__(self, commit: PointerCommit) -> int:
        if not self._left:
            return self._write(commit)
        self._left -= 1
        if self._kept:
            self._write(commit)
        raise UnavailableError("the connection was cut")


@pytest.mark.parametrize("kept", [False, True], ids=["lost", "kept"])
def test_an_insert_that_fails(
    tmp_path: Path, each_database: Url, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = assemble(tmp_path, database_url=each_database)
    monkeypatch.setattr(parts.pointers, "write_commit", _Cut(parts.pointers, kept=kept))
    group = Group([plain()])
    if kept:
        parts.committer.commit(group)
        assert list(group.seqs.values()) == [1]
    else:
        with pytest.raises(MunimentError):
            parts.committer.commit(group)
        parts.committer.commit(Group(group.events))
    assert seqs(parts) == [1] and recorded(parts) == {1}
    parts.close()


def test_a_crash_between_insert_and_commit_record_is_made_good(
    tmp_path: Path, each_database: Url
) -> None:
    parts = assemble(tmp_path, database_url=each_database)
    parts.bucket.fail("put", "commits/", times=100, kept=False)
    with pytest.raises(MunimentError):
        parts.committer.commit(Group([plain(), plain()]))
    assert seqs(parts) == [1, 2] and recorded(parts) == set()
    parts = restarted(parts, tmp_path, each_database)
    assert recorded(parts) == {1, 2}
    assert parts.pointers.commits_not_durable() != [] or recorded(parts) == {1, 2}
    parts.close()


def test_one_callers_conflict_fails_that_caller_alone(tmp_path: Path, each_database: Url) -> None:
    parts = assemble(tmp_path, database_url=each_database)
    taken = plain()
    parts.committer.commit(Group([taken]))
    good, bad = Group([plain()]), Group([plain(), taken])
    engine = parts.committer._engine
    engine.commit([bad, good])
    assert isinstance(bad.error, ConflictError) and not bad.seqs
    assert good.error is None and list(good.seqs.values()) == [2]
    assert seqs(parts) == [1, 2]
    parts.close()


def test_duplicates_write_nothing(tmp_path: Path, each_database: Url) -> None:
    parts = assemble(tmp_path, database_url=each_database)
    event = plain()
    parts.committer.commit(Group([event], atomic=False))
    before = len(parts.bucket.requests)
    again = Group([event, event], atomic=False)
    parts.committer.commit(again)
    assert again.already == {event.key: 1} and not again.seqs
    assert [r for r in parts.bucket.requests[before:] if r.operation == "put"] == []
    parts.close()


def test_a_destroyed_key_reads_as_erased_and_its_neighbour_is_whole(
    tmp_path: Path, each_database: Url
) -> None:
    parts = assemble(tmp_path, database_url=each_database)
    parts.committer.commit(Group([plain(), plain()]))
    (name,) = parts.bucket.names("keys/")
    held = open_keys(parts.bucket.get(name), parts.keyring)
    survivors = {slot: key for slot, key in held.keys.items() if slot != 0}
    epoch = parts.keyring.current_epoch
    parts.bucket.put(
        name,
        seal_keys(
            parts.keyring.archive_id,
            held.segment_id,
            held.object_id,
            epoch,
            parts.keyring.epoch_key(epoch),
            survivors,
        ),
    )
    rows = parts.pointers.select_pointers_from(None, 10)
    first, second = parts.opener.open_each(rows)
    assert isinstance(first, ErasedEvent) and isinstance(second, OpenedEvent)
    assert parts.recorder.select_events(rows[0].originator_id)[0].state == b""
    parts.close()


def test_one_flipped_byte_names_object_and_record(tmp_path: Path, each_database: Url) -> None:
    parts = assemble(tmp_path, database_url=each_database)
    parts.committer.commit(Group([plain(), plain()]))
    (name,) = parts.bucket.names("segments/")
    rows = parts.pointers.select_pointers_from(None, 10)
    data = bytearray(parts.bucket.get(name))
    data[rows[0].pointer.offset + rows[0].pointer.length - 1] ^= 1
    (whole,) = parts.bucket.versions(name)
    parts.bucket.put(name, bytes(data))
    parts.bucket.delete(name, version=whole.version)
    first, second = parts.opener.open_each(rows)
    assert isinstance(first, DamagedEvent) and isinstance(second, OpenedEvent)
    assert name in str(first.error) and str(rows[0].originator_id) in str(first.error)
    parts.close()


def test_many_threads_share_commits_and_lose_nothing(tmp_path: Path, each_database: Url) -> None:
    from concurrent.futures import ThreadPoolExecutor

    parts = assemble(tmp_path, clock=SystemClock(), database_url=each_database)
    groups = [Group([plain()], atomic=False) for _ in range(200)]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(parts.committer.commit, groups))
    assert sorted(seq for group in groups for seq in group.seqs.values()) == list(range(1, 201))
    assert len(list(parts.bucket.names("segments/"))) < 200
    parts.close()
