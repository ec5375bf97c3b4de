"""Pointers in SQLite: one file in the home folder, durable at every commit."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from eventsourcing.persistence import (
    ConnectionPoolClosedError,
    IntegrityError,
    PersistenceError,
    Tracking,
)
from eventsourcing.sqlite import SQLiteCursor

from archive.errors import ConflictError
from archive.events.custody import SupersededKeyringError
from archive.events.custody_sqlite import SqliteCustody, add_custody_columns, is_complete
from archive.events.packing_sqlite import SqlitePacks
from archive.events.pointers import (
    BehindError,
    BlobCondemnedError,
    BlobUse,
    CommitRow,
    EventKey,
    GoneBackError,
    Pointer,
    PointerCommit,
    PointerRecorder,
    PointerRow,
    SqlRow,
)
from archive.events.restoration_sqlite import SqliteRestorer
from archive.events.tables_sqlite import TABLES, Datastore, LibraryRecorder
from archive.sqlite import told

_IDS_PER_QUERY = 10_000


class SqlitePointers(SqliteCustody, SqlitePacks, PointerRecorder):
    """The port over a file of its own."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._datastore = Datastore(path)
        self._library = LibraryRecorder(self._datastore)

    @contextmanager
    def _transaction(self, *, commit: bool) -> Iterator[SQLiteCursor]:
        try:
            with self._datastore.transaction(commit=commit) as cursor:
                yield cursor
        except IntegrityError as error:
            raise ConflictError("An event exists already, or a tracking goes back.") from error
        except (PersistenceError, ConnectionPoolClosedError, sqlite3.Error) as error:
            # What opening the file meets, the library passes on as it is.
            raise told(error, self._path) from error

    def archive(self) -> UUID | None:
        with self._transaction(commit=False) as cursor:
            cursor.execute("SELECT 1 FROM sqlite_master WHERE name='archive'")
            if cursor.fetchone() is None:
                return None
            cursor.execute("SELECT id FROM archive")
            row = cursor.fetchone()
            return None if row is None else UUID(bytes=row[0])

    def create(self, archive_id: UUID) -> None:
        with self._transaction(commit=False) as cursor:
            # Every process asks at its start, and should not wait for a commit where all is there.
            if is_complete(cursor, TABLES):
                return
        try:
            self._library.create_table()
        except PersistenceError as error:
            raise told(error, self._path) from error
        with self._transaction(commit=True) as cursor:
            add_custody_columns(cursor)
            cursor.execute(
                "INSERT INTO archive (id) SELECT ? WHERE NOT EXISTS (SELECT 1 FROM archive)",
                (archive_id.bytes,),
            )

    def select_pointers(
        self, originator_id: UUID, *, gt: int | None, lte: int | None, desc: bool, limit: int | None
    ) -> list[PointerRow]:
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
        rows: list[PointerRow] = []
        # Of each id there is one already, which takes less time to find than to make.
        known = {each.bytes: each for each in originator_ids}
        ids = list(known)
        for start in range(0, len(ids), _IDS_PER_QUERY):
            page = ids[start : start + _IDS_PER_QUERY]
            rows += self._rows(
                "SELECT seq, originator_id, originator_version, topic, state FROM stored_events"
                f" WHERE originator_id IN ({','.join('?' * len(page))})"
                " ORDER BY originator_id, originator_version",
                page,
                known.__getitem__,
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

    def encoded_from(self, start: int, limit: int) -> dict[int, SqlRow]:
        with self._transaction(commit=False) as cursor:
            cursor.execute(
                "SELECT seq, originator_id, originator_version, topic, state FROM stored_events"
                " WHERE seq>=? ORDER BY seq LIMIT ?",
                (start, limit),
            )
            return {row[0]: tuple(row[1:]) for row in cursor.fetchall()}

    def _rows(
        self,
        statement: str,
        parameters: Sequence[Any],
        id_of: Callable[[bytes], UUID] = lambda data: UUID(bytes=data),
    ) -> list[PointerRow]:
        with self._transaction(commit=False) as cursor:
            cursor.execute(statement, parameters)
            return [
                PointerRow(seq, id_of(originator), version, topic, Pointer.decode(state))
                for seq, originator, version, topic, state in cursor.fetchall()
            ]

    def existing(self, keys: Iterable[EventKey]) -> dict[EventKey, int]:
        wanted = list(keys)
        found: dict[EventKey, int] = {}
        with self._transaction(commit=False) as cursor:
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

    def write_commit(self, commit: PointerCommit) -> int:
        with self._transaction(commit=True) as cursor:
            # A write comes first: it takes the write lock, so that the maximum read next is still
            # the maximum when the events are inserted.
            cursor.executemany(
                "INSERT INTO segments VALUES (?,?)",
                [(segment_id.bytes, keys_id.bytes) for segment_id, keys_id in commit.segments],
            )
            last = _last_seq(cursor)
            if last < commit.seen:
                raise GoneBackError(commit.seen, last)
            _check_caught_up(cursor, last)
            cursor.execute("SELECT keyring FROM archive")
            in_force = cursor.fetchone()[0]
            if in_force not in (0, commit.keyring):
                raise SupersededKeyringError(in_force)
            first = last + 1
            self._insert_rows(cursor, first, commit.rows)
            cursor.execute(
                "INSERT INTO commits VALUES (?,?,?,0)",
                (first, first + len(commit.rows) - 1, commit.record_id.bytes),
            )
            self._insert_blobs(cursor, commit.blobs)
            for tracking in commit.trackings:
                self._library.track(cursor, tracking)
            _mark_durable(cursor, commit.durable_commits)
        return first

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
        with self._transaction(commit=False) as cursor:
            cursor.execute(
                "SELECT first_seq, last_seq, record_id FROM commits WHERE durable=0"
                " ORDER BY first_seq"
            )
            return [
                CommitRow(first, last, UUID(bytes=raw)) for first, last, raw in cursor.fetchall()
            ]

    def mark_durable(self, first_seqs: Sequence[int]) -> None:
        with self._transaction(commit=True) as cursor:
            _mark_durable(cursor, first_seqs)

    def live_blob(self, digest: bytes) -> tuple[UUID, UUID, int] | None:
        with self._transaction(commit=False) as cursor:
            cursor.execute(
                "SELECT b.blob_id, r.originator_id, r.originator_version FROM blobs b"
                " JOIN blob_references r ON r.blob_id=b.blob_id"
                " WHERE b.digest=? AND b.condemned=0 LIMIT 1",
                (digest,),
            )
            row = cursor.fetchone()
            return None if row is None else (UUID(bytes=row[0]), UUID(bytes=row[1]), row[2])

    def blobs_of(self, originator_ids: Iterable[UUID]) -> list[tuple[bytes, UUID]]:
        ids = [originator_id.bytes for originator_id in originator_ids]
        found: dict[bytes, bytes] = {}
        with self._transaction(commit=False) as cursor:
            for start in range(0, len(ids), _IDS_PER_QUERY):
                page = ids[start : start + _IDS_PER_QUERY]
                cursor.execute(
                    "SELECT b.blob_id, b.digest FROM blob_references r"
                    " JOIN blobs b ON b.blob_id=r.blob_id"
                    f" WHERE r.originator_id IN ({','.join('?' * len(page))})",
                    page,
                )
                found |= dict(cursor.fetchall())
        return [(digest, UUID(bytes=blob_id)) for blob_id, digest in found.items()]

    def last_seq(self) -> int:
        with self._transaction(commit=False) as cursor:
            return _last_seq(cursor)

    def insert_tracking(self, tracking: Tracking) -> None:
        with self._transaction(commit=True) as cursor:
            self._library.track(cursor, tracking)

    def max_tracking_id(self, application_name: str) -> int | None:
        with self._transaction(commit=False) as cursor:
            cursor.execute(
                "SELECT notification_id FROM tracking WHERE application_name=?",
                (application_name,),
            )
            row = cursor.fetchone()
            return None if row is None else int(row[0])

    def restorer(self) -> SqliteRestorer:
        return SqliteRestorer(lambda commit: self._transaction(commit=commit))

    def close(self) -> None:
        self._datastore.close()


def _last_seq(cursor: SQLiteCursor) -> int:
    cursor.execute("SELECT max(seq) FROM stored_events")
    return cursor.fetchone()[0] or 0


def _check_caught_up(cursor: SQLiteCursor, last: int) -> None:
    cursor.execute("SELECT awaited FROM archive")
    awaited = cursor.fetchone()[0]
    if last < awaited:
        raise BehindError(last, awaited)


def _mark_durable(cursor: SQLiteCursor, first_seqs: Sequence[int]) -> None:
    cursor.executemany("UPDATE commits SET durable=1 WHERE first_seq=?", [(s,) for s in first_seqs])
