"""Collecting orphans: looked for, doubted, and only then destroyed.

Nothing is destroyed under doubt: not while the database is behind the bucket, not while a commit
record is missing or cannot be read, and no blob while an event that may refer to it cannot be
opened. A commit that is under way names nothing that is a day old: committers refuse segments and
new blobs that are older than an hour.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from archive.bucket.port import Bucket
from archive.clock import uuid7_time
from archive.collecting.orphans import OLD_ENOUGH, Listing, Orphan
from archive.errors import CorruptError, LockedError
from archive.events.blobs import blob_uses
from archive.events.commit_history import CommitHistory, Faults
from archive.events.feed import FedEvent, Feed
from archive.events.opener import DamagedEvent
from archive.events.pointers import BlobUse, PointerRecorder
from archive.events.relocations import Relocations
from archive.events.types import Erased, InteractionCaptured, InteractionRevised
from archive.index.snapshots import SnapshotStore
from archive.sealing.commit import CommitEntry
from archive.sealing.keyring import Keyring

# Before and after a blob's upload: clocks step, and a committer may take an hour.
_BEFORE: Final = timedelta(hours=1)
_AFTER: Final = timedelta(hours=3)
_EVENTS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Collection:
    """What a run found and did.

    `looked_at` counts the names in the bucket. `orphans` are what nothing needs;
    `removed` counts those that are destroyed, `locked` names those that a lock still protects.
    `doubts` say why something was left alone.
    """

    looked_at: int
    orphans: tuple[Orphan, ...]
    removed: int
    locked: tuple[str, ...]
    doubts: tuple[str, ...]

    @property
    def size(self) -> int:
        """The bytes in all orphans."""
        return sum(each.size for each in self.orphans)


class Collector:
    """Removes orphans from the bucket of an archive. One thread uses it.

    Two that run at once do no harm. Raises UnavailableError when bucket or database do not answer.
    """

    def __init__(
        self,
        pointers: PointerRecorder,
        bucket: Bucket,
        keyring: Keyring,
        feed: Feed,
        snapshots: SnapshotStore,
    ) -> None:
        self._pointers = pointers
        self._restorer = pointers.restorer()
        self._bucket = bucket
        self._keyring = keyring
        self._history = CommitHistory(bucket, keyring)
        self._feed = feed
        self._snapshots = snapshots

    def collect(
        self, stopped: Callable[[], bool] = lambda: False, *, dry_run: bool = False
    ) -> Collection:
        """Destroy what is old and named by nothing; `stopped` is asked between two objects.

        With `dry_run` it is only told.
        """
        listing = Listing(self._bucket, self._pointers)
        doubts: list[str] = []
        orphans = self._orphans(listing, doubts)
        removed, locked = 0, list[str]()
        if not dry_run:
            for orphan in orphans:
                if stopped():
                    break
                if self._destroy(orphan):
                    removed += 1
                else:
                    locked.append(orphan.name)
            self._destroy_generations(stopped)
        return Collection(listing.looked_at, tuple(orphans), removed, tuple(locked), tuple(doubts))

    def _orphans(self, listing: Listing, doubts: list[str]) -> list[Orphan]:
        if self._pointers.last_seq() < self._restorer.awaited_seq() or self._is_behind():
            doubts.append("The database is behind the bucket: nothing is collected.")
            return []
        found = list(listing.unknown())
        if not found:
            return []
        blobs = [each for each in found if each.is_blob]
        witness = _Witness({each.of for each in found if not each.is_blob}, blobs)
        faults = Faults()
        try:
            places = Relocations(self._bucket, self._keyring)
            for commit in self._history.commits(faults):
                witness.hear(commit.entries, places.placed(commit.entries))
        except CorruptError as error:
            doubts.append(f"{error} Nothing is collected.")
            return []
        if faults:
            doubts.append(f"{faults.sentence()} Nothing is collected.")
            return []
        if witness.named:
            doubts.append(
                f"Commit records name {len(witness.named)} segments that the database does not "
                "know: nothing is collected. Run muniment verify."
            )
            return []
        needed = self._referred_to(blobs, sorted(witness.seqs), doubts)
        return [each for each in found if not each.is_blob or each.of not in needed]

    def _is_behind(self) -> bool:
        return self._history.is_ahead(self._pointers.last_seq)

    def _referred_to(
        self, blobs: Sequence[Orphan], seqs: Sequence[int], doubts: list[str]
    ) -> set[UUID]:
        """Return those of the blobs that an event refers to, or may refer to."""
        ids = {each.of for each in blobs}
        if not ids:
            return set()
        self._open_again()
        if self._restorer.unopened():
            doubts.append(
                "There are events that cannot be opened, and may refer to blobs: no blob is "
                "collected. Run muniment verify."
            )
            return ids
        needed: set[UUID] = set()
        uncertain = 0
        for start in range(0, len(seqs), _EVENTS_AT_ONCE):
            for fed in self._feed.at(seqs[start : start + _EVENTS_AT_ONCE]):
                uses = _uses(fed)
                if uses is None:
                    near = {each.of for each in blobs if _near(each, fed.row.pointer.segment_id)}
                    uncertain += len(near - needed)
                    needed |= near
                else:
                    needed |= ids & {use.blob_id for use in uses}
        if uncertain:
            doubts.append(
                f"{uncertain} blobs are left, because events of their time are erased or cannot be "
                "opened."
            )
        return needed

    def _open_again(self) -> None:
        """Note the blobs of events that could not be opened when they were restored."""
        opened: list[int] = []
        blobs: list[BlobUse] = []
        for fed in self._feed.at(self._restorer.unopened()):
            uses = _uses(fed)
            if uses is not None or isinstance(fed.event, Erased):
                opened.append(fed.row.seq)
                blobs += uses or []
        if opened:
            self._restorer.note_blobs(opened, blobs)

    def _destroy(self, orphan: Orphan) -> bool:
        """Destroy every version of a name; False if a lock protects one."""
        try:
            for version in orphan.versions:
                self._bucket.delete(orphan.name, version=version)
        except LockedError:
            return False
        return True

    def _destroy_generations(self, stopped: Callable[[], bool]) -> None:
        """Destroy what is kept of indexes of which no snapshot was ever finished."""
        finished = {name.split("/")[1] for name in self._snapshots.names()}
        before = self._bucket.now() - OLD_ENOUGH
        for generation_id in self._snapshots.generations():
            if str(generation_id) not in finished and uuid7_time(generation_id) < before:
                if stopped():
                    return
                self._snapshots.destroy(generation_id)


class _Witness:
    """What the commit records say of what SQL does not know.

    `named` are unknown segments that they name after all, `seqs` the events that were committed
    when an unknown blob may first have been referred to.
    """

    def __init__(self, segments: set[UUID], blobs: Sequence[Orphan]) -> None:
        self._segments = segments
        self._windows = _merged(_window(each.of) for each in blobs)
        self.named: set[UUID] = set()
        self.seqs: set[int] = set()

    def hear(self, entries: Sequence[CommitEntry], placed: Sequence[CommitEntry]) -> None:
        """Take in a commit: its entries as they were committed, and by where frames stand now."""
        for first, now in zip(entries, placed, strict=True):
            if now.segment_id in self._segments:
                self.named.add(now.segment_id)
            if self._windows:
                committed = uuid7_time(first.segment_id)
                if any(start <= committed <= end for start, end in self._windows):
                    self.seqs.add(first.seq)


def _window(blob_id: UUID) -> tuple[datetime, datetime]:
    uploaded = uuid7_time(blob_id)
    return uploaded - _BEFORE, uploaded + _AFTER


def _near(blob: Orphan, segment_id: UUID) -> bool:
    # A frame that was packed stands in a younger segment; then any older blob may be meant.
    return _window(blob.of)[0] <= uuid7_time(segment_id)


def _merged(
    windows: Iterable[tuple[datetime, datetime]],
) -> list[tuple[datetime, datetime]]:
    merged: list[tuple[datetime, datetime]] = []
    for start, end in sorted(windows):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _uses(fed: FedEvent) -> list[BlobUse] | None:
    """Return the blobs that an event refers to; None if that cannot be told."""
    if isinstance(fed.event, InteractionCaptured | InteractionRevised):
        return blob_uses(fed.event)
    if isinstance(fed.event, Erased | DamagedEvent):
        known = (InteractionCaptured.type, InteractionRevised.type)
        return None if fed.row.type in known else []
    return []
