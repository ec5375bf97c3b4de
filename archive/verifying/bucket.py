"""The bucket checked from its own bytes: commit records, log, segments, keys, blobs, strange names.

The end is fixed at the start: checkpoints are listed first, then commit records, then what those
name. So whatever is committed meanwhile can be missing from a listing and is not asked for.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from itertools import chain
from typing import Final
from uuid import UUID

from archive.bucket.names import (
    KEYRINGS,
    LOG_CHECKPOINTS,
    LOG_TILES,
    parse_checkpoint_name,
    parse_keyring_name,
)
from archive.bucket.port import Bucket
from archive.clock import Clock, uuid7_time
from archive.errors import InvalidError, NotFoundError
from archive.events.types import BlobPlace
from archive.log.publisher import log_signer
from archive.sealing.commit import CommitEntry, CommitRecord
from archive.sealing.keyring import Keyring
from archive.sealing.relocation import DROPPED_SLOT
from archive.verifying.accounts import Accounts
from archive.verifying.commits import Commits, Gap
from archive.verifying.contents import DESTROYED, Contents
from archive.verifying.examiner import Examiner, SegmentEntries
from archive.verifying.findings import Fault, Findings, twice
from archive.verifying.inventory import Inventory
from archive.verifying.packs import Packs
from archive.verifying.signed import published_faults, read_signed
from archive.verifying.stamped import check_timestamps
from archive.verifying.stored import Outcome, Stored
from archive.verifying.tree import PublishedLog
from archive.verifying.workers import Workers

ORPHAN_AGE: Final = timedelta(days=1)
_MOST_NAMED = 100

Advance = Callable[[int, int], None]
"""Is told up to which event, of how many, the check has come."""
Follow = Callable[[CommitRecord, Mapping[UUID, Stored]], Iterable[Fault]]
"""Holds something else against each commit record, and what is stored of its segments."""


class BucketCheck:
    """One check of a bucket. `full` reads the bytes of segments and blobs too."""

    def __init__(
        self,
        bucket: Bucket,
        keyring: Keyring,
        clock: Clock,
        findings: Findings,
        examiner: Examiner,
        workers: Workers,
        *,
        full: bool,
        advance: Advance = lambda _done, _total: None,
    ) -> None:
        self._bucket = bucket
        self._keyring = keyring
        self._clock = clock
        self._findings = findings
        self._full = full
        self._advance = advance
        self._segments = examiner.segments
        self._side = workers
        self.accounts = Accounts()
        self.size = 0
        """How many events the commit records tell of."""
        self.signed = 0
        """How many entries the largest checkpoint is of."""

    def run(self, follow: Follow, against: str | None = None) -> None:
        """Check everything; `against` is a checkpoint's note, errors as in `read_signed`."""
        self._check_keyrings()
        verifier = log_signer(self._keyring).verifier
        signed = read_signed(self._bucket, verifier, against)
        self._findings.add(signed.faults)
        look = partial(published_faults, self._bucket, verifier, signed)
        self._findings.add(twice(self._clock, lambda: list(look())))
        self.signed = signed.size
        check_timestamps(self._bucket, self._findings)
        self._commits = Commits(self._bucket, self._keyring)
        self._findings.add(self._commits.faults)
        # Before what they place is listed: what moves meanwhile is looked up again.
        self.packs = Packs(self._bucket, self._keyring)
        self._findings.add(self.packs.faults)
        self._inventory = Inventory(self._bucket)
        self._findings.add(self._inventory.faults)
        self._side.expect(self._inventory.size)
        compared = [*signed.checkpoints]
        if signed.given is not None:
            compared.append((signed.given, "that was given"))
        self._log = PublishedLog(self._keyring.archive_id, self._bucket, compared, signed.size)
        self._list_tiles()
        self._read_commits(follow)
        self._side.finish()
        self._findings.add(self._log.finish())
        self._check_accounts()
        self._count(len(signed.checkpoints))
        self._tell_orphans()

    def recorded(self) -> int:
        """Return up to which event commit records stand now, the newest ones included."""
        newest = [record.entries[-1].seq for record in self._commits.since()]
        return max([self.size, *newest])

    def signed_now(self) -> int:
        """Return how many entries the largest checkpoint is of by now."""
        sizes = [self.signed]
        for name in self._bucket.names(LOG_CHECKPOINTS):
            with suppress(InvalidError):
                sizes.append(parse_checkpoint_name(name)[0])
        return max(sizes)

    def _count(self, checkpoints: int) -> None:
        self._findings.checked.update(
            {
                "events": self.size,
                "tiles": self._log.tiles,
                "checkpoints": checkpoints,
                "segments": len(self._inventory.segments),
                "key objects": len(self._inventory.keys),
            }
        )
        if self.size > self.signed:
            self._findings.notes.append(
                f"The newest {self.size - self.signed} of {self.size} events are under "
                "no checkpoint yet."
            )

    # Keyring and log

    def _check_keyrings(self) -> None:
        for name in self._bucket.names(KEYRINGS):
            try:
                number = parse_keyring_name(name)
            except InvalidError:
                self._findings.add([Fault("name", f"{name} is not the name of a keyring.", name)])
                continue
            if number > self._keyring.number:
                self._findings.add(
                    [Fault("keyring", f"{name} is newer than the keyring in use.", name)]
                )
            elif number < self._keyring.number:
                self._findings.notes.append(
                    f"{name} is an older keyring: whoever has the key that opens it has the keys "
                    "that it held."
                )

    def _list_tiles(self) -> None:
        for name in self._bucket.names(LOG_TILES):
            try:
                self._log.note_tile(name.removeprefix(LOG_TILES))
            except NotFoundError:
                self._findings.add([Fault("name", f"{name} is not the name of a tile.", name)])

    # Commits, and what they name

    def _read_commits(self, follow: Follow) -> None:
        for found in self._commits.read():
            if isinstance(found, Gap):
                self._findings.add([_gap(found)])
            elif isinstance(found, Fault):
                self._findings.add([found])
            else:
                self._take(found, follow)
        for entries in self.packs.incomplete():
            self._check_segment(entries, self._inventory.stored(entries[0].segment_id))

    def _take(self, record: CommitRecord, follow: Follow) -> None:
        self._findings.checked["commit records"] += 1
        self._findings.add(self._log.fill(record.first_seq - 1))
        self._findings.add(self._log.add([entry.leaf_hash for entry in record.entries]))
        placed = self.packs.placed(record)
        held: dict[UUID, Stored] = {}
        stay, moved = _told_apart(record.entries, placed.entries)
        for entries in [*_by_segment(stay), *self.packs.gather(moved)]:
            stored = held[entries[0].segment_id] = self._inventory.stored(entries[0].segment_id)
            self._check_segment(entries, stored)
        self.accounts.note_keys((), (each.seq for each in moved if each.slot == DROPPED_SLOT))
        self._findings.add(follow(placed, held))
        for entry in record.entries:
            if entry.event_type == DESTROYED:
                # What was condemned is known only once the frame that says it was read.
                self._side.finish()
                self.accounts.note_destroyed(entry.originator_id)
        self.size = record.entries[-1].seq
        self._advance(self.size, max(self.size, self._commits.newest))

    def _check_segment(self, entries: Sequence[CommitEntry], stored: Stored) -> None:
        self._side.run(
            Examiner.segment, partial(self._note, entries), SegmentEntries(entries), stored
        )

    def _note(self, entries: Sequence[CommitEntry], outcome: Outcome) -> None:
        if outcome.faults:
            now = self.packs.now(entries)
            if all(_has_moved(*each) for each in zip(entries, now, strict=True)):
                # Packed since this began: what is in the pack, the next run checks.
                dropped = [each.seq for each in now if each.slot == DROPPED_SLOT]
                outcome = Outcome(keyless=dropped)
        self._findings.add(outcome.faults)
        keyless = set(outcome.keyless)
        keyed = (entry.seq for entry in entries if entry.seq not in keyless)
        self.accounts.note_keys(chain(keyed, outcome.left), outcome.keyless)
        for contents in outcome.contents:
            if contents.condemned:
                self._account(contents)
            for place in contents.blobs if self._full else ():
                self._take_blob(contents, place)

    def _account(self, contents: Contents) -> None:
        entry = contents.entry
        self.accounts.condemn(entry.originator_id, entry.seq, contents.condemned)

    # Blobs

    def _take_blob(self, contents: Contents, place: BlobPlace) -> None:
        size, seen = self._inventory.blob(place)
        if seen and size == place.sealed_size:
            return
        self._findings.checked["blobs"] += 1
        self._side.run(Examiner.blob, self._findings.add, contents.entry, place)

    # What is left over

    def _check_accounts(self) -> None:
        runs = self.accounts.unaccounted()
        if runs:
            # An erasure may have been committed since.
            for record in self._commits.since():
                for entries in _by_segment(record.entries):
                    found = self._segments.check(
                        entries, self._segments.stored(entries[0].segment_id)
                    )
                    for contents in found.contents:
                        self._account(contents)
            runs = self.accounts.unaccounted()
        entries_of = self._commits.entries([first for first, _ in runs[:_MOST_NAMED]])
        for first, last in runs[:_MOST_NAMED]:
            self._findings.add([_unaccounted(entries_of.get(first), first, last)])
        returned = list(self.accounts.returned())
        entries_of = self._commits.entries(returned[:_MOST_NAMED])
        for seq in returned[:_MOST_NAMED]:
            self._findings.add([_returned(entries_of.get(seq), seq)])
        for seq in self._log.unknown:
            if seq not in self.accounts.condemned:
                self._findings.add([_unknown_entry(seq)])
        if self.accounts.unfinished:
            self._findings.notes.append(
                f"{self.accounts.unfinished} erasures are not finished; the leader finishes them."
            )

    def _tell_orphans(self) -> None:
        orphans = self._inventory.orphans()
        if self._full:
            orphans = chain(orphans, self._inventory.orphaned_blobs())
        else:
            self._findings.notes.append(
                "The bytes of segments and blobs were not read; verify --full reads them."
            )
        old, young = 0, 0
        now = self._clock.now()
        for _, id in orphans:
            if now - uuid7_time(id) > ORPHAN_AGE:
                old += 1
            else:
                young += 1
        if young:
            self._findings.notes.append(
                f"{young} objects younger than a day are named by nothing: their commit is under "
                "way, or was broken off."
            )
        if old:
            self._findings.notes.append(
                f"{old} objects older than a day are named by nothing: a broken off commit left "
                "them, and they may be collected."
            )


