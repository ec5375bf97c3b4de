"""The custody of keys in PostgreSQL: the segment's own row is locked while its keys are written."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from archive.events.custody import CondemnedBlob, HeldSegment, KeyCustody, KeyringState, names_made
from archive.postgres import SCHEMA

CUSTODY_COLUMNS = ("keyring", "keyring_claimed")


def is_complete(connection: Connection, statements: Iterable[str]) -> bool:
    """Say whether all that the statements make is there, and the archive in its table."""
    rows = connection.exec_driver_sql(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = %s",
        (SCHEMA,),
    ).all()
    indexes = connection.exec_driver_sql(
        "SELECT indexname FROM pg_indexes WHERE schemaname = %s", (SCHEMA,)
    ).all()
    there = {table for table, _ in rows} | {index for (index,) in indexes}
    columns = {column for table, column in rows if table == "archive"}
    if not there.issuperset(names_made(statements)) or not columns.issuperset(CUSTODY_COLUMNS):
        return False
    return connection.exec_driver_sql("SELECT 1 FROM archive").first() is not None


def add_custody_columns(connection: Connection) -> None:
    """Add what an archive's row lacks that was made before keyrings could be rotated."""
    there = connection.exec_driver_sql(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_schema = %s AND table_name = 'archive'",
        (SCHEMA,),
    ).scalars()
    for column in set(CUSTODY_COLUMNS) - set(there):
        connection.exec_driver_sql(
            f"ALTER TABLE archive ADD COLUMN {column} bigint NOT NULL DEFAULT 0"
        )


class PostgresCustody(KeyCustody):
    """The port's half that is about keys; the other half gives it transactions."""

    @abstractmethod
    def _transaction(self) -> AbstractContextManager[Connection]: ...

    @abstractmethod
    def _all(self, statement: str, *parameters: Any) -> Sequence[Any]: ...

    def keys_of_each(self, segment_ids: Iterable[UUID]) -> dict[UUID, UUID]:
        rows = self._all(
            "SELECT segment_id, keys_id FROM segments WHERE segment_id = ANY(%s)",
            [segment_id.bytes for segment_id in segment_ids],
        )
        return {UUID(bytes=segment): UUID(bytes=keys) for segment, keys in rows}

    def segments_after(self, segment_id: UUID | None, limit: int) -> list[tuple[UUID, UUID]]:
        rows = self._all(
            "SELECT segment_id, keys_id FROM segments WHERE segment_id > %s"
            " ORDER BY segment_id LIMIT %s",
            segment_id.bytes if segment_id else b"",
            limit,
        )
        return [(UUID(bytes=segment), UUID(bytes=keys)) for segment, keys in rows]

    @contextmanager
    def held_segment(self, segment_id: UUID) -> Iterator[HeldSegment]:
        with self._transaction() as connection:
            yield _HeldSegment(connection, segment_id)

    def condemn_blobs(self, events: Sequence[tuple[UUID, int]]) -> None:
        originators = [originator_id.bytes for originator_id, _ in events]
        versions = [version for _, version in events]
        with self._transaction() as connection:
            # First wait for the commits that are about to refer to these blobs. Each statement
            # sees what was committed before it began, so the next one sees their references.
            ids = connection.exec_driver_sql(
                "SELECT blob_id FROM blobs WHERE blob_id IN (SELECT blob_id FROM blob_references"
                " WHERE (originator_id, originator_version) IN"
                " (SELECT * FROM unnest(%s::bytea[], %s::bigint[])))"
                " ORDER BY blob_id FOR UPDATE",
                (originators, versions),
            ).scalars()
            blobs = list(ids)
            connection.exec_driver_sql(
                "DELETE FROM blob_references WHERE (originator_id, originator_version) IN"
                " (SELECT * FROM unnest(%s::bytea[], %s::bigint[]))",
                (originators, versions),
            )
            connection.exec_driver_sql(
                "UPDATE blobs SET condemned = 1 WHERE blob_id = ANY(%s) AND NOT EXISTS"
                " (SELECT FROM blob_references r WHERE r.blob_id = blobs.blob_id)",
                (blobs,),
            )

    def condemned_blobs(self) -> list[CondemnedBlob]:
        rows = self._all("SELECT digest, blob_id FROM blobs WHERE condemned = 1 ORDER BY blob_id")
        return [CondemnedBlob(digest, UUID(bytes=raw)) for digest, raw in rows]

    def forget_blobs(self, blob_ids: Sequence[UUID]) -> None:
        with self._transaction() as connection:
            connection.exec_driver_sql(
                "DELETE FROM blobs WHERE blob_id = ANY(%s) AND condemned = 1",
                ([blob_id.bytes for blob_id in blob_ids],),
            )

    def keyring_state(self) -> KeyringState:
        return KeyringState(*self._all("SELECT keyring_claimed, keyring FROM archive")[0])

    def claim_keyring(self, above: int) -> KeyringState:
        with self._transaction() as connection:
            row = connection.exec_driver_sql(
                "UPDATE archive SET keyring_claimed = greatest(keyring, keyring_claimed, %s) + 1"
                " RETURNING keyring_claimed, keyring",
                (above,),
            ).one()
            return KeyringState(row[0], row[1])

    def put_in_force(self, number: int) -> bool:
        with self._transaction() as connection:
            # Every commit raises the same row, so that none is under way while this changes it.
            connection.exec_driver_sql(
                "UPDATE archive SET keyring = %s, keyring_claimed = %s"
                " WHERE keyring_claimed <= %s AND keyring <= %s",
                (number,) * 4,
            )
            in_force = connection.exec_driver_sql("SELECT keyring FROM archive").scalar_one()
            return bool(in_force == number)


class _HeldSegment(HeldSegment):
    def __init__(self, connection: Connection, segment_id: UUID) -> None:
        self._connection = connection
        self._segment_id = segment_id
        raw = connection.exec_driver_sql(
            "SELECT keys_id FROM segments WHERE segment_id = %s FOR UPDATE", (segment_id.bytes,)
        ).scalar_one_or_none()
        self.keys_id = None if raw is None else UUID(bytes=raw)

    def name(self, keys_id: UUID) -> None:
        self._connection.exec_driver_sql(
            "UPDATE segments SET keys_id = %s WHERE segment_id = %s",
            (keys_id.bytes, self._segment_id.bytes),
        )
        self.keys_id = keys_id
