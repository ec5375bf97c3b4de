"""A commit record: which events are part of the archive, and where (docs/formats.md).

It is the bucket's commit point, content-free, authenticated by an HMAC, and kept for ever.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from operator import lt
from struct import Struct
from struct import error as StructError
from typing import NamedTuple
from uuid import UUID

from archive.errors import CorruptError, InvalidError
from archive.sealing.header import is_event_type
from archive.sealing.primitives import HASH_SIZE, KEY_SIZE, Octets

COMMIT_MAGIC = b"MUNIMCOM"
COMMIT_VERSION = 1
COMMIT_MAC_LABEL = "commit-record"
"""The use for which a keyring derives the MAC key: `keyring.derive(COMMIT_MAC_LABEL)`."""

_HEADER = Struct(">8sB16s16sQI")
_ENTRY_START = Struct(">Q16sIB")


class CommitEntry(NamedTuple):
    """One event: its sequence number, its place in its stream, its leaf and where its frame is.

    `originator` and `segment` are the ids of the stream and of the segment, 16 bytes each; `offset`
    and `length` are bytes in the segment. There are as many of these as events, and making a UUID
    takes as long as all the rest: so ids stay bytes until one is asked for as a UUID.
    """

    seq: int
    originator: bytes
    originator_version: int
    event_type: str
    leaf_hash: bytes
    segment: bytes
    slot: int
    offset: int
    length: int

    @property
    def originator_id(self) -> UUID:
        """The stream's id."""
        return UUID(bytes=self.originator)

    @property
    def segment_id(self) -> UUID:
        """The segment's id."""
        return UUID(bytes=self.segment)


@dataclass(frozen=True, slots=True)
class CommitRecord:
    """The events of one commit, by rising sequence number."""

    archive_id: UUID
    record_id: UUID
    entries: tuple[CommitEntry, ...]

    @property
    def first_seq(self) -> int:
        """The sequence number of the first event."""
        return self.entries[0].seq


def encode_commit_record(
    archive_id: UUID, record_id: UUID, entries: Sequence[CommitEntry], mac_key: bytes
) -> bytes:
    """Lay out a commit record and authenticate it.

    InvalidError if there is no entry, if the sequence numbers do not rise, if a field does not fit
    its place, or if the MAC key is not 32 bytes.
    """
    if not entries or any(first.seq >= second.seq for first, second in pairwise(entries)):
        raise InvalidError("A commit record must have entries, with rising sequence numbers.")
    if {len(entry.leaf_hash) for entry in entries} != {HASH_SIZE}:
        raise InvalidError(f"A leaf hash must be {HASH_SIZE} bytes.")
    if {len(id_) for entry in entries for id_ in (entry.originator, entry.segment)} != {16}:
        raise InvalidError("An id must be 16 bytes.")
    pieces = []
    try:
        header = (COMMIT_MAGIC, COMMIT_VERSION, archive_id.bytes, record_id.bytes)
        pieces.append(_HEADER.pack(*header, entries[0].seq, len(entries)))
        pieces.extend(_encode_entry(entry) for entry in entries)
    except StructError:
        raise InvalidError("A field of a commit entry does not fit its place.") from None
    body = b"".join(pieces)
    return body + _mac(mac_key, body)


def decode_commit_record(data: Octets, mac_key: bytes) -> CommitRecord:
    """Read a commit record; CorruptError, naming it, if it was changed or is of another archive.

    The MAC is checked before anything else is believed; the name in the error is what the record
    says of itself.
    """
    try:
        magic, version, archive, record, first_seq, count = _HEADER.unpack_from(data)
    except StructError:
        raise CorruptError("A commit record is cut short in its header.") from None
    record_id = UUID(bytes=record)
    name = f"Commit record {record_id} from seq {first_seq}"
    end = len(data) - HASH_SIZE
    if not hmac.compare_digest(_mac(mac_key, data[:end]), data[end:]):
        raise CorruptError(f"{name} was changed, or is of another archive.")
    if magic != COMMIT_MAGIC or version != COMMIT_VERSION:
        raise CorruptError(f"{name} is of a kind or version ({version}) that is not known.")
    try:
        entries, position = _decode_entries(memoryview(data)[:end], count)
    except StructError:
        raise CorruptError(f"{name} is cut short.") from None
    seqs = [entry.seq for entry in entries]
    rises = all(map(lt, seqs, seqs[1:]))
    if position != end or not entries or seqs[0] != first_seq or not rises:
        raise CorruptError(f"{name} was laid out wrongly.")
    return CommitRecord(UUID(bytes=archive), record_id, tuple(entries))


def _encode_entry(entry: CommitEntry) -> bytes:
    seq, originator, version, event_type, *rest = entry
    name = _encoded_type(event_type)
    if name is None:
        raise InvalidError(f"The event type of seq {seq} is malformed.")
    size = len(name)
    return _entry_layout(size).pack(seq, originator, version, size, name, *rest)


@lru_cache(maxsize=256)
def _encoded_type(event_type: str) -> bytes | None:
    return event_type.encode() if is_event_type(event_type) else None


def _decode_entries(data: memoryview, count: int) -> tuple[list[CommitEntry], int]:
    """Return so many entries, and where they end; StructError if they are cut short.

    Neighbours mostly have types of one length, so runs of those are read at once.
    """
    entries: list[CommitEntry] = []
    types: dict[bytes, str] = {}
    position = _HEADER.size
    while len(entries) < count:
        length = _ENTRY_START.unpack_from(data, position)[-1]
        layout = _entry_layout(length)
        fit = min(count - len(entries), (len(data) - position) // layout.size)
        if not fit:
            raise StructError
        run = layout.iter_unpack(data[position : position + fit * layout.size])
        for seq, originator, version, size, encoded, leaf, segment, slot, offset, frame in run:
            if size != length:
                break
            event_type = types.get(encoded)
            if event_type is None:
                event_type = types[encoded] = _decode_type(encoded, seq)
            entries.append(
                CommitEntry(
                    seq, originator, version, event_type, leaf, segment, slot, offset, frame
                )
            )
            position += layout.size
    return entries, position


def _decode_type(encoded: bytes, seq: int) -> str:
    event_type = encoded.decode("ascii", "replace")
    if not is_event_type(event_type):
        raise CorruptError(f"The commit entry of seq {seq} has a malformed event type.")
    return event_type


@lru_cache(maxsize=256)
def _entry_layout(type_length: int) -> Struct:
    return Struct(f">Q16sIB{type_length}s32s16sIQI")


def _mac(mac_key: bytes, body: Octets) -> bytes:
    if len(mac_key) != KEY_SIZE:
        raise InvalidError(f"A MAC key must be {KEY_SIZE} bytes.")
    return hmac.digest(mac_key, body, "sha256")
