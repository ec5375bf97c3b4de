"""Pointers in PostgreSQL, for archives that more than one host writes.

Sequence numbers come from the one row of `archive`, not from a sequence: whoever raises the number
there holds the row until the commit ends. So numbers have no gaps, and events become visible in
their order. Autovacuum goes on meanwhile, which a lock on the whole table would keep away.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from eventsourcing.persistence import Tracking
from sqlalchemy import Connection, Engine

from archive.errors import ConflictError
from archive.events.custody import SupersededKeyringError
from archive.events.custody_postgres import PostgresCustody, add_custody_columns, is_complete
from archive.events.packing_postgres import PACKS_TABLE, PostgresPacks
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
from archive.events.restoration_postgres import PostgresRestorer
from archive.postgres import SCHEMA, Server

# Any number will do, as long as every process that makes tables takes the same.
_CREATION_LOCK = 0x6D756E01

TABLES = (
    f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}",
    "CREATE TABLE IF NOT EXISTS stored_events (seq bigint PRIMARY KEY,"
    " originator_id bytea NOT NULL, originator_version bigint NOT NULL,"
    " topic text NOT NULL, state bytea NOT NULL,"
    " UNIQUE (originator_id, originator_version))",
    "CREATE TABLE IF NOT EXISTS segments (segment_id bytea PRIMARY KEY, keys_id bytea NOT NULL)",
    "CREATE TABLE IF NOT EXISTS commits (first_seq bigint PRIMARY KEY, last_seq bigint NOT NULL,"
    " record_id bytea NOT NULL, durable smallint NOT NULL DEFAULT 0)",
    "CREATE INDEX IF NOT EXISTS commits_not_durable ON commits (first_seq) WHERE durable = 0",
    "CREATE TABLE IF NOT EXISTS blobs (blob_id bytea PRIMARY KEY, digest bytea NOT NULL,"
    " sealed_size bigint NOT NULL, condemned smallint NOT NULL DEFAULT 0)",
    "CREATE INDEX IF NOT EXISTS blobs_by_digest ON blobs (digest)",
    "CREATE INDEX IF NOT EXISTS blobs_condemned ON blobs (blob_id) WHERE condemned = 1",
    "CREATE TABLE IF NOT EXISTS blob_references (blob_id bytea, originator_id bytea,"
    " originator_version bigint, PRIMARY KEY (blob_id, originator_id, originator_version))",
    "CREATE INDEX IF NOT EXISTS blob_references_by_event ON blob_references"
    " (originator_id, originator_version)",
    "CREATE TABLE IF NOT EXISTS unopened (seq bigint PRIMARY KEY)",
    PACKS_TABLE,
    "CREATE TABLE IF NOT EXISTS tracking (application_name text PRIMARY KEY,"
    " notification_id bigint NOT NULL)",
    "CREATE TABLE IF NOT EXISTS leadership (number bigint NOT NULL)",
    "INSERT INTO leadership SELECT 0 WHERE NOT EXISTS (SELECT FROM leadership)",
    # The last of all: where it is, everything is.
    "CREATE TABLE IF NOT EXISTS archive (id bytea PRIMARY KEY, last_seq bigint NOT NULL,"
    " awaited bigint NOT NULL DEFAULT 0)",
)
_COLUMNS = "SELECT seq, originator_id, originator_version, topic, state FROM stored_events"


class PostgresPointers(PostgresCustody, PostgresPacks, PointerRecorder):
    """The port over a database that several hosts share."""

    def __init__(self, server: Server, engine: Engine) -> None:
        self._server = server
        self._engine = engine
        # One statement needs no transaction around it, and two trips to the server less.
        self._reading = engine.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with self._server.told_apart(), self._engine.begin() as connection:
            yield connection

    def _all(self, statement: str, *parameters: Any) -> Sequence[Any]:
        with self._server.told_apart(), self._reading.connect() as connection:
            return connection.exec_driver_sql(statement, parameters).all()

    def archive(self) -> UUID | None:
        if self._all("SELECT to_regclass(%s)", f"{SCHEMA}.archive")[0][0] is None:
            return None
        rows = self._all("SELECT id FROM archive")
        return UUID(bytes=rows[0][0]) if rows else None

    def create(self, archive_id: UUID) -> None:
        with self._transaction() as connection:
            # Every process asks at its start, and should not wait for a commit where all is there.
            if is_complete(connection, TABLES):
                return
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (_CREATION_LOCK,))
            for statement in TABLES:
                connection.exec_driver_sql(statement)
            add_custody_columns(connection)
            connection.exec_driver_sql(
                "INSERT INTO archive (id, last_seq) SELECT %s, 0"
                " WHERE NOT EXISTS (SELECT FROM archive)",
                (archive_id.bytes,),
            )

    def select_pointers(
        self, originator_id: UUID, *, gt: int | None, lte: int | None, desc: bool, limit: int | None
    ) -> list[PointerRow]:
        return self._rows(
            f"{_COLUMNS} WHERE originator_id = %s AND originator_version > %s"
            " AND originator_version <= %s"
            f" ORDER BY originator_version {'DESC' if desc else 'ASC'} LIMIT %s",
            originator_id.bytes,
            -1 << 62 if gt is None else gt,
            1 << 62 if lte is None else lte,
            limit,
        )

    def select_pointers_of(self, originator_ids: Iterable[UUID]) -> list[PointerRow]:
        return self._rows(
            f"{_COLUMNS} WHERE originator_id = ANY(%s) ORDER BY originator_id, originator_version",
            [originator_id.bytes for originator_id in originator_ids],
        )

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
        parameters: list[Any] = [lower, 1 << 62 if stop is None else stop]
        statement = f"{_COLUMNS} WHERE seq >= %s AND seq <= %s"
        if topics:
            statement += " AND topic = ANY(%s)"
            parameters.append(list(topics))
        return self._rows(f"{statement} ORDER BY seq LIMIT %s", *parameters, limit)

    def encoded_from(self, start: int, limit: int) -> dict[int, SqlRow]:
        statement = f"{_COLUMNS} WHERE seq >= %s ORDER BY seq LIMIT %s"
        return {row[0]: tuple(row[1:]) for row in self._all(statement, start, limit)}

    def _rows(self, statement: str, *parameters: Any) -> list[PointerRow]:
        return [
            PointerRow(seq, UUID(bytes=originator), version, topic, Pointer.decode(state))
            for seq, originator, version, topic, state in self._all(statement, *parameters)
        ]

    def existing(self, keys: Iterable[EventKey]) -> dict[EventKey, int]:
        wanted = list(keys)
        found = {
            (originator, version): seq
            for originator, version, seq in self._all(
                "SELECT originator_id, originator_version, seq FROM stored_events"
                " WHERE originator_id = ANY(%s)",
                [originator for originator, _ in wanted],
            )
        }
        return {key: found[key] for key in wanted if key in found}

    def write_commit(self, commit: PointerCommit) -> int:
        count = len(commit.rows)
        with self._transaction() as connection:
            # This comes first: every other writer now waits, so that nobody waits crosswise.
            last, awaited, in_force = connection.exec_driver_sql(
                "UPDATE archive SET last_seq = last_seq + %s RETURNING last_seq, awaited, keyring",
                (count,),
            ).one()
            if last - count < commit.seen:
                raise GoneBackError(commit.seen, last - count)
            if last - count < awaited:
                raise BehindError(last - count, awaited)
            if in_force not in (0, commit.keyring):
                raise SupersededKeyringError(in_force)
            first = int(last - count + 1)
            self._insert_rows(connection, first, commit.rows)
            connection.exec_driver_sql(
                "WITH segment AS (INSERT INTO segments SELECT * FROM unnest(%s::bytea[],"
                " %s::bytea[])),"
                " made_durable AS (UPDATE commits SET durable = 1 WHERE first_seq = ANY(%s))"
                " INSERT INTO commits (first_seq, last_seq, record_id) VALUES (%s, %s, %s)",
                (
                    [segment_id.bytes for segment_id, _ in commit.segments],
                    [keys_id.bytes for _, keys_id in commit.segments],
                    list(commit.durable_commits),
                    first,
                    last,
                    commit.record_id.bytes,
                ),
            )
            if commit.blobs:
                self._insert_blobs(connection, commit.blobs)
            for tracking in commit.trackings:
                _track(connection, tracking)
        return first

    @staticmethod
    def _insert_rows(connection: Connection, first: int, rows: Sequence[SqlRow]) -> None:
        # Four arrays of plain values: an array of rows would take longer than all the rest.
        originators, versions, topics, states = zip(*rows, strict=True)
        connection.exec_driver_sql(
            "INSERT INTO stored_events"
            " SELECT %s + place - 1, originator, version, topic, state"
            " FROM unnest(%s::bytea[], %s::bigint[], %s::text[], %s::bytea[])"
            " WITH ORDINALITY AS row (originator, version, topic, state, place)",
            (first, list(originators), list(versions), list(topics), list(states)),
        )

    @staticmethod
    def _insert_blobs(connection: Connection, blobs: Sequence[BlobUse]) -> None:
        new = [use for use in blobs if use.new]
        connection.exec_driver_sql(
            "INSERT INTO blobs (blob_id, digest, sealed_size)"
            " SELECT * FROM unnest(%s::bytea[], %s::bytea[], %s::bigint[]) ON CONFLICT DO NOTHING",
            (
                [use.blob_id.bytes for use in new],
                [use.digest for use in new],
                [use.sealed_size for use in new],
            ),
        )
        ids = [use.blob_id.bytes for use in blobs]
        # Whoever condemns a blob changes its row, and so waits for this commit or this for them.
        rows = connection.exec_driver_sql(
            "SELECT blob_id FROM blobs WHERE blob_id = ANY(%s) AND condemned = 0 FOR SHARE", (ids,)
        )
        alive = {row[0] for row in rows}
        for use in blobs:
            if use.blob_id.bytes not in alive:
                raise BlobCondemnedError(use.blob_id)
        connection.exec_driver_sql(
            "INSERT INTO blob_references"
            " SELECT * FROM unnest(%s::bytea[], %s::bytea[], %s::bigint[]) ON CONFLICT DO NOTHING",
            (
                ids,
                [use.originator_id.bytes for use in blobs],
                [use.originator_version for use in blobs],
            ),
        )

    def commits_not_durable(self) -> list[CommitRow]:
        rows = self._all(
            "SELECT first_seq, last_seq, record_id FROM commits WHERE durable = 0"
            " ORDER BY first_seq"
        )
        return [CommitRow(first, last, UUID(bytes=raw)) for first, last, raw in rows]

    def mark_durable(self, first_seqs: Sequence[int]) -> None:
        with self._transaction() as connection:
            connection.exec_driver_sql(
                "UPDATE commits SET durable = 1 WHERE first_seq = ANY(%s)", (list(first_seqs),)
            )

    def live_blob(self, digest: bytes) -> tuple[UUID, UUID, int] | None:
        rows = self._all(
            "SELECT b.blob_id, r.originator_id, r.originator_version FROM blobs b"
            " JOIN blob_references r ON r.blob_id = b.blob_id"
            " WHERE b.digest = %s AND b.condemned = 0 LIMIT 1",
            digest,
        )
        return (UUID(bytes=rows[0][0]), UUID(bytes=rows[0][1]), rows[0][2]) if rows else None

    def blobs_of(self, originator_ids: Iterable[UUID]) -> list[tuple[bytes, UUID]]:
        rows = self._all(
            "SELECT DISTINCT b.blob_id, b.digest FROM blob_references r"
            " JOIN blobs b ON b.blob_id = r.blob_id WHERE r.originator_id = ANY(%s)",
            [originator_id.bytes for originator_id in originator_ids],
        )
        return [(digest, UUID(bytes=blob_id)) for blob_id, digest in rows]

    def last_seq(self) -> int:
        return int(self._all("SELECT last_seq FROM archive")[0][0])

    def insert_tracking(self, tracking: Tracking) -> None:
        with self._transaction() as connection:
            _track(connection, tracking)

    def max_tracking_id(self, application_name: str) -> int | None:
        rows = self._all(
            "SELECT notification_id FROM tracking WHERE application_name = %s", application_name
        )
        return int(rows[0][0]) if rows else None

    def restorer(self) -> PostgresRestorer:
        return PostgresRestorer(self._transaction, self._all)

    def close(self) -> None:
        self._engine.dispose()


def _track(connection: Connection, tracking: Tracking) -> None:
    raised = connection.exec_driver_sql(
        "INSERT INTO tracking VALUES (%s, %s) ON CONFLICT (application_name) DO UPDATE"
        " SET notification_id = excluded.notification_id"
        " WHERE tracking.notification_id < excluded.notification_id",
        (tracking.application_name, tracking.notification_id),
    )
    if not raised.rowcount:
        raise ConflictError("The events were processed already.")
