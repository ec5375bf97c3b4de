"""SQL written again from the bucket's commit records: for a database that is empty, or behind.

Whoever restores first makes the database await the newest recorded event: no commit is taken
before that, which would get a number that is taken. Several may restore at once: a batch is
inserted only where the one before it ends, so that each is inserted once. One that is killed leaves
the database behind, and the next goes on from there.

What commit records do not say is in the frames: their SHA-256, and the blobs that they refer to.
So every segment is read; only frames that may name a blob are opened.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from hashlib import sha256
from itertools import islice
from uuid import UUID

from eventsourcing.persistence import MapperDeserialisationError

from archive.bucket.names import RELOCATIONS, parse_relocation_name
from archive.bucket.port import Bucket
from archive.errors import ConfigurationError, ConflictError, CorruptError
from archive.events.blobs import blob_uses
from archive.events.commit_history import CommitHistory, Faults, RecordedCommit, batches
from archive.events.commit_records import commit_entry
from archive.events.key_listing import KeyListing
from archive.events.mapper import EventMapper
from archive.events.opener import ErasedEvent, OpenedEvent, Opener
from archive.events.pointers import BlobUse, Pointer, PointerRecorder, PointerRow
from archive.events.relocations import Relocations
from archive.events.restoration import RelocatedFrames, RenewedKeys, Restoration
from archive.events.types import InteractionCaptured, InteractionRevised, KeysCondemned
from archive.sealing.commit import CommitEntry, CommitRecord
from archive.sealing.header import parse_header
from archive.sealing.keys import RootKeys
from archive.sealing.leaf import digest_leaf
from archive.sealing.primitives import KEY_SIZE, TAG_SIZE
from archive.sealing.relocation import DROPPED_SLOT

_EVENTS_PER_BATCH = 4_000
_BYTES_PER_BATCH = 32 * 1024 * 1024
_KEYS_PER_BATCH = 10_000
_WITH_BLOBS = frozenset({InteractionCaptured.type, InteractionRevised.type})
# A blob's key is random, so that no box which holds one is compressed to less.
_NO_BLOB_KEY = KEY_SIZE + TAG_SIZE

Advance = Callable[[int], None]


class Restorer:
    """Brings a database up to what the bucket holds. `advance` is told each number reached."""

    def __init__(self, recorder: PointerRecorder, bucket: Bucket, keyring: RootKeys) -> None:
        self._recorder = recorder
        self._restorer = recorder.restorer()
        self._bucket = bucket
        self._keyring = keyring
        self._relocations: Relocations | None = None
        self._archive_id = keyring.archive_id
        self._history = CommitHistory(bucket, keyring)
        self._keys = KeyListing(bucket, keyring)
        self._opener = Opener(self._keys, bucket, keyring)
        self._mapper = EventMapper()

    def survey(self) -> tuple[int, Faults]:
        """Return the newest recorded event, and what is wrong with the records; changes nothing.

        Raises:
            CorruptError: records contradict each other.
        """
        faults, last = Faults(), 0
        for commit in self._history.commits(faults):
            last = commit.row.last_seq
        return last, faults

    def catch_up(self, advance: Advance = lambda _: None) -> bool:
        """Bring a database that is behind up to the bucket; False if it was not behind.

        Raises:
            ConfigurationError: commit records are missing or damaged; what stands before them is
                restored.
            CorruptError: the database and the records contradict each other.
        """
        if not (self._history.is_ahead(self._recorder.last_seq) or self._lacks_packs()):
            return False
        self._renew_places()
        self._renew_keys()
        while self._history.is_ahead(self._recorder.last_seq):
            self._await_newest()
            self._restore(advance, incomplete=False)
        return True

    def restore(self, advance: Advance, *, incomplete: bool) -> Faults:
        """Bring an empty database, or one that is being restored, up to the bucket.

        With `incomplete`, numbers that no record holds are left out, and told.
        Raises as `catch_up`.
        """
        self._renew_places()
        self._renew_keys()
        return self._restore(advance, incomplete=incomplete)

    def _await_newest(self) -> None:
        newest = 0
        for record in self._history.records(self._recorder.last_seq() + 1):
            if isinstance(record, CommitRecord):
                newest = record.entries[-1].seq
        if newest:
            self._restorer.await_seq(newest)

    def _restore(self, advance: Advance, *, incomplete: bool) -> Faults:
        while True:
            try:
                return self._go_on(advance, incomplete=incomplete)
            except ConflictError:
                # Another process restores too: on from where it is.
                continue

    def _go_on(self, advance: Advance, *, incomplete: bool) -> Faults:
        stand = self._recorder.last_seq()
        newest = self._restorer.last_commit()
        known: Sequence[PointerRow] = ()
        if newest is not None:
            known = self._recorder.select_pointers_from(
                newest.first_seq, newest.last_seq - newest.first_seq + 1
            )
        faults = Faults()
        commits = self._history.commits(faults, stand, known)
        if not incomplete:
            commits = _without_faults(commits, faults)
        for batch in batches(commits, events=_EVENTS_PER_BATCH, size=_BYTES_PER_BATCH):
            placed = self._placed(batch)
            restoration = self._restoration(stand, placed)
            self._condemn_blobs(placed)
            self._restorer.restore(restoration)
            stand = restoration.rows[-1][0]
            advance(stand)
        if faults.beyond or (faults and not incomplete):
            raise refusal(faults)
        return faults

    def _restoration(self, after: int, batch: Sequence[RecordedCommit]) -> Restoration:
        entries = [entry for commit in batch for entry in commit.entries]
        segments = self._newest_keys({e.segment_id for e in entries if e.slot != DROPPED_SLOT})
        rows = [_row(entry) for entry in entries]
        frames = self._opener.frames(rows)
        uncertain: list[PointerRow] = []
        encoded = []
        for row in rows:
            frame = frames.get(row.seq, b"")
            digest = self._digest(row, frame)
            if self._may_refer_to_blobs(row, None if digest is None else frame):
                uncertain.append(row)
            state = _with_digest(row.pointer, digest).encode()
            key = (row.originator_id.bytes, row.originator_version)
            encoded.append((row.seq, *key, row.type, state))
        blobs, unopened = self._blobs(uncertain)
        return Restoration(
            after=after,
            commits=[commit.row for commit in batch],
            rows=encoded,
            segments=list(segments.items()),
            blobs=blobs,
            unopened=unopened,
        )

    def _placed(self, batch: Sequence[RecordedCommit]) -> list[RecordedCommit]:
        """Return commits with the places where their frames stand now."""
        entries = self._places().placed([entry for commit in batch for entry in commit.entries])
        rest = iter(entries)
        return [
            replace(commit, entries=tuple(islice(rest, len(commit.entries)))) for commit in batch
        ]

    def _newest_keys(self, segment_ids: Set[UUID]) -> dict[UUID, UUID]:
        return self._keys.newest(segment_ids, set(self._places().pack_ids))

    def _places(self) -> Relocations:
        if self._relocations is None:
            self._relocations = Relocations(self._bucket, self._keyring)
        return self._relocations

    def _may_refer_to_blobs(self, row: PointerRow, frame: bytes | None) -> bool:
        if row.type not in _WITH_BLOBS or row.pointer.is_dropped:
            return False
        if row.pointer.slot in self._keys.destroyed.get(row.pointer.segment_id, ()):
            return False
        return frame is None or parse_header(frame).custody_length > _NO_BLOB_KEY

    def _digest(self, row: PointerRow, frame: bytes) -> bytes | None:
        """Return a frame's SHA-256, None if the frame is not the one that was committed."""
        digest = sha256(frame).digest()
        same = digest_leaf(self._archive_id, digest) == row.pointer.leaf_hash
        return digest if same else None

    def _blobs(self, rows: Sequence[PointerRow]) -> tuple[list[BlobUse], list[int]]:
        """Return the blobs that events refer to, and the events of which that cannot be told."""
        uses: list[BlobUse] = []
        unopened: list[int] = []
        for opened in self._opener.open_each(rows):
            if isinstance(opened, ErasedEvent):
                continue
            try:
                if not isinstance(opened, OpenedEvent):
                    raise opened.error
                event = self._mapper.event(opened)
            except (CorruptError, MapperDeserialisationError):
                unopened.append(opened.row.seq)
                continue
            if isinstance(event, InteractionCaptured | InteractionRevised):
                uses += blob_uses(event)
        return uses, unopened

    def _condemn_blobs(self, batch: Sequence[RecordedCommit]) -> None:
        """Forget what events refer to that were restored before and are condemned in this batch."""
        rows = [
            _row(entry)
            for commit in batch
            for entry in commit.entries
            if entry.event_type == KeysCondemned.type
        ]
        for opened in self._opener.open_each(rows):
            event = self._mapper.event(opened) if isinstance(opened, OpenedEvent) else None
            if isinstance(event, KeysCondemned):
                condemned = [
                    (row.originator_id, row.originator_version)
                    for seq in event.events
                    for row in self._recorder.select_pointers_from(seq, 1, seq)
                ]
                if condemned:
                    self._recorder.condemn_blobs(condemned)

    def _lacks_packs(self) -> bool:
        """Say whether frames have moved into a pack that the database does not know."""
        newest = max(self._bucket.names(RELOCATIONS), default=None)
        # SQL knows a pack before its record stands. Frames leave the newest for a newer one only.
        return newest is not None and not self._recorder.keys_of(parse_relocation_name(newest))

    def _renew_places(self) -> None:
        """Note the packs that frames have moved into since the database was copied."""
        stand, places = self._recorder.last_seq(), self._places()
        if not stand:
            return
        known = self._recorder.keys_of_each(places.pack_ids)
        for pack_id in places.pack_ids:
            if pack_id in known:
                continue
            entries = places.record(pack_id).entries
            start, end = entries[0].seq, min(entries[-1].seq, stand)
            while start <= end:
                rows = self._recorder.select_pointers_from(start, _EVENTS_PER_BATCH, end)
                if not rows:
                    break
                self._relocate(rows)
                start = rows[-1].seq + 1

    def _relocate(self, rows: Sequence[PointerRow]) -> None:
        placed = self._places().placed([_entry(row) for row in rows])
        moved = [
            (row, entry)
            for row, entry in zip(rows, placed, strict=True)
            if entry.segment_id != row.pointer.segment_id
        ]
        if moved:
            packs = {entry.segment_id for _, entry in moved if entry.slot != DROPPED_SLOT}
            self._restorer.relocate(
                RelocatedFrames(
                    [
                        (row.seq, _with_digest(_row(entry).pointer, row.pointer.digest).encode())
                        for row, entry in moved
                    ],
                    list({row.pointer.segment_id for row, _ in moved}),
                    list(self._newest_keys(packs).items()),
                )
            )

    def _renew_keys(self) -> None:
        """Note key objects that took the place of others since the database was copied."""
        if self._recorder.last_seq() == 0:
            return
        listed = self._keys.all()
        while page := dict(islice(listed, _KEYS_PER_BATCH)):
            known = self._recorder.keys_of_each(page)
            newer = [
                RenewedKeys(segment_id, was, self._keys.choose(segment_id, page[segment_id]))
                for segment_id, was in known.items()
                if page[segment_id] != [was]
            ]
            if newer:
                self._restorer.renew_keys(newer)

    @property
    def destroyed(self) -> Mapping[UUID, Set[int]]:
        """The slots of segments whose keys are destroyed in one key object and not in another."""
        return self._keys.destroyed


