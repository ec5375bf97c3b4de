"""Reading what is to be packed, and laying it out anew. Nothing is written here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from archive.bucket.names import is_locked_keys_name, keys_name, keys_prefix, segment_name
from archive.bucket.port import Bucket
from archive.bucket.rules import check_destroyable
from archive.errors import CorruptError, LockedError, NotFoundError
from archive.events.pointers import Pointer, PointerRecorder, PointerRow
from archive.packing.candidates import Candidate
from archive.sealing.header import parse_header
from archive.sealing.keys import EpochKeys, open_keys
from archive.sealing.relocation import DROPPED_SLOT, Relocation
from archive.sealing.segment import LockClass, Segment, build_segment, parse_segment


@dataclass(frozen=True, slots=True)
class Source:
    """A segment that was read whole, checked, and found free to go; and the keys by slot."""

    candidate: Candidate
    segment: Segment
    keys: Mapping[int, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Laid:
    """A pack: its bytes, its keys by slot, the new pointers by seq, and what its record says."""

    data: bytes = field(repr=False)
    keys: Mapping[int, bytes] = field(repr=False)
    pointers: Sequence[tuple[int, bytes]]
    moves: Sequence[Relocation]


def read_source(
    bucket: Bucket, keyring: EpochKeys, candidate: Candidate, now: datetime
) -> Source | None:
    """Read a segment and its keys; None if a lock or a hold keeps it where it is.

    Raises:
        CorruptError: something of it does not check, or is there more than once.
    """
    name = segment_name(candidate.segment_id)
    try:
        _check_free(bucket, name, now)
        keys = _read_keys(bucket, keyring, candidate, now)
        segment = parse_segment(bucket.get(name))
    except LockedError:
        return None
    except NotFoundError as error:
        raise CorruptError(str(error)) from error
    if (segment.segment_id, segment.archive_id) != (candidate.segment_id, keyring.archive_id):
        raise CorruptError(f"{name} holds another segment.")
    until = segment.lock_class.until
    return None if until is not None and until > now else Source(candidate, segment, keys)


def check_free(bucket: Bucket, segment_id: UUID) -> None:
    """Raise LockedError if a lock or a hold has come on a segment."""
    _check_free(bucket, segment_name(segment_id), bucket.now())


def _check_free(bucket: Bucket, name: str, now: datetime) -> None:
    info = bucket.stat(name)
    check_destroyable(name, info.retention, info.legal_hold, now)


def _read_keys(
    bucket: Bucket, keyring: EpochKeys, candidate: Candidate, now: datetime
) -> Mapping[int, bytes]:
    name = keys_name(candidate.segment_id, candidate.keys_id)
    prefix = keys_prefix(candidate.segment_id)
    listed = [each.name for each in bucket.versions(prefix)]
    if [each for each in listed if not is_locked_keys_name(each)] != [name]:
        # An erasure was interrupted, or somebody put something there.
        raise CorruptError(f"Under {prefix} is not what the database says.")
    for each in listed:
        _check_free(bucket, each, now)
    held = open_keys(bucket.get(name), keyring)
    if keys_name(held.segment_id, held.object_id) != name:
        raise CorruptError(f"{name} holds another key object.")
    return held.keys


def rows_of(pointers: PointerRecorder, source: Source) -> dict[int, PointerRow]:
    """Return the event in each slot of a segment.

    Raises:
        CorruptError: SQL does not have each frame where it stands, or it is not the one committed.
    """
    segment = source.segment
    originators = {parse_header(frame).originator_id for frame in segment.frames}
    found = {
        row.pointer.slot: row
        for row in pointers.select_pointers_of(originators)
        if row.pointer.segment_id == segment.segment_id and not row.pointer.is_dropped
    }
    name = segment_name(segment.segment_id)
    if found.keys() != set(range(len(segment.frames))):
        raise CorruptError(f"{name} does not hold the frames that the database says.")
    damaged = segment.damaged({slot: row.pointer.leaf_hash for slot, row in found.items()})
    if damaged:
        raise CorruptError(f"{name}, slot {damaged[0]}, does not match its leaf hash.")
    return found


def lay_out(
    archive_id: UUID, pack_id: UUID, sources: Sequence[tuple[Source, Mapping[int, PointerRow]]]
) -> Laid | None:
    """Lay out a pack in the order of the events, without those whose key is destroyed.

    None if no key is left in any of the sources.
    """
    placed = sorted(
        ((row, source) for source, rows in sources for row in rows.values()),
        key=lambda place: place[0].seq,
    )
    live = [place for place in placed if place[0].pointer.slot in place[1].keys]
    if not live:
        return None
    frames = [bytes(source.segment.frames[row.pointer.slot]) for row, source in live]
    built = build_segment(archive_id, pack_id, LockClass(), frames)
    slots = {row.seq: slot for slot, (row, _) in enumerate(live)}
    pointers: list[tuple[int, bytes]] = []
    moves: list[Relocation] = []
    for row, source in placed:
        old = row.pointer
        slot = slots.get(row.seq, DROPPED_SLOT)
        span = built.spans[slot] if slot != DROPPED_SLOT else None
        offset, length = (span.offset, span.length) if span is not None else (0, 0)
        frame = source.segment.frames[old.slot]
        new = Pointer(pack_id, slot, offset, length, old.leaf_hash, sha256(frame).digest())
        pointers.append((row.seq, new.encode()))
        moves.append(
            Relocation(row.seq, old.leaf_hash, old.segment_id, old.slot, slot, offset, length)
        )
    keys = {slots[row.seq]: source.keys[row.pointer.slot] for row, source in live}
    return Laid(built.data, keys, pointers, moves)
