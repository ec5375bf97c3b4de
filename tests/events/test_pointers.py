"""What the port to the events in SQL promises, over SQLite and over PostgreSQL."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import Tracking

from archive.errors import ConfigurationError, ConflictError, CorruptError, UnavailableError
from archive.events.pointers import (
    BlobCondemnedError,
    BlobUse,
    Pointer,
    PointerCommit,
    PointerRecorder,
    SqlRow,
)
from tests.events.parts import open_pointers
from tests.waiting import PATIENCE

ARCHIVE = uuid4()
Url = str | None


@pytest.fixture
def recorder(tmp_path: Path, each_database: Url) -> Iterator[PointerRecorder]:
    opened = open_pointers(tmp_path, each_database)
    opened.create(ARCHIVE)
    yield opened
    opened.close()


def row(stream: UUID, version: int = 1, topic: str = "interaction.captured") -> SqlRow:
    return stream.bytes, version, topic, Pointer(uuid4(), 0, 128, 300, bytes(32)).encode()


def commit(*rows: SqlRow, **changes: object) -> PointerCommit:
    parts = {"segments": [(uuid4(), uuid4())], "record_id": uuid4(), "rows": rows}
    return PointerCommit(**(parts | changes))  # type: ignore[arg-type]  # Changes are a test's.


def use(stream: UUID, blob: UUID, *, new: bool) -> BlobUse:
    return BlobUse(blob, blob.bytes * 2, 70_000, stream, 1, new)


def seqs(recorder: PointerRecorder) -> list[int]:
    return [each.seq for each in recorder.select_pointers_from(None, 100_000)]


def test_a_database_knows_whose_it_is(tmp_path: Path, each_database: Url) -> None:
    recorder = open_pointers(tmp_path, each_database)
    assert recorder.archive() is None
    recorder.create(ARCHIVE)
    recorder.create(uuid4())
    assert recorder.archive() == ARCHIVE
    recorder.close()


def test_a_frames_digest_is_kept_where_it_is_known(recorder: PointerRecorder) -> None:
    known = Pointer(uuid4(), 0, 128, 300, bytes(32), b"digest, thirty-two bytes of it. ")
    unknown = known._replace(slot=1, digest=None)
    rows = [(uuid4().bytes, 1, "interaction.captured", each.encode()) for each in (known, unknown)]
    recorder.write_commit(commit(*rows))
    assert [each.pointer for each in recorder.select_pointers_from(1, 10)] == [known, unknown]


@pytest.mark.parametrize("known", [True, False])
def test_a_pointer_of_another_form_is_refused(known: bool) -> None:
    encoded = Pointer(uuid4(), 0, 128, 300, bytes(32), bytes(32) if known else None).encode()
    other = bytes([3 - encoded[0]]) + encoded[1:]
    for wrong in (b"", encoded[:-1], encoded + b"x", other):
        with pytest.raises(CorruptError):
            Pointer.decode(wrong)


def test_numbers_are_dense_after_conflicts(recorder: PointerRecorder) -> None:
    taken = uuid4()
    assert recorder.write_commit(commit(row(taken), row(uuid4()))) == 1
    for _ in range(3):
        with pytest.raises(ConflictError):
            recorder.write_commit(commit(row(uuid4()), row(taken)))
    assert recorder.write_commit(commit(row(uuid4()))) == 3
    assert seqs(recorder) == [1, 2, 3] and recorder.last_seq() == 3


def test_a_conflict_writes_nothing(recorder: PointerRecorder) -> None:
    taken, other, blob = uuid4(), uuid4(), uuid4()
    recorder.write_commit(commit(row(taken)))
    refused = commit(
        row(other), row(taken), blobs=[use(other, blob, new=True)], durable_commits=[1]
    )
    with pytest.raises(ConflictError):
        recorder.write_commit(refused)
    assert recorder.existing([(other.bytes, 1), (taken.bytes, 1)]) == {(taken.bytes, 1): 1}
    assert all(recorder.keys_of(segment_id) is None for segment_id, _ in refused.segments)
    assert recorder.live_blob(blob.bytes * 2) is None
    assert [each.first_seq for each in recorder.commits_not_durable()] == [1]


def test_what_was_written_is_read_back(recorder: PointerRecorder) -> None:
    stream, other = uuid4(), uuid4()
    segments = [(uuid4(), uuid4()), (uuid4(), uuid4())]
    rows = (row(stream), row(other, topic="user.registered"), row(stream, 2))
    written = commit(*rows, segments=segments)
    recorder.write_commit(written)
    assert all(recorder.keys_of(segment_id) == keys_id for segment_id, keys_id in segments)
    found = recorder.select_pointers(stream, gt=None, lte=None, desc=False, limit=None)
    assert [(each.seq, each.originator_version) for each in found] == [(1, 1), (3, 2)]
    assert found[0].pointer == Pointer.decode(written.rows[0][3])
    newest = recorder.select_pointers(stream, gt=None, lte=None, desc=True, limit=1)
    assert [each.originator_version for each in newest] == [2]
    assert {each.seq for each in recorder.select_pointers_of([stream, other])} == {1, 2, 3}
    topics = recorder.select_pointers_from(1, 10, topics=["user.registered"])
    assert [(each.seq, each.type) for each in topics] == [(2, "user.registered")]
    after = recorder.select_pointers_from(1, 10, 2, inclusive_of_start=False)
    assert [each.seq for each in after] == [2]


def test_commits_become_durable(recorder: PointerRecorder) -> None:
    first, second = commit(row(uuid4()), row(uuid4())), commit(row(uuid4()))
    recorder.write_commit(first)
    recorder.write_commit(second)
    known = [(each.first_seq, each.last_seq, each.record_id) for each in owed(recorder)]
    assert known == [(1, 2, first.record_id), (3, 3, second.record_id)]
    recorder.write_commit(commit(row(uuid4()), durable_commits=[1]))
    recorder.mark_durable([3])
    assert [each.first_seq for each in owed(recorder)] == [4]


def owed(recorder: PointerRecorder):
    return recorder.commits_not_durable()


def test_blobs_are_shared_until_they_are_condemned(
    recorder: PointerRecorder, tmp_path: Path, each_database: Url
) -> None:
    first, second, blob = uuid4(), uuid4(), uuid4()
    recorder.write_commit(commit(row(first), blobs=[use(first, blob, new=True)]))
    recorder.write_commit(commit(row(second), blobs=[use(second, blob, new=False)]))
    live = recorder.live_blob(blob.bytes * 2)
    assert live is not None and live[0] == blob and live[1] in (first, second)
    _condemn(blob, tmp_path, each_database)
    assert recorder.live_blob(blob.bytes * 2) is None
    third = uuid4()
    with pytest.raises(BlobCondemnedError) as raised:
        recorder.write_commit(commit(row(third), blobs=[use(third, blob, new=False)]))
    assert raised.value.blob_id == blob
    assert seqs(recorder) == [1, 2]


def _condemn(blob: UUID, folder: Path, url: Url) -> None:
    """Do what a purge will do."""
    if url is None:
        import sqlite3
        from contextlib import closing

        with closing(sqlite3.connect(folder / "events.db")) as connection, connection:
            connection.execute("UPDATE blobs SET condemned=1 WHERE blob_id=?", (blob.bytes,))
        return
    import psycopg

    with psycopg.connect(url) as other:
        other.execute("UPDATE muniment.blobs SET condemned=1 WHERE blob_id=%s", (blob.bytes,))


def test_tracking_only_rises(recorder: PointerRecorder) -> None:
    recorder.write_commit(commit(row(uuid4()), trackings=[Tracking("upstream", 5)]))
    with pytest.raises(ConflictError):
        recorder.write_commit(commit(row(uuid4()), trackings=[Tracking("upstream", 5)]))
    with pytest.raises(ConflictError):
        recorder.insert_tracking(Tracking("upstream", 4))
    recorder.insert_tracking(Tracking("upstream", 6))
    assert recorder.max_tracking_id("upstream") == 6
    assert recorder.max_tracking_id("other") is None
    assert seqs(recorder) == [1]


def test_a_database_that_has_gone_back_is_refused(recorder: PointerRecorder) -> None:
    recorder.write_commit(commit(row(uuid4())))
    with pytest.raises(ConfigurationError, match="stands at 1, though it stood at 7"):
        recorder.write_commit(commit(row(uuid4()), seen=7))
    assert seqs(recorder) == [1]


def test_writers_take_turns_and_readers_see_no_holes(
    recorder: PointerRecorder, tmp_path: Path, each_database: Url
) -> None:
    recorders = [recorder, *(open_pointers(tmp_path, each_database) for _ in range(3))]
    rounds, size = 20, 7

    def write(own: PointerRecorder) -> None:
        for _ in range(rounds):
            own.write_commit(commit(*(row(uuid4()) for _ in range(size))))

    def read(own: PointerRecorder) -> None:
        seen = 0
        while seen < len(recorders) * rounds * size:
            new = [each.seq for each in own.select_pointers_from(seen + 1, 10_000)]
            assert new == list(range(seen + 1, seen + 1 + len(new)))
            assert len(new) % size == 0
            seen += len(new)

    reader = open_pointers(tmp_path, each_database)
    with ThreadPoolExecutor(len(recorders) + 1) as pool:
        done = [pool.submit(write, own) for own in recorders]
        pool.submit(read, reader).result(PATIENCE)
        for each in done:
            each.result()
    for own in (*recorders[1:], reader):
        own.close()


def test_closing_beside_readers_lets_them_finish(tmp_path: Path) -> None:
    # SQLite's module would take the process down where a connection is closed beside its statement.
    segments = [uuid4() for _ in range(5_000)]
    for turn in range(20):
        folder = tmp_path / str(turn)
        folder.mkdir()
        opened = open_pointers(folder)
        opened.create(ARCHIVE)
        started = Barrier(5)

        def read(opened: PointerRecorder = opened, started: Barrier = started) -> int:
            started.wait()
            done = 0
            with suppress(UnavailableError):
                while True:
                    opened.keys_of_each(segments)
                    done += 1
            return done

        with ThreadPoolExecutor(4) as pool:
            readers = [pool.submit(read) for _ in range(4)]
            started.wait()
            opened.close()
            for each in readers:
                each.result(PATIENCE)
