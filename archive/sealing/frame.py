"""A frame: one event, sealed in two boxes, and its place in the log (docs/formats.md, "Frame").

The evidence box can be shown to an outsider by giving away one subkey; the custody box stays
closed. Errors name the stream and the version, which stand in the clear header.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from struct import Struct
from struct import error as StructError
from typing import NamedTuple, Protocol
from uuid import UUID

from archive.errors import CorruptError, InvalidError
from archive.sealing.primitives import (
    HASH_SIZE,
    TAG_SIZE,
    Octets,
    all_box_keys,
    box_commitments,
    compress,
    decompress,
    expand,
    expand_all,
    open_box,
    seal_once,
)

FRAME_VERSION = 1
ENTRY_VERSION = 1

_START = Struct(">B16s16sIB")
_REST = Struct(">32s32sII")
_LENGTHS = Struct(">II")
_ENTRY_START = bytes((ENTRY_VERSION,))
_LEAF_PREFIX = b"\0"
_LEAF_START = _LEAF_PREFIX + _ENTRY_START
_EVENT_TYPE = re.compile(r"[A-Za-z0-9._-]{1,64}")
EVIDENCE = "muniment/frame/1/evidence"
CUSTODY = "muniment/frame/1/custody"
"""The labels by which a data key gives the key of each box."""
_SHORT_CUSTODY = 256


class Sealable(Protocol):
    """An event ready to be sealed; its stream's id is given as 16 bytes."""

    @property
    def originator(self) -> bytes: ...

    @property
    def originator_version(self) -> int: ...

    @property
    def type(self) -> str: ...

    def compressed(self) -> tuple[bytes, bytes]:
        """Return evidence and custody as `compressed_boxes` gives them."""
        ...


class EventInClear(NamedTuple):
    """An event with the plaintext of its boxes."""

    originator: bytes
    originator_version: int
    type: str
    evidence: bytes
    custody: bytes

    def compressed(self) -> tuple[bytes, bytes]:
        return compressed_boxes(self.evidence, self.custody)


def compressed_boxes(evidence: bytes, custody: bytes) -> tuple[bytes, bytes]:
    """Return both boxes compressed, as they are sealed; InvalidError if one is over 64 MiB."""
    short = len(custody) <= _SHORT_CUSTODY
    return compress(evidence), _compressed(custody) if short else compress(custody)


@dataclass(frozen=True, slots=True)
class FrameHeader:
    """What a frame says in the clear.

    `size` is the header's own length in bytes; the boxes' lengths are the sealed ones.
    """

    archive_id: UUID
    originator_id: UUID
    originator_version: int
    event_type: str
    size: int
    evidence_commitment: bytes
    custody_commitment: bytes
    evidence_length: int
    custody_length: int

    @property
    def frame_size(self) -> int:
        """The length in bytes of the whole frame."""
        return self.size + self.evidence_length + self.custody_length

    def __str__(self) -> str:
        return f"frame of {self.originator_id} version {self.originator_version}"


@dataclass(frozen=True, slots=True)
class OpenedFrame:
    """A frame's header and the plaintext of both boxes, which no repr shows."""

    header: FrameHeader
    evidence: bytes = field(repr=False)
    custody: bytes = field(repr=False)


def is_event_type(name: str) -> bool:
    """Say whether `name` can be an event type: 1 to 64 ASCII letters, digits, `.`, `_`, `-`."""
    return _EVENT_TYPE.fullmatch(name) is not None


def evidence_subkey(data_key: bytes) -> bytes:
    """Return the key that opens a frame's evidence and nothing else."""
    return expand(data_key, EVIDENCE)


def seal_frame(
    archive_id: UUID,
    originator_id: UUID,
    originator_version: int,
    event_type: str,
    evidence: bytes,
    custody: bytes,
    data_key: bytes,
) -> bytes:
    """Seal one event under a data key that must be random and must never be used again.

    InvalidError if the event type is not 1 to 64 of the letters, digits and `._-`, if the version
    does not fit 32 bits, or if a box's plaintext is over 64 MiB.
    """
    event = EventInClear(originator_id.bytes, originator_version, event_type, evidence, custody)
    return seal_frames(archive_id, [event], [data_key])[0]


def seal_frames(
    archive_id: UUID, events: Sequence[Sealable], data_keys: Sequence[bytes]
) -> list[bytes]:
    """Return what `seal_frame` gives for each of many events, each under a data key of its own.

    The keys of all are derived together, which takes half of the time.
    """
    evidence_keys, custody_keys = expand_all(data_keys, EVIDENCE, CUSTODY)
    archive = archive_id.bytes
    return [
        _sealed(archive, event, *keys)
        for event, *keys in zip(
            events, *all_box_keys(evidence_keys), *all_box_keys(custody_keys), strict=True
        )
    ]


