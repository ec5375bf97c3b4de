"""Commit records: the bucket's own word on which events there are.

A commit is acknowledged once its record stands. With several hosts, one may meet an event whose
commit another has in SQL but not yet in the bucket; before it tells a caller that the event is
there, it makes sure of the record itself. Any number may write the same record: its name and its
bytes follow from the rows.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import timedelta

from archive.bucket.names import commit_name
from archive.bucket.port import Bucket
from archive.clock import Clock, uuid7_time
from archive.errors import NotFoundError, UnavailableError
from archive.events.pointers import CommitRow, Pointer, PointerRecorder
from archive.sealing.commit import COMMIT_MAC_LABEL, CommitEntry, encode_commit_record
from archive.sealing.keyring import Keyring

# By then a committer that lives has written its record, or has told its callers of an error.
_OVERDUE = timedelta(minutes=2)
_ATTEMPTS = 3
_PATIENCE_SECONDS = 2.0


class CommitRecords:
    """Writes commit records, and finds those that are owed."""

    def __init__(
        self, recorder: PointerRecorder, bucket: Bucket, keyring: Keyring, clock: Clock
    ) -> None:
        self._recorder = recorder
        self._bucket = bucket
        self._archive_id = keyring.archive_id
        self._mac_key = keyring.derive(COMMIT_MAC_LABEL)
        self._clock = clock

    def encode(self, row: CommitRow, entries: Sequence[CommitEntry]) -> bytes:
        """Return the bytes of a commit's record."""
        return encode_commit_record(self._archive_id, row.record_id, entries, self._mac_key)

    def put(self, row: CommitRow, data: bytes) -> None:
        """Put a record, trying again a few times; UnavailableError leaves it owed."""
        put_again(self._bucket.put, commit_name(row.first_seq, row.record_id), data, self._clock)

    def ensure(self, seqs: Iterable[int], known: Collection[int] = ()) -> None:
        """Make sure of the records of the commits that hold these events.

        `known` are commits, by first sequence number, whose record stands.
        """
        wanted = set(seqs)
        if not wanted:
            return
        self._complete(
            [
                row
                for row in self._recorder.commits_not_durable()
                if row.first_seq not in known
                and any(row.first_seq <= seq <= row.last_seq for seq in wanted)
            ]
        )

    def complete_all(self) -> None:
        """Write every record that is owed, whoever owes it."""
        self._complete(self._recorder.commits_not_durable())

    def complete_overdue(self) -> None:
        """Write the records that their committers are late with, because they are gone."""
        now = self._clock.now()
        self._complete(
            [
                row
                for row in self._recorder.commits_not_durable()
                if now - uuid7_time(row.record_id) > _OVERDUE
            ]
        )

    def _complete(self, rows: Sequence[CommitRow]) -> None:
        for row in rows:
            try:
                self._bucket.stat(commit_name(row.first_seq, row.record_id))
            except NotFoundError:
                self.put(row, self.encode(row, self._entries(row)))
        if rows:
            self._recorder.mark_durable([row.first_seq for row in rows])

    def _entries(self, row: CommitRow) -> list[CommitEntry]:
        count = row.last_seq - row.first_seq + 1
        return [
            commit_entry(
                each.seq, each.originator_id.bytes, each.originator_version, each.type, each.pointer
            )
            for each in self._recorder.select_pointers_from(row.first_seq, count)
        ]


def put_again(put: Callable[[str, bytes], str], name: str, data: bytes, clock: Clock) -> None:
    """Put an object, a few times if the bucket does not answer; UnavailableError in the end."""
    began = clock.monotonic()
    for attempt in range(_ATTEMPTS):
        try:
            put(name, data)
        except UnavailableError:
            # A bucket that took long to fail has tried again by itself, and callers are waiting.
            if attempt + 1 == _ATTEMPTS or clock.monotonic() - began > _PATIENCE_SECONDS:
                raise
            clock.sleep(0.05 * 4**attempt)
        else:
            return


def commit_entry(
    seq: int, originator: bytes, version: int, event_type: str, pointer: Pointer
) -> CommitEntry:
    """Return what a commit record says of one event, whose stream's id is given as 16 bytes."""
    return CommitEntry(
        seq=seq,
        originator=originator,
        originator_version=version,
        event_type=event_type,
        leaf_hash=pointer.leaf_hash,
        segment=pointer.segment_id.bytes,
        slot=pointer.slot,
        offset=pointer.offset,
        length=pointer.length,
    )
