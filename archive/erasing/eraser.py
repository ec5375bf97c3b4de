"""The eraser: destroys the keys of events, so that nobody can read them any more, anywhere.

The order, each step safe to repeat (docs/design.md, "Erasing"):

1. Nothing begins while any of the key objects concerned is locked.
2. `keys.condemned` is committed: the point of no return, and the account of what will be missing.
3. Per segment, under its lock: the survivors' keys are written anew and read back, SQL names them,
   all versions of all other key objects are destroyed, and a listing proves it.
   Packs that are being made are called off or finished first, with what they were made of.
4. Every generation of the index's snapshots is destroyed, since it may hold words of them, but
   where no record is among them: the index holds nothing else.
5. Blobs that nothing refers to any more are condemned, then destroyed.
6. `keys.destroyed` is committed.

A crash after 2 leaves a condemned erasure, which the leader, or whoever erases next, finishes.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar
from uuid import UUID

from archive.bucket.names import blob_name
from archive.bucket.port import Bucket
from archive.clock import Clock, uuid7_time
from archive.erasing.key_objects import KeyObjects, Rewritten
from archive.errors import (
    ConflictError,
    CorruptError,
    InvalidError,
    LockedError,
    MunimentError,
    NotFoundError,
)
from archive.events.event import Event
from archive.events.group import Committer
from archive.events.groups import Group
from archive.events.mapper import EventMapper
from archive.events.opener import Opener
from archive.events.plain import plain
from archive.events.pointers import PointerRecorder, PointerRow
from archive.events.rows import rows_at
from archive.events.types import KeysCondemned, KeysDestroyed, is_erasable
from archive.index.snapshots import SnapshotStore

_INTERACTION = "interaction."
# By then whoever condemned it has destroyed it, or is gone.
_OVERDUE = timedelta(minutes=2)

_T = TypeVar("_T")

Seal = Callable[[KeysCondemned], Sequence[Event]]
"""Says what is to be committed together with what is condemned."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was destroyed: how many events, in how many segments, under which epochs until then.

    `blobs_left` are condemned and cannot be read by anybody, but are locked in the bucket.
    """

    id: UUID
    events: int
    records: tuple[UUID, ...]
    segments: int
    epochs: tuple[int, ...]
    blobs: int
    blobs_left: int


class Eraser:
    """Destroys keys. Several may work at once, on one host or on many."""

    def __init__(
        self,
        *,
        pointers: PointerRecorder,
        opener: Opener,
        mapper: EventMapper,
        bucket: Bucket,
        key_objects: KeyObjects,
        snapshots: SnapshotStore,
        committer: Committer,
        clock: Clock,
        threads: Callable[[Sequence[UUID]], Mapping[UUID, bytes]],
        unfinished: Callable[[], Sequence[UUID]],
        settle_packs: Callable[[], Sequence[str]],
    ) -> None:
        self._pointers = pointers
        self._opener = opener
        self._mapper = mapper
        self._bucket = bucket
        self._key_objects = key_objects
        self._snapshots = snapshots
        self._committer = committer
        self._clock = clock
        self._threads_of = threads
        self._unfinished = unfinished
        self._settle_packs = settle_packs

    def erase_records(
        self, ids: Sequence[UUID], *, actor: str, ground: str, seal: Seal | None = None
    ) -> list[Erasure]:
        """Erase interactions with all their events; one that is revised meanwhile too.

        Return one erasure, or more where events came in between; of these the first is sealed.
        Errors as in `erase`.
        """
        erasures: list[Erasure] = []
        done: set[int] = set()
        while True:
            rows = [
                row
                for row in self._pointers.select_pointers_of(ids)
                if row.type.startswith(_INTERACTION) and row.seq not in done
            ]
            if not rows and erasures:
                return erasures
            erasures.append(self.erase(rows, actor=actor, ground=ground, seal=seal))
            seal = None
            done.update(row.seq for row in rows)

    def erase(
        self,
        rows: Sequence[PointerRow],
        *,
        actor: str,
        ground: str,
        seal: Seal | None = None,
        redacting: bool = False,
    ) -> Erasure:
        """Destroy the keys of events, for a ground that holds no content.

        What `seal` returns is committed together with `keys.condemned`, or neither is. Where it is
        `redacting`, that begins the interactions of these events anew; else they are erased.

        Raises:
            InvalidError: there are none, or one that tells what was decided.
            ConflictError: an event of the seal exists already; nothing was done.
            LockedError: a key object is locked, the message says until when; nothing was done.
            CorruptError: a segment's keys cannot be read; the others are destroyed.
            UnavailableError: bucket or database do not answer. Where it was condemned already,
                `resume` finishes it.
        """
        rows = list({row.seq: row for row in rows}.values())
        if not rows:
            raise InvalidError("There are no events to be erased.")
        if kept := [row.type for row in rows if not is_erasable(row.type)]:
            raise InvalidError(f"Events of type {min(kept)} are never erased.")
        slots = _slots(rows)
        self._each(
            lambda segment_id: self._key_objects.check_destroyable(segment_id, slots[segment_id]),
            slots,
        )
        ids = {row.originator_id for row in rows if row.type.startswith(_INTERACTION)}
        records = tuple(sorted(ids))
        condemned = KeysCondemned(
            originator_id=self._clock.uuid7(),
            originator_version=1,
            recorded_at=self._clock.now(),
            actor=actor,
            ground=ground,
            events=tuple(sorted(row.seq for row in rows)),
            records=() if redacting else records,
            redacted=records if redacting else (),
            threads=() if redacting else self._threads(records),
        )
        sealing = seal(condemned) if seal else ()
        events = [plain(each) for each in (condemned, *sealing)]
        # Alone it may be sent twice: the second time it meets itself and is passed over.
        self._committer.commit(Group(events, atomic=bool(sealing)))
        return self._finish(condemned, rows)

    def _threads(self, records: Sequence[UUID]) -> tuple[str, ...]:
        known = self._threads_of(records)
        return tuple(known.get(each, b"").hex() for each in records)

    def locked_records(self, rows: Sequence[PointerRow]) -> dict[UUID, datetime | None]:
        """Return the streams of events whose keys cannot be destroyed yet, and until when.

        The time is None where that is not known, because of a legal hold in the bucket.
        """
        slots = _slots(rows)
        locks = dict(
            self._each(
                lambda each: (each, self._key_objects.locks(each, slots[each])),
                slots,
            )
        )
        found: dict[UUID, list[datetime | None]] = defaultdict(list)
        for row in rows:
            for error in locks[row.pointer.segment_id].get(row.pointer.slot, ()):
                found[row.originator_id].append(error.until)
        return {
            stream: None if None in ends else max(end for end in ends if end is not None)
            for stream, ends in found.items()
        }

    def resume(self) -> list[str]:
        """Finish what was condemned and is not destroyed; say in sentences what cannot be yet."""
        return self._resume(self._unfinished())

    def resume_overdue(self) -> list[str]:
        """Do so with what nobody seems to be finishing."""
        now = self._clock.now()
        return self._resume(
            [each for each in self._unfinished() if now - uuid7_time(each) > _OVERDUE]
        )

    def _resume(self, erasure_ids: Iterable[UUID]) -> list[str]:
        problems: list[str] = []
        for erasure_id in erasure_ids:
            try:
                self._resume_one(erasure_id)
            except MunimentError as error:
                problems.append(f"Erasure {erasure_id} is not finished: {error}")
        return problems

    def _resume_one(self, erasure_id: UUID) -> None:
        rows = self._pointers.select_pointers(erasure_id, gt=0, lte=1, desc=False, limit=1)
        for opened in self._opener.open(rows):
            event = self._mapper.event(opened)
            if isinstance(event, KeysCondemned):
                self._finish(event, list(rows_at(self._pointers, event.events)))

    def destroy_condemned_blobs(self) -> tuple[int, int]:
        """Destroy the blobs that are condemned; return how many went, and how many are locked."""
        gone: list[UUID] = []
        locked = 0
        for blob in self._pointers.condemned_blobs():
            name = blob_name(blob.digest, blob.blob_id)
            try:
                for each in list(self._bucket.versions(name)):
                    self._bucket.delete(name, version=each.version)
                gone.append(blob.blob_id)
            except LockedError:
                locked += 1
        if gone:
            self._pointers.forget_blobs(gone)
        return len(gone), locked

    def _finish(self, condemned: KeysCondemned, rows: Sequence[PointerRow]) -> Erasure:
        rewritten, rows = self._destroy_keys(condemned.events, rows)
        # A pack that was not finished could hold them still, or what it was made of.
        if left := self._settle_packs():
            raise LockedError(left[0])
        if condemned.records or condemned.redacted:
            for generation_id in self._snapshots.generations():
                self._snapshots.destroy(generation_id)
        self._pointers.condemn_blobs([(row.originator_id, row.originator_version) for row in rows])
        blobs, blobs_left = self.destroy_condemned_blobs()
        epochs = {each.was for each in rewritten.values()}
        destroyed = KeysDestroyed(
            originator_id=condemned.originator_id,
            originator_version=2,
            recorded_at=self._clock.now(),
            segments=len(rewritten),
            epochs=tuple(sorted(epochs)),
            blobs=blobs,
            blobs_left=blobs_left,
        )
        with suppress(ConflictError):
            # Somebody else may have finished the same erasure.
            self._committer.commit(Group([plain(destroyed)], atomic=False))
        return Erasure(
            id=condemned.originator_id,
            events=len(condemned.events),
            records=condemned.records,
            segments=destroyed.segments,
            epochs=destroyed.epochs,
            blobs=blobs,
            blobs_left=blobs_left,
        )

    def _destroy_keys(
        self, seqs: Sequence[int], rows: Sequence[PointerRow]
    ) -> tuple[dict[UUID, Rewritten], Sequence[PointerRow]]:
        """Destroy the keys of events wherever their frames stand, also if they move meanwhile.

        `rows` are where they stood a while ago. Return what was rewritten by segment, and the
        events' rows.
        """
        done: dict[UUID, Rewritten] = {}
        missed: set[UUID] = set()
        while left := {each: slots for each, slots in _slots(rows).items() if each not in done}:
            if not missed.isdisjoint(left):
                # What was packed meanwhile is somewhere else by now.
                raise CorruptError(f"There is no key object of segment {min(missed & set(left))}.")
            found = self._each(
                partial(self._destroy_in, left), left, at_once=self._bucket.writes_at_once
            )
            for segment_id, rewritten in found:
                if rewritten is None:
                    missed.add(segment_id)
                else:
                    done[segment_id] = rewritten
            # A pack that takes frames over ends their segments.
            if not done.keys() <= self._pointers.keys_of_each(done).keys() or missed:
                rows = list(rows_at(self._pointers, seqs))
        return done, rows

    def _destroy_in(
        self, slots: Mapping[UUID, Set[int]], segment_id: UUID
    ) -> tuple[UUID, Rewritten | None]:
        try:
            return segment_id, self._key_objects.rewrite(segment_id, destroyed=slots[segment_id])
        except NotFoundError:
            return segment_id, None

    def _each(
        self, do: Callable[[UUID], _T], segment_ids: Iterable[UUID], *, at_once: int | None = None
    ) -> list[_T]:
        """Do something for each segment, as many at once as the bucket likes to be asked."""
        ids, at_once = list(segment_ids), at_once or self._bucket.at_once
        if at_once <= 1 or len(ids) == 1:
            return [do(segment_id) for segment_id in ids]
        with ThreadPoolExecutor(at_once, thread_name_prefix="erase") as pool:
            return list(pool.map(do, ids))


def _slots(rows: Iterable[PointerRow]) -> dict[UUID, set[int]]:
    """Return in which slots of which segments the frames of events stand."""
    slots: dict[UUID, set[int]] = defaultdict(set)
    for row in rows:
        slots[row.pointer.segment_id].add(row.pointer.slot)
    return slots
