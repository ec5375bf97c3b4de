"""A commit record: which events are part of the archive, and where (docs/formats.md).

It is the bucket's commit point, content-free, authenticated by an HMAC, and kept for ever.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from struct import Struct
from struct import error as StructError
from typing import NamedTuple
from uuid import UUID

from archive.errors import CorruptError, InvalidError
from archive.sealing.frame import is_event_type
from archive.sealing.primitives import HASH_SIZE, KEY_SIZE, Octets

COMMIT_MAGIC = b"MUNIMCOM"
COMMIT_VERSION = 1
COMMIT_MAC_LABEL = "commit-record"
"""The use for which a keyring derives the MAC key: `keyring.derive(COMMIT_MAC_LABEL)`."""

_HEADER = Struct(">8sB16s16sQI")
_ENTRY_START = Struct(">Q16sIB")
_ENTRY_REST = Struct(">32s16sIQI")


class CommitEntry(NamedTuple):
    """One event: its sequence number, its place in its stream, its leaf and where its frame is.

    `offset` and `length` are bytes in the segment. A named tuple is made in a third of the time
    that a frozen dataclass takes, and there are as many of these as events.
    """

    seq: int
    originator_id: UUID
    originator_version: int
    event_type: str
    leaf_hash: bytes
    segment_id: UUID
    slot: int
    offset: int
    length: int


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
    if any(len(entry.leaf_hash) != HASH_SIZE for entry in entries):
        raise InvalidError(f"A leaf hash must be {HASH_SIZE} bytes.")
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
    entries: list[CommitEntry] = []
    position = _HEADER.size
    try:
        for _ in range(count):
            entry, position = _decode_entry(data, position, entries[-1] if entries else None)
            entries.append(entry)
    except StructError:
        raise CorruptError(f"{name} is cut short.") from None
    rises = all(first.seq < second.seq for first, second in pairwise(entries))
    if position != end or not entries or entries[0].seq != first_seq or not rises:
        raise CorruptError(f"{name} was laid out wrongly.")
    return CommitRecord(UUID(bytes=archive), record_id, tuple(entries))


def _encode_entry(entry: CommitEntry) -> bytes:
    if not is_event_type(entry.event_type):
        raise InvalidError(f"The event type of seq {entry.seq} is malformed.")
    start = (entry.seq, entry.originator_id.bytes, entry.originator_version, len(entry.event_type))
    place = (entry.segment_id.bytes, entry.slot, entry.offset, entry.length)
    return b"".join(
        (
            _ENTRY_START.pack(*start),
            entry.event_type.encode(),
            _ENTRY_REST.pack(entry.leaf_hash, *place),
        )
    )


def _decode_entry(
    data: Octets, position: int, previous: CommitEntry | None
) -> tuple[CommitEntry, int]:
    seq, originator, originator_version, length = _ENTRY_START.unpack_from(data, position)
    rest = position + _ENTRY_START.size + length
    event_type = bytes(data[rest - length : rest]).decode("ascii", "replace")
    leaf_hash, segment, slot, offset, size = _ENTRY_REST.unpack_from(data, rest)
    is_known, segment_id = False, None
    if previous is not None:
        # Neighbours mostly are of one type and in one segment.
        is_known = event_type == previous.event_type
        segment_id = previous.segment_id if previous.segment_id.bytes == segment else None
    if not is_known and not is_event_type(event_type):
        raise CorruptError(f"The commit entry of seq {seq} has a malformed event type.")
    entry = CommitEntry(
        seq,
        UUID(bytes=originator),
        originator_version,
        event_type,
        leaf_hash,
        segment_id or UUID(bytes=segment),
        slot,
        offset,
        size,
    )
    return entry, rest + _ENTRY_REST.size


def _mac(mac_key: bytes, body: Octets) -> bytes:
    if len(mac_key) != KEY_SIZE:
        raise InvalidError(f"A MAC key must be {KEY_SIZE} bytes.")
    return hmac.digest(mac_key, body, "sha256")
