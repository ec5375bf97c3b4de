"""The log's entries of events and their leaf hashes, made from what SQL knows of their frames."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby
from typing import Protocol
from uuid import UUID

from archive.events.pointers import PointerRecorder, PointerRow
from archive.sealing.leaf import digest_leaf, entry_hash, log_entry

UNKNOWN = bytes(32)
"""Stands for the digest of a frame that could not be read when its entry was written."""


class Frames(Protocol):
    """Gives the frames of events, by sequence number, without those that are not there."""

    def __call__(self, rows: Sequence[PointerRow]) -> Mapping[int, bytes]: ...


def entries_of(rows: Sequence[PointerRow], archive_id: UUID, frames: Frames) -> list[bytes]:
    """Return the entry of each event.

    A pointer that was rebuilt does not know its frame's digest, so the frame is read. One that is
    missing, or is not the one that was committed, must not stop the log: its leaf hash is known all
    the same, and its entry says that the digest is not.
    """
    unknown = [row for row in rows if row.pointer.digest is None]
    digests: dict[int, bytes] = {}
    # One segment at a time, so that no more than that is in memory.
    for _, group in groupby(unknown, key=lambda row: row.pointer.segment_id):
        held = list(group)
        found = frames(held)
        for row in held:
            digest = sha256(found.get(row.seq, b"")).digest()
            if digest_leaf(archive_id, digest) == row.pointer.leaf_hash:
                digests[row.seq] = digest
    return [
        log_entry(archive_id, row.pointer.digest or digests.get(row.seq, UNKNOWN)) for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Leaves:
    """Leaf hashes in the order of the log, and the entries that belong to them."""

    hashes: list[bytes]
    entries: list[bytes]


def leaves_from(
    pointers: PointerRecorder, archive_id: UUID, frames: Frames, start: int, end: int
) -> Leaves:
    """Return what the log says of its places from index `start` up to, and without, `end`.

    SQL has no gaps, unless it was rebuilt without events whose commit record was lost. Their
    numbers have the entry of a frame that is not known, and its hash: the log must go on, and
    whoever checks it sees which they are.
    """
    rows = pointers.select_pointers_from(start, end - start, end, inclusive_of_start=False)
    entries = entries_of(rows, archive_id, frames)
    known = {row.seq: (row.pointer.leaf_hash, e) for row, e in zip(rows, entries, strict=True)}
    lost = log_entry(archive_id, UNKNOWN)
    missing = entry_hash(lost), lost
    found = [known.get(seq, missing) for seq in range(start + 1, end + 1)]
    return Leaves([hash for hash, _ in found], [entry for _, entry in found])
