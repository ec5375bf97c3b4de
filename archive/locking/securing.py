"""Locking records as their policies demand: their ciphertext, and the keys of their events.

One segment after the other, while it is held: nobody packs it meanwhile, nor writes its keys anew.
The segment is locked to the end of the month, with all that it holds; of its keys only those of
the records, as locked keys of their own (docs/design.md, "Locks"). All of it is idempotent, and
nothing is ever shortened: whoever is cut off does it again.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import reduce
from typing import TypeVar
from uuid import UUID

from archive.bucket.names import blob_name, keys_prefix, parse_locked_keys_name, segment_name
from archive.bucket.port import Bucket, Retention
from archive.bucket.reaching import joined, reach
from archive.clock import Clock
from archive.erasing.key_objects import KeyObjects
from archive.errors import ConflictError, CorruptError, LockedError, NotFoundError
from archive.events.locked_keys import locked_keys_of, open_locked_keys, put_locked_keys
from archive.events.pointers import PointerRecorder, PointerRow
from archive.events.rows import since_redaction
from archive.locking.clocks import AgreedClocks
from archive.locking.needs import LockNeed, grouped
from archive.sealing.held import HeldKeyring

_ATTEMPTS = 3
_SOON = timedelta(seconds=5)
"""What ends within this time is not locked any more."""
_INTERACTION = "interaction."

_T = TypeVar("_T")
_J = TypeVar("_J")


@dataclass(slots=True)
class Secured:
    """What a call locked: objects of keys that it put, and records that it could not lock."""

    put: int = 0
    failed: set[UUID] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Survey:
    """The objects that would be locked, by name; of locked keys only how many."""

    evidence: frozenset[str]
    locked_keys: int


@dataclass(frozen=True, slots=True)
class KeyLocks:
    """The retentions in force of a record's keys: of each event those of the objects with it."""

    events: tuple[tuple[Retention, ...], ...]

    @property
    def held(self) -> Retention | None:
        """The lock that all of its keys are under, as the first of them loses it; None if none."""
        if not all(self.events):
            return None
        lasts = (max(each, key=_end) for each in self.events)
        return min(lasts, key=_end, default=None)

    def meet(self, need: LockNeed) -> bool:
        """Say whether each key is locked as is needed."""
        return all(any(need.met_by(held) for held in each) for each in self.events)


def _end(retention: Retention) -> datetime:
    return retention.until


