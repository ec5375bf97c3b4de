"""The commit engine: look up, seal, put, insert, record, answer, in that order and no other.

What a crash leaves (docs/design.md, "Write order"): before the insert, objects that no commit
record names, which the collector removes after a day; between insert and commit record, a commit
whose record the next committer writes, or the leader, or whoever meets its events. Writers never
destroy: after any error at the insert they read the rows back, and rows that name this segment
mean that it took place.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import count
from uuid import UUID

from eventsourcing.persistence import Tracking

from archive.bucket.port import Bucket
from archive.clock import Clock, uuid7_time
from archive.errors import ConflictError, MunimentError, UnavailableError
from archive.events.commit_records import CommitRecords
from archive.events.custody import SupersededKeyringError
from archive.events.groups import Group, distinct, distinct_uses, fail
from archive.events.pointers import (
    BehindError,
    BlobCondemnedError,
    BlobUse,
    CommitRow,
    EventKey,
    GoneBackError,
    PointerCommit,
    PointerRecorder,
    encode_pointer,
)
from archive.events.putting import CommitPutter
from archive.events.restoring import Restorer
from archive.events.sealer import Classify, Committable, Place, seal_commit, unlocked
from archive.sealing.commit import CommitEntry
from archive.sealing.held import HeldKeyring

_MAX_AGE = timedelta(hours=1)
_ATTEMPTS = 3


class CommitEngine:
    """Turns groups of events into commits. One thread at a time calls it."""

    def __init__(
        self,
        recorder: PointerRecorder,
        bucket: Bucket,
        keyring: HeldKeyring,
        clock: Clock,
        classify: Classify = unlocked,
    ) -> None:
        self._recorder = recorder
        self._keyring = keyring
        self._clock = clock
        self._records = CommitRecords(recorder, bucket, keyring.current, clock)
        self._restorer = Restorer(recorder, bucket, keyring)
        self._classify = classify
        self._putter = CommitPutter(bucket, clock)
        self._durable: list[int] = []
        self._unrecorded: list[tuple[CommitRow, bytes]] = []
        self._seen = 0
        self._superseded = False

    def close(self) -> None:
        """Stop the engine's threads and note which commits are durable."""
        self._putter.close()
        if self._durable:
            self._recorder.mark_durable(self._durable)

    def recover(self) -> None:
        """Finish what a crash interrupted; to be called before the first commit.

        A database that lacks commits of the bucket's is brought up to it.

        Raises:
            ConfigurationError: that cannot be done.
        """
        self._restorer.catch_up()
        self._records.complete_all()
        self._seen = self._recorder.last_seq()

    def commit(self, groups: Sequence[Group]) -> None:
        """Commit the groups together; each is left with sequence numbers or its own error."""
        try:
            self._write_records()
            self._commit(groups)
        except (MunimentError, OSError) as error:
            fail(groups, _as_unavailable(error))
        except BaseException:
            # Whatever went wrong, no caller that shares this commit may take it for done.
            fail(groups, UnavailableError("The commit was broken off."))
            raise

    def _commit(self, groups: Sequence[Group]) -> None:
        """Try until everything is committed or has failed.

        Every conflict means that another writer has committed some of the same events, which need
        not be written again: so it gets less each time, and only a try without that counts.
        """
        missing, tries = None, 0
        while tries < _ATTEMPTS:
            self._look_up([group for group in groups if group.error is None])
            live = [group for group in groups if group.error is None]
            before, missing = missing, sum(len(group.missing()) for group in live)
            if not missing:
                return
            if before is not None and missing >= before:
                tries += 1
            if not self._write(live, distinct(live)):
                return
        raise UnavailableError("Other writers kept getting in between; try again.")

    def _look_up(self, groups: Sequence[Group]) -> None:
        existing = self._recorder.existing(key for group in groups for key in group.missing())
        self._seen = max([self._seen, *existing.values()])
        claimed: set[EventKey] = set()
        met: list[tuple[Group, dict[EventKey, int]]] = []
        for group in groups:
            keys = group.missing()
            repeated = len(set(keys)) < len(keys) or not claimed.isdisjoint(keys)
            if group.atomic and (repeated or not existing.keys().isdisjoint(keys)):
                group.error = ConflictError("An event with this version exists already.")
                continue
            met.append((group, {key: existing[key] for key in keys if key in existing}))
            claimed.update(keys)
        # "Already archived" is an acknowledgement too, whoever archived it.
        self._records.ensure((seq for _, there in met for seq in there.values()), self._durable)
        for group, there in met:
            group.already.update(there)

    def _write(self, groups: Sequence[Group], fresh: Mapping[EventKey, Committable]) -> bool:
        events = list(fresh.values())
        uses = distinct_uses(groups, fresh)
        trackings = [group.tracking for group in groups if group.tracking is not None]
        if self._superseded:
            # Before anything is put, since what a refused commit leaves may be locked for years.
            self._keyring.reach(self._recorder.keyring_state().in_force)
            self._superseded = False
        keyring = self._keyring.current
        sealed = seal_commit(events, keyring, self._clock, self._classify)
        self._putter.put(sealed)
        self._putter.lock_blobs(events, sealed, uses)
        if self._clock.now() - sealed.sealed_at > _MAX_AGE:
            # The collector may have taken it for an orphan by now.
            return True
        if self._refuse_old_blobs(groups, uses):
            return True
        try:
            first = self._recorder.write_commit(
                PointerCommit(
                    segments=[(each.segment_id, each.keys_id) for each in sealed.segments],
                    record_id=sealed.record_id,
                    rows=[
                        (
                            event.originator,
                            event.originator_version,
                            event.type,
                            encode_pointer(*place),
                        )
                        for event, place in zip(events, sealed.places, strict=True)
                    ],
                    blobs=uses,
                    trackings=trackings,
                    durable_commits=self._durable,
                    seen=self._seen,
                    keyring=keyring.number,
                )
            )
            self._durable = []
        except (BehindError, GoneBackError):
            # An older copy of the database took its place while this process ran.
            if self._restorer.catch_up():
                return True
            raise
        except BlobCondemnedError as error:
            for group in groups:
                if any(use.blob_id == error.blob_id for use in group.blobs):
                    group.error = error
            return True
        except SupersededKeyringError:
            # Whoever rotated or shredded waits for no commit; what was just put is an orphan.
            self._superseded = True
            return True
        except (ConflictError, UnavailableError) as error:
            found = self._read_back(events[0], sealed.places[0].segment)
            if found is None:
                return self._conflicted(groups, trackings, error)
            first = found
        row = CommitRow(first, first + len(events) - 1, sealed.record_id)
        self._seen = row.last_seq
        self._unrecorded.append(
            (row, self._records.encode(row, _entries(events, sealed.places, first)))
        )
        # No caller may hear of success before the record stands: it is what a rebuild goes by.
        self._write_records()
        seqs = dict(zip(fresh, count(first)))
        claimed: set[EventKey] = set()
        for group in groups:
            # The first group to bring an event archived it; for the others it was there already.
            for key in group.missing():
                (group.already if key in claimed else group.seqs)[key] = seqs[key]
            claimed.update(group.seqs)
        return False

    def _refuse_old_blobs(self, groups: Sequence[Group], uses: Sequence[BlobUse]) -> bool:
        """Fail those groups that bring a blob which the collector may have taken by now."""
        now = self._clock.now()
        old = {use.blob_id for use in uses if use.new and now - uuid7_time(use.blob_id) > _MAX_AGE}
        for group in groups:
            for use in group.blobs:
                if use.blob_id in old:
                    group.error = BlobCondemnedError(use.blob_id)
        return bool(old)

    def _read_back(self, event: Committable, segment: bytes) -> int | None:
        """Return the first event's sequence number if it stands, and names this segment."""
        for row in self._recorder.select_pointers_of([UUID(bytes=event.originator)]):
            same = row.originator_version == event.originator_version
            if same and row.pointer.segment_id.bytes == segment:
                return row.seq
        return None

    @staticmethod
    def _conflicted(
        groups: Sequence[Group], trackings: Sequence[Tracking], error: Exception
    ) -> bool:
        if not isinstance(error, ConflictError):
            raise error
        if trackings:
            # A tracking record that goes back is its caller's fault; with one tracking group in
            # the commit it is known whose. Others are tried again without it.
            for group in groups:
                if group.tracking is not None:
                    group.error = ConflictError("The events were processed already.")
        return True

    def _write_records(self) -> None:
        """Put the commit records that are still owed; an error leaves them owed."""
        while self._unrecorded:
            row, data = self._unrecorded[0]
            self._records.put(row, data)
            self._unrecorded.pop(0)
            self._durable.append(row.first_seq)


def _entries(
    events: Sequence[Committable], places: Sequence[Place], first: int
) -> list[CommitEntry]:
    return [
        CommitEntry(
            seq,
            event.originator,
            event.originator_version,
            event.type,
            place.leaf_hash,
            place.segment,
            place.slot,
            place.offset,
            place.length,
        )
        for seq, (event, place) in enumerate(zip(events, places, strict=True), first)
    ]


def _as_unavailable(error: Exception) -> Exception:
    if isinstance(error, MunimentError):
        return error
    return UnavailableError(f"The commit could not be written: {error}")
