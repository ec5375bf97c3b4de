"""One segment and its keys against what the commit records say of its frames.

Whether a frame will open is told without opening it: its bytes are those that were committed, by
their hash, and its header holds a commitment to each of its two subkeys. A data key from which
both commitments follow is the key that it was sealed under (docs/threat-model.md, "Verifying").
Only what may name a blob, or erasures, is decrypted.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from archive.bucket.names import keys_prefix, parse_keys_name, segment_name
from archive.bucket.port import Bucket, LockMode, VersionInfo
from archive.errors import CorruptError, InvalidError, NotFoundError
from archive.events.sealer import retention_of
from archive.sealing.commit import CommitEntry
from archive.sealing.frame import header_start, is_sealed_under, leaf_hash, parse_header
from archive.sealing.keys import EpochKeys, KeyObject, open_keys
from archive.sealing.primitives import Octets
from archive.sealing.segment import LockClass, parse_segment
from archive.verifying.contents import CONDEMNED, Contents, event_name, read_contents
from archive.verifying.findings import Fault
from archive.verifying.intact import read_intact
from archive.verifying.listed import by_name

_TABLE_ENTRY, _HASH = 8, 32


@dataclass(frozen=True, slots=True)
class Copy:
    """One version of an object; `version` is None for the current one of which there is no other.

    `visible` is False for one that lies under another version, or under a delete marker.
    """

    name: str
    version: str | None
    size: int
    visible: bool = True


@dataclass(frozen=True, slots=True)
class Stored:
    """What the bucket holds for one segment: the copies of the segment, and all key objects."""

    segment: tuple[Copy, ...]
    keys: tuple[Copy, ...]


@dataclass(slots=True)
class Outcome:
    """What checking a segment gave.

    `keyless` are the events, by sequence number, whose key is nowhere. `contents` is what was read
    out of frames. `unread` says that no key object could be: there is none, or those that were
    listed have gone since.
    """

    faults: list[Fault] = field(default_factory=list)
    unread: bool = False
    keyless: list[int] = field(default_factory=list)
    contents: list[Contents] = field(default_factory=list)


class SegmentCheck:
    """Checks segments; safe for several threads. `full` reads their bytes."""

    def __init__(self, bucket: Bucket, keyring: EpochKeys, *, full: bool) -> None:
        self._bucket = bucket
        self._keyring = keyring
        self._full = full
        self._now = bucket.now()

    def stored(self, segment_id: UUID) -> Stored:
        """Look up what there is of a segment now."""
        name = segment_name(segment_id)
        segments = [copies(held) for found, held in by_name(self._bucket, name) if found == name]
        keys = [copies(held) for _, held in by_name(self._bucket, keys_prefix(segment_id))]
        return Stored(sum(segments, ()), sum(keys, ()))

    def check(self, entries: Sequence[CommitEntry], stored: Stored) -> Outcome:
        """Check the segment that these entries, by slot, are all of."""
        outcome = Outcome()
        keys, readable = self._keys(entries, stored.keys, outcome)
        if readable:
            outcome.keyless = [entry.seq for entry in entries if entry.slot not in keys]
        if not stored.segment:
            if len(outcome.keyless) < len(entries):
                outcome.faults.append(_missing(entries, outcome.keyless))
            return outcome
        size = entries[-1].offset + entries[-1].length + _TABLE_ENTRY * (len(entries) + 1) + _HASH
        if self._full and self._read(entries, stored, keys, outcome):
            return outcome
        if not self._full and not any(
            copy.size == size and copy.visible for copy in stored.segment
        ):
            outcome.faults.append(
                _fault(
                    entries,
                    "segment",
                    f"does not have the {size} bytes that its commit record says. Run verify "
                    "--full, which tells what is left of it.",
                )
            )
        # What accounts for missing keys is read whatever else is not, or is damaged.
        accounts = [entry for entry in entries if entry.event_type == CONDEMNED]
        frames = ((entry, self._frame(entry)) for entry in accounts)
        self._contents(frames, keys, outcome)
        return outcome

    # Keys

    def _keys(
        self, entries: Sequence[CommitEntry], found: Sequence[Copy], outcome: Outcome
    ) -> tuple[dict[int, bytes], bool]:
        """Return the keys by slot in all key objects, and whether at least one could be read."""
        keys: dict[int, bytes] = {}
        bad: list[str] = []
        good: set[str] = set()
        for copy in found:
            try:
                opened = self._open_keys(copy)
            except NotFoundError:
                continue
            except (CorruptError, InvalidError) as error:
                bad.append(str(error))
                continue
            good.add(copy.name)
            strange = opened.keys.keys() - {entry.slot for entry in entries}
            if strange:
                bad.append(f"{copy.name} has keys of slots that the segment does not have.")
            # Of two objects the newer one comes last, and its keys are those that readers use.
            keys.update(opened.keys)
        hidden = good - {copy.name for copy in found if copy.visible}
        bad += [
            f"{name} lies under another version or a delete marker; remove those."
            for name in hidden
        ]
        for message in bad:
            lost = "" if good else " None of the segment's events can be read: restore it."
            outcome.faults.append(
                _fault(entries, "keys", f"has a key object that is wrong: {message}{lost}")
            )
        outcome.unread = not good
        return keys, bool(good) or not bad

    def _open_keys(self, copy: Copy) -> KeyObject:
        segment_id, object_id = parse_keys_name(copy.name)
        opened = open_keys(self._bucket.get(copy.name, version=copy.version), self._keyring)
        if (opened.segment_id, opened.object_id) != (segment_id, object_id):
            raise CorruptError(f"{copy.name} is the key object of segment {opened.segment_id}.")
        return opened

    # Frames

    def _read(
        self,
        entries: Sequence[CommitEntry],
        stored: Stored,
        keys: Mapping[int, bytes],
        outcome: Outcome,
    ) -> bool:
        """Read copies until one is right, and say if one was; else the first's faults are told."""
        told: list[Fault] = []
        for copy in stored.segment:
            try:
                data = self._bucket.get(copy.name, version=copy.version)
            except NotFoundError:
                continue
            intact = read_intact(self._keyring.archive_id, entries, data, keys)
            if intact is None:
                told = told or self._wrong(entries, data, keys)
                continue
            if told or not copy.visible:
                told = [
                    _fault(
                        entries,
                        "overwritten",
                        "was overwritten or hidden. An older version is whole, and readers use "
                        "that: delete what lies over it.",
                    )
                ]
            outcome.faults += told
            self._locks(entries, intact.lock_class, [copy, *stored.keys], outcome)
            self._contents(intact.telling, keys, outcome)
            return True
        outcome.faults += told
        return False

    def _wrong(
        self, entries: Sequence[CommitEntry], data: bytes, keys: Mapping[int, bytes]
    ) -> list[Fault]:
        """Tell what is wrong with a segment that is not intact, frame by frame."""
        archive_id, frames = self._keyring.archive_id, memoryview(data)
        faults: list[Fault] = []
        right: set[int] = set()
        for entry in entries:
            frame = frames[entry.offset : entry.offset + entry.length]
            if leaf_hash(archive_id, frame) == entry.leaf_hash:
                right.add(entry.slot)
            else:
                faults.append(_wrong_frame(entry, frame))
        try:
            segment = parse_segment(data)
            spans = tuple((entry.offset, entry.length) for entry in entries)
            if segment.segment_id != entries[0].segment_id or segment.spans != spans:
                raise CorruptError("it is another segment, or does not have the committed frames.")
        except CorruptError as error:
            damage = f"is damaged outside of its frames; all events can be read: {error}"
            return faults or [_fault(entries, "segment", damage)]
        faults += [
            fault
            for entry, frame in zip(entries, segment.frames, strict=True)
            if entry.slot in right
            for fault in _wrong_event(entry, frame, archive_id, keys.get(entry.slot))
        ]
        # Whatever both ways do not agree on is not passed.
        return faults or [_fault(entries, "segment", "is not what was committed.")]

    def _frame(self, entry: CommitEntry) -> bytes:
        name = segment_name(entry.segment_id)
        try:
            return self._bucket.get_range(name, entry.offset, entry.length)
        except (CorruptError, NotFoundError):
            return b""

    def _contents(
        self,
        frames: Iterable[tuple[CommitEntry, Octets]],
        keys: Mapping[int, bytes],
        outcome: Outcome,
    ) -> None:
        for entry, frame in frames:
            data_key = keys.get(entry.slot)
            if data_key is None:
                continue
            try:
                found = read_contents(entry, frame, data_key)
            except CorruptError as error:
                outcome.faults.append(_event_fault("frame", entry, f"cannot be opened: {error}"))
                continue
            if found is not None:
                outcome.contents.append(found)

    # Locks

    def _locks(
        self,
        entries: Sequence[CommitEntry],
        lock_class: LockClass,
        found: Sequence[Copy],
        outcome: Outcome,
    ) -> None:
        wanted = retention_of(lock_class)
        if wanted is None or wanted.until <= self._now:
            return
        for copy in found:
            held = self._bucket.stat(copy.name, version=copy.version).retention
            softer = wanted.mode is LockMode.COMPLIANCE
            if (
                held is None
                or held.until < wanted.until
                or (softer and held.mode is not LockMode.COMPLIANCE)
            ):
                outcome.faults.append(
                    Fault(
                        "lock",
                        f"{copy.name} must be locked ({wanted.mode}) until "
                        f"{wanted.until:%Y-%m-%d}, and is not, or not so long or so firmly: "
                        "somebody lifted the lock, or the object was copied without it.",
                        copy.name,
                        seq=entries[0].seq,
                    )
                )