def _sealed(
    archive: bytes,
    event: Sealable,
    evidence_cipher: bytes,
    evidence_commitment: bytes,
    custody_cipher: bytes,
    custody_commitment: bytes,
) -> bytes:
    """Seal an event with what its data key gives."""
    version, name = event.originator_version, _type_name(event.type)
    if not 0 <= version < 1 << 32:
        raise InvalidError("An originator version must fit 32 bits.")
    evidence, custody = event.compressed()
    header = (
        _START.pack(FRAME_VERSION, archive, event.originator, version, len(name))
        + name
        + _REST.pack(
            evidence_commitment,
            custody_commitment,
            len(evidence) + TAG_SIZE,
            len(custody) + TAG_SIZE,
        )
    )
    return (
        header
        + seal_once(evidence_cipher, header, evidence)
        + seal_once(custody_cipher, header, custody)
    )


@lru_cache(maxsize=256)
def _type_name(event_type: str) -> bytes:
    """Return a type's name as it stands in a header; InvalidError if it can be none."""
    if not is_event_type(event_type):
        raise InvalidError("An event type must be 1 to 64 ASCII letters, digits, '.', '_' or '-'.")
    return event_type.encode()


@lru_cache(maxsize=64)
def _compressed(custody: bytes) -> bytes:
    """Compress a short custody box: what comes together was mostly sent by one and held by one."""
    return compress(custody)


def frame_end(data: Octets, offset: int, archive_id: UUID) -> int | None:
    """Return where the frame of `archive_id` at `offset` says that it ends; None if none starts.

    It looks at no more of the header than it must, since whole segments are walked with it.
    """
    prefix = bytes((FRAME_VERSION,)) + archive_id.bytes
    return _end(data, offset, prefix)


def frame_ends(frames: Iterable[Octets], archive_id: UUID) -> Iterator[int | None]:
    """Yield what `frame_end` gives for the beginning of each of many frames."""
    prefix = bytes((FRAME_VERSION,)) + archive_id.bytes
    return (_end(frame, 0, prefix) for frame in frames)


def _end(data: Octets, offset: int, prefix: bytes) -> int | None:
    if data[offset : offset + len(prefix)] != prefix:
        return None
    try:
        # The type's length is the last byte of what the header begins with.
        lengths = offset + _START.size + data[offset + _START.size - 1] + 2 * HASH_SIZE
        evidence_length, custody_length = _LENGTHS.unpack_from(data, lengths)
    except (StructError, IndexError):
        return None
    return int(lengths + _LENGTHS.size + evidence_length + custody_length)


def parse_header(frame: Octets) -> FrameHeader:
    """Read the clear header of a whole frame; CorruptError if it is none of exactly that size."""
    try:
        version, archive, originator, originator_version, length = _START.unpack_from(frame)
        if version != FRAME_VERSION:
            raise CorruptError(f"A frame has the unknown format version {version}.")
        event_type = bytes(frame[_START.size : _START.size + length]).decode("ascii", "replace")
        commitments_and_lengths = _REST.unpack_from(frame, _START.size + length)
    except StructError:
        raise CorruptError("A frame is cut short in its header.") from None
    if not is_event_type(event_type):
        raise CorruptError("A frame has a malformed event type.")
    header = FrameHeader(
        UUID(bytes=archive),
        UUID(bytes=originator),
        originator_version,
        event_type,
        _START.size + length + _REST.size,
        *commitments_and_lengths,
    )
    if header.frame_size != len(frame):
        raise CorruptError(
            f"The {header} says that it has {header.frame_size} bytes, not {len(frame)}."
        )
    return header


def open_frame(frame: Octets, data_key: bytes) -> OpenedFrame:
    """Open both boxes; CorruptError, naming the record, if the frame or the key is another."""
    header = parse_header(frame)
    evidence = _open_evidence(header, frame, expand(data_key, EVIDENCE))
    return OpenedFrame(header, evidence, _open_custody(header, frame, data_key))


def open_evidence(frame: Octets, subkey: bytes) -> bytes:
    """Open the evidence alone, with the subkey that `evidence_subkey` gives.

    CorruptError, naming the record, if the frame or the subkey is another.
    """
    return _open_evidence(parse_header(frame), frame, subkey)


