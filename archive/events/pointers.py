"""Pointers in SQL: which events exist, in which order, and where in the bucket each one stands.

`PointerRecorder` is the event library's SQLite recorder with pointers in place of states, 16-byte
ids, and sequence numbers that are dense because one transaction assigns them. Beside the events
it keeps what has to change in the same transaction: segments, commits and blobs. Every table can
be derived from the bucket again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from typing import Any
from uuid import UUID

from eventsourcing.persistence import StoredEvent, Tracking
from eventsourcing.sqlite import (
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteDatastore,
    SQLiteProcessRecorder,
)

from archive.errors import ConflictError, CorruptError

_POINTER = Struct(">B16sIQI32s")
_POINTER_VERSION = 1
_IDS_PER_QUERY = 10_000

EventKey = tuple[bytes, int]
"""What an event is one of: its stream's id as 16 bytes, and its version there."""
SqlRow = tuple[bytes, int, str, bytes]

_TABLES = (
    "CREATE TABLE IF NOT EXISTS segments (segment_id BLOB PRIMARY KEY, keys_id BLOB NOT NULL)"
    " WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS commits (first_seq INTEGER PRIMARY KEY, last_seq INTEGER NOT NULL,"
    " record_id BLOB NOT NULL, durable INTEGER NOT NULL)",
    "CREATE INDEX IF NOT EXISTS commits_not_durable ON commits (durable) WHERE durable = 0",
    "CREATE TABLE IF NOT EXISTS blobs (blob_id BLOB PRIMARY KEY, digest BLOB NOT NULL,"
    " sealed_size INTEGER NOT NULL, condemned INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS blobs_by_digest ON blobs (digest)",
    "CREATE TABLE IF NOT EXISTS blob_references (blob_id BLOB, originator_id BLOB,"
    " originator_version INTEGER, PRIMARY KEY (blob_id, originator_id, originator_version))"
    " WITHOUT ROWID",
)


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where one event's frame stands: segment, slot, byte span, and its leaf hash in the log."""

    segment_id: UUID
    slot: int
    offset: int
    length: int
    leaf_hash: bytes

    def encode(self) -> bytes:
        """Return the 65 bytes that stand in SQL."""
        return _POINTER.pack(
            _POINTER_VERSION,
            self.segment_id.bytes,
            self.slot,
            self.offset,
            self.length,
            self.leaf_hash,
        )

    @classmethod
    def decode(cls, data: bytes) -> "Pointer":
        """Read what `encode` wrote; CorruptError for anything else."""
        if len(data) != _POINTER.size or data[0] != _POINTER_VERSION:
            raise CorruptError("A pointer in the events table is not of a known form.")
        _, segment, slot, offset, length, leaf = _POINTER.unpack(data)
        return cls(UUID(bytes=segment), slot, offset, length, leaf)


@dataclass(frozen=True, slots=True)
class PointerRow:
    """One event as SQL knows it."""

    seq: int
    originator_id: UUID
    originator_version: int
    type: str
    pointer: Pointer


@dataclass(frozen=True, slots=True)
class BlobUse:
    """An event's reference to a blob; `new` says that this event's writer uploaded it."""

    blob_id: UUID
    digest: bytes
    sealed_size: int
    originator_id: UUID
    originator_version: int
    new: bool


@dataclass(frozen=True, slots=True)
class CommitRow:
    """One commit: the sequence numbers it covers and the id of its record in the bucket."""

    first_seq: int
    last_seq: int
    record_id: UUID


class BlobCondemnedError(ConflictError):
    """A blob that an event wants to reuse is being destroyed; upload it anew."""

    def __init__(self, blob_id: UUID) -> None:
        super().__init__("A blob to be reused is being destroyed; upload it anew.")
        self.blob_id = blob_id


class _Pool(SQLiteConnectionPool):
    """Connections that survive power loss and keep the pages of a large table in memory."""

    def _create_connection(self) -> SQLiteConnection:
        connection = super()._create_connection()
        for pragma in ("synchronous=FULL", "cache_size=-65536", "wal_autocheckpoint=16000"):
            connection.cursor().execute(f"PRAGMA {pragma}")
        return connection


class PointerDatastore(SQLiteDatastore):
    """The library's SQLite datastore on a file, durable at every commit."""

    def __init__(self, path: Path) -> None:
        self.pool = _Pool(db_name=path.as_uri(), lock_timeout=30)
        self.single_row_tracking = True
        self.originator_id_type = "uuid"


