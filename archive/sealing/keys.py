"""A key object: the data keys of a segment's frames, under an epoch key (docs/formats.md).

Destroying a record is writing a key object without its slot; this module only lays them out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from struct import Struct
from struct import error as StructError
from types import MappingProxyType
from typing import Protocol
from uuid import UUID

from archive.errors import CorruptError, InvalidError, NotFoundError
from archive.sealing.primitives import KEY_SIZE, TAG_SIZE, Octets, expand, open_once, seal_once

KEYS_MAGIC = b"MUNIMKEY"
KEYS_VERSION = 1

_HEADER = Struct(">8sB16s16s16sII")
_ENTRY = Struct(">I32s")
_LABEL = "muniment/keys/1"


class UnknownEpochError(CorruptError):
    """A key object names an epoch that the keyring does not hold."""


class EpochKeys(Protocol):
    """What opening a key object needs of a keyring."""

    @property
    def archive_id(self) -> UUID: ...

    def epoch_key(self, epoch: int) -> bytes: ...


class RootKeys(EpochKeys, Protocol):
    """What reading all of an archive needs of a keyring."""

    def derive(self, label: str) -> bytes: ...


class SealingKeys(EpochKeys, Protocol):
    """What sealing under the current epoch needs of a keyring."""

    @property
    def current_epoch(self) -> int: ...


@dataclass(frozen=True, slots=True)
class KeyObject:
    """The data keys, by slot, that one key object holds; no repr shows them."""

    segment_id: UUID
    object_id: UUID
    epoch: int
    keys: Mapping[int, bytes] = field(repr=False)


def seal_keys(
    archive_id: UUID,
    segment_id: UUID,
    object_id: UUID,
    epoch: int,
    epoch_key: bytes,
    keys: Mapping[int, bytes],
) -> bytes:
    """Seal the data keys of `segment_id`'s frames, by slot; a slot left out is destroyed.

    `object_id` must be new: the key of this object is derived from it and may seal only once.
    InvalidError if a data key is not 32 bytes, or if a slot or the epoch does not fit 32 bits.
    """
    if any(len(key) != KEY_SIZE for key in keys.values()):
        raise InvalidError(f"A data key must be {KEY_SIZE} bytes.")
    try:
        header = _HEADER.pack(
            KEYS_MAGIC,
            KEYS_VERSION,
            archive_id.bytes,
            segment_id.bytes,
            object_id.bytes,
            epoch,
            len(keys),
        )
        entries = b"".join(_ENTRY.pack(slot, keys[slot]) for slot in sorted(keys))
    except StructError:
        raise InvalidError("A slot and an epoch must fit 32 bits.") from None
    key = expand(epoch_key, _LABEL, segment_id.bytes + object_id.bytes)
    return header + seal_once(key, header, entries)


def open_keys(data: Octets, keyring: EpochKeys) -> KeyObject:
    """Open a key object.

    CorruptError, naming it, if it was changed, or is of another archive; UnknownEpochError if it
    names an epoch that the keyring does not hold: a damaged epoch and one that was shredded look
    the same.
    """
    try:
        magic, version, archive, segment, object_, epoch, count = _HEADER.unpack_from(data)
    except StructError:
        raise CorruptError("A key object is cut short in its header.") from None
    if magic != KEYS_MAGIC:
        raise CorruptError("What should be a key object does not begin as one.")
    segment_id, object_id = UUID(bytes=segment), UUID(bytes=object_)
    name = f"Key object {object_id} of segment {segment_id}"
    if version != KEYS_VERSION:
        raise CorruptError(f"{name} has the unknown format version {version}.")
    if archive != keyring.archive_id.bytes:
        raise CorruptError(f"{name} is not of archive {keyring.archive_id}.")
    if len(data) != _HEADER.size + count * _ENTRY.size + TAG_SIZE:
        raise CorruptError(f"{name} does not have the length that it says.")
    try:
        key = expand(keyring.epoch_key(epoch), _LABEL, segment + object_)
        entries = open_once(key, data[: _HEADER.size], data[_HEADER.size :])
    except NotFoundError:
        raise UnknownEpochError(
            f"{name} is under epoch {epoch}, which the keyring does not hold: "
            "it was shredded, the keyring is an older one, or the object is damaged."
        ) from None
    except CorruptError:
        raise CorruptError(f"{name} does not open: it was changed.") from None
    keys = dict(_ENTRY.iter_unpack(entries))
    slots = list(keys)
    if len(slots) != count or slots != sorted(slots):
        raise CorruptError(f"{name} has slots out of order.")
    return KeyObject(segment_id, object_id, epoch, MappingProxyType(keys))
