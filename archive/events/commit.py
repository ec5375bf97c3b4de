"""The commit engine: look up, seal, put, insert, record, answer, in that order and no other.

What a crash leaves (docs/design.md, "Write order"): before the insert, objects that no commit
record names, which the collector removes after a day; between insert and commit record, a commit
whose record the next committer writes, or the leader, or whoever meets its events. Writers never
destroy: after any error at the insert they read the rows back, and rows that name this segment
mean that it took place.
"""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

import msgspec
from eventsourcing.persistence import Tracking

from archive.bucket.names import keys_name, segment_name
from archive.bucket.port import Bucket
from archive.clock import Clock, uuid7_time
from archive.errors import ConflictError, MunimentError, UnavailableError
from archive.events.commit_records import CommitRecords, commit_entry, put_again
from archive.events.pointers import (
    BlobCondemnedError,
    BlobUse,
    CommitRow,
    EventKey,
    Pointer,
    PointerCommit,
    PointerRecorder,
)
from archive.sealing.commit import CommitEntry
from archive.sealing.frame import entry_hash, log_entry, seal_frame
from archive.sealing.keyring import Keyring
from archive.sealing.keys import seal_keys
from archive.sealing.segment import LockClass, build_segment

_SEGMENT_MAX_AGE = timedelta(hours=1)
_ATTEMPTS = 3


class PlainEvent(msgspec.Struct, frozen=True, array_like=True):
    """An event in clear, ready to be sealed: the plaintext of its two boxes.

    It travels to the committer as it stands, so the id is its 16 bytes.
    """

    originator: bytes
    originator_version: int
    type: str
    evidence: bytes
    custody: bytes

    @property
    def key(self) -> EventKey:
        """What may exist once only."""
        return self.originator, self.originator_version


@dataclass(slots=True)
class Group:
    """What one caller wants committed.

    An atomic group is committed whole or not at all, and conflicts if any of its events exists.
    In one that is not atomic each event stands for itself, and one that exists is passed over.
    """

    events: Sequence[PlainEvent]
    atomic: bool = True
    blobs: Sequence[BlobUse] = ()
    tracking: Tracking | None = None
    seqs: dict[EventKey, int] = field(default_factory=dict)
    already: dict[EventKey, int] = field(default_factory=dict)
    error: Exception | None = None

    def missing(self) -> list[PlainEvent]:
        """The events that this group still needs to have written."""
        if not self.seqs and not self.already:
            return list(self.events)
        done = self.seqs.keys() | self.already.keys()
        return [event for event in self.events if event.key not in done]


