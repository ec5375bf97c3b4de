"""The commit engine: look up, seal, put, insert, record, answer, in that order and no other.

What a crash leaves (docs/design.md, "Write order"): before the insert, objects that no commit
record names, which the collector removes after a day; between insert and commit record, a commit
that `recover` writes the record of. Writers never destroy: after any error at the insert they
read the rows back, and rows that name this segment mean that it took place.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import msgspec
from eventsourcing.persistence import IntegrityError, PersistenceError, Tracking

from archive.bucket.names import commit_name, keys_name, segment_name
from archive.bucket.port import Bucket
from archive.clock import Clock, uuid7_time
from archive.errors import ConfigurationError, ConflictError, MunimentError, UnavailableError
from archive.events.pointers import (
    BlobCondemnedError,
    BlobUse,
    CommitRow,
    EventKey,
    Pointer,
    PointerRecorder,
)
from archive.sealing.commit import COMMIT_MAC_LABEL, CommitEntry, encode_commit_record
from archive.sealing.frame import leaf_hash, seal_frame
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
        self._mac_key = keyring.derive(COMMIT_MAC_LABEL)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="put")
        self._durable: list[int] = []
        self._unrecorded: list[tuple[CommitRow, bytes | None]] = []

    def close(self) -> None:
        """Stop the engine's thread and note which commits are durable."""
        self._pool.shutdown()
        while self._durable:
            self._recorder.mark_durable(self._durable.pop())

    def recover(self) -> None:
        """Finish what a crash interrupted; to be called before the first commit.

        Raises:
            ConfigurationError: the bucket holds commits that the database does not know.
        """
        last = self._recorder.last_seq()
        newer = next(iter(self._bucket.names("commits/", after=f"commits/{last + 1:020d}")), None)
        if newer is not None:
            raise ConfigurationError(
                f"The bucket holds {newer}, which is newer than the database (at {last}). "
                "An old database was restored: put the newer one back before anything is written."
            )
        self._unrecorded = [(row, None) for row in self._recorder.commits_not_durable()]
        self._write_records()

    def commit(self, groups: Sequence[Group]) -> None:
        """Commit the groups together; each is left with sequence numbers or its own error."""
        try:
            self._write_records()
            for _ in range(_ATTEMPTS):
                if not self._commit_once([group for group in groups if group.error is None]):
                    return
            raise UnavailableError("Other writers kept getting in between; try again.")
        except (MunimentError, PersistenceError, OSError) as error:
            _fail(groups, _as_unavailable(error))
        except BaseException:
            # Whatever went wrong, no caller that shares this commit may take it for done.
            _fail(groups, UnavailableError("The commit was broken off."))
            raise

    def _commit_once(self, groups: Sequence[Group]) -> bool:
        """Try to commit; True if some groups must be tried again without the others."""
        self._look_up(groups)
        live = [group for group in groups if group.error is None]
        events = _distinct(event for group in live for event in group.missing())
        return bool(events) and self._write(live, events)

    def _look_up(self, groups: Sequence[Group]) -> None:
        existing = self._recorder.existing(
            event.key for group in groups for event in group.missing()
        )
        claimed: set[EventKey] = set()
        for group in groups:
            keys = [event.key for event in group.missing()]
            repeated = len(set(keys)) < len(keys) or not claimed.isdisjoint(keys)
            if group.atomic and (repeated or not existing.keys().isdisjoint(keys)):
                group.error = ConflictError("An event with this version exists already.")
                continue
            group.already.update((key, existing[key]) for key in keys if key in existing)
            claimed.update(keys)

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
            )
            self._durable = []
        except BlobCondemnedError as error:
            for group in groups:
                if any(use.blob_id == error.blob_id for use in group.blobs):
                    group.error = error
            return True
        except (PersistenceError, OSError) as error:
            found = self._read_back(events[0], sealed.segment_id)
            if found is None:
                return self._conflicted(groups, trackings, error)
            first = found
        row = CommitRow(first, first + len(events) - 1, sealed.record_id)
        self._unrecorded.append((row, self._record(row, _entries(events, sealed.pointers, first))))
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
        pointers = [
            Pointer(segment_id, slot, span.offset, span.length, leaf_hash(archive_id, frame))
            for slot, (frame, span) in enumerate(zip(frames, segment.spans, strict=True))
        ]
        return _Sealed(segment_id, keys_id, self._clock.uuid7(), segment.data, keys, pointers)

    def _put(self, sealed: "_Sealed") -> None:
        keys = self._pool.submit(
            self._try, self._bucket.put, keys_name(sealed.segment_id, sealed.keys_id), sealed.keys
        )
        self._try(self._bucket.put, segment_name(sealed.segment_id), sealed.segment)
        keys.result()

    def _try(self, put: Callable[[str, bytes], str], name: str, data: bytes) -> None:
        for attempt in range(_ATTEMPTS):
            try:
                put(name, data)
            except UnavailableError:
                if attempt + 1 == _ATTEMPTS:
                    raise
                self._clock.sleep(0.05 * 4**attempt)
            else:
                return

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
        if not isinstance(error, IntegrityError):
            raise UnavailableError(f"The database did not take the commit: {error}") from error
        if trackings:
            # A tracking record that goes back is its caller's fault; with one tracking group in
            # the commit it is known whose. Others are tried again without it.
            for group in groups:
                if group.tracking is not None:
                    group.error = ConflictError("The events were processed already.")
        return True

    def _record(self, row: CommitRow, entries: Sequence[CommitEntry]) -> bytes:
        return encode_commit_record(self._keyring.archive_id, row.record_id, entries, self._mac_key)

    def _write_records(self) -> None:
        """Put the commit records that are still owed; an error leaves them owed."""
        while self._unrecorded:
            row, data = self._unrecorded[0]
            if data is None:
                rows = self._recorder.select_pointers_from(
                    row.first_seq, row.last_seq - row.first_seq + 1
                )
                entries = [
                    _entry(
                        each.seq,
                        each.originator_id,
                        each.originator_version,
                        each.type,
                        each.pointer,
                    )
                    for each in rows
                ]
                data = self._record(row, entries)
            self._try(self._bucket.put, commit_name(row.first_seq, row.record_id), data)
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
        _entry(seq, UUID(bytes=event.originator), event.originator_version, event.type, pointer)
        for seq, (event, pointer) in enumerate(zip(events, pointers, strict=True), first)
    ]


def _entry(
    seq: int, originator_id: UUID, version: int, event_type: str, pointer: Pointer
) -> CommitEntry:
    return CommitEntry(
        seq=seq,
        originator_id=originator_id,
        originator_version=version,
        event_type=event_type,
        leaf_hash=pointer.leaf_hash,
        segment_id=pointer.segment_id,
        slot=pointer.slot,
        offset=pointer.offset,
        length=pointer.length,
    )


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
