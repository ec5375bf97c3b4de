"""The trail's index held against the commit records: an entry for every act and nothing else."""

from collections.abc import Iterator, Sequence
from typing import Final

from archive.sealing.commit import CommitEntry
from archive.trail.entry import is_act
from archive.trail.index import TrailIndex
from archive.verifying.contents import event_name
from archive.verifying.findings import Fault

_SEQS_AT_ONCE: Final = 4096


class TrailCheck:
    """Compares the index with entries that it is given in order.

    Methods raise UnavailableError when SQL does not answer.
    """

    def __init__(self, index: TrailIndex) -> None:
        self._index = index
        self._position = 0
        self._read_to = 0
        self._there: set[int] = set()

    def begin(self) -> None:
        """Take down how far the index is; what it has not come to yet is not asked of it."""
        self._position = self._index.position()

    def compare(self, entries: Sequence[CommitEntry]) -> Iterator[Fault]:
        """Look for the entries of acts, and for those where there is no act."""
        first, last = entries[0].seq, min(entries[-1].seq, self._position)
        if first > last:
            return
        if last > self._read_to:
            self._read_to = max(last, first + _SEQS_AT_ONCE - 1)
            self._there = self._index.between(first, self._read_to)
        acts = {each for each in {entry.event_type for entry in entries} if is_act(each)}
        for entry in entries:
            wanted = entry.event_type in acts
            if entry.seq > last:
                return
            if wanted is not (entry.seq in self._there):
                yield _fault(entry, "lacks the" if wanted else "has an")


def _fault(entry: CommitEntry, what: str) -> Fault:
    event = event_name(entry.originator_id, entry.originator_version, entry.seq)
    return Fault(
        "database",
        f"The table trail {what} audit entry of {event}. Run muniment rebuild, which makes it anew "
        "from the bucket.",
        "trail",
        entry.originator_id,
        entry.seq,
    )
