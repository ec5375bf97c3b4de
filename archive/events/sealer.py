"""From events in clear to the objects of one commit: a segment and its keys for each lock class.

Nothing is written here. Most commits are of one class, and so of one segment.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from itertools import count, repeat
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from archive.bucket.port import LockMode, Retention
from archive.clock import Clock, uuid7_time
from archive.events.pointers import EventKey
from archive.sealing.frame import compressed_boxes, seal_frames
from archive.sealing.keyring import Keyring
from archive.sealing.keys import seal_keys
from archive.sealing.leaf import digest_leaves
from archive.sealing.segment import LockClass, build_segment


class _Event(msgspec.Struct, frozen=True, array_like=True):
    """An event and its two boxes; the stream's id is its 16 bytes."""

    originator: bytes
    originator_version: int
    type: str
    evidence: bytes
    custody: bytes

    @property
    def key(self) -> EventKey:
        """What may exist once only."""
        return self.originator, self.originator_version


class PlainEvent(_Event, frozen=True, array_like=True):
    """An event in clear: its boxes are plaintext."""

    def compressed(self) -> tuple[bytes, bytes]:
        """Return both boxes compressed."""
        return compressed_boxes(self.evidence, self.custody)

    def compress(self) -> "CompressedEvent":
        """Return the event as it travels; InvalidError if a box is over 64 MiB."""
        return CompressedEvent(
            self.originator, self.originator_version, self.type, *self.compressed()
        )


class CompressedEvent(_Event, frozen=True, array_like=True):
    """An event whose boxes are compressed already, as it travels to the committer."""

    def compressed(self) -> tuple[bytes, bytes]:
        """Return both boxes as they are."""
        return self.evidence, self.custody

    def compress(self) -> "CompressedEvent":
        """Return the event as it is."""
        return self


Committable = PlainEvent | CompressedEvent
"""An event that is to be committed."""

Classify = Callable[[Committable, datetime], LockClass]
"""Says of which lock class an event that is committed at a time is."""


UNLOCKED: Final = LockClass()
"""The class of what nothing locks."""


def unlocked(_event: Committable, _now: datetime) -> LockClass:
    """Return the class of events that nothing locks."""
    return UNLOCKED


def retention_of(lock_class: LockClass) -> Retention | None:
    """Return the retention that a class asks of an object; None for the class `none`."""
    until = lock_class.until
    return None if until is None else Retention(LockMode(lock_class.mode), until)


@dataclass(frozen=True, slots=True)
class SealedSegment:
    """A segment and its key object, ready to be put; `lock_class` is what both are put under."""

    segment_id: UUID
    keys_id: UUID
    lock_class: LockClass
    segment: bytes = field(repr=False)
    keys: bytes = field(repr=False)


class Place(NamedTuple):
    """Where the frame of one event stands, as `Pointer` with the segment's id as its 16 bytes."""

    segment: bytes
    slot: int
    offset: int
    length: int
    leaf_hash: bytes
    digest: bytes


@dataclass(frozen=True, slots=True)
class SealedCommit:
    """What one commit puts, and where each event is in it, in the order of the events."""

    record_id: UUID
    segments: tuple[SealedSegment, ...]
    places: Sequence[Place]

    @property
    def sealed_at(self) -> datetime:
        """When the first of its segments was sealed, to the millisecond."""
        return uuid7_time(self.segments[0].segment_id)


def seal_commit(
    events: Sequence[Committable], keyring: Keyring, clock: Clock, classify: Classify
) -> SealedCommit:
    """Seal events, each under a data key of its own, into one segment for each lock class.

    Raises:
        InvalidError: there are no events, or one does not fit into a frame.
    """
    now = clock.now()
    held: dict[LockClass, list[int]] = {}
    latest: list[int] = []
    latest_class: LockClass | None = None
    for number, event in enumerate(events):
        lock_class = classify(event, now)
        if lock_class is not latest_class:
            # Mostly it is the class of the event before, of which there is one object.
            latest_class, latest = lock_class, held.setdefault(lock_class, [])
        latest.append(number)
    places: list[tuple[int, Place]] = []
    segments: list[SealedSegment] = []
    for lock_class, numbers in held.items():
        sealed, found = _seal([events[number] for number in numbers], lock_class, keyring, clock)
        segments.append(sealed)
        places += zip(numbers, found, strict=True)
    # No number comes twice, so that places are never compared.
    in_order = [place for _, place in sorted(places)]
    return SealedCommit(clock.uuid7(), tuple(segments), in_order)


def _seal(
    events: Sequence[Committable], lock_class: LockClass, keyring: Keyring, clock: Clock
) -> tuple[SealedSegment, list[Place]]:
    archive_id = keyring.archive_id
    random = clock.random_bytes(32 * len(events))
    data_keys = [random[start : start + 32] for start in range(0, len(random), 32)]
    frames = seal_frames(archive_id, events, data_keys)
    segment_id, keys_id = clock.uuid7(), clock.uuid7()
    built = build_segment(archive_id, segment_id, lock_class, frames)
    epoch = keyring.current_epoch
    keys = seal_keys(
        archive_id,
        segment_id,
        keys_id,
        epoch,
        keyring.epoch_key(epoch),
        dict(enumerate(data_keys)),
    )
    digests = [sha256(frame).digest() for frame in frames]
    offsets, lengths = zip(*built.spans, strict=True)
    segment, leaves = repeat(segment_id.bytes), digest_leaves(archive_id, digests)
    # Made by `map`, since there is one for each event.
    places = list(map(Place, segment, count(), offsets, lengths, leaves, digests))
    return SealedSegment(segment_id, keys_id, lock_class, built.data, keys), places
