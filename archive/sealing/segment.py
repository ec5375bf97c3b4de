"""A segment: one commit's frames of one lock class (docs/formats.md, "Segment").

`parse_segment` checks the whole object. `frames_of` reads what a damaged one still holds: the
length of each frame is known twice, so one damaged byte costs at most one frame.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import accumulate, pairwise
from struct import Struct, pack
from struct import error as StructError
from typing import Literal, NamedTuple
from uuid import UUID

from archive.errors import CorruptError, InvalidError
from archive.sealing.header import frame_end, frame_ends
from archive.sealing.leaf import leaf_hash
from archive.sealing.primitives import HASH_SIZE, Octets

SEGMENT_MAGIC = b"MUNIMSEG"
SEGMENT_VERSION = 1

_HEADER = Struct(">8sB16s16sBII")
_OFFSET = Struct(">Q")
_MODES: tuple[Literal["none", "governance", "compliance"], ...] = (
    "none",
    "governance",
    "compliance",
)


@dataclass(frozen=True, slots=True)
class LockClass:
    """How long, and how firmly, a segment must be locked: the same for all of its frames.

    `month` is the decimal number yyyymm of the month (UTC) to whose end the lock lasts, 0 where
    there is no lock. InvalidError if mode and month do not fit each other.
    """

    mode: Literal["none", "governance", "compliance"] = "none"
    month: int = 0

    def __post_init__(self) -> None:
        year, month = divmod(self.month, 100)
        if self.mode == "none":
            fits = self.month == 0
        else:
            fits = self.mode in _MODES and 1970 <= year <= 9998 and 1 <= month <= 12
        if not fits:
            raise InvalidError(f"{self.mode} until {self.month} is not a lock class.")

    @classmethod
    def reaching(
        cls, mode: Literal["governance", "compliance"], retain_until: datetime
    ) -> "LockClass":
        """Return the class of the shortest lock that does not end before `retain_until`.

        Rounding up to a month keeps the classes few, so that segments can be shared.
        """
        last = retain_until.astimezone(UTC) - timedelta(microseconds=1)
        return cls(mode, last.year * 100 + last.month)

    @property
    def until(self) -> datetime | None:
        """The instant (UTC) at which the lock ends: the first of the next month."""
        if self.mode == "none":
            return None
        year, month = divmod(self.month, 100)
        return datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)


class Span(NamedTuple):
    """Where a frame stands in its segment, in bytes from the segment's start."""

    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class BuiltSegment:
    """A segment ready to be written, and where each frame stands in it."""

    data: bytes = field(repr=False)
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment as it was read; the frames are views of the bytes it was read from.

    `intact` says whether the SHA-256 of the whole was right; `broken` are the slots whose frame
    visibly is none of that length.
    """

    archive_id: UUID
    segment_id: UUID
    lock_class: LockClass
    frames: Sequence[memoryview] = field(repr=False)
    spans: Sequence[tuple[int, int]] = field(repr=False)
    intact: bool
    broken: tuple[int, ...]

    def damaged(self, leaf_hashes: Mapping[int, bytes]) -> tuple[int, ...]:
        """Return the slots whose frame is not the one that the leaf hash by slot stands for."""
        return tuple(
            slot
            for slot, expected in sorted(leaf_hashes.items())
            if slot >= len(self.frames) or leaf_hash(self.archive_id, self.frames[slot]) != expected
        )


def build_segment(
    archive_id: UUID, segment_id: UUID, lock_class: LockClass, frames: Sequence[bytes]
) -> BuiltSegment:
    """Lay out `frames` as a segment; the slot of a frame is its place in the sequence.

    InvalidError if there is none, or if one is not a whole frame of this archive.
    """
    if not frames:
        raise InvalidError("A segment must hold at least one frame.")
    for slot, end in enumerate(frame_ends(frames, archive_id)):
        if end != len(frames[slot]):
            raise InvalidError(f"What is to be slot {slot} is no frame of archive {archive_id}.")
    lengths = list(map(len, frames))
    offsets = list(accumulate(lengths, initial=_HEADER.size))
    header = _HEADER.pack(
        SEGMENT_MAGIC,
        SEGMENT_VERSION,
        archive_id.bytes,
        segment_id.bytes,
        _MODES.index(lock_class.mode),
        lock_class.month,
        len(frames),
    )
    body = b"".join((header, *frames, pack(f">{len(offsets)}Q", *offsets)))
    return BuiltSegment(body + sha256(body).digest(), tuple(map(Span, offsets, lengths)))


def parse_segment(data: Octets) -> Segment:
    """Read a segment of which every byte is right.

    CorruptError otherwise: it names the segment, and the slots whose frames are visibly broken.
    """
    segment = frames_of(data)
    if segment.intact and not segment.broken:
        return segment
    where = f" The damage shows in slot {', '.join(map(str, segment.broken))}."
    what = "was built of broken frames" if segment.intact else "does not match its SHA-256"
    raise CorruptError(f"Segment {segment.segment_id} {what}.{where if segment.broken else ''}")


def read_as_laid_out(data: bytes, spans: Sequence[tuple[int, int]]) -> Segment | None:
    """Read a segment that must have frames of exactly these offsets and lengths, by slot.

    None if a byte is wrong outside of its frames or inside; what the frames themselves say is not
    looked at. CorruptError if its header is damaged. This is for who knows what must be there: the
    way of `parse_segment`, which believes nothing, takes several times as long.
    """
    archive_id, segment_id, lock_class, count = _read_header(data)
    starts = [_HEADER.size, *(offset + length for offset, length in spans)]
    if count != len(spans) or starts[:-1] != [offset for offset, _ in spans]:
        return None
    table = pack(f">{len(starts)}Q", *starts)
    if data[starts[-1] : -HASH_SIZE] != table:
        return None
    view = memoryview(data)
    if sha256(view[:-HASH_SIZE]).digest() != data[-HASH_SIZE:]:
        return None
    frames = tuple(view[offset : offset + length] for offset, length in spans)
    return Segment(archive_id, segment_id, lock_class, frames, spans, intact=True, broken=())


def frames_of(data: Octets) -> Segment:
    """Read as many frames as a possibly damaged segment still holds, each in its slot.

    A frame that is damaged is among them: it does not open. CorruptError if the segment's header
    is damaged, or if the boundary between two frames is lost.
    """
    archive_id, segment_id, lock_class, count = _read_header(data)
    view = memoryview(data)
    table_start = len(data) - HASH_SIZE - _OFFSET.size * (count + 1)
    if count == 0 or table_start <= _HEADER.size:
        raise CorruptError(f"Segment {segment_id} is cut short.")
    table = [offset for (offset,) in _OFFSET.iter_unpack(view[table_start:-HASH_SIZE])]
    intact = sha256(view[:-HASH_SIZE]).digest() == view[-HASH_SIZE:]
    starts, broken = [_HEADER.size], []
    for slot, stated in enumerate(table[1:]):
        # Where the two accounts of a frame's end differ, the next frame tells which is right.
        walked = frame_end(data, starts[-1], archive_id)
        last = slot + 1 == count
        follows = walked == stated or last or frame_end(data, stated, archive_id) is not None
        start = table_start if last else stated if follows or walked is None else walked
        if not starts[-1] < start <= table_start - (not last):
            raise CorruptError(f"Segment {segment_id} has lost the end of slot {slot}.")
        if walked != start:
            broken.append(slot)
        starts.append(start)
    if intact and table != starts:
        raise CorruptError(f"Segment {segment_id} was built with a wrong offset table.")
    spans = tuple(Span(start, end - start) for start, end in pairwise(starts))
    frames = tuple(view[start:end] for start, end in pairwise(starts))
    return Segment(archive_id, segment_id, lock_class, frames, spans, intact, tuple(broken))


def _read_header(data: Octets) -> tuple[UUID, UUID, LockClass, int]:
    try:
        magic, version, archive, segment, mode, month, count = _HEADER.unpack_from(data)
    except StructError:
        raise CorruptError("A segment is cut short in its header.") from None
    if magic != SEGMENT_MAGIC:
        raise CorruptError("What should be a segment does not begin as one.")
    segment_id = UUID(bytes=segment)
    if version != SEGMENT_VERSION:
        raise CorruptError(f"Segment {segment_id} has the unknown format version {version}.")
    try:
        lock_class = LockClass(_MODES[mode], month)
    except (IndexError, InvalidError):
        raise CorruptError(f"Segment {segment_id} has no valid lock class.") from None
    return UUID(bytes=archive), segment_id, lock_class, count