def copies(found: Sequence[VersionInfo]) -> tuple[Copy, ...]:
    """Return the copies of an object from its versions, newest first."""
    if len(found) == 1:
        return (Copy(found[0].name, None, found[0].size),)
    return tuple(
        Copy(each.name, each.version, each.size, each.latest)
        for each in found
        if not each.delete_marker
    )


def _missing(entries: Sequence[CommitEntry], keyless: Sequence[int]) -> Fault:
    lost = len(entries) - len(keyless)
    return _fault(
        entries,
        "segment",
        f"is missing, and with it {lost} events whose keys are still there. Restore it.",
    )


def _fault(entries: Sequence[CommitEntry], kind: str, what: str) -> Fault:
    name = segment_name(entries[0].segment_id)
    seqs = f"events {entries[0].seq} to {entries[-1].seq}"
    if len(entries) == 1:
        seqs = f"event {entries[0].seq}"
    return Fault(kind, f"{name} ({seqs}) {what}", name, seq=entries[0].seq)


def _event_fault(kind: str, entry: CommitEntry, what: str) -> Fault:
    name = segment_name(entry.segment_id)
    event = event_name(entry.originator_id, entry.originator_version, entry.seq)
    message = f"{name}, slot {entry.slot}: {event} {what}"
    return Fault(kind, message, name, entry.originator_id, entry.seq)


def _wrong_frame(entry: CommitEntry, frame: Octets) -> Fault:
    try:
        header = parse_header(frame)
    except CorruptError:
        header = None
    if header is not None and (header.originator_id, header.originator_version) != (
        entry.originator_id,
        entry.originator_version,
    ):
        return _event_fault("frame", entry, f"is not there: in its place is the {header}.")
    return _event_fault(
        "frame", entry, "was altered: it is not what was committed. Restore the object."
    )


def _wrong_event(
    entry: CommitEntry, frame: Octets, archive_id: UUID, data_key: bytes | None
) -> Iterator[Fault]:
    start = header_start(
        archive_id.bytes, entry.originator, entry.originator_version, entry.event_type
    )
    if frame[: len(start)] != start:
        try:
            what = f"the {parse_header(frame)}."
        except CorruptError as error:
            what = f"no event. {error}"
        yield _event_fault("frame", entry, f"was committed as what it is not: {what}")
    if data_key is not None and not is_sealed_under(frame, data_key):
        yield _event_fault("keys", entry, "cannot be opened: its key object holds another key.")
