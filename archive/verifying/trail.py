"""The trail's index held against the commit records: an entry for every act and nothing else."""

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

    def compare(self, entry: CommitEntry) -> Fault | None:
        """Look for the entry of an act, or for one where there is no act."""
        if entry.seq > self._position:
            return None
        if entry.seq > self._read_to:
            self._read_to = entry.seq + _SEQS_AT_ONCE - 1
            self._there = self._index.between(entry.seq, self._read_to)
        wanted = is_act(entry.event_type)
        if wanted is (entry.seq in self._there):
            return None
        what = "lacks the audit entry of" if wanted else "has an audit entry of"
        event = event_name(entry.originator_id, entry.originator_version, entry.seq)
        return Fault(
            "database",
            f"The table trail {what} {event}. Run muniment rebuild, which makes it anew from the "
            "bucket.",
            "trail",
            entry.originator_id,
            entry.seq,
        )