def _without_faults(commits: Iterator[RecordedCommit], faults: Faults) -> Iterator[RecordedCommit]:
    """Give commits up to the first number that is missing."""
    for commit in commits:
        if faults.missing:
            return
        yield commit


def refusal(faults: Faults) -> ConfigurationError:
    """Return the error for commit records that are not complete."""
    # What the newest record held is not known, so nobody can pass over just that.
    last_resort = (
        "or take what cannot be read out of the bucket, which gives up what it held."
        if faults.beyond
        else "or go on without them: muniment rebuild --incomplete."
    )
    return ConfigurationError(
        f"The database cannot be brought up to the bucket: {faults.sentence()} Put the records "
        f"back from a copy of the bucket, {last_resort}"
    )


def _row(entry: CommitEntry) -> PointerRow:
    pointer = Pointer(entry.segment_id, entry.slot, entry.offset, entry.length, entry.leaf_hash)
    return PointerRow(
        entry.seq, entry.originator_id, entry.originator_version, entry.event_type, pointer
    )


def _entry(row: PointerRow) -> CommitEntry:
    return commit_entry(
        row.seq, row.originator_id.bytes, row.originator_version, row.type, row.pointer
    )


def _with_digest(pointer: Pointer, digest: bytes | None) -> Pointer:
    return Pointer(
        pointer.segment_id,
        pointer.slot,
        pointer.offset,
        pointer.length,
        pointer.leaf_hash,
        digest,
    )
