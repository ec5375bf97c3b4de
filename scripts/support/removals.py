"""Ways to take an entry out of the audit trail, each of which `muniment verify` must notice."""

from collections.abc import Callable, Iterator

from archive.bucket.names import commit_name, segment_name
from archive.sealing.commit import CommitEntry, CommitRecord
from archive.trail.entry import is_act
from archive.verifying.findings import Fault
from scripts.support.tampering import Target

Remove = Callable[[Target, CommitRecord, CommitEntry], None]


def acts(target: Target) -> Iterator[tuple[CommitRecord, CommitEntry]]:
    """Yield every entry of the trail, with the commit record that tells of it."""
    for record in target.commits():
        yield from ((record, entry) for entry in record.entries if is_act(entry.event_type))


def frame(target: Target, record: CommitRecord, entry: CommitEntry) -> None:
    """Its frame is gone from its segment, which is built validly; or with it, if it is alone."""
    name = segment_name(entry.segment_id)
    there = sum(each.segment_id == entry.segment_id for each in record.entries)
    if there == 1:
        target.path(name).unlink()
        return
    target.rebuilt(name, lambda frames: frames[: entry.slot] + frames[entry.slot + 1 :])


def commit(target: Target, record: CommitRecord, _: CommitEntry) -> None:
    """The commit record that tells of it is gone."""
    target.path(commit_name(record.first_seq, record.record_id)).unlink()


def row(target: Target, _: CommitRecord, entry: CommitEntry) -> None:
    """SQL does not know its event any more."""
    target.sql("events.db", f"DELETE FROM stored_events WHERE seq = {entry.seq}")


def indexed(target: Target, _: CommitRecord, entry: CommitEntry) -> None:
    """The trail's index does not know it any more."""
    target.sql("catalog.db", f"DELETE FROM trail WHERE seq = {entry.seq}")


REMOVALS: dict[Remove, tuple[str, ...]] = {
    frame: ("frame", "segment"),
    commit: ("commit",),
    row: ("database",),
    indexed: ("database",),
}
"""Each with the kinds of fault that may tell of it."""


def named(removal: Remove, record: CommitRecord, entry: CommitEntry, faults: list[Fault]) -> bool:
    """Say whether one of the faults names the entry: its event, or the commit that held it."""
    # A commit's fault names its first event.
    seqs = {entry.seq, record.first_seq} if removal is commit else {entry.seq}
    return any(
        fault.kind in REMOVALS[removal]
        and (fault.seq in seqs or str(entry.segment_id) in fault.message)
        for fault in faults
    )
