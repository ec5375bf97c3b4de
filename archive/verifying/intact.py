"""Whether a segment is what was committed to the last byte, told at once.

Nearly all segments are. This asks all that `archive.verifying.segments` asks, of all frames
together, which takes a third of the time; it does not say what is wrong, and where something is,
that module looks again, frame by frame.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from archive.errors import CorruptError
from archive.sealing.commit import CommitEntry
from archive.sealing.frame import commitments
from archive.sealing.header import custody_length_of, header_start
from archive.sealing.leaf import leaf_hashes
from archive.sealing.primitives import Octets
from archive.sealing.segment import LockClass, read_as_laid_out
from archive.verifying.contents import may_tell


@dataclass(frozen=True, slots=True)
class Intact:
    """A segment as committed: its lock class, and the frames that may name something."""

    lock_class: LockClass
    telling: list[tuple[CommitEntry, Octets]]


def read_intact(
    archive_id: UUID, entries: Sequence[CommitEntry], data: bytes, keys: Mapping[int, bytes]
) -> Intact | None:
    """Return a segment that is whole, has the frames of these entries, by slot, and no others, each
    of the committed event and sealed under the key of its slot, if there is one; else None.
    """
    try:
        segment = read_as_laid_out(data, [(entry.offset, entry.length) for entry in entries])
    except CorruptError:
        return None
    if segment is None or segment.archive_id != archive_id:
        return None
    if segment.segment_id != entries[0].segment_id:
        return None
    if leaf_hashes(archive_id, segment.frames) != [entry.leaf_hash for entry in entries]:
        return None
    committed = dict(zip(keys, commitments(list(keys.values())), strict=True))
    telling: list[tuple[CommitEntry, Octets]] = []
    for entry, frame in zip(entries, segment.frames, strict=True):
        start = header_start(
            archive_id.bytes, entry.originator, entry.originator_version, entry.event_type
        )
        custody_length = custody_length_of(frame, start, committed.get(entry.slot))
        if custody_length is None:
            return None
        if may_tell(entry.event_type, custody_length):
            telling.append((entry, frame))
    return Intact(segment.lock_class, telling)
