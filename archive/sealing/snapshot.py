"""An index snapshot: the generation's key, and the manifest (docs/formats.md, "Index snapshot").

The index's files themselves are blobs under keys derived from the generation's, so that destroying
the one small object with that key makes all of them unreadable.
"""

from struct import Struct
from struct import error as StructError
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from archive.errors import CorruptError, InvalidError, NotFoundError
from archive.sealing.keys import EpochKeys
from archive.sealing.primitives import (
    KEY_SIZE,
    TAG_SIZE,
    Octets,
    compress,
    decompress,
    expand,
    open_once,
    seal_once,
)

GENERATION_MAGIC = b"MUNIMIDK"
MANIFEST_MAGIC = b"MUNIMIDX"
SNAPSHOT_VERSION = 1

_GENERATION_HEADER = Struct(">8sB16s16sI")
_MANIFEST_HEADER = Struct(">8sB16s16s16sQ")
_KEY_LABEL = "muniment/index/1/key"
_MANIFEST_LABEL = "muniment/index/1/manifest"
_PART_LABEL = "muniment/index/1/part"

_Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
_Size = Annotated[int, Field(ge=0)]


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Part(_Document):
    """One sealed object: its id, and the size in bytes and SHA-256 of what is in it."""

    id: UUID
    size: _Size
    sha256: _Digest


class IndexFile(_Document):
    """One of Tantivy's files by name, which is never a path, and its size in bytes."""

    name: Annotated[str, Field(pattern=r"^[0-9a-f]{32}(\.[0-9a-z]{1,32}){1,2}$")]
    size: _Size


class Bundle(_Document):
    """Files that came into being together: joined end to end, and cut into parts."""

    files: tuple[IndexFile, ...]
    parts: tuple[Part, ...]


class Manifest(_Document):
    """What an index was at a position; docs/formats.md says what each field is for."""

    leaf_hash: _Digest
    form: _Digest
    documents: _Size
    unread: tuple[int, ...]
    meta: str
    bundles: tuple[Bundle, ...]


def seal_generation_key(
    archive_id: UUID, generation_id: UUID, epoch: int, epoch_key: bytes, key: bytes
) -> bytes:
    """Seal the key of a generation, whose id must be new.

    InvalidError if the key is not 32 bytes or the epoch does not fit 32 bits.
    """
    if len(key) != KEY_SIZE:
        raise InvalidError(f"A generation key must be {KEY_SIZE} bytes.")
    try:
        header = _GENERATION_HEADER.pack(
            GENERATION_MAGIC, SNAPSHOT_VERSION, archive_id.bytes, generation_id.bytes, epoch
        )
    except StructError:
        raise InvalidError("An epoch must fit 32 bits.") from None
    return header + seal_once(expand(epoch_key, _KEY_LABEL, generation_id.bytes), header, key)


def open_generation_key(data: Octets, generation_id: UUID, keyring: EpochKeys) -> bytes:
    """Open the key of a generation.

    CorruptError, naming it, if it was changed, is of another archive or generation, or is under an
    epoch that the keyring does not hold.
    """
    name = f"The key of index generation {generation_id}"
    if len(data) != _GENERATION_HEADER.size + KEY_SIZE + TAG_SIZE:
        raise CorruptError(f"{name} does not have the length of one.")
    header = data[: _GENERATION_HEADER.size]
    magic, version, archive, generation, epoch = _GENERATION_HEADER.unpack(header)
    if magic != GENERATION_MAGIC or version != SNAPSHOT_VERSION:
        raise CorruptError(f"{name} is of a kind or version ({version}) that is not known.")
    if archive != keyring.archive_id.bytes or generation != generation_id.bytes:
        raise CorruptError(f"{name} says that it is another.")
    try:
        key = expand(keyring.epoch_key(epoch), _KEY_LABEL, generation_id.bytes)
        return open_once(key, header, data[_GENERATION_HEADER.size :])
    except NotFoundError:
        raise CorruptError(
            f"{name} is under epoch {epoch}, which the keyring does not hold."
        ) from None
    except CorruptError:
        raise CorruptError(f"{name} does not open: it was changed.") from None


def part_key(generation_key: bytes, part_id: UUID) -> bytes:
    """Return the blob key of one part."""
    return expand(generation_key, _PART_LABEL, part_id.bytes)


def seal_manifest(
    archive_id: UUID,
    generation_id: UUID,
    position: int,
    snapshot_id: UUID,
    generation_key: bytes,
    manifest: Manifest,
) -> bytes:
    """Seal a manifest; `snapshot_id` must be new, since the key is derived from it.

    InvalidError if the key is not 32 bytes, or the position does not fit 64 bits.
    """
    try:
        header = _MANIFEST_HEADER.pack(
            MANIFEST_MAGIC,
            SNAPSHOT_VERSION,
            archive_id.bytes,
            generation_id.bytes,
            snapshot_id.bytes,
            position,
        )
    except StructError:
        raise InvalidError("A position must fit 64 bits.") from None
    key = expand(generation_key, _MANIFEST_LABEL, snapshot_id.bytes)
    return header + seal_once(key, header, compress(manifest.model_dump_json().encode()))


def open_manifest(
    data: Octets,
    archive_id: UUID,
    generation_id: UUID,
    position: int,
    snapshot_id: UUID,
    generation_key: bytes,
) -> Manifest:
    """Open the manifest that a name promises.

    CorruptError, naming it, if it was changed or is another one.
    """
    name = f"Index snapshot {snapshot_id} at {position}"
    header = data[: _MANIFEST_HEADER.size]
    try:
        magic, version, *ids, stated = _MANIFEST_HEADER.unpack(header)
    except StructError:
        raise CorruptError(f"{name} is cut short in its header.") from None
    if magic != MANIFEST_MAGIC or version != SNAPSHOT_VERSION:
        raise CorruptError(f"{name} is of a kind or version ({version}) that is not known.")
    expected = [each.bytes for each in (archive_id, generation_id, snapshot_id)]
    if ids != expected or stated != position:
        raise CorruptError(f"{name} says that it is another.")
    key = expand(generation_key, _MANIFEST_LABEL, snapshot_id.bytes)
    try:
        plaintext = decompress(open_once(key, header, data[_MANIFEST_HEADER.size :]))
        return Manifest.model_validate_json(plaintext)
    except (CorruptError, ValidationError):
        # The cause is cut off, because a validation error carries what it validated.
        raise CorruptError(f"{name} does not open: it was changed.") from None