class Securing:
    """Locks records. Several may at once; methods raise UnavailableError, also for clocks apart."""

    def __init__(
        self,
        pointers: PointerRecorder,
        bucket: Bucket,
        keyring: HeldKeyring,
        key_objects: KeyObjects,
        clock: Clock,
    ) -> None:
        self._pointers = pointers
        self._bucket = bucket
        self._keyring = keyring
        self._key_objects = key_objects
        self._clock = clock
        self._clocks = AgreedClocks(bucket, clock)

    def secure(self, needs: Mapping[UUID, LockNeed]) -> Secured:
        """Lock records, with all their versions, at least as they need.

        Needs that have ended, or end within seconds, are passed over. A record whose keys cannot
        be read has failed.

        Raises ConflictError where frames kept moving.
        """
        self._clocks.check()
        now, secured = self._bucket.now(), Secured()
        left = {each: need for each, need in needs.items() if need.until > now + _SOON}
        done, missed = set[int](), set[UUID]()
        for _ in range(_ATTEMPTS):
            jobs = _jobs([row for row in self._rows(left) if row.seq not in done], left)
            if not jobs:
                self._lock_blobs(left)
                return secured
            for job, put in zip(jobs, self._each(self._secure_segment, jobs), strict=True):
                if put is None and job.segment_id not in missed:
                    # It was packed meanwhile: the rows are read again.
                    missed.add(job.segment_id)
                    continue
                done |= {row.seq for row in job.rows}
                if put is None:
                    # The database knows no key object of it: it was lost before a rebuild.
                    secured.failed |= job.without(frozenset())
                    continue
                secured.put += put.objects
                secured.failed |= put.failed
        raise ConflictError("What holds the records kept changing; try again.")

    def survey(self, needs: Mapping[UUID, LockNeed]) -> Survey:
        """Return what `secure` would lock; nothing is altered."""
        jobs = _jobs(self._rows(needs), needs)
        blobs = self._pointers.blobs_of(list(needs))
        return Survey(
            frozenset(segment_name(job.segment_id) for job in jobs).union(
                blob_name(*each) for each in blobs
            ),
            sum(len(grouped(job.needs)) for job in jobs),
        )

    def locks(self, record_id: UUID) -> KeyLocks:
        """Return the locks that the keys of all events of a record are under now."""
        return KeyLocks(
            tuple(
                self._key_objects.retentions(row.pointer.segment_id, row.pointer.slot)
                for row in self._rows([record_id])
            )
        )

    def _rows(self, record_ids: Iterable[UUID]) -> list[PointerRow]:
        return [
            row
            for row in since_redaction(self._pointers.select_pointers_of(list(record_ids)))
            if row.type.startswith(_INTERACTION) and not row.pointer.is_dropped
        ]

    def _secure_segment(self, job: "_Job") -> "_Put | None":
        """Lock a segment, and keys of it; None if it is not where the frames are any more."""
        segment_id = job.segment_id
        with self._pointers.held_segment(segment_id) as held:
            if held.keys_id is None:
                return None
            evidence = reduce(joined, (need.evidence for need in job.needs.values()))
            reach(self._bucket, segment_name(segment_id), evidence)
            covered = self._covered(segment_id, job.needs)
            # The bucket takes no lock that has ended by the time it arrives.
            soon = self._bucket.now() + _SOON
            covered |= {slot for slot, need in job.needs.items() if need.until <= soon}
            if covered == job.needs.keys():
                return _Put()
            try:
                found = self._key_objects.read(segment_id, held.keys_id)
                # A key that is not there was destroyed a moment ago.
                wanted = job.needs.keys() & found.keys.keys() - covered
                groups = grouped({slot: job.needs[slot] for slot in wanted})
                for lock, group in groups:
                    put_locked_keys(self._bucket, self._keyring, self._clock, found, group, lock)
            except CorruptError:
                return _Put(failed=job.without(covered))
            return _Put(len(groups))

    def _covered(self, segment_id: UUID, slots: Mapping[int, LockNeed]) -> set[int]:
        """Return the slots whose keys are locked well enough; destroy what is locked no more."""
        covered, now = set[int](), self._bucket.now()
        for each in locked_keys_of(list(self._bucket.versions(keys_prefix(segment_id)))):
            try:
                held = self._bucket.stat(each.name, version=each.version).retention
                if held is None or held.until <= now:
                    if parse_locked_keys_name(each.name)[2].until <= now:
                        with suppress(LockedError):
                            self._bucket.delete(each.name, version=each.version)
                    continue
                met = {slot for slot, need in slots.items() if need.met_by(held)}
                if met - covered:
                    keys = open_locked_keys(self._bucket, self._keyring, each)
                    covered |= met & keys.keys()
            except (CorruptError, NotFoundError):
                continue
        return covered

    def _lock_blobs(self, needs: Mapping[UUID, LockNeed]) -> None:
        by_lock: dict[Retention, list[UUID]] = {}
        for record_id, need in needs.items():
            by_lock.setdefault(need.evidence, []).append(record_id)
        jobs = [
            (blob_name(digest, blob_id), lock)
            for lock, ids in by_lock.items()
            for digest, blob_id in self._pointers.blobs_of(ids)
        ]
        self._each(lambda job: reach(self._bucket, *job), jobs)

    def _each(self, do: Callable[[_J], _T], jobs: Sequence[_J]) -> list[_T]:
        """Do one thing after another, as many at once as the bucket likes."""
        at_once = min(len(jobs), self._bucket.at_once)
        if at_once <= 1:
            return [do(job) for job in jobs]
        with ThreadPoolExecutor(at_once, thread_name_prefix="lock") as pool:
            return list(pool.map(do, jobs))


@dataclass(frozen=True, slots=True)
class _Job:
    """What is to be locked in a segment: the events, and what each slot needs."""

    segment_id: UUID
    rows: Sequence[PointerRow]
    needs: Mapping[int, LockNeed]

    def without(self, covered: Set[int]) -> frozenset[UUID]:
        """Return the records that have keys in other slots than these."""
        return frozenset(row.originator_id for row in self.rows if row.pointer.slot not in covered)


@dataclass(frozen=True, slots=True)
class _Put:
    """How many objects were put for a segment, and the records whose keys could not be locked."""

    objects: int = 0
    failed: frozenset[UUID] = frozenset()


def _jobs(rows: Iterable[PointerRow], needs: Mapping[UUID, LockNeed]) -> list[_Job]:
    found: dict[UUID, list[PointerRow]] = {}
    for row in rows:
        found.setdefault(row.pointer.segment_id, []).append(row)
    return [
        _Job(segment_id, held, {row.pointer.slot: needs[row.originator_id] for row in held})
        for segment_id, held in found.items()
    ]
