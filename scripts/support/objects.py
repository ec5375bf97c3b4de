"""The objects in the bucket, taken apart by docs/formats.md and not by the program's own code."""

import json
from dataclasses import dataclass
from itertools import pairwise
from struct import Struct, unpack_from
from uuid import UUID

from scripts.support.parts import Place

KINDS = {
    "segments": "segment",
    "keys": "key object",
    "blobs": "blob",
    "commits": "commit record",
    "keyring": "keyring",
    "index": "index snapshot",
    "log": "log",
}
_SEGMENT_HEADER = 50
_KEYS_HEADER = 65
_BLOB_HEADER = 45
_GENERATION_HEADER = 45
_MANIFEST_HEADER = 65
_HASH = 32
_COMMIT_HEADER = 53
_COMMIT_ENTRY = Struct(">32s16sIQI")


@dataclass(frozen=True)
class Frame:
    """One event's frame in a segment: its place in bytes, whose it is, and its sealed boxes."""

    start: int
    end: int
    originator: UUID
    boxes: tuple[bytes, bytes]


@dataclass(frozen=True)
class Entry:
    """One event as a commit record names it."""

    seq: int
    originator: UUID
    version: int
    type: str
    leaf_hash: bytes
    segment: UUID
    slot: int
    offset: int
    length: int


def objects(place: Place) -> dict[str, bytes]:
    """Return every object of an archive by name."""
    return {name: place.read(name) for name in place.names()}


def kind_of(name: str) -> str:
    """Return what an object is, from its name."""
    return KINDS[name.partition("/")[0]]


def frames(segment: bytes) -> list[Frame]:
    """Return the frames of a segment."""
    (count,) = unpack_from(">I", segment, 46)
    table = len(segment) - _HASH - 8 * (count + 1)
    offsets = unpack_from(f">{count + 1}Q", segment, table)
    return [_frame(segment, *span) for span in pairwise(offsets)]


def _frame(segment: bytes, start: int, end: int) -> Frame:
    originator = UUID(bytes=segment[start + 17 : start + 33])
    type_length = segment[start + 37]
    evidence, custody = unpack_from(">II", segment, start + 102 + type_length)
    first = start + 110 + type_length
    second = first + evidence
    assert second + custody == end
    return Frame(start, end, originator, (segment[first:second], segment[second:end]))


def entries(commit_record: bytes) -> list[Entry]:
    """Return the events that a commit record names."""
    (count,) = unpack_from(">I", commit_record, 49)
    found: list[Entry] = []
    position = _COMMIT_HEADER
    for _ in range(count):
        seq, originator, version, length = unpack_from(">Q16sIB", commit_record, position)
        start = position + 29
        type_ = commit_record[start : start + length].decode("ascii")
        leaf, segment, *place = _COMMIT_ENTRY.unpack_from(commit_record, start + length)
        where = (UUID(bytes=segment), *place)
        found.append(Entry(seq, UUID(bytes=originator), version, type_, leaf, *where))
        position = start + length + _COMMIT_ENTRY.size
    assert position + _HASH == len(commit_record)
    return found


def sealed(name: str, data: bytes) -> list[bytes]:
    """Return the ciphertexts of an object: everything that is not a clear header or a hash."""
    match kind_of(name):
        case "segment":
            return [box for frame in frames(data) for box in frame.boxes]
        case "key object":
            return [data[_KEYS_HEADER:]]
        case "blob":
            return _chunks(data)
        case "keyring":
            header, _, body = data.partition(b"\n")
            json.loads(header)
            return [body]
        case "index snapshot":
            match name.split("/")[2]:
                case "key":
                    return [data[_GENERATION_HEADER:]]
                case "manifests":
                    return [data[_MANIFEST_HEADER:]]
            return _chunks(data)
    # Commit records and the log are all in the clear, and content-free.
    return []


def _chunks(blob: bytes) -> list[bytes]:
    chunks: list[bytes] = []
    position = _BLOB_HEADER
    while position < len(blob):
        (length,) = unpack_from(">I", blob, position)
        chunks.append(blob[position + 4 : position + 4 + length])
        position += 4 + length
    assert position == len(blob)
    return chunks
