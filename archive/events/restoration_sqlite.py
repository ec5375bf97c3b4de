"""Writing pointers again in SQLite."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from uuid import UUID

from eventsourcing.sqlite import SQLiteCursor

from archive.errors import ConflictError
from archive.events.pointers import BlobUse, CommitRow
from archive.events.restoration import PointerRestorer, RelocatedFrames, RenewedKeys, Restoration

_IDS_PER_QUERY = 10_000
_DERIVED = (
    *("stored_events", "segments", "packs", "commits", "blobs", "blob_references", "unopened"),
)


class SqliteRestorer(PointerRestorer):
    """The port over transactions of the recorder's."""

    def __init__(self, transaction: Callable[[bool], AbstractContextManager[SQLiteCursor]]) -> None:
        """Take what begins a transaction, which commits if it is called with True."""
        self._transaction = transaction

    def await_seq(self, seq: int) -> None:
        with self._transaction(True) as cursor:
            cursor.execute("UPDATE archive SET awaited=max(awaited, ?)", (seq,))

    def awaited_seq(self) -> int:
        with self._transaction(False) as cursor:
            cursor.execute("SELECT awaited FROM archive")
            return int(cursor.fetchone()[0])

    def clear(self, seq: int) -> None:
        with self._transaction(True) as cursor:
            cursor.execute("UPDATE archive SET awaited=?", (seq,))
            for table in _DERIVED:
                cursor.execute(f"DELETE FROM {table}")

    def restore(self, restoration: Restoration) -> None:
        with self._transaction(True) as cursor:
            # A write comes first: it takes the write lock.
            cursor.executemany("INSERT OR IGNORE INTO segments VALUES (?,?)", _rows(restoration))
            cursor.execute("SELECT max(seq) FROM stored_events")
            if (cursor.fetchone()[0] or 0) != restoration.after:
                raise ConflictError("Somebody else restores the database at the same time.")
            cursor.executemany("INSERT INTO stored_events VALUES (?,?,?,?,?)", restoration.rows)
            cursor.executemany(
                "INSERT INTO commits VALUES (?,?,?,1)",
                [(row.first_seq, row.last_seq, row.record_id.bytes) for row in restoration.commits],
            )
            cursor.executemany(
                "INSERT INTO unopened VALUES (?)", [(seq,) for seq in restoration.unopened]
            )
            _insert_blobs(cursor, restoration.blobs)

    def last_commit(self) -> CommitRow | None:
        with self._transaction(False) as cursor:
            cursor.execute(
                "SELECT first_seq, last_seq, record_id FROM commits ORDER BY first_seq DESC LIMIT 1"
            )
            row = cursor.fetchone()
            return None if row is None else CommitRow(row[0], row[1], UUID(bytes=row[2]))

    def renew_keys(self, segments: Sequence[RenewedKeys]) -> None:
        with self._transaction(True) as cursor:
            cursor.executemany(
                "UPDATE segments SET keys_id=? WHERE segment_id=? AND keys_id=?",
                [(each.now.bytes, each.segment_id.bytes, each.was.bytes) for each in segments],
            )

    def relocate(self, relocated: RelocatedFrames) -> None:
        with self._transaction(True) as cursor:
            cursor.executemany(
                "UPDATE stored_events SET state=? WHERE seq=?",
                [(state, seq) for seq, state in relocated.pointers],
            )
            cursor.executemany(
                "DELETE FROM segments WHERE segment_id=?",
                [(source.bytes,) for source in relocated.sources],
            )
            cursor.executemany(
                "INSERT OR IGNORE INTO segments VALUES (?,?)",
                [(pack_id.bytes, keys_id.bytes) for pack_id, keys_id in relocated.packs],
            )

    def known_blobs(self, blob_ids: Sequence[UUID]) -> set[UUID]:
        found: set[UUID] = set()
        with self._transaction(False) as cursor:
            for page in _pages(blob_ids):
                cursor.execute(
                    f"SELECT blob_id FROM blobs WHERE blob_id IN ({','.join('?' * len(page))})",
                    page,
                )
                found |= {UUID(bytes=row[0]) for row in cursor.fetchall()}
        return found

    def unopened(self) -> list[int]:
        with self._transaction(False) as cursor:
            cursor.execute("SELECT seq FROM unopened ORDER BY seq")
            return [row[0] for row in cursor.fetchall()]

    def note_blobs(self, seqs: Sequence[int], blobs: Sequence[BlobUse]) -> None:
        with self._transaction(True) as cursor:
            cursor.executemany("DELETE FROM unopened WHERE seq=?", [(seq,) for seq in seqs])
            _insert_blobs(cursor, blobs)


def _rows(restoration: Restoration) -> list[tuple[bytes, bytes]]:
    return [(segment_id.bytes, keys_id.bytes) for segment_id, keys_id in restoration.segments]


def _insert_blobs(cursor: SQLiteCursor, blobs: Sequence[BlobUse]) -> None:
    cursor.executemany(
        "INSERT OR IGNORE INTO blobs (blob_id, digest, sealed_size) VALUES (?,?,?)",
        [(use.blob_id.bytes, use.digest, use.sealed_size) for use in blobs],
    )
    cursor.executemany(
        "INSERT OR IGNORE INTO blob_references VALUES (?,?,?)",
        [(use.blob_id.bytes, use.originator_id.bytes, use.originator_version) for use in blobs],
    )


def _pages(ids: Sequence[UUID]) -> Iterator[list[bytes]]:
    for start in range(0, len(ids), _IDS_PER_QUERY):
        yield [each.bytes for each in ids[start : start + _IDS_PER_QUERY]]