class CommitEngine:
    """Turns groups of events into commits. One thread at a time calls it."""

    def __init__(
        self, recorder: PointerRecorder, bucket: Bucket, keyring: Keyring, clock: Clock
    ) -> None:
        self._recorder = recorder
        self._bucket = bucket
        self._keyring = keyring
        self._clock = clock
        self._records = CommitRecords(recorder, bucket, keyring, clock)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="put")
        self._durable: list[int] = []
        self._unrecorded: list[tuple[CommitRow, bytes]] = []
        self._seen = 0

    def close(self) -> None:
        """Stop the engine's thread and note which commits are durable."""
        self._pool.shutdown()
        if self._durable:
            self._recorder.mark_durable(self._durable)

    def recover(self) -> None:
        """Finish what a crash interrupted; to be called before the first commit.

        Raises:
            ConfigurationError: the bucket holds commits that the database does not know.
        """
        self._records.check_not_behind()
        self._records.complete_all()
        self._seen = self._recorder.last_seq()

    def commit(self, groups: Sequence[Group]) -> None:
        """Commit the groups together; each is left with sequence numbers or its own error."""
        try:
            self._write_records()
            self._commit(groups)
        except (MunimentError, OSError) as error:
            _fail(groups, _as_unavailable(error))
        except BaseException:
            # Whatever went wrong, no caller that shares this commit may take it for done.
            _fail(groups, UnavailableError("The commit was broken off."))
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
            if not self._write(live, _distinct(e for group in live for e in group.missing())):
                return
        raise UnavailableError("Other writers kept getting in between; try again.")

    def _look_up(self, groups: Sequence[Group]) -> None:
        existing = self._recorder.existing(
            event.key for group in groups for event in group.missing()
        )
        self._seen = max([self._seen, *existing.values()])
        claimed: set[EventKey] = set()
        met: list[tuple[Group, dict[EventKey, int]]] = []
        for group in groups:
            keys = [event.key for event in group.missing()]
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

    def _write(self, groups: Sequence[Group], events: Sequence[PlainEvent]) -> bool:
        uses = _distinct_uses(groups, events)
        trackings = [group.tracking for group in groups if group.tracking is not None]
        sealed = self._seal(events)
        self._put(sealed)
        if self._clock.now() - uuid7_time(sealed.segment_id) > _SEGMENT_MAX_AGE:
            # The collector may have taken it for an orphan by now.
            return True
        try:
            first = self._recorder.write_commit(
                PointerCommit(
                    segment_id=sealed.segment_id,
                    keys_id=sealed.keys_id,
                    record_id=sealed.record_id,
                    rows=[
                        (
                            event.originator,
                            event.originator_version,
                            event.type,
                            pointer.encode(),
                        )
                        for event, pointer in zip(events, sealed.pointers, strict=True)
                    ],
                    blobs=uses,
                    trackings=trackings,
                    durable_commits=self._durable,
                    seen=self._seen,
                )
            )
            self._durable = []
        except BlobCondemnedError as error:
            for group in groups:
                if any(use.blob_id == error.blob_id for use in group.blobs):
                    group.error = error
            return True
        except (ConflictError, UnavailableError) as error:
            found = self._read_back(events[0], sealed.segment_id)
            if found is None:
                return self._conflicted(groups, trackings, error)
            first = found
        row = CommitRow(first, first + len(events) - 1, sealed.record_id)
        self._seen = row.last_seq
        self._unrecorded.append(
            (row, self._records.encode(row, _entries(events, sealed.pointers, first)))
        )
        # No caller may hear of success before the record stands: it is what a rebuild goes by.
        self._write_records()
        seqs = {event.key: first + place for place, event in enumerate(events)}
        claimed: set[EventKey] = set()
        for group in groups:
            # The first group to bring an event archived it; for the others it was there already.
            for event in group.missing():
                if event.key in claimed:
                    group.already[event.key] = seqs[event.key]
                else:
                    group.seqs[event.key] = seqs[event.key]
            claimed.update(group.seqs)
        return False

    def _seal(self, events: Sequence[PlainEvent]) -> "_Sealed":
        archive_id = self._keyring.archive_id
        random = self._clock.random_bytes(32 * len(events))
        data_keys = [random[place * 32 : place * 32 + 32] for place in range(len(events))]
        frames = [
            seal_frame(
                archive_id,
                UUID(bytes=event.originator),
                event.originator_version,
                event.type,
                event.evidence,
                event.custody,
                data_key,
            )
            for event, data_key in zip(events, data_keys, strict=True)
        ]
        segment_id, keys_id = self._clock.uuid7(), self._clock.uuid7()
        segment = build_segment(archive_id, segment_id, LockClass(), frames)
        epoch = self._keyring.current_epoch
        keys = seal_keys(
            archive_id,
            segment_id,
            keys_id,
            epoch,
            self._keyring.epoch_key(epoch),
            dict(enumerate(data_keys)),
        )
        digests = [sha256(frame).digest() for frame in frames]
        pointers = [
            Pointer(
                segment_id,
                slot,
                span.offset,
                span.length,
                entry_hash(log_entry(archive_id, digest)),
                digest,
            )
            for slot, (digest, span) in enumerate(zip(digests, segment.spans, strict=True))
        ]
        return _Sealed(segment_id, keys_id, self._clock.uuid7(), segment.data, keys, pointers)

    def _put(self, sealed: "_Sealed") -> None:
        put, clock = self._bucket.put, self._clock
        keys_at = keys_name(sealed.segment_id, sealed.keys_id)
        keys = self._pool.submit(put_again, put, keys_at, sealed.keys, clock)
        put_again(put, segment_name(sealed.segment_id), sealed.segment, clock)
        keys.result()

    def _read_back(self, event: PlainEvent, segment_id: UUID) -> int | None:
        """Return the first event's sequence number if it stands, and names this segment."""
        for row in self._recorder.select_pointers_of([UUID(bytes=event.originator)]):
            same = row.originator_version == event.originator_version
            if same and row.pointer.segment_id == segment_id:
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


@dataclass(frozen=True, slots=True)
class _Sealed:
    segment_id: UUID
    keys_id: UUID
    record_id: UUID
    segment: bytes
    keys: bytes
    pointers: list[Pointer]


def _entries(
    events: Sequence[PlainEvent], pointers: Sequence[Pointer], first: int
) -> list[CommitEntry]:
    return [
        commit_entry(
            seq, UUID(bytes=event.originator), event.originator_version, event.type, pointer
        )
        for seq, (event, pointer) in enumerate(zip(events, pointers, strict=True), first)
    ]


def _distinct(events: Iterable[PlainEvent]) -> list[PlainEvent]:
    """Return the first event of each key, in order."""
    first: dict[EventKey, PlainEvent] = {}
    for event in events:
        first.setdefault(event.key, event)
    return list(first.values())


def _distinct_uses(groups: Sequence[Group], events: Sequence[PlainEvent]) -> list[BlobUse]:
    keys = {event.key for event in events}
    return [
        use
        for group in groups
        for use in group.blobs
        if (use.originator_id.bytes, use.originator_version) in keys
    ]


def _fail(groups: Sequence[Group], error: Exception) -> None:
    for group in groups:
        if group.missing():
            group.error = group.error or error


def _as_unavailable(error: Exception) -> Exception:
    if isinstance(error, MunimentError):
        return error
    return UnavailableError(f"The commit could not be written: {error}")
