"""Relocation records read back: where frames stand now that commit records place elsewhere.

A pack's events stand near each other in the log, so that only the records whose range of sequence
numbers meets what is asked are read again; of all others no more than that range is kept.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from archive.bucket.genuine import genuine
from archive.bucket.names import RELOCATIONS, parse_relocation_name, relocation_name
from archive.bucket.port import Bucket
from archive.errors import CorruptError, InvalidError
from archive.sealing.commit import CommitEntry
from archive.sealing.keys import RootKeys
from archive.sealing.relocation import (
    RELOCATION_MAC_LABEL,
    Relocation,
    RelocationRecord,
    decode_relocation_record,
)

_KEPT_RECORDS = 16


@dataclass(frozen=True, slots=True)
class _Range:
    pack_id: UUID
    first_seq: int
    last_seq: int


class Relocations:
    """All moves that the bucket knew of when this was made."""

    def __init__(self, bucket: Bucket, keyring: RootKeys) -> None:
        """List and check all records.

        Raises:
            CorruptError: a record does not check in any of its versions: where its frames stand
                cannot be told, and what they would be taken for is wrong.
        """
        self._bucket = bucket
        self._archive_id = keyring.archive_id
        self._mac_key = keyring.derive(RELOCATION_MAC_LABEL)
        self._kept: OrderedDict[UUID, Mapping[tuple[int, UUID], Relocation]] = OrderedDict()
        self._ranges: list[_Range] = []
        self._frames: dict[UUID, int] = {}
        for pack_id in self._packs():
            entries = self.record(pack_id).entries
            self._ranges.append(_Range(pack_id, entries[0].seq, entries[-1].seq))
            self._frames[pack_id] = sum(not entry.is_dropped for entry in entries)

    @property
    def pack_ids(self) -> Sequence[UUID]:
        """The packs that frames moved into, in order of their ids."""
        return [each.pack_id for each in self._ranges]

    def frames(self, pack_id: UUID) -> int:
        """Return how many frames moved into a pack; 0 for one that is not known."""
        return self._frames.get(pack_id, 0)

    def record(self, pack_id: UUID) -> RelocationRecord:
        """Return a pack's record; CorruptError if it is not there, or does not check."""
        name = relocation_name(pack_id)

        def read(version: str | None) -> RelocationRecord:
            data = self._bucket.get(name, version=version)
            record = decode_relocation_record(data, self._mac_key)
            if (record.archive_id, record.pack_id) != (self._archive_id, pack_id):
                raise CorruptError("It holds another relocation record, which was put there.")
            return record

        try:
            return genuine(self._bucket, name, read)
        except CorruptError as error:
            raise CorruptError(f"{name} cannot be read: {error}") from error

    def placed(self, entries: Sequence[CommitEntry]) -> list[CommitEntry]:
        """Return entries by where their frames stand now, in their order."""
        if not entries or not self._ranges:
            return list(entries)
        first = min(entry.seq for entry in entries)
        last = max(entry.seq for entry in entries)
        near = [each for each in self._ranges if each.first_seq <= last and each.last_seq >= first]
        moves = [(each.pack_id, self._moves(each.pack_id)) for each in near]
        return [_followed(entry, moves) for entry in entries]

    def _moves(self, pack_id: UUID) -> Mapping[tuple[int, UUID], Relocation]:
        kept = self._kept.get(pack_id)
        if kept is None:
            entries = self.record(pack_id).entries
            kept = {(entry.seq, entry.from_segment): entry for entry in entries}
            self._kept[pack_id] = kept
            while len(self._kept) > _KEPT_RECORDS:
                self._kept.popitem(last=False)
        self._kept.move_to_end(pack_id)
        return kept

    def _packs(self) -> list[UUID]:
        """Return the packs that have records, also those that somebody hid."""
        found: set[UUID] = set()
        for each in self._bucket.versions(RELOCATIONS):
            if not each.delete_marker:
                try:
                    found.add(parse_relocation_name(each.name))
                except InvalidError:
                    continue
        return sorted(found, key=lambda pack_id: pack_id.bytes)


def _followed(
    entry: CommitEntry, moves: Iterable[tuple[UUID, Mapping[tuple[int, UUID], Relocation]]]
) -> CommitEntry:
    moves = list(moves)
    seen = {entry.segment_id}
    while True:
        for pack_id, found in moves:
            move = found.get((entry.seq, entry.segment_id))
            if move is not None and move.from_slot == entry.slot and pack_id not in seen:
                break
        else:
            return entry
        if move.leaf_hash != entry.leaf_hash:
            raise CorruptError(f"Event {entry.seq} was packed as another than was committed.")
        seen.add(pack_id)
        entry = entry._replace(
            segment=pack_id.bytes, slot=move.slot, offset=move.offset, length=move.length
        )
        if move.is_dropped:
            return entry
