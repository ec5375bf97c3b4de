"""Writing pointers again in PostgreSQL."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from archive.errors import ConflictError
from archive.events.pointers import BlobUse, CommitRow
from archive.events.restoration import (
    KeysRow,
    PointerRestorer,
    RelocatedFrames,
    RenewedKeys,
    Restoration,
)

_DERIVED = "stored_events, segments, packs, commits, blobs, blob_references, unopened"


class PostgresRestorer(PointerRestorer):
    """The port over transactions and questions of the recorder's."""

    def __init__(
        self,
        transaction: Callable[[], AbstractContextManager[Connection]],
        ask: Callable[..., Sequence[Any]],
    ) -> None:
        self._transaction = transaction
        self._ask = ask

    def await_seq(self, seq: int) -> None:
        with self._transaction() as connection:
            connection.exec_driver_sql("UPDATE archive SET awaited = greatest(awaited, %s)", (seq,))

    def awaited_seq(self) -> int:
        return int(self._ask("SELECT awaited FROM archive")[0][0])

    def clear(self, seq: int) -> None:
        with self._transaction() as connection:
            # This comes first, as in every writer, so that nobody waits crosswise.
            connection.exec_driver_sql("UPDATE archive SET last_seq = 0, awaited = %s", (seq,))
            connection.exec_driver_sql(f"TRUNCATE {_DERIVED}")

    def restore(self, restoration: Restoration) -> None:
        with self._transaction() as connection:
            last = restoration.rows[-1][0]
            moved = connection.exec_driver_sql(
                "UPDATE archive SET last_seq = %s WHERE last_seq = %s", (last, restoration.after)
            )
            if not moved.rowcount:
                raise ConflictError("Somebody else restores the database at the same time.")
            seqs, originators, versions, topics, states = zip(*restoration.rows, strict=True)
            connection.exec_driver_sql(
                "INSERT INTO stored_events SELECT * FROM unnest(%s::bigint[], %s::bytea[],"
                " %s::bigint[], %s::text[], %s::bytea[])",
                tuple(map(list, (seqs, originators, versions, topics, states))),
            )
            connection.exec_driver_sql(
                "INSERT INTO segments SELECT * FROM unnest(%s::bytea[], %s::bytea[])"
                " ON CONFLICT DO NOTHING",
                _columns(restoration.segments),
            )
            connection.exec_driver_sql(
                "INSERT INTO commits SELECT first, last, record, 1"
                " FROM unnest(%s::bigint[], %s::bigint[], %s::bytea[])"
                " AS row (first, last, record)",
                (
                    [row.first_seq for row in restoration.commits],
                    [row.last_seq for row in restoration.commits],
                    [row.record_id.bytes for row in restoration.commits],
                ),
            )
            connection.exec_driver_sql(
                "INSERT INTO unopened SELECT unnest(%s::bigint[])", (list(restoration.unopened),)
            )
            _insert_blobs(connection, restoration.blobs)

    def last_commit(self) -> CommitRow | None:
        rows = self._ask(
            "SELECT first_seq, last_seq, record_id FROM commits ORDER BY first_seq DESC LIMIT 1"
        )
        return CommitRow(rows[0][0], rows[0][1], UUID(bytes=rows[0][2])) if rows else None

    def renew_keys(self, segments: Sequence[RenewedKeys]) -> None:
        with self._transaction() as connection:
            connection.exec_driver_sql(
                "UPDATE segments SET keys_id = newer.now"
                " FROM unnest(%s::bytea[], %s::bytea[], %s::bytea[]) AS newer (segment, was, now)"
                " WHERE segment_id = newer.segment AND keys_id = newer.was",
                (
                    [each.segment_id.bytes for each in segments],
                    [each.was.bytes for each in segments],
                    [each.now.bytes for each in segments],
                ),
            )

    def relocate(self, relocated: RelocatedFrames) -> None:
        with self._transaction() as connection:
            connection.exec_driver_sql(
                "UPDATE stored_events SET state = moved.state"
                " FROM unnest(%s::bigint[], %s::bytea[]) AS moved (seq, state)"
                " WHERE stored_events.seq = moved.seq",
                (
                    [seq for seq, _ in relocated.pointers],
                    [state for _, state in relocated.pointers],
                ),
            )
            connection.exec_driver_sql(
                "DELETE FROM segments WHERE segment_id = ANY(%s)",
                ([source.bytes for source in relocated.sources],),
            )
            connection.exec_driver_sql(
                "INSERT INTO segments SELECT * FROM unnest(%s::bytea[], %s::bytea[])"
                " ON CONFLICT DO NOTHING",
                (
                    [pack_id.bytes for pack_id, _ in relocated.packs],
                    [keys_id.bytes for _, keys_id in relocated.packs],
                ),
            )

    def known_blobs(self, blob_ids: Sequence[UUID]) -> set[UUID]:
        rows = self._ask(
            "SELECT blob_id FROM blobs WHERE blob_id = ANY(%s)", [each.bytes for each in blob_ids]
        )
        return {UUID(bytes=row[0]) for row in rows}

    def unopened(self) -> list[int]:
        return [row[0] for row in self._ask("SELECT seq FROM unopened ORDER BY seq")]

    def note_blobs(self, seqs: Sequence[int], blobs: Sequence[BlobUse]) -> None:
        with self._transaction() as connection:
            connection.exec_driver_sql("DELETE FROM unopened WHERE seq = ANY(%s)", (list(seqs),))
            _insert_blobs(connection, blobs)


def _columns(segments: Sequence[KeysRow]) -> tuple[list[bytes], list[bytes]]:
    return [each[0].bytes for each in segments], [each[1].bytes for each in segments]


def _insert_blobs(connection: Connection, blobs: Sequence[BlobUse]) -> None:
    connection.exec_driver_sql(
        "INSERT INTO blobs (blob_id, digest, sealed_size)"
        " SELECT * FROM unnest(%s::bytea[], %s::bytea[], %s::bigint[]) ON CONFLICT DO NOTHING",
        (
            [use.blob_id.bytes for use in blobs],
            [use.digest for use in blobs],
            [use.sealed_size for use in blobs],
        ),
    )
    connection.exec_driver_sql(
        "INSERT INTO blob_references"
        " SELECT * FROM unnest(%s::bytea[], %s::bytea[], %s::bigint[]) ON CONFLICT DO NOTHING",
        (
            [use.blob_id.bytes for use in blobs],
            [use.originator_id.bytes for use in blobs],
            [use.originator_version for use in blobs],
        ),
    )
