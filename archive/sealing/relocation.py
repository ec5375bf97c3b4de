"""A relocation record: which frames moved into a pack, and from where (docs/formats.md).

It is content-free, authenticated by an HMAC, and kept for ever: with the commit records it says
where every frame stands now. A frame whose key was destroyed is not moved; the record says so.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from struct import Struct
from struct import error as StructError
from uuid import UUID

from archive.errors import CorruptError, InvalidError
from archive.sealing.primitives import HASH_SIZE, KEY_SIZE, Octets

RELOCATION_MAGIC = b"MUNIMREL"
RELOCATION_VERSION = 1
RELOCATION_MAC_LABEL = "relocation-record"
"""The use for which a keyring derives the MAC key: `keyring.derive(RELOCATION_MAC_LABEL)`."""
DROPPED_SLOT = (1 << 32) - 1
"""Stands for the slot of a frame that was not moved; no key object has a key for it."""

_HEADER = Struct(">8sB16s16sI")
_ENTRY = Struct(">Q32s16sIIQI")


@dataclass(frozen=True, slots=True)
class Relocation:
    """One event's frame: its sequence number and leaf, where it stood, and where it stands now.

    A frame that was dropped, since its key is destroyed, has the slot `DROPPED_SLOT` and neither
    offset nor length.
    """

    seq: int
    leaf_hash: bytes
    from_segment: UUID
    from_slot: int
    slot: int
    offset: int
    length: int

    @property
    def is_dropped(self) -> bool:
        """Whether there is no frame any more."""
        return self.slot == DROPPED_SLOT


@dataclass(frozen=True, slots=True)
class RelocationRecord:
    """The moves into one pack, by rising sequence number; a pack is a segment like any other."""

    archive_id: UUID
    pack_id: UUID
    entries: tuple[Relocation, ...]


def encode_relocation_record(
    archive_id: UUID, pack_id: UUID, entries: Sequence[Relocation], mac_key: bytes
) -> bytes:
    """Lay out a relocation record and authenticate it.

    InvalidError if there is no entry, if the sequence numbers do not rise, if a field does not fit
    its place, or if the MAC key is not 32 bytes.
    """
    if not entries or any(first.seq >= second.seq for first, second in pairwise(entries)):
        raise InvalidError("A relocation record must have entries, with rising sequence numbers.")
    if any(len(entry.leaf_hash) != HASH_SIZE for entry in entries):
        raise InvalidError(f"A leaf hash must be {HASH_SIZE} bytes.")
    try:
        header = _HEADER.pack(
            RELOCATION_MAGIC,
            RELOCATION_VERSION,
            archive_id.bytes,
            pack_id.bytes,
            len(entries),
        )
        moves = [
            _ENTRY.pack(
                entry.seq,
                entry.leaf_hash,
                entry.from_segment.bytes,
                entry.from_slot,
                entry.slot,
                entry.offset,
                entry.length,
            )
            for entry in entries
        ]
    except StructError:
        raise InvalidError("A field of a relocation does not fit its place.") from None
    body = b"".join((header, *moves))
    return body + _mac(mac_key, body)


def decode_relocation_record(data: Octets, mac_key: bytes) -> RelocationRecord:
    """Read a relocation record; CorruptError, naming it, if it was changed or is another's.

    The MAC is checked before anything else is believed.
    """
    try:
        magic, version, archive, pack, count = _HEADER.unpack_from(data)
    except StructError:
        raise CorruptError("A relocation record is cut short in its header.") from None
    pack_id = UUID(bytes=pack)
    name = f"The relocation record of pack {pack_id}"
    end = len(data) - HASH_SIZE
    if not hmac.compare_digest(_mac(mac_key, data[:end]), data[end:]):
        raise CorruptError(f"{name} was changed, or is of another archive.")
    if magic != RELOCATION_MAGIC or version != RELOCATION_VERSION:
        raise CorruptError(f"{name} is of a kind or version ({version}) that is not known.")
    if end != _HEADER.size + count * _ENTRY.size:
        raise CorruptError(f"{name} does not have the length that it says.")
    entries = tuple(
        Relocation(seq, leaf, UUID(bytes=segment), from_slot, slot, offset, length)
        for seq, leaf, segment, from_slot, slot, offset, length in _ENTRY.iter_unpack(
            data[_HEADER.size : end]
        )
    )
    if not entries or any(first.seq >= second.seq for first, second in pairwise(entries)):
        raise CorruptError(f"{name} was laid out wrongly.")
    return RelocationRecord(UUID(bytes=archive), pack_id, entries)


def _mac(mac_key: bytes, body: Octets) -> bytes:
    if len(mac_key) != KEY_SIZE:
        raise InvalidError(f"A MAC key must be {KEY_SIZE} bytes.")
    return hmac.digest(mac_key, body, "sha256")
