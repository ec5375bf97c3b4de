"""What the bucket holds for a segment, as listed, and what checking it gives."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from archive.bucket.names import segment_name
from archive.bucket.port import VersionInfo
from archive.sealing.commit import CommitEntry
from archive.verifying.contents import Contents
from archive.verifying.findings import Fault


@dataclass(frozen=True, slots=True)
class Copy:
    """One version of an object; `version` is None for the current one of which there is no other.

    `visible` is False for one that lies under another version, or under a delete marker.
    """

    name: str
    version: str | None
    size: int
    visible: bool = True


@dataclass(frozen=True, slots=True)
class Stored:
    """What the bucket holds for one segment: its copies, all key objects, and locked keys."""

    segment: tuple[Copy, ...]
    keys: tuple[Copy, ...]
    locked_keys: tuple[Copy, ...] = ()


@dataclass(slots=True)
class Outcome:
    """What checking a segment gave.

    `keyless` are the events, by sequence number, whose key readers do not find; `left` are those
    whose key stands among locked keys alone. `contents` is what was read out of frames. `unread`
    says that no key object could be: there is none, or those that were listed have gone since.
    """

    faults: list[Fault] = field(default_factory=list)
    unread: bool = False
    keyless: list[int] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    contents: list[Contents] = field(default_factory=list)


def copies(found: Sequence[VersionInfo]) -> tuple[Copy, ...]:
    """Return the copies of an object from its versions, newest first."""
    if len(found) == 1:
        return (Copy(found[0].name, None, found[0].size),)
    return tuple(
        Copy(each.name, each.version, each.size, each.latest)
        for each in found
        if not each.delete_marker
    )


def segment_fault(entries: Sequence[CommitEntry], kind: str, what: str) -> Fault:
    """Return a fault of a segment, which `what` goes on to tell of."""
    name = segment_name(entries[0].segment_id)
    seqs = f"events {entries[0].seq} to {entries[-1].seq}"
    if len(entries) == 1:
        seqs = f"event {entries[0].seq}"
    return Fault(kind, f"{name} ({seqs}) {what}", name, seq=entries[0].seq)
