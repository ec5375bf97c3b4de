"""Key objects written anew: put, read back, named in SQL, and only then are the others destroyed.

Both halves are done while the segment is held. Between them the process may die: then SQL names
the new object, the older ones are still there, and doing it again finishes it. A process that lost
hold of the segment without knowing finds that its object is not named, and destroys that itself.
"""

from collections.abc import Iterator, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import groupby, islice
from uuid import UUID

from archive.bucket.genuine import genuine
from archive.bucket.names import KEYS, is_locked_keys_name, keys_name, keys_prefix, parse_keys_name
from archive.bucket.port import Bucket, ObjectInfo, Retention, VersionInfo
from archive.bucket.rules import check_destroyable
from archive.clock import Clock
from archive.errors import (
    CorruptError,
    InvalidError,
    LockedError,
    MunimentError,
    NotFoundError,
    UnavailableError,
)
from archive.events.commit_records import put_again
from archive.events.custody import HeldSegment, KeyCustody
from archive.events.locked_keys import open_locked_keys
from archive.sealing.held import HeldKeyring
from archive.sealing.keys import KeyObject, open_keys, seal_keys


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What became of one segment's keys: the epochs before and after, and objects left locked."""

    was: int
    now: int
    locked: int = 0


class KeyObjects:
    """The key objects of an archive. Safe for several threads."""

    def __init__(
        self, custody: KeyCustody, bucket: Bucket, keyring: HeldKeyring, clock: Clock
    ) -> None:
        self._custody = custody
        self._bucket = bucket
        self._keyring = keyring
        self._clock = clock

    def locks(self, segment_id: UUID, slots: Set[int]) -> dict[int, list[LockedError]]:
        """Return what forbids to destroy the keys in slots of a segment now, by slot.

        A lock on a key object is one on all of its segment's keys, since it could not be replaced;
        one on locked keys is on those that it holds.
        """
        now, found = self._bucket.now(), dict[int, list[LockedError]]()
        for each, info in self._infos(segment_id):
            try:
                check_destroyable(info.name, info.retention, info.legal_hold, now)
            except LockedError as error:
                held = self._slots(each) if is_locked_keys_name(each.name) else slots
                for slot in slots & held:
                    found.setdefault(slot, []).append(error)
        return found

    def retentions(self, segment_id: UUID, slot: int) -> tuple[Retention, ...]:
        """Return the retentions in force of the objects that hold the key in a slot."""
        now = self._bucket.now()
        return tuple(
            info.retention
            for each, info in self._infos(segment_id)
            if info.retention is not None
            and info.retention.until > now
            and (not is_locked_keys_name(each.name) or slot in self._slots(each))
        )

    def _infos(self, segment_id: UUID) -> Iterator[tuple[VersionInfo, ObjectInfo]]:
        for each in list(self._bucket.versions(keys_prefix(segment_id))):
            if not each.delete_marker:
                with suppress(NotFoundError):
                    yield each, self._bucket.stat(each.name, version=each.version)

    def check_destroyable(self, segment_id: UUID, slots: Set[int]) -> None:
        """Raise LockedError, which says until when, if the key in a slot is locked."""
        for errors in self.locks(segment_id, slots).values():
            raise errors[0]

    def rewrite(
        self,
        segment_id: UUID,
        *,
        destroyed: Set[int] = frozenset(),
        stale_epochs: Set[int] = frozenset(),
        leave_locked: bool = False,
    ) -> Rewritten:
        """Write a segment's keys anew without the `destroyed` slots, and destroy all older objects.

        An object that has none of those slots, and is not under a stale epoch, is left as it is.
        With `leave_locked` the new object takes over the old one's locks, and older objects that
        are locked are left and counted: only dropping their epoch makes them unreadable.

        Raises:
            NotFoundError: SQL does not know the segment, or no more: it was packed meanwhile.
            CorruptError: the segment's keys cannot be read; nothing is destroyed.
            LockedError: an older object is locked; the new one is in its place, and doing this
                again destroys the rest once the lock has ended.
            UnavailableError: bucket or database do not answer; it may have taken effect, in
                whole or in part. Doing it again finishes it.
        """
        new = self._clock.uuid7()
        try:
            with self._custody.held_segment(segment_id) as held:
                was, now = self._replace(held, segment_id, new, destroyed, stale_epochs)
        except MunimentError:
            self._withdraw(segment_id, new)
            raise
        return Rewritten(was, now, self.sweep(segment_id, leave_locked=leave_locked))

    def _replace(
        self,
        held: HeldSegment,
        segment_id: UUID,
        new: UUID,
        destroyed: Set[int],
        stale_epochs: Set[int],
    ) -> tuple[int, int]:
        if held.keys_id is None:
            raise NotFoundError(f"The database knows no key object of segment {segment_id}.")
        version, found = self._open(segment_id, held.keys_id)
        kept = {slot: key for slot, key in found.keys.items() if slot not in destroyed}
        if len(kept) == len(found.keys) and found.epoch not in stale_epochs:
            return found.epoch, found.epoch
        older = self._bucket.stat(keys_name(segment_id, held.keys_id), version=version)
        epoch = self._write(segment_id, new, kept, older)
        held.name(new)
        return found.epoch, epoch

    def read(self, segment_id: UUID, keys_id: UUID) -> KeyObject:
        """Return a segment's key object; CorruptError if it cannot be read."""
        return self._open(segment_id, keys_id)[1]

    def _open(self, segment_id: UUID, keys_id: UUID) -> tuple[str, KeyObject]:
        """Return a key object and its version: the newest that is what its name says.

        Whoever may write to the bucket could have put something over it.
        """
        name = keys_name(segment_id, keys_id)
        problem = f"{name} is missing."
        for each in list(self._bucket.versions(name)):
            if each.name != name or each.delete_marker:
                continue
            try:
                found = open_keys(self._bucket.get(name, version=each.version), self._keyring)
                if (found.segment_id, found.object_id) == (segment_id, keys_id):
                    return each.version, found
                problem = f"{name} is another key object."
            except (CorruptError, NotFoundError) as error:
                problem = f"{name} cannot be read: {error}"
        raise CorruptError(problem)

    def _write(
        self, segment_id: UUID, keys_id: UUID, keys: Mapping[int, bytes], older: ObjectInfo
    ) -> int:
        """Put the keys under the current epoch, locked as they were, and read them back."""
        keyring, name = self._keyring.current, keys_name(segment_id, keys_id)
        epoch = keyring.current_epoch
        data = seal_keys(
            keyring.archive_id, segment_id, keys_id, epoch, keyring.epoch_key(epoch), keys
        )
        lock = older.retention
        if lock is not None and lock.until <= self._bucket.now():
            lock = None
        put = partial(self._bucket.put, retention=lock, legal_hold=older.legal_hold)
        put_again(put, name, data, self._clock)
        back = self._bucket.get(name)
        if back != data or open_keys(back, self._keyring).keys != keys:
            raise CorruptError(f"{name} does not come back as it was written.")
        return epoch

    def _withdraw(self, segment_id: UUID, keys_id: UUID) -> None:
        """Destroy an object that was written and never named: it may hold a key that must go.

        Nobody else names it, so that what SQL says now it says for good. Where bucket or database
        do not answer, the next sweep of the segment destroys it.
        """
        with suppress(MunimentError), self._custody.held_segment(segment_id) as held:
            if held.keys_id != keys_id:
                for each in list(self._bucket.versions(keys_name(segment_id, keys_id))):
                    self._bucket.delete(each.name, version=each.version)

    def sweep(self, segment_id: UUID, *, leave_locked: bool = False) -> int:
        """Destroy all versions of all key objects but the one that SQL names, and prove it.

        Locked keys stay unless they hold a key that this one lacks. Return how many are left
        because they are locked. Errors as in `rewrite`.
        """
        with self._custody.held_segment(segment_id) as held:
            if held.keys_id is None:
                raise NotFoundError(f"The database knows no key object of segment {segment_id}.")
            version, found = self._open(segment_id, held.keys_id)
            kept = keys_name(segment_id, held.keys_id), version
            others, locked = self._others(segment_id, kept, found), 0
            for each, opens in others:
                try:
                    self._bucket.delete(each.name, version=each.version)
                except LockedError:
                    if opens and not leave_locked:
                        raise
                    locked += 1
            if others and len(self._others(segment_id, kept, found)) > locked:
                raise UnavailableError(
                    f"Older key objects of segment {segment_id} were destroyed and are still there."
                )
            return locked

    def crowded(self) -> list[UUID]:
        """Return the segments that have more than one version of key objects, by one listing.

        That is what a rewriting leaves which died before its end, or whose answer was lost.
        """
        found: list[UUID] = []
        named = (each for each in self._bucket.versions(KEYS) if _segment_of(each) is not None)
        for segment_id, versions in groupby(named, _segment_of):
            if segment_id is not None and len(list(islice(versions, 2))) > 1:
                found.append(segment_id)
        return found

    def _others(
        self, segment_id: UUID, kept: tuple[str, str], found: KeyObject
    ) -> list[tuple[VersionInfo, bool]]:
        """List what is to be destroyed: all but the one version that is kept, as it was found.

        Of locked keys it is those that hold others than these, and what does not open, which is
        told by False: nobody can read it, so that it may stay while it is locked.
        """
        others: list[tuple[VersionInfo, bool]] = []
        for each in list(self._bucket.versions(keys_prefix(segment_id))):
            if not is_locked_keys_name(each.name):
                if (each.name, each.version) != kept:
                    others.append((each, True))
                continue
            held = frozenset[int]() if each.delete_marker else self._slots(each)
            if not held or not held <= found.keys.keys():
                others.append((each, bool(held)))
        return others

    def _slots(self, found: VersionInfo) -> frozenset[int]:
        """Return the slots whose keys a version of locked keys holds; none if it does not open."""
        try:
            return frozenset(open_locked_keys(self._bucket, self._keyring, found))
        except (CorruptError, NotFoundError):
            return frozenset()

    def epoch_of(self, segment_id: UUID, keys_id: UUID) -> int:
        """Return the epoch that a segment's keys are under, 0 where they cannot be read.

        `keys_id` is the key object that SQL named a moment ago. The object is opened, because its
        epoch is believed when others are dropped.
        """
        for each in (keys_id, self._custody.keys_of(segment_id)):
            if each is None:
                break
            name = keys_name(segment_id, each)
            try:
                return genuine(self._bucket, name, partial(self._epoch, segment_id, each))
            except (CorruptError, NotFoundError):
                # SQL may name another by now.
                continue
        return 0

    def _epoch(self, segment_id: UUID, keys_id: UUID, version: str | None) -> int:
        data = self._bucket.get(keys_name(segment_id, keys_id), version=version)
        found = open_keys(data, self._keyring)
        if (found.segment_id, found.object_id) != (segment_id, keys_id):
            raise CorruptError("It is another key object.")
        return found.epoch


def _segment_of(version: VersionInfo) -> UUID | None:
    """Return the segment that a key object is of; None for what does not have its name."""
    try:
        return parse_keys_name(version.name)[0]
    except InvalidError:
        return None
