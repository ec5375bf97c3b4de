"""Checking the keys of one segment: what they open to, and the locks that are promised of them."""

from collections.abc import Sequence
from itertools import groupby
from uuid import UUID

from archive.bucket.names import parse_keys_name, parse_locked_keys_name
from archive.bucket.port import Bucket, Retention
from archive.bucket.reaching import joined
from archive.errors import CorruptError, InvalidError, NotFoundError
from archive.events.sealer import retention_of
from archive.sealing.commit import CommitEntry
from archive.sealing.keys import EpochKeys, KeyObject, UnknownEpochError, open_keys
from archive.sealing.segment import LockClass
from archive.verifying.findings import Fault
from archive.verifying.stored import Copy, Outcome, segment_fault


class KeyCheck:
    """Checks keys and locks; safe for several threads."""

    def __init__(self, bucket: Bucket, keyring: EpochKeys) -> None:
        self._bucket = bucket
        self._keyring = keyring
        self._now = bucket.now()

    def read(
        self, entries: Sequence[CommitEntry], found: Sequence[Copy], outcome: Outcome
    ) -> tuple[dict[int, bytes], bool]:
        """Return the keys by slot in all key objects, and whether at least one could be read."""
        keys: dict[int, bytes] = {}
        bad: list[str] = []
        good: set[str] = set()
        for copy in found:
            try:
                opened = self._open_keys(copy, parse_keys_name(copy.name))
            except NotFoundError:
                continue
            except (CorruptError, InvalidError) as error:
                bad.append(str(error))
                continue
            good.add(copy.name)
            strange = opened.keys.keys() - {entry.slot for entry in entries}
            if strange:
                bad.append(f"{copy.name} has keys of slots that the segment does not have.")
            # Of two objects the newer one comes last, and its keys are those that readers use.
            keys.update(opened.keys)
        hidden = good - {copy.name for copy in found if copy.visible}
        bad += [
            f"{name} lies under another version or a delete marker; remove those."
            for name in hidden
        ]
        for message in bad:
            lost = (
                ""
                if good
                else " None of the segment's events can be read, but those whose keys a policy has "
                "locked: restore it."
            )
            outcome.faults.append(
                segment_fault(entries, "keys", f"has a key object that is wrong: {message}{lost}")
            )
        outcome.unread = not good
        return keys, bool(good) or not bad

    def _open_keys(self, copy: Copy, ids: tuple[UUID, UUID]) -> KeyObject:
        opened = open_keys(self._bucket.get(copy.name, version=copy.version), self._keyring)
        if (opened.segment_id, opened.object_id) != ids:
            raise CorruptError(f"{copy.name} is the key object of segment {opened.segment_id}.")
        return opened

    def read_locked(
        self, entries: Sequence[CommitEntry], found: Sequence[Copy], outcome: Outcome
    ) -> dict[int, bytes]:
        """Return the keys by slot in all locked keys; an object of which none opens is a fault.

        One under an epoch that was shredded is none: others are locked in its place.
        """
        keys: dict[int, bytes] = {}
        for name, held in groupby(found, key=lambda copy: copy.name):
            error: CorruptError | None = None
            for copy in held:
                try:
                    opened = self._open_keys(copy, _parsed(name)[0])
                except (NotFoundError, UnknownEpochError):
                    continue
                except CorruptError as why:
                    error = why
                    continue
                keys.update(opened.keys)
                break
            else:
                if error is not None:
                    outcome.faults.append(
                        segment_fault(entries, "keys", f"has locked keys that are wrong: {error}")
                    )
        return keys

    def check_locks(
        self,
        entries: Sequence[CommitEntry],
        lock_class: LockClass,
        found: Sequence[Copy],
        outcome: Outcome,
    ) -> None:
        """Hold the locks of a segment and its key objects against the class that it says."""
        wanted = retention_of(lock_class)
        for copy in found:
            self._lock(entries, wanted, copy, outcome)

    def check_promised(
        self,
        entries: Sequence[CommitEntry],
        segment: Copy,
        locked_keys: Sequence[Copy],
        outcome: Outcome,
    ) -> None:
        """Hold the locks of locked keys, and of their segment, against what their names promise."""
        for copy in locked_keys:
            try:
                ids, promised = _parsed(copy.name)
                self._open_keys(copy, ids)
            except (CorruptError, NotFoundError):
                # It was told already, it was shredded, or it lies over the one that counts.
                continue
            self._lock(entries, promised, copy, outcome)
            self._lock(entries, promised, segment, outcome)

    def _lock(
        self,
        entries: Sequence[CommitEntry],
        wanted: Retention | None,
        copy: Copy,
        outcome: Outcome,
    ) -> None:
        if wanted is None or wanted.until <= self._now:
            return
        held = self._bucket.stat(copy.name, version=copy.version).retention
        if held is None or joined(held, wanted) != held:
            outcome.faults.append(
                Fault(
                    "lock",
                    f"{copy.name} must be locked ({wanted.mode}) until "
                    f"{wanted.until:%Y-%m-%d}, and is not, or not so long or so firmly: "
                    "somebody lifted the lock, or the object was copied without it.",
                    copy.name,
                    seq=entries[0].seq,
                )
            )


def _parsed(name: str) -> tuple[tuple[UUID, UUID], Retention]:
    segment_id, object_id, promised = parse_locked_keys_name(name)
    return (segment_id, object_id), promised