def _has_moved(entry: CommitEntry, placed: CommitEntry) -> bool:
    return entry.segment != placed.segment


def _told_apart(
    entries: Sequence[CommitEntry], placed: Sequence[CommitEntry]
) -> tuple[list[CommitEntry], list[CommitEntry]]:
    """Return the entries whose frames stand where they were committed, and the others as placed."""
    if entries == placed:
        return list(entries), []
    pairs = list(zip(entries, placed, strict=True))
    stay = [entry for entry, now in pairs if not _has_moved(entry, now)]
    return stay, [now for entry, now in pairs if _has_moved(entry, now)]


def _by_segment(entries: Iterable[CommitEntry]) -> list[list[CommitEntry]]:
    """Return the entries of each segment, by slot."""
    found: dict[bytes, list[CommitEntry]] = {}
    for entry in entries:
        found.setdefault(entry.segment, []).append(entry)
    return [sorted(each, key=lambda entry: entry.slot) for each in found.values()]


def _gap(gap: Gap) -> Fault:
    events = f"event {gap.first}" if gap.first == gap.last else f"events {gap.first} to {gap.last}"
    return Fault(
        "commit",
        f"No commit record tells of {events}: it was taken away, or is damaged. Restore it from a "
        "copy of the bucket, or from SQL while that has its rows.",
        seq=gap.first,
    )


def _unaccounted(entry: CommitEntry | None, first: int, last: int) -> Fault:
    events = f"event {first}" if first == last else f"events {first} to {last}"
    record = None if entry is None else entry.originator_id
    return Fault(
        "keys",
        f"The key of {events} (record {record}) is gone, and no erasure accounts for it: somebody "
        "destroyed it, or replaced the key object. Restore that from a copy of the bucket.",
        record=record,
        seq=first,
    )


def _returned(entry: CommitEntry | None, seq: int) -> Fault:
    record = None if entry is None else entry.originator_id
    return Fault(
        "keys",
        f"The key of event {seq} (record {record}) was destroyed, and is there again: somebody "
        "put an older key object back. Erase the record once more.",
        record=record,
        seq=seq,
    )


def _unknown_entry(seq: int) -> Fault:
    return Fault(
        "tile",
        f"The log's entry of event {seq} does not say its frame's hash: the frame could not be "
        "read when the entry was written, or the bundle was changed. Its leaf in the tree holds.",
        seq=seq,
    )
