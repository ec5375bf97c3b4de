"""Packing in SQLite: the lock that holds segments holds packs too."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from uuid import UUID

from eventsourcing.sqlite import SQLiteCursor

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
    "CREATE TABLE IF NOT EXISTS packs (pack_id BLOB PRIMARY KEY, sources BLOB NOT NULL,"
    " record BLOB) WITHOUT ROWID"
)

Transaction = AbstractContextManager[SQLiteCursor]


class SqlitePacks(PackTable):
    """The port's part that is about packs; the others give it transactions and the lock."""

    @abstractmethod
    def _transaction(self, *, commit: bool) -> Transaction: ...

    @abstractmethod
    def _holding(self) -> AbstractContextManager[None]: ...

    @abstractmethod
    def keys_of_each(self, segment_ids: Iterable[UUID]) -> dict[UUID, UUID]: ...

    def begin_pack(self, pack_id: UUID, sources: Sequence[UUID]) -> None:
        with self._transaction(commit=True) as cursor:
            cursor.execute(
                "INSERT INTO packs (pack_id, sources) VALUES (?,?)",
                (pack_id.bytes, encode_sources(sources)),
            )

    def packs(self) -> list[PackRow]:
        with self._transaction(commit=False) as cursor:
            cursor.execute("SELECT pack_id, sources, record FROM packs ORDER BY pack_id")
            return [
                PackRow(UUID(bytes=raw), decode_sources(sources), record)
                for raw, sources, record in cursor.fetchall()
            ]

    @contextmanager
    def held_pack(self, pack_id: UUID) -> Iterator[HeldPack]:
        with self._holding():
            row = next((row for row in self.packs() if row.pack_id == pack_id), None)
            keys = self.keys_of_each(row.sources) if row is not None else {}
            yield _HeldPack(self, row, keys)

    def move_frames(self, row: PackRow, move: PackMove) -> None:
        """Move the frames of a held pack, in one transaction."""
        with self._transaction(commit=True) as cursor:
            cursor.execute(
                "UPDATE packs SET record=? WHERE pack_id=? AND record IS NULL",
                (move.record, row.pack_id.bytes),
            )
            cursor.execute("SELECT changes(), keyring FROM archive")
            changed, keyring = cursor.fetchone()
            if not changed or keyring not in (0, move.keyring):
                raise PackOvertakenError
            cursor.executemany(
                "UPDATE stored_events SET state=? WHERE seq=?",
                [(state, seq) for seq, state in move.pointers],
            )
            cursor.execute(
                "INSERT INTO segments VALUES (?,?)", (row.pack_id.bytes, move.keys_id.bytes)
            )
            cursor.executemany(
                "DELETE FROM segments WHERE segment_id=?",
                [(source.bytes,) for source in row.sources],
            )

    def forget_pack(self, pack_id: UUID) -> None:
        """Take a held pack out of the table."""
        with self._transaction(commit=True) as cursor:
            cursor.execute("DELETE FROM packs WHERE pack_id=?", (pack_id.bytes,))


class _HeldPack(HeldPack):
    def __init__(self, table: SqlitePacks, row: PackRow | None, keys: Mapping[UUID, UUID]) -> None:
        self._table = table
        self.row = row
        self.keys = keys

    def move(self, move: PackMove) -> None:
        if self.row is None:
            raise PackOvertakenError
        self._table.move_frames(self.row, move)

    def forget(self) -> None:
        if self.row is not None:
            self._table.forget_pack(self.row.pack_id)