def header_start(
    archive: bytes, originator: bytes, originator_version: int, event_type: str
) -> bytes:
    """Return how the header of an event's frame begins: all of it but what depends on its key.

    `archive` and `originator` are the ids as 16 bytes.
    """
    name = event_type.encode()
    return _START.pack(FRAME_VERSION, archive, originator, originator_version, len(name)) + name


def commitments(data_keys: Sequence[bytes]) -> list[bytes]:
    """Return what the headers of the frames sealed under data keys say of them, 64 bytes each."""
    evidence, custody = map(box_commitments, expand_all(data_keys, EVIDENCE, CUSTODY))
    return [first + second for first, second in zip(evidence, custody, strict=True)]


def is_sealed_under(frame: Octets, data_key: bytes) -> bool:
    """Say whether a frame whose hash is known to be right will open under a data key.

    The commitments in the header follow from the key, and no other key has the same: so it is told
    without opening a box (docs/threat-model.md, "Verifying").
    """
    return b"".join(_rest(frame, 0)[1][:2]) == commitments([data_key])[0]


def custody_length(frame: Octets) -> int:
    """Return how many bytes the sealed custody of a frame, whose hash is known to be right, has."""
    length: int = _rest(frame, 0)[1][-1]
    return length


def custody_length_of(frame: Octets, start: bytes, committed: bytes | None) -> int | None:
    """Return the same of a frame of which nothing is known; None if it is another than expected.

    Its header must begin with `start`, go on with these commitments, which are passed over where
    none are given, and end with the lengths that make up the frame.
    """
    if committed is None:
        committed = bytes(frame[len(start) : len(start) + 2 * HASH_SIZE])
    expected = start + committed
    size = len(expected) + _LENGTHS.size
    if len(frame) < size or frame[: len(expected)] != expected:
        return None
    evidence, custody = _LENGTHS.unpack_from(frame, len(expected))
    return int(custody) if size + evidence + custody == len(frame) else None


def open_custody(frame: Octets, data_key: bytes) -> bytes:
    """Open the custody box alone; CorruptError, naming the record, if frame or key is another."""
    return _open_custody(parse_header(frame), frame, data_key)


def log_entry(archive_id: UUID, digest: bytes) -> bytes:
    """Return the 49 bytes that stand in the log for the frame with this SHA-256."""
    return _ENTRY_START + archive_id.bytes + digest


def entry_hash(entry: bytes) -> bytes:
    """Return the Merkle leaf hash of a log entry (RFC 9162, section 2.1.1)."""
    return sha256(_LEAF_PREFIX + entry).digest()


def digest_leaf(archive_id: UUID, digest: bytes) -> bytes:
    """Return the Merkle leaf hash of the log entry of the frame with this SHA-256."""
    return sha256(_LEAF_START + archive_id.bytes + digest).digest()


def leaf_hash(archive_id: UUID, frame: Octets) -> bytes:
    """Return the Merkle leaf hash of a frame's log entry."""
    return digest_leaf(archive_id, sha256(frame).digest())


def digest_leaves(archive_id: UUID, digests: Sequence[bytes]) -> list[bytes]:
    """Return what `digest_leaf` gives for each of many digests."""
    start = _LEAF_START + archive_id.bytes
    return [sha256(start + digest).digest() for digest in digests]


def leaf_hashes(archive_id: UUID, frames: Sequence[Octets]) -> list[bytes]:
    """Return what `leaf_hash` gives for each of many frames."""
    return digest_leaves(archive_id, [sha256(frame).digest() for frame in frames])


def _rest(data: Octets, offset: int) -> tuple[int, tuple[bytes, bytes, int, int]]:
    """Return where the header of the frame at `offset` goes on after the type's name, and what
    stands there: both commitments, and both boxes' lengths. StructError if it is cut short.
    """
    rest = offset + _START.size + _START.unpack_from(data, offset)[-1]
    return rest, _REST.unpack_from(data, rest)


def _open_evidence(header: FrameHeader, frame: Octets, subkey: bytes) -> bytes:
    box = frame[header.size : header.size + header.evidence_length]
    return _open(header, "evidence", frame, box, header.evidence_commitment, subkey)


def _open_custody(header: FrameHeader, frame: Octets, data_key: bytes) -> bytes:
    box = frame[header.size + header.evidence_length :]
    subkey = expand(data_key, CUSTODY)
    return _open(header, "custody", frame, box, header.custody_commitment, subkey)


def _open(
    header: FrameHeader, part: str, frame: Octets, box: Octets, commitment: bytes, subkey: bytes
) -> bytes:
    try:
        return decompress(open_box(subkey, commitment, frame[: header.size], box))
    except CorruptError as error:
        raise CorruptError(f"The {part} in the {header} does not open: {error}") from None
