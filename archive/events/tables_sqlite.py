"""The SQLite file that pointers stand in: its tables, and connections that are durable at a commit.

The tables are the event library's own but for the events: ids are 16 bytes, and `seq` is dense
because one transaction at a time assigns it.
"""

from pathlib import Path

from eventsourcing.persistence import ConnectionPoolClosedError, Tracking
from eventsourcing.sqlite import (
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteDatastore,
    SQLiteProcessRecorder,
)

from archive.events.packing_sqlite import PACKS_TABLE
from archive.sqlite import make_private

_CLOSING_SECONDS = 30.0

TABLES = (
    "CREATE TABLE IF NOT EXISTS archive (id BLOB PRIMARY KEY, awaited INTEGER NOT NULL DEFAULT 0)"
    " WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS segments (segment_id BLOB PRIMARY KEY, keys_id BLOB NOT NULL)"
    " WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS commits (first_seq INTEGER PRIMARY KEY, last_seq INTEGER NOT NULL,"
    " record_id BLOB NOT NULL, durable INTEGER NOT NULL)",
    "CREATE INDEX IF NOT EXISTS commits_not_durable ON commits (durable) WHERE durable = 0",
    "CREATE TABLE IF NOT EXISTS blobs (blob_id BLOB PRIMARY KEY, digest BLOB NOT NULL,"
    " sealed_size INTEGER NOT NULL, condemned INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS blobs_by_digest ON blobs (digest)",
    "CREATE INDEX IF NOT EXISTS blobs_condemned ON blobs (blob_id) WHERE condemned = 1",
    "CREATE TABLE IF NOT EXISTS blob_references (blob_id BLOB, originator_id BLOB,"
    " originator_version INTEGER, PRIMARY KEY (blob_id, originator_id, originator_version))"
    " WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS blob_references_by_event ON blob_references"
    " (originator_id, originator_version)",
    "CREATE TABLE IF NOT EXISTS unopened (seq INTEGER PRIMARY KEY)",
    PACKS_TABLE,
)


class _Pool(SQLiteConnectionPool):
    """Connections that survive power loss and keep the pages of a large table in memory."""

    _closing = False

    def __init__(self, path: Path) -> None:
        super().__init__(db_name=path.as_uri(), lock_timeout=30)
        self._path = path

    def get_connection(
        self, timeout: float | None = None, *, is_writer: bool | None = None
    ) -> SQLiteConnection:
        if self._closing:
            raise ConnectionPoolClosedError
        return super().get_connection(timeout, is_writer=is_writer)

    def close(self) -> None:
        """Close all connections once they are given back; leave one that is not to its thread.

        SQLite's module crashes the process where a connection is closed beside its statement.
        """
        self._closing = True
        with self._put_condition:
            self._put_condition.wait_for(lambda: not self._in_use, _CLOSING_SECONDS)
            self._in_use.clear()
            super().close()

    def _create_connection(self) -> SQLiteConnection:
        make_private(self._path)
        connection = super()._create_connection()
        for pragma in ("synchronous=FULL", "cache_size=-65536", "wal_autocheckpoint=16000"):
            connection.cursor().execute(f"PRAGMA {pragma}")
        return connection


class Datastore(SQLiteDatastore):
    """The library's SQLite datastore on a file, durable at every commit."""

    def __init__(self, path: Path) -> None:
        self.pool = _Pool(path)
        self.single_row_tracking = True
        self.originator_id_type = "uuid"


class LibraryRecorder(SQLiteProcessRecorder):
    """The library's recorder, for its tables and for tracking."""

    def construct_create_table_statements(self) -> list[str]:
        # The library's own events table is replaced: dense `seq` in place of rowid, ids as bytes.
        events = (
            "CREATE TABLE IF NOT EXISTS stored_events (seq INTEGER PRIMARY KEY,"
            " originator_id BLOB NOT NULL, originator_version INTEGER NOT NULL,"
            " topic TEXT NOT NULL, state BLOB NOT NULL,"
            " UNIQUE (originator_id, originator_version))"
        )
        statements = super().construct_create_table_statements()
        others = [text for text in statements if "stored_events" not in text]
        return [events, *others, *TABLES]

    def track(self, cursor: SQLiteCursor, tracking: Tracking) -> None:
        """Record a tracking within a transaction."""
        self._insert_tracking(cursor, tracking)
