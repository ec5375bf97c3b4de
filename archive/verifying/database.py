"""SQL held against the commit records, event by event as they are read: pointers, keys, catalog.

Everything in SQL is derived, so whatever is wrong there is mended by `muniment rebuild`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final
from uuid import UUID

from archive.bucket.names import parse_keys_name
from archive.catalog.catalog import Catalog, CatalogEntry
from archive.clock import Clock
from archive.errors import CorruptError
from archive.events.pointers import Pointer, PointerRecorder, SqlRow, encode_pointer, encoded_digest
from archive.log.head import Head
from archive.sealing.commit import CommitEntry, CommitRecord
from archive.sealing.leaf import digest_leaf, digest_leaves
from archive.verifying.accounts import Bits
from archive.verifying.bucket import BucketCheck
from archive.verifying.contents import event_name
from archive.verifying.findings import RECHECK_SECONDS, Fault
from archive.verifying.segments import SegmentCheck
from archive.verifying.stored import Stored
from archive.verifying.trail import TrailCheck

_ROWS_AT_ONCE: Final = 4096
_SEGMENTS_AT_ONCE: Final = 256
_CAPTURED: Final = "interaction.captured"
_REDACTED: Final = "interaction.redacted"
_CHANGED: Final = frozenset({"interaction.revised", "interaction.withdrawn", _REDACTED})
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
        # By the events that captured them, the newest events that redacted records.
        self._redacted: dict[int, int] = {}

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
        entries = record.entries
        self._read_rows(entries)
        suspects = [] if self._agree(entries) else [*filter(self._differs_now, entries)]
        yield from self._catalog_faults(entries)
        yield from self._trail.compare(entries)
        if suspects:
            self._clock.sleep(RECHECK_SECONDS)
            # What was packed meanwhile is told in the bucket a moment after SQL knows it.
            owed = {pack.pack_id for pack in self._pointers.packs()}
            for entry in self._places(suspects):
                row = self._pointers.encoded_from(entry.seq, 1).get(entry.seq)
                pointer = None if row is None else _pointer(row)
                if pointer is not None and pointer.segment_id in owed:
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
        expected = accounts.condemned
        if self._redacted:
            # What captured these is condemned in any case; they are erased once the newest is.
            stays = Bits()
            stays.update(seq for seq, by in self._redacted.items() if by not in expected)
            expected = expected ^ (stays & expected)
        for seq in self._captured & (self._erased ^ expected):
            if seq not in self._erased and position < accounts.newest:
                # The catalog has not come to what condemned it, which may be of a moment ago.
                continue
            what = "as erased, and it is not" if seq in self._erased else "not as erased"
            faults.append(
                _fault("records", f"has the record of event {seq} {what}. {_MEND}", seq=seq)
            )
        return faults

    def _read_rows(self, entries: Sequence[CommitEntry]) -> None:
        """Read what SQL has of entries, in pages, of which few are held."""
        first, last = entries[0].seq, entries[-1].seq
        if last <= self._read_to:
            return
        start = max(first, self._read_to + 1)
        self._read_to = max(last, start + _ROWS_AT_ONCE - 1)
        rows = self._pointers.encoded_from(start, self._read_to - start + 1)
        self._rows = {seq: row for seq, row in self._rows.items() if seq >= first} | rows
        records = self._catalog.captured_between(start, self._read_to)
        held = {seq: found for seq, found in self._entries.items() if seq >= first}
        self._entries = held | {found.first_seq: found for found in records}

    # Pointers

    def _agree(self, entries: Sequence[CommitEntry]) -> bool:
        """Say whether the rows of all entries are what they must be; if not, which is asked then.

        A row may lack the frame's digest, which commit records do not hold. One that is there must
        make the leaf.
        """
        rows = [self._rows.get(entry.seq) for entry in entries]
        try:
            digests = [b"" if row is None else encoded_digest(row[-1]) for row in rows]
        except CorruptError:
            return False
        known = [(digest, entry) for digest, entry in zip(digests, entries, strict=True) if digest]
        leaves = digest_leaves(self._archive_id, [digest for digest, _ in known])
        return leaves == [entry.leaf_hash for _, entry in known] and rows == [
            _row(entry, digest) for entry, digest in zip(entries, digests, strict=True)
        ]

    def _differs_now(self, entry: CommitEntry) -> bool:
        return self._differs(entry, self._rows.get(entry.seq)) is not None

    def _differs(self, entry: CommitEntry, row: SqlRow | None) -> Fault | None:
        if row is None:
            return _fault("stored_events", f"lacks {_event(entry)}. {_MEND}", entry)
        pointer = _pointer(row)
        digest = b"" if pointer is None else pointer.digest or b""
        leaf = digest_leaf(self._archive_id, digest) if digest else entry.leaf_hash
        is_leaf = pointer is not None and pointer.leaf_hash == entry.leaf_hash == leaf
        *event, place = _row(entry, digest)
        if not is_leaf or [*row[:3]] != event:
            return _fault("stored_events", f"tells otherwise of {_event(entry)}. {_MEND}", entry)
        if row[-1] != place:
            return _fault("stored_events", f"has another place for {_event(entry)}. {_MEND}", entry)
        return None

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

    def _catalog_faults(self, entries: Sequence[CommitEntry]) -> Iterator[Fault]:
        captured: list[int] = []
        for entry in entries:
            if entry.seq > self._position:
                break
            if entry.event_type == _CAPTURED:
                captured.append(entry.seq)
                found = self._entries.get(entry.seq)
                if found is None or found.id != entry.originator:
                    yield _fault("records", f"lacks the record of {_event(entry)}. {_MEND}", entry)
                elif found.erased:
                    self._erased.add(entry.seq)
                elif found.seq != entry.seq or found.version != entry.originator_version:
                    yield from self._newest_faults(entry, found)
            elif entry.event_type in _CHANGED:
                now = self._catalog.entries([entry.originator_id]).get(entry.originator_id)
                if now is None or now.version < entry.originator_version:
                    yield _fault("records", f"does not know {_event(entry)}. {_MEND}", entry)
                elif entry.event_type == _REDACTED:
                    self._redacted[now.first_seq] = entry.seq
        self._records += len(captured)
        self._captured.update(captured)

    def _newest_faults(self, entry: CommitEntry, found: CatalogEntry) -> Iterator[Fault]:
        rows = self._pointers.select_pointers_of([entry.originator_id])
        if (found.seq, found.version) not in {(row.seq, row.originator_version) for row in rows}:
            yield _fault(
                "records",
                f"has a version {found.version} of the record of {_event(entry)}, which there is "
                f"not. {_MEND}",
                entry,
            )


def _row(entry: CommitEntry, digest: bytes) -> SqlRow:
    """Return how an event must stand in SQL, with the digest of its frame."""
    place = (entry.segment, entry.slot, entry.offset, entry.length)
    pointer = encode_pointer(*place, entry.leaf_hash, digest)
    return entry.originator, entry.originator_version, entry.event_type, pointer


def _pointer(row: SqlRow) -> Pointer | None:
    """Return the pointer of a row, None if what stands there is none."""
    try:
        return Pointer.decode(row[-1])
    except CorruptError:
        return None


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
