"""From pointers back to plaintext: find the frame, find its key, open both boxes, check both.

A frame whose key is no longer in its key object has been erased, and opens to None. Bytes that
do not check raise or yield `CorruptError` naming the object and the record; other frames of the
same segment stay readable. Which key object holds a segment's keys is asked of SQL each time, so
that what another process destroyed is not opened with keys that this one still remembers.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from threading import Lock
from typing import NamedTuple, Protocol, TypeVar
from uuid import UUID

from archive.bucket.genuine import genuine, others
from archive.bucket.names import keys_name, segment_name
from archive.bucket.port import Bucket
from archive.errors import CorruptError, NotFoundError
from archive.events.intact import open_intact, together
from archive.events.locked_keys import all_locked_keys
from archive.events.pointers import PointerRow
from archive.sealing.frame import OpenedFrame, evidence_subkey, open_frame
from archive.sealing.keys import EpochKeys, open_keys

_CACHED_KEY_OBJECTS = 128
_WHOLE_SEGMENT_SHARE = 8


class OpenedEvent(NamedTuple):
    """One event in clear: its row, and the plaintext of its two boxes."""

    row: PointerRow
    evidence: bytes
    custody: bytes


class ErasedEvent(NamedTuple):
    """One event whose key has been destroyed."""

    row: PointerRow


@dataclass(frozen=True, slots=True)
class DamagedEvent:
    """One event that cannot be opened, and why."""

    row: PointerRow
    error: CorruptError


Opened = OpenedEvent | ErasedEvent | DamagedEvent
_J = TypeVar("_J")
_T = TypeVar("_T")


class KeyPlaces(Protocol):
    """What an opener asks of SQL."""

    def keys_of_each(self, segment_ids: Iterable[UUID]) -> Mapping[UUID, UUID]:
        """Return the ids of the key objects that now hold the keys of segments."""

    def select_pointers_of(self, originator_ids: Iterable[UUID]) -> Sequence[PointerRow]:
        """Return all events of streams, each where its frame stands now."""


@dataclass(frozen=True, slots=True)
class _Keys:
    """The keys of a segment by slot; `lost` says why there may be more of them."""

    found: Mapping[int, bytes]
    lost: CorruptError | None = None

    def of(self, slot: int) -> bytes | None:
        """Return a slot's key, None if it was destroyed; CorruptError if it is lost."""
        key = self.found.get(slot)
        if key is None and self.lost is not None:
            raise self.lost
        return key


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read of one segment: its keys, and frames by sequence number."""

    keys: _Keys
    frames: dict[int, bytes]


class Opener:
    """Opens events. Safe for several threads; keeps a bounded number of key objects."""

    def __init__(self, places: KeyPlaces, bucket: Bucket, keyring: EpochKeys) -> None:
        self._places = places
        self._bucket = bucket
        self._keyring = keyring
        self._cache: OrderedDict[UUID, tuple[UUID, Mapping[int, bytes]]] = OrderedDict()
        # Of segments that something was put over, the version that holds.
        self._covered: OrderedDict[UUID, str] = OrderedDict()
        self._lock = Lock()

    def open(self, rows: Sequence[PointerRow]) -> list[OpenedEvent | ErasedEvent]:
        """Open the rows, in their order; CorruptError at the first that does not check."""
        opened: list[OpenedEvent | ErasedEvent] = []
        for event in self.open_each(rows):
            if isinstance(event, DamagedEvent):
                raise event.error
            opened.append(event)
        return opened

    def open_each(self, rows: Sequence[PointerRow]) -> Iterator[Opened]:
        """Open the rows, in their order, giving a damaged one in its place."""
        for opened in self._open_each(rows):
            newer = self._moved(opened.row) if isinstance(opened, DamagedEvent) else None
            yield opened if newer is None else next(self._open_each([newer]))

    def _moved(self, row: PointerRow) -> PointerRow | None:
        """Return where an event's frame stands now, if it was packed since its row was read."""
        for newer in self._places.select_pointers_of([row.originator_id]):
            if newer.seq == row.seq and newer.pointer.segment_id != row.pointer.segment_id:
                return newer
        return None

    def _open_each(self, rows: Sequence[PointerRow]) -> Iterator[Opened]:
        wanted = _by_segment(rows)
        keys: dict[UUID, _Keys] = {}
        frames: dict[int, bytes] = {}
        for segment_id, found in self._read(wanted):
            keys[segment_id] = found.keys
            frames |= found.frames
        held = {segment_id: each.found for segment_id, each in keys.items()}
        for some in together(rows):
            intact = open_intact(self._keyring.archive_id, some, frames, held)
            for row in some:
                if row.seq in intact:
                    yield OpenedEvent(row, *intact[row.seq])
                elif row.pointer.is_dropped:
                    yield ErasedEvent(row)
                else:
                    yield self._open(row, keys[row.pointer.segment_id], frames.get(row.seq, b""))

    def frames(self, rows: Sequence[PointerRow]) -> dict[int, bytes]:
        """Return the frames as they stand, by sequence number, without those that are not there."""
        found = self._frames_of(rows)
        missing = [row for row in rows if row.seq not in found and not row.pointer.is_dropped]
        moved = [newer for row in missing if (newer := self._moved(row)) is not None]
        return found | self._frames_of(moved)

    def _frames_of(self, rows: Sequence[PointerRow]) -> dict[int, bytes]:
        found: dict[int, bytes] = {}
        for frames in self._each(lambda job: self._frames(*job), list(_by_segment(rows).items())):
            found |= frames
        return found

    def evidence(self, row: PointerRow) -> tuple[bytes, bytes] | None:
        """Return an event's frame and the subkey that opens its evidence, None if it is erased.

        CorruptError, naming the record, if the frame does not open.
        """
        try:
            return self._evidence(row)
        except CorruptError:
            newer = self._moved(row)
            if newer is None:
                raise
            return self._evidence(newer)

    def _evidence(self, row: PointerRow) -> tuple[bytes, bytes] | None:
        if row.pointer.is_dropped:
            return None
        try:
            ((_, found),) = self._read({row.pointer.segment_id: [row]})
            data_key = found.keys.of(row.pointer.slot)
            if data_key is None:
                return None
            frame, _ = self._open_any(row, data_key, found.frames.get(row.seq, b""))
        except CorruptError as error:
            raise _unreadable(row, error) from None
        return frame, evidence_subkey(data_key)

    def _read(self, wanted: Mapping[UUID, Sequence[PointerRow]]) -> Iterator[tuple[UUID, "_Read"]]:
        """Read keys and frames of each segment."""
        named = self._places.keys_of_each(wanted)
        jobs = [(segment_id, named.get(segment_id), rows) for segment_id, rows in wanted.items()]
        return self._each(self._read_one, jobs)

    def _each(self, read: Callable[[_J], _T], jobs: Sequence[_J]) -> Iterator[_T]:
        """Read one thing after another, as many at once as the bucket likes."""
        at_once = min(len(jobs), self._bucket.at_once)
        if at_once <= 1:
            yield from map(read, jobs)
            return
        with ThreadPoolExecutor(at_once, thread_name_prefix="open") as pool:
            yield from pool.map(read, jobs)

    def _read_one(
        self, job: tuple[UUID, UUID | None, Sequence[PointerRow]]
    ) -> tuple[UUID, "_Read"]:
        segment_id, keys_id, rows = job
        try:
            keys = _Keys(self._keys(segment_id, keys_id))
        except CorruptError as error:
            # Somebody destroyed or damaged the key object; what is locked beside it stands.
            keys = _Keys(all_locked_keys(self._bucket, self._keyring, segment_id), error)
        return segment_id, _Read(keys, self._frames(segment_id, rows))

    def _frames(self, segment_id: UUID, rows: Sequence[PointerRow]) -> dict[int, bytes]:
        """Return the frames' bytes by sequence number, in as few reads as is sensible."""
        name = segment_name(segment_id)
        first = min(row.pointer.offset for row in rows)
        end = max(row.pointer.offset + row.pointer.length for row in rows)
        wanted = sum(row.pointer.length for row in rows)
        try:
            if end - first <= wanted * _WHOLE_SEGMENT_SHARE:
                # A view, because slicing bytes from an offset on copies all that follows it.
                data = memoryview(self._bucket.get_range(name, first, end - first))
                return {
                    row.seq: bytes(data[row.pointer.offset - first :][: row.pointer.length])
                    for row in rows
                }
        except NotFoundError:
            return {}
        except CorruptError:
            pass  # It was cut short; what stands before the cut is read frame by frame.
        frames: dict[int, bytes] = {}
        for row in rows:
            with suppress(NotFoundError, CorruptError):
                pointer = row.pointer
                frames[row.seq] = self._bucket.get_range(name, pointer.offset, pointer.length)
        return frames

    def _open(self, row: PointerRow, keys: _Keys, frame: bytes) -> Opened:
        try:
            data_key = keys.of(row.pointer.slot)
            if data_key is None:
                return ErasedEvent(row)
            _, opened = self._open_any(row, data_key, frame)
        except CorruptError as error:
            return DamagedEvent(row, _unreadable(row, error))
        return OpenedEvent(row, opened.evidence, opened.custody)

    def _open_any(
        self, row: PointerRow, data_key: bytes, frame: bytes
    ) -> tuple[bytes, OpenedFrame]:
        """Open a frame, or the one in another version of its segment; give that frame too."""
        try:
            return frame, self._open_frame(row, data_key, frame)
        except CorruptError as error:
            return self._open_other(row, data_key, error)

    def _open_frame(self, row: PointerRow, data_key: bytes, frame: bytes) -> OpenedFrame:
        if not frame:
            raise CorruptError("the object is missing or too short.")
        opened = open_frame(frame, data_key)
        header = opened.header
        if (
            header.archive_id != self._keyring.archive_id
            or header.originator_id != row.originator_id
            or header.originator_version != row.originator_version
            or header.event_type != row.type
        ):
            raise CorruptError("the frame's header names another event.")
        return opened

    def _open_other(
        self, row: PointerRow, data_key: bytes, error: CorruptError
    ) -> tuple[bytes, OpenedFrame]:
        """Open the frame in another version of its segment; the error where none has it."""
        name, pointer = segment_name(row.pointer.segment_id), row.pointer
        with self._lock:
            known = self._covered.get(pointer.segment_id)
        # What held for another frame of the segment comes first; most times that is all.
        for version in chain([known] if known else (), others(self._bucket, name)):
            with suppress(CorruptError, NotFoundError):
                frame = self._bucket.get_range(
                    name, pointer.offset, pointer.length, version=version
                )
                opened = self._open_frame(row, data_key, frame)
                with self._lock:
                    self._covered[pointer.segment_id] = version
                    while len(self._covered) > _CACHED_KEY_OBJECTS:
                        self._covered.popitem(last=False)
                return frame, opened
        raise error

    def _keys(self, segment_id: UUID, keys_id: UUID | None) -> Mapping[int, bytes]:
        while True:
            try:
                return self._cached(segment_id, keys_id) or self._fetched(segment_id, keys_id)
            except CorruptError:
                # The keys may have been written anew, and this object destroyed, since SQL was
                # asked.
                newer = self._places.keys_of_each([segment_id]).get(segment_id)
                if newer == keys_id:
                    raise
                keys_id = newer

    def _cached(self, segment_id: UUID, keys_id: UUID | None) -> Mapping[int, bytes] | None:
        with self._lock:
            found = self._cache.get(segment_id)
            if found is None or found[0] != keys_id:
                return None
            self._cache.move_to_end(segment_id)
            return found[1]

    def _fetched(self, segment_id: UUID, keys_id: UUID | None) -> Mapping[int, bytes]:
        if keys_id is None:
            raise CorruptError("there is no key object of its segment.")
        name = keys_name(segment_id, keys_id)

        def read(version: str | None) -> Mapping[int, bytes]:
            held = open_keys(self._bucket.get(name, version=version), self._keyring)
            if keys_name(held.segment_id, held.object_id) != name:
                # Slots that another object lacks would read as erased.
                raise CorruptError("it is another key object.")
            return held.keys

        try:
            keys = genuine(self._bucket, name, read)
        except NotFoundError as error:
            raise CorruptError(f"the key object {name} is missing.") from error
        except CorruptError as error:
            raise CorruptError(f"{name}: {error}") from error
        with self._lock:
            self._cache[segment_id] = keys_id, keys
            while len(self._cache) > _CACHED_KEY_OBJECTS:
                self._cache.popitem(last=False)
        return keys


def _unreadable(row: PointerRow, error: CorruptError) -> CorruptError:
    name = segment_name(row.pointer.segment_id)
    return CorruptError(
        f"Record {row.originator_id} version {row.originator_version} (seq {row.seq}) "
        f"in {name}, slot {row.pointer.slot}, cannot be read: {error}"
    )


def _by_segment(rows: Sequence[PointerRow]) -> dict[UUID, list[PointerRow]]:
    found: dict[UUID, list[PointerRow]] = defaultdict(list)
    for row in rows:
        if not row.pointer.is_dropped:
            found[row.pointer.segment_id].append(row)
    return found
