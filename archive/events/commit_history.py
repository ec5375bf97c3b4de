"""Commit records read back: the whole history of an archive in the bucket's own words.

A record is believed if its MAC is right and its name is its own. Numbers must follow one another
without a gap. Records that say the same of the same events are one; records that contradict each
other are two histories, of which nobody can say which is the archive's.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from uuid import UUID

from archive.bucket.genuine import genuine
from archive.bucket.names import COMMITS, parse_commit_name
from archive.bucket.port import Bucket
from archive.errors import CorruptError, InvalidError, NotFoundError
from archive.events.pointers import CommitRow, PointerRow
from archive.sealing.commit import COMMIT_MAC_LABEL, CommitEntry, CommitRecord, decode_commit_record
from archive.sealing.keys import RootKeys

_RECORDS_AT_ONCE = 64
_SHOWN = 5

Identity = tuple[UUID, int, str, bytes]
"""What a commit record and SQL must agree on: stream, version, type and leaf hash. Where a frame
stands can change."""


@dataclass(frozen=True, slots=True)
class RecordedCommit:
    """One commit as its record tells it."""

    row: CommitRow
    entries: tuple[CommitEntry, ...]


@dataclass(frozen=True, slots=True)
class UnreadableRecord:
    """A commit record that does not check in any of its versions, and why."""

    first_seq: int
    reason: str


@dataclass(slots=True)
class Faults:
    """What is wrong with the commit records.

    `missing` are ranges of sequence numbers, first and last, that no record holds; `unreadable` are
    records that do not check, whose events another one may hold; `beyond` are those of them that
    are newer than all that is readable, so that nobody knows how many events they held.
    """

    missing: list[tuple[int, int]] = field(default_factory=list)
    unreadable: list[UnreadableRecord] = field(default_factory=list)
    beyond: list[UnreadableRecord] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.missing or self.beyond)

    def sentence(self) -> str:
        """Say what is wrong, for people."""
        parts = []
        if self.missing:
            ranges = [f"{a}" if a == b else f"{a} to {b}" for a, b in self.missing[:_SHOWN]]
            more = f" and {len(self.missing) - _SHOWN} more" if self.missing[_SHOWN:] else ""
            parts.append(f"No commit record holds event {', '.join(ranges)}{more}.")
        parts += [each.reason for each in self.unreadable[:_SHOWN]]
        return " ".join(parts)


class CommitHistory:
    """Reads an archive's commit records."""

    def __init__(self, bucket: Bucket, keyring: RootKeys) -> None:
        self._bucket = bucket
        self._archive_id = keyring.archive_id
        self._mac_key = keyring.derive(COMMIT_MAC_LABEL)

    def is_ahead(self, last_seq: Callable[[], int]) -> bool:
        """Say whether there is a commit that the database, which `last_seq` asks, does not have."""
        start = last_seq() + 1
        for name in self._bucket.names(COMMITS, after=f"{COMMITS}{start:020d}"):
            # Other hosts commit meanwhile: rows first, then the record, so SQL must know it now.
            if _is_record(name):
                return parse_commit_name(name)[0] > last_seq()
        return False

    def records(self, start: int = 0) -> Iterator[CommitRecord | UnreadableRecord]:
        """Yield the records whose first event has at least this number, in order of their names.

        One that does not check comes as that.
        """
        at_once = self._bucket.at_once
        names = self._names(start)
        if at_once <= 1:
            yield from map(self._read, names)
            return
        with ThreadPoolExecutor(at_once, thread_name_prefix="records") as pool:
            while page := list(islice(names, _RECORDS_AT_ONCE)):
                yield from pool.map(self._read, page)

    def commits(
        self, faults: Faults, stand: int = 0, known: Iterable[PointerRow] = ()
    ) -> Iterator[RecordedCommit]:
        """Yield every commit after `stand`, in order, and note in `faults` what is wrong.

        `known` are events up to there, from the beginning of a commit on: what the records say of
        them must be the same.

        Raises:
            CorruptError: two records contradict each other, or one contradicts what is known.
        """
        tail = {
            row.seq: (row.originator_id, row.originator_version, row.type, row.pointer.leaf_hash)
            for row in known
        }
        for record in self.records(min(tail, default=stand + 1)):
            if isinstance(record, UnreadableRecord):
                faults.unreadable.append(record)
                continue
            if record.first_seq <= stand:
                _check_same(record, tail)
                continue
            for entry in record.entries:
                if entry.seq > stand + 1:
                    faults.missing.append((stand + 1, entry.seq - 1))
                stand = entry.seq
            row = CommitRow(record.first_seq, stand, record.record_id)
            tail = {entry.seq: _identity(entry) for entry in record.entries}
            yield RecordedCommit(row, record.entries)
        faults.beyond += [each for each in faults.unreadable if each.first_seq > stand]

    def _names(self, start: int) -> Iterator[str]:
        """Yield the names of records, of those too that somebody hid."""
        before = ""
        for each in self._bucket.versions(COMMITS):
            known = each.delete_marker or each.name == before
            if not known and _is_record(each.name) and parse_commit_name(each.name)[0] >= start:
                before = each.name
                yield each.name

    def _read(self, name: str) -> CommitRecord | UnreadableRecord:
        def read(version: str | None) -> CommitRecord:
            record = decode_commit_record(self._bucket.get(name, version=version), self._mac_key)
            stated = (record.archive_id, record.first_seq, record.record_id)
            if stated != (self._archive_id, *parse_commit_name(name)):
                raise CorruptError("It holds another commit record, which was put there.")
            return record

        try:
            return genuine(self._bucket, name, read)
        except (CorruptError, NotFoundError) as error:
            reason = f"{name} cannot be read: {error}"
            return UnreadableRecord(parse_commit_name(name)[0], reason)


def _is_record(name: str) -> bool:
    """Say whether a name is a commit record's; what else is there, `verify` names."""
    try:
        parse_commit_name(name)
    except InvalidError:
        return False
    return True


def _identity(entry: CommitEntry) -> Identity:
    return entry.originator_id, entry.originator_version, entry.event_type, entry.leaf_hash


def _check_same(record: CommitRecord, tail: Mapping[int, Identity]) -> None:
    for entry in record.entries:
        if tail.get(entry.seq) != _identity(entry):
            raise CorruptError(
                f"Event {entry.seq} is another in commit record {record.record_id} than in what "
                "is known of it: these are two histories. Nothing is changed."
            )


def batches(
    commits: Iterable[RecordedCommit], *, events: int, size: int
) -> Iterator[Sequence[RecordedCommit]]:
    """Gather commits until a batch has so many events, or frames of so many bytes."""
    batch: list[RecordedCommit] = []
    count = total = 0
    for commit in commits:
        batch.append(commit)
        count += len(commit.entries)
        total += sum(entry.length for entry in commit.entries)
        if count >= events or total >= size:
            yield batch
            batch, count, total = [], 0, 0
    if batch:
        yield batch
