"""The commit records as verifying reads them: to a fixed end, with what is wrong in its place."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from archive.bucket.names import COMMITS, commit_name, parse_commit_name
from archive.bucket.port import Bucket
from archive.errors import InvalidError
from archive.events.commit_history import CommitHistory
from archive.sealing.commit import CommitEntry, CommitRecord
from archive.sealing.keyring import Keyring
from archive.verifying.findings import Fault


@dataclass(frozen=True, slots=True)
class Gap:
    """Events, from one sequence number up to and with another, that no commit record tells of."""

    first: int
    last: int


class Commits:
    """Reads commit records up to the newest one when this was made; the archive may grow."""

    def __init__(self, bucket: Bucket, keyring: Keyring) -> None:
        self._history = CommitHistory(bucket, keyring)
        self._visible = 0
        self.newest = 0
        """The first sequence number of the newest record."""
        self.faults: list[Fault] = []
        for name in bucket.names(COMMITS):
            try:
                self.newest = parse_commit_name(name)[0]
            except InvalidError:
                self.faults.append(
                    Fault("name", f"{name} is not the name of a commit record.", name)
                )
            else:
                self._visible += 1

    def read(self) -> Iterator[Fault | Gap | CommitRecord]:
        """Give the records in order, and in their places what is wrong and what is missing."""
        expected, count = 1, 0
        previous: CommitRecord | None = None
        for record in self._history.records():
            if record.first_seq > self.newest:
                break
            count += 1
            if not isinstance(record, CommitRecord):
                yield Fault(
                    "commit",
                    f"{record.reason} Restore it from a copy of the bucket; if another record has "
                    "its events, it was put there and can be deleted.",
                    seq=record.first_seq,
                )
                continue
            if record.first_seq < expected:
                yield from _again(record, previous)
                continue
            if record.first_seq > expected:
                yield Gap(expected, record.first_seq - 1)
            yield from _dense(record)
            yield record
            expected, previous = record.entries[-1].seq + 1, record
        if count > self._visible:
            yield Fault(
                "commit",
                f"{count - self._visible} commit records are hidden by delete markers, which "
                "somebody put there. Nothing is lost: remove the markers.",
            )

    def since(self) -> Iterator[CommitRecord]:
        """Give the records that were written since, as far as they can be read."""
        for record in self._history.records(self.newest + 1):
            if isinstance(record, CommitRecord):
                yield record

    def entries(self, seqs: Sequence[int]) -> dict[int, CommitEntry]:
        """Return the entries of events, by rising sequence numbers; all records are read anew."""
        found: dict[int, CommitEntry] = {}
        wanted = set(seqs)
        for record in self._history.records() if wanted else ():
            if isinstance(record, CommitRecord):
                found.update({each.seq: each for each in record.entries if each.seq in wanted})
            if record.first_seq > seqs[-1]:
                break
        return found


def _again(record: CommitRecord, previous: CommitRecord | None) -> Iterator[Fault]:
    """Judge a record of events that another has: of exactly the same rows it does no harm."""
    if previous is None or previous.entries != record.entries:
        name = commit_name(record.first_seq, record.record_id)
        yield Fault(
            "commit",
            f"{name} tells otherwise of events that another commit record has. One of the two was "
            "made by somebody who has the archive's keys; the log tells which.",
            name,
            seq=record.first_seq,
        )


def _dense(record: CommitRecord) -> Iterator[Fault]:
    entries = record.entries
    if entries[-1].seq - entries[0].seq != len(entries) - 1:
        name = commit_name(record.first_seq, record.record_id)
        yield Fault("commit", f"{name} leaves out sequence numbers.", name, seq=entries[0].seq)
