"""Packing in PostgreSQL: the pack's own row and those of its sources are locked meanwhile."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from archive.events.packing import (
    HeldPack,
    PackMove,
    PackOvertakenError,
    PackRow,
    PackTable,
    decode_sources,
    encode_sources,
)

PACKS_TABLE = (
    "CREATE TABLE IF NOT EXISTS packs (pack_id bytea PRIMARY KEY, sources bytea NOT NULL,"
    " record bytea)"
)


class PostgresPacks(PackTable):
    """The port's part that is about packs; the others give it transactions."""

    @abstractmethod
    def _transaction(self) -> AbstractContextManager[Connection]: ...

    @abstractmethod
    def _all(self, statement: str, *parameters: Any) -> Sequence[Any]: ...

    def begin_pack(self, pack_id: UUID, sources: Sequence[UUID]) -> None:
        with self._transaction() as connection:
            connection.exec_driver_sql(
                "INSERT INTO packs (pack_id, sources) VALUES (%s, %s)",
                (pack_id.bytes, encode_sources(sources)),
            )

    def packs(self) -> list[PackRow]:
        return [
            _row(*row)
            for row in self._all("SELECT pack_id, sources, record FROM packs ORDER BY pack_id")
        ]

    @contextmanager
    def held_pack(self, pack_id: UUID) -> Iterator[HeldPack]:
        with self._transaction() as connection:
            found = connection.exec_driver_sql(
                "SELECT pack_id, sources, record FROM packs WHERE pack_id = %s FOR UPDATE",
                (pack_id.bytes,),
            ).first()
            row = None if found is None else _row(*found)
            # In order of their ids, so that two who hold several never wait crosswise.
            held = connection.exec_driver_sql(
                "SELECT segment_id, keys_id FROM segments WHERE segment_id = ANY(%s)"
                " ORDER BY segment_id FOR UPDATE",
                ([source.bytes for source in row.sources] if row is not None else [],),
            )
            keys = {UUID(bytes=segment): UUID(bytes=keys_id) for segment, keys_id in held}
            yield _HeldPack(connection, row, keys)


class _HeldPack(HeldPack):
    def __init__(
        self, connection: Connection, row: PackRow | None, keys: Mapping[UUID, UUID]
    ) -> None:
        self._connection = connection
        self.row = row
        self.keys = keys

    def move(self, move: PackMove) -> None:
        row, run = self.row, self._connection.exec_driver_sql
        # Whoever puts another keyring in force changes this row, and so waits for this, or has
        # done so before.
        keyring = run("SELECT keyring FROM archive FOR SHARE").scalar_one()
        if row is None or row.record is not None or keyring not in (0, move.keyring):
            raise PackOvertakenError
        run(
            "UPDATE packs SET record = %s WHERE pack_id = %s",
            (move.record, row.pack_id.bytes),
        )
        run(
            "UPDATE stored_events SET state = moved.state"
            " FROM unnest(%s::bigint[], %s::bytea[]) AS moved (seq, state)"
            " WHERE stored_events.seq = moved.seq",
            ([seq for seq, _ in move.pointers], [state for _, state in move.pointers]),
        )
        run("INSERT INTO segments VALUES (%s, %s)", (row.pack_id.bytes, move.keys_id.bytes))
        run(
            "DELETE FROM segments WHERE segment_id = ANY(%s)",
            ([source.bytes for source in row.sources],),
        )

    def forget(self) -> None:
        if self.row is not None:
            self._connection.exec_driver_sql(
                "DELETE FROM packs WHERE pack_id = %s", (self.row.pack_id.bytes,)
            )


def _row(pack_id: bytes, sources: bytes, record: bytes | None) -> PackRow:
    return PackRow(UUID(bytes=pack_id), decode_sources(sources), record)