class PointerRecorder(SQLiteProcessRecorder):
    """Events as pointers, and the rows that are written with them in one transaction."""

    def __init__(self, datastore: SQLiteDatastore) -> None:
        super().__init__(datastore)
        self.select_events_statement = (
            "SELECT originator_id, originator_version, topic, state FROM stored_events"
            " WHERE originator_id=? "
        )

    def construct_create_table_statements(self) -> list[str]:
        statements = super().construct_create_table_statements()
        # The library's own events table is replaced: dense `seq` in place of rowid, ids as bytes.
        events = (
            "CREATE TABLE IF NOT EXISTS stored_events (seq INTEGER PRIMARY KEY,"
            " originator_id BLOB NOT NULL, originator_version INTEGER NOT NULL,"
            " topic TEXT NOT NULL, state BLOB NOT NULL,"
            " UNIQUE (originator_id, originator_version))"
        )
        others = [text for text in statements if "stored_events" not in text]
        return [events, *others, *_TABLES]

    def convert_originator_id(self, originator_id: Any) -> UUID:
        return UUID(bytes=originator_id)

    def select_pointers(
        self, originator_id: UUID, *, gt: int | None, lte: int | None, desc: bool, limit: int | None
    ) -> list[PointerRow]:
        """Return one originator's events in order of version."""
        statement = (
            "SELECT seq, originator_id, originator_version, topic, state FROM stored_events"
            " WHERE originator_id=? AND originator_version>? AND originator_version<=?"
            f" ORDER BY originator_version {'DESC' if desc else 'ASC'} LIMIT ?"
        )
        parameters = (
            originator_id.bytes,
            -1 << 62 if gt is None else gt,
            1 << 62 if lte is None else lte,
            -1 if limit is None else limit,
        )
        return self._rows(statement, parameters)

    def select_pointers_of(self, originator_ids: Iterable[UUID]) -> list[PointerRow]:
        """Return all events of several originators, by originator and version."""
        rows: list[PointerRow] = []
        ids = [originator_id.bytes for originator_id in originator_ids]
        for start in range(0, len(ids), _IDS_PER_QUERY):
            page = ids[start : start + _IDS_PER_QUERY]
            rows += self._rows(
                "SELECT seq, originator_id, originator_version, topic, state FROM stored_events"
                f" WHERE originator_id IN ({','.join('?' * len(page))})"
                " ORDER BY originator_id, originator_version",
                page,
            )
        return rows

    def select_pointers_from(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> list[PointerRow]:
        """Return events in order of sequence number, as `select_notifications` does."""
        lower = -1 if start is None else start if inclusive_of_start else start + 1
        statement = (
            "SELECT seq, originator_id, originator_version, topic, state FROM stored_events"
            " WHERE seq>=? AND seq<=?"
        )
        parameters: list[Any] = [lower, (1 << 62) if stop is None else stop]
        if topics:
            statement += f" AND topic IN ({','.join('?' * len(topics))})"
            parameters += topics
        return self._rows(f"{statement} ORDER BY seq LIMIT ?", [*parameters, limit])

    def _rows(self, statement: str, parameters: Sequence[Any]) -> list[PointerRow]:
        with self.datastore.transaction(commit=False) as cursor:
            cursor.execute(statement, parameters)
            return [
                PointerRow(seq, UUID(bytes=originator), version, topic, Pointer.decode(state))
                for seq, originator, version, topic, state in cursor.fetchall()
            ]

    def existing(self, keys: Iterable[EventKey]) -> dict[EventKey, int]:
        """Return the sequence numbers of those events that exist."""
        wanted = list(keys)
        found: dict[EventKey, int] = {}
        with self.datastore.transaction(commit=False) as cursor:
            for start in range(0, len(wanted), _IDS_PER_QUERY):
                page = wanted[start : start + _IDS_PER_QUERY]
                cursor.execute(
                    "SELECT originator_id, originator_version, seq FROM stored_events"
                    f" WHERE originator_id IN ({','.join('?' * len(page))})",
                    [originator for originator, _ in page],
                )
                for originator, version, seq in cursor.fetchall():
                    found[originator, version] = seq
        return {key: found[key] for key in wanted if key in found}

    def write_commit(
        self,
        *,
        segment_id: UUID,
        keys_id: UUID,
        record_id: UUID,
        rows: Sequence[SqlRow],
        blobs: Sequence[BlobUse],
        trackings: Sequence[Tracking],
        durable_commits: Sequence[int],
    ) -> int:
        """Insert one commit in one transaction and return its first sequence number.

        `rows` are stream id, version, type and encoded pointer, in the order of the segment.
        `durable_commits` are earlier commits, by first sequence number, whose record is known to
        stand in the bucket by now: noting it here saves them a transaction of their own.

        Raises:
            eventsourcing.persistence.IntegrityError: an event exists already; nothing is written.
            BlobCondemnedError: a blob to be reused is going away; nothing is written.
        """
        with self.datastore.transaction(commit=True) as cursor:
            # A write comes first: it takes the write lock, so that the maximum read next is still
            # the maximum when the events are inserted.
            cursor.execute("INSERT INTO segments VALUES (?,?)", (segment_id.bytes, keys_id.bytes))
            first = (self._max_notification_id(cursor) or 0) + 1
            self._insert_rows(cursor, first, rows)
            cursor.execute(
                "INSERT INTO commits VALUES (?,?,?,0)",
                (first, first + len(rows) - 1, record_id.bytes),
            )
            self._insert_blobs(cursor, blobs)
            for tracking in trackings:
                self._insert_tracking(cursor, tracking)
            for durable in durable_commits:
                cursor.execute("UPDATE commits SET durable=1 WHERE first_seq=?", (durable,))
        return first

    def _insert_events(
        self, c: SQLiteCursor, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        first = (self._max_notification_id(c) or 0) + 1
        rows = [
            (_id_bytes(event), event.originator_version, event.topic, event.state)
            for event in stored_events
        ]
        self._insert_rows(c, first, rows)
        tracking: Tracking | None = kwargs.get("tracking")
        if tracking is not None:
            self._insert_tracking(c, tracking)
        return range(first, first + len(stored_events))

    @staticmethod
    def _insert_rows(c: SQLiteCursor, first: int, rows: Sequence[SqlRow]) -> None:
        c.executemany(
            "INSERT INTO stored_events VALUES (?,?,?,?,?)",
            [(seq, *row) for seq, row in enumerate(rows, first)],
        )

    @staticmethod
    def _insert_blobs(c: SQLiteCursor, blobs: Sequence[BlobUse]) -> None:
        for use in blobs:
            blob_id = use.blob_id.bytes
            if use.new:
                c.execute(
                    "INSERT OR IGNORE INTO blobs (blob_id, digest, sealed_size) VALUES (?,?,?)",
                    (blob_id, use.digest, use.sealed_size),
                )
            c.execute("SELECT 1 FROM blobs WHERE blob_id=? AND condemned=0", (blob_id,))
            if c.fetchone() is None:
                raise BlobCondemnedError(use.blob_id)
            c.execute(
                "INSERT OR IGNORE INTO blob_references VALUES (?,?,?)",
                (blob_id, use.originator_id.bytes, use.originator_version),
            )

    def commits_not_durable(self) -> list[CommitRow]:
        """Return the commits whose record is not known to stand in the bucket."""
        with self.datastore.transaction(commit=False) as cursor:
            cursor.execute(
                "SELECT first_seq, last_seq, record_id FROM commits WHERE durable=0"
                " ORDER BY first_seq"
            )
            return [
                CommitRow(first, last, UUID(bytes=raw)) for first, last, raw in cursor.fetchall()
            ]

    def mark_durable(self, first_seq: int) -> None:
        """Note that a commit's record stands in the bucket."""
        with self.datastore.transaction(commit=True) as cursor:
            cursor.execute("UPDATE commits SET durable=1 WHERE first_seq=?", (first_seq,))

    def keys_of(self, segment_id: UUID) -> UUID | None:
        """Return the id of the key object that now holds the segment's keys."""
        with self.datastore.transaction(commit=False) as cursor:
            cursor.execute("SELECT keys_id FROM segments WHERE segment_id=?", (segment_id.bytes,))
            row = cursor.fetchone()
            return None if row is None else UUID(bytes=row[0])

    def live_blob(self, digest: bytes) -> tuple[UUID, UUID, int] | None:
        """Return a blob with this keyed digest and one event that refers to it, if there is one."""
        with self.datastore.transaction(commit=False) as cursor:
            cursor.execute(
                "SELECT b.blob_id, r.originator_id, r.originator_version FROM blobs b"
                " JOIN blob_references r ON r.blob_id=b.blob_id"
                " WHERE b.digest=? AND b.condemned=0 LIMIT 1",
                (digest,),
            )
            row = cursor.fetchone()
            return None if row is None else (UUID(bytes=row[0]), UUID(bytes=row[1]), row[2])

    def last_seq(self) -> int:
        """Return the newest sequence number, 0 for an empty archive."""
        return self.max_notification_id() or 0


def _id_bytes(event: StoredEvent) -> bytes:
    identifier = event.originator_id
    if not isinstance(identifier, UUID):
        raise TypeError("originator ids are UUIDs")
    return identifier.bytes
