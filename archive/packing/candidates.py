"""Which segments may be packed: cold, small, and nobody's business but the archive's.

A listing tells sizes and versions, so that what is large, or was tampered with, costs no request of
its own. Names of segments sort as their ids do, and so SQL and the listing go side by side.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

from archive.bucket.names import SEGMENTS, parse_segment_name
from archive.bucket.port import Bucket, VersionInfo
from archive.clock import uuid7_time
from archive.errors import InvalidError
from archive.events.custody import KeyCustody

_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class PackLimits:
    """What is packed: sizes in bytes, and numbers of segments.

    A segment of `small` bytes stays as it is. Fewer than `least_segments` are packed only if what
    comes out is not small any more: else a pack would be packed again with the next few, and its
    bytes written many times.
    """

    small: int = 1024 * 1024
    pack_bytes: int = 16 * 1024 * 1024
    pack_segments: int = 1_000
    least_segments: int = 32


@dataclass(frozen=True, slots=True)
class Candidate:
    """A segment that may be packed: its key object as SQL has it, and its size in bytes."""

    segment_id: UUID
    keys_id: UUID
    size: int


def candidates(
    custody: KeyCustody, bucket: Bucket, before: datetime, limits: PackLimits
) -> Iterator[Candidate]:
    """Yield the small segments from before a time, in the order of their ids."""
    sizes = _single_versions(bucket)
    listed: tuple[UUID, int] | None = next(sizes, None)
    for segment_id, keys_id in _segments(custody):
        if uuid7_time(segment_id) >= before:
            return
        while listed is not None and listed[0].bytes < segment_id.bytes:
            listed = next(sizes, None)
        if listed is None:
            return
        if listed[0] == segment_id and listed[1] < limits.small:
            yield Candidate(segment_id, keys_id, listed[1])


def batches(found: Iterator[Candidate], limits: PackLimits) -> Iterator[Sequence[Candidate]]:
    """Gather candidates into what makes one pack each; too few for one are left for later."""
    batch: list[Candidate] = []
    size = 0
    for candidate in found:
        full = size + candidate.size > limits.pack_bytes or len(batch) == limits.pack_segments
        if batch and full:
            yield batch
            batch, size = [], 0
        batch.append(candidate)
        size += candidate.size
    if len(batch) >= limits.least_segments or (size >= limits.small and len(batch) > 1):
        yield batch


def _segments(custody: KeyCustody) -> Iterator[tuple[UUID, UUID]]:
    page = custody.segments_after(None, _PAGE)
    while page:
        yield from page
        page = custody.segments_after(page[-1][0], _PAGE)


def _single_versions(bucket: Bucket) -> Iterator[tuple[UUID, int]]:
    """Yield the segments of which there is one version and no marker, with their sizes."""

    def name_of(version: VersionInfo) -> str:
        return version.name

    for name, versions in groupby(bucket.versions(SEGMENTS), name_of):
        first, *others = versions
        if others or first.delete_marker:
            continue
        try:
            yield parse_segment_name(name), first.size
        except InvalidError:
            continue
