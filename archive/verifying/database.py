"""SQL held against the commit records, event by event as they are read: pointers, keys, catalog.

Everything in SQL is derived, so whatever is wrong there is mended by `muniment rebuild`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final
from uuid import UUID

from archive.bucket.names import parse_keys_name
from archive.catalog.catalog import Catalog, CatalogEntry
from archive.clock import Clock
from archive.events.pointers import (
    Pointer,
    PointerRecorder,
    SqlRow,
    encode_pointer,
    encoded_digest,
)
from archive.log.head import Head
from archive.sealing.commit import CommitEntry, CommitRecord
from archive.sealing.frame import digest_leaf
from archive.verifying.accounts import Bits
from archive.verifying.bucket import BucketCheck
from archive.verifying.contents import event_name
from archive.verifying.findings import RECHECK_SECONDS, Fault
from archive.verifying.segments import SegmentCheck, Stored
from archive.verifying.trail import TrailCheck

_ROWS_AT_ONCE: Final = 4096
_SEGMENTS_AT_ONCE: Final = 256
_CAPTURED: Final = "interaction.captured"
_CHANGED: Final = frozenset({"interaction.revised", "interaction.withdrawn"})
_MEND = "Run muniment rebuild, which makes it anew from the bucket."


class DatabaseCheck:
    """Compares SQL with the commit records that it is given in order."""

    def __init__(
        self,
        archive_id: UUID,
        pointers: PointerRecorder,
        catalog: Catalog,
        trail: TrailCheck,
        segments: SegmentCheck,
        clock: Clock,
        places: Callable[[Sequence[CommitEntry]], Sequence[CommitEntry]],
    ) -> None:
        """Take the parts; `places` says of entries where their frames stand at this moment."""
        self._places = places
        self._archive_id = archive_id
        self._pointers = pointers
        self._catalog = catalog
        self._trail = trail
        self._segments = segments
        self._clock = clock
        self._position = 0
        self._last = 0
        self._rows: dict[int, SqlRow] = {}
        self._entries: dict[int, CatalogEntry] = {}
        self._read_to = 0
        self._stored: dict[UUID, Stored] = {}
        self._records = 0
        self._erased = Bits()
        self._captured = Bits()

    def begin(self) -> None:
        """Take down how far SQL is, before the bucket is listed: rows come before records.

        This and the others raise UnavailableError when SQL does not answer, and CorruptError for
        what is no pointer.
        """
        self._last = self._pointers.last_seq()
        # What the catalog has not come to yet is not asked of it.
        self._position = self._catalog.position()
        self._trail.begin()

    def compare(self, record: CommitRecord, stored: Mapping[UUID, Stored]) -> Iterator[Fault]:
        """Compare what SQL has of one commit."""
        suspects: list[CommitEntry] = []
        for entry in record.entries:
            # One after the other, because rows and catalog are read a page at a time.
            if self._differs(entry, self._row(entry)):
                suspects.append(entry)
            if entry.seq <= self._position and (fault := self._catalog_fault(entry)):
                yield fault
            if fault := self._trail.compare(entry):
                yield fault
        if suspects:
            self._clock.sleep(RECHECK_SECONDS)
            # What was packed meanwhile is told in the bucket a moment after SQL knows it.
            owed = {pack.pack_id for pack in self._pointers.packs()}
            for entry in self._places(suspects):
                row = self._pointers.encoded_from(entry.seq, 1).get(entry.seq)
                if row is not None and Pointer.decode(row[-1]).segment_id in owed:
                    continue
                if fault := self._differs(entry, row):
                    yield fault
        self._stored.update(stored)
        if len(self._stored) >= _SEGMENTS_AT_ONCE:
            yield from self._compare_keys()

    def finish(self, bucket: BucketCheck, head: Head | None) -> list[Fault]:
        """Compare what can be compared at the end."""
        faults = list(self._compare_keys())
        size, signed, accounts = bucket.size, bucket.signed, bucket.accounts
        if self._last > size:
            self._clock.sleep(RECHECK_SECONDS)
            recorded = bucket.recorded()
            if self._last > recorded:
                faults.append(
                    Fault(
                        "commit",
                        f"SQL has the events {recorded + 1} to {self._last}, of which no commit "
                        "record tells: it was taken away, or its commit was broken off. The leader "
                        "writes what is owed within two minutes; what is still missing then, "
                        "restore, and do not rebuild before.",
                        seq=recorded + 1,
                    )
                )
        position = self._position
        if self._pointers.last_seq() < size:
            faults.append(_fault("stored_events", f"ends before event {size}. {_MEND}"))
        if head is not None and head.size > signed:
            self._clock.sleep(RECHECK_SECONDS)
            signed = bucket.signed_now()
        if head is not None and head.size > signed:
            faults.append(
                Fault(
                    "roll-back",
                    f"SQL says that {head.size} entries of the log are signed, and the bucket has "
                    f"checkpoints up to {signed}: the newest were taken away, or the leader died "
                    "before it could put the last, which it does when it starts.",
                    "log_head",
                )
            )
        count = self._catalog.count_up_to(min(position, size))
        if count != self._records and position >= size:
            faults.append(
                _fault("records", f"has {count} records, and there are {self._records}. {_MEND}")
            )
        for seq in self._captured:
            if (seq in self._erased) is not accounts.is_condemned(seq):
                what = "as erased, and it is not" if seq in self._erased else "not as erased"
                faults.append(
                    _fault("records", f"has the record of event {seq} {what}. {_MEND}", seq=seq)
                )
        return faults

    # Pointers

    def _row(self, entry: CommitEntry) -> SqlRow | None:
        if entry.seq > self._read_to:
            self._rows = self._pointers.encoded_from(entry.seq, _ROWS_AT_ONCE)
            self._read_to = entry.seq + _ROWS_AT_ONCE - 1
            self._entries = {
                found.first_seq: found
                for found in self._catalog.captured_between(entry.seq, self._read_to)
            }
        return self._rows.get(entry.seq)

    def _differs(self, entry: CommitEntry, row: SqlRow | None) -> Fault | None:
        if row is None:
            return _fault("stored_events", f"lacks {_event(entry)}. {_MEND}", entry)
        digest = encoded_digest(row[-1])
        leaf = digest_leaf(self._archive_id, digest) if digest else entry.leaf_hash
        event = (entry.originator_id.bytes, entry.originator_version, entry.event_type)
        place = (entry.segment_id, entry.slot, entry.offset, entry.length)
        if leaf == entry.leaf_hash and row == (*event, encode_pointer(*place, leaf, digest)):
            return None
        if (leaf, Pointer.decode(row[-1]).leaf_hash, row[:3]) != (*[entry.leaf_hash] * 2, event):
            return _fault("stored_events", f"tells otherwise of {_event(entry)}. {_MEND}", entry)
        return _fault("stored_events", f"has another place for {_event(entry)}. {_MEND}", entry)

    # Keys

    def _compare_keys(self) -> Iterator[Fault]:
        """Check that SQL names one of the key objects that are there, where there are any."""
        stored, self._stored = self._stored, {}
        named = self._pointers.keys_of_each(stored)
        suspects = [
            segment_id
            for segment_id, found in stored.items()
            if found.keys and named.get(segment_id) not in _ids(found)
        ]
        if not suspects:
            return
        self._clock.sleep(RECHECK_SECONDS)
        named = self._pointers.keys_of_each(suspects)
        for segment_id in suspects:
            found = self._segments.stored(segment_id)
            if found.keys and named.get(segment_id) not in _ids(found):
                yield _fault(
                    "segments",
                    f"names a key object of segment {segment_id} that is not there. {_MEND}",
                )

    # Catalog

    def _catalog_fault(self, entry: CommitEntry) -> Fault | None:
        if entry.event_type == _CAPTURED:
            self._records += 1
            self._captured.add(entry.seq)
            found = self._entries.get(entry.seq)
            if found is None or found.id != entry.originator_id.bytes:
                return _fault("records", f"lacks the record of {_event(entry)}. {_MEND}", entry)
            if found.erased:
                self._erased.add(entry.seq)
            elif found.seq != entry.seq or found.version != entry.originator_version:
                return self._newest_fault(entry, found)
        elif entry.event_type in _CHANGED:
            found_now = self._catalog.entries([entry.originator_id]).get(entry.originator_id)
            if found_now is None or found_now.version < entry.originator_version:
                return _fault("records", f"does not know {_event(entry)}. {_MEND}", entry)
        return None

    def _newest_fault(self, entry: CommitEntry, found: CatalogEntry) -> Fault | None:
        rows = self._pointers.select_pointers_of([entry.originator_id])
        if (found.seq, found.version) in {(row.seq, row.originator_version) for row in rows}:
            return None
        return _fault(
            "records",
            f"has a version {found.version} of the record of {_event(entry)}, which there is not. "
            f"{_MEND}",
            entry,
        )


def _event(entry: CommitEntry) -> str:
    return event_name(entry.originator_id, entry.originator_version, entry.seq)


def _ids(stored: Stored) -> set[UUID]:
    return {parse_keys_name(copy.name)[1] for copy in stored.keys}


def _fault(
    table: str, what: str, entry: CommitEntry | None = None, *, seq: int | None = None
) -> Fault:
    return Fault(
        "database",
        f"The table {table} {what}",
        table,
        None if entry is None else entry.originator_id,
        seq if entry is None else entry.seq,
    )
