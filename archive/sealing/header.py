"""The clear header of a frame: whose it is, how long, and which keys it commits to.

All of this is told without a key; what stands in the boxes is not (docs/formats.md, "Frame").
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from struct import Struct
from struct import error as StructError
from uuid import UUID

from archive.errors import CorruptError, InvalidError
from archive.sealing.primitives import HASH_SIZE, Octets

FRAME_VERSION = 1

_START = Struct(">B16s16sIB")
_REST = Struct(">32s32sII")
_LENGTHS = Struct(">II")
_EVENT_TYPE = re.compile(r"[A-Za-z0-9._-]{1,64}")


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


def is_event_type(name: str) -> bool:
    """Say whether `name` can be an event type: 1 to 64 ASCII letters, digits, `.`, `_`, `-`."""
    return _EVENT_TYPE.fullmatch(name) is not None


def header_start(
    archive: bytes, originator: bytes, originator_version: int, event_type: str
) -> bytes:
    """Return how the header of an event's frame begins: all of it but what depends on its key.

    `archive` and `originator` are the ids as 16 bytes.
    """
    name = event_type.encode()
    return _START.pack(FRAME_VERSION, archive, originator, originator_version, len(name)) + name


def encode_header(
    archive: bytes,
    originator: bytes,
    originator_version: int,
    event_type: str,
    commitments_and_lengths: tuple[bytes, bytes, int, int],
) -> bytes:
    """Return a whole header, the ids given as 16 bytes each.

    InvalidError if the event type is not 1 to 64 of the letters, digits and `._-`, or if the
    version does not fit 32 bits.
    """
    name = _type_name(event_type)
    if not 0 <= originator_version < 1 << 32:
        raise InvalidError("An originator version must fit 32 bits.")
    return (
        _START.pack(FRAME_VERSION, archive, originator, originator_version, len(name))
        + name
        + _REST.pack(*commitments_and_lengths)
    )


@lru_cache(maxsize=256)
def _type_name(event_type: str) -> bytes:
    """Return a type's name as it stands in a header; InvalidError if it can be none."""
    if not is_event_type(event_type):
        raise InvalidError("An event type must be 1 to 64 ASCII letters, digits, '.', '_' or '-'.")
    return event_type.encode()


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


def commitments_of(frame: Octets) -> bytes:
    """Return what a frame, whose hash is known to be right, says of its keys, 64 bytes."""
    evidence, custody, *_ = _rest(frame)
    return evidence + custody


def custody_length(frame: Octets) -> int:
    """Return how many bytes the sealed custody of a frame, whose hash is known to be right, has."""
    return _rest(frame)[-1]


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


def _rest(frame: Octets) -> tuple[bytes, bytes, int, int]:
    """Return what stands behind the type's name: both commitments, and both boxes' lengths.

    StructError if it is cut short.
    """
    rest = _START.size + _START.unpack_from(frame)[-1]
    found: tuple[bytes, bytes, int, int] = _REST.unpack_from(frame, rest)
    return found
