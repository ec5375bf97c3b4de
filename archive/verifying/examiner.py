"""The checks that read objects: each stands for itself, so that many can run side by side."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from archive.bucket.names import blob_name
from archive.bucket.port import Bucket
from archive.clock import Clock
from archive.errors import CorruptError, NotFoundError
from archive.events.types import BlobPlace
from archive.sealing.commit import CommitEntry
from archive.sealing.keys import EpochKeys
from archive.verifying.contents import event_name
from archive.verifying.findings import RECHECK_SECONDS, Fault, twice
from archive.verifying.segments import SegmentCheck
from archive.verifying.stored import Outcome, Stored


class SegmentEntries(tuple[CommitEntry, ...]):
    """The entries of one segment, which go to another process in a fraction of the usual time."""

    def __reduce__(self) -> Any:
        return _entries, ([tuple(entry) for entry in self],)


def _entries(rows: list[tuple[Any, ...]]) -> SegmentEntries:
    return SegmentEntries(map(CommitEntry._make, rows))


class Examiner:
    """Checks one segment or one blob a call; safe for several threads. `full` reads segments."""

    def __init__(self, bucket: Bucket, keyring: EpochKeys, clock: Clock, *, full: bool) -> None:
        self._bucket = bucket
        self._clock = clock
        self.segments = SegmentCheck(bucket, keyring, full=full)

    def segment(self, entries: Sequence[CommitEntry], stored: Stored) -> Outcome:
        """Check the segment that these entries, by slot, are all of."""
        outcome = self.segments.check(entries, stored)
        # While one key object takes the place of another, a listing may miss both, or name what is
        # gone when it is read.
        if outcome.faults or outcome.unread:
            self._clock.sleep(RECHECK_SECONDS)
            outcome = self.segments.check(entries, self.segments.stored(entries[0].segment_id))
        return outcome

    def blob(self, entry: CommitEntry, place: BlobPlace) -> list[Fault]:
        """Check the bytes of a blob that an event names."""
        return twice(self._clock, lambda: self._blob_faults(entry, place))

    def _blob_faults(self, entry: CommitEntry, place: BlobPlace) -> list[Fault]:
        name = blob_name(bytes.fromhex(place.digest), place.id)
        event = event_name(entry.originator_id, entry.originator_version, entry.seq)
        digest, size = sha256(), 0
        try:
            for piece in self._bucket.read(name):
                digest.update(piece)
                size += len(piece)
        except NotFoundError:
            message = f"{name} is missing, which is part of {event}. Restore it."
            return [Fault("blob", message, name, entry.originator_id, entry.seq)]
        except CorruptError as error:
            message = f"{name}, part of {event}, cannot be read: {error}"
            return [Fault("blob", message, name, entry.originator_id, entry.seq)]
        if (digest.hexdigest(), size) != (place.sealed_sha256, place.sealed_size):
            message = f"{name} was altered: it is not what was captured with {event}. Restore it."
            return [Fault("blob", message, name, entry.originator_id, entry.seq)]
        return []
