"""One segment and its keys against what the commit records say of its frames.

Whether a frame will open is told without opening it: its bytes are those that were committed, by
their hash, and its header holds a commitment to each of its two subkeys. A data key from which
both commitments follow is the key that it was sealed under (docs/threat-model.md, "Verifying").
Only what may name a blob, or erasures, is decrypted.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from uuid import UUID

from archive.bucket.names import is_locked_keys_name, keys_prefix, segment_name
from archive.bucket.port import Bucket
from archive.errors import CorruptError, NotFoundError
from archive.sealing.commit import CommitEntry
from archive.sealing.frame import is_sealed_under
from archive.sealing.header import header_start, parse_header
from archive.sealing.keys import EpochKeys
from archive.sealing.leaf import leaf_hash
from archive.sealing.primitives import Octets
from archive.sealing.segment import parse_segment
from archive.verifying.contents import CONDEMNED, event_name, read_contents
from archive.verifying.findings import Fault
from archive.verifying.intact import read_intact
from archive.verifying.key_check import KeyCheck
from archive.verifying.listed import by_name
from archive.verifying.stored import Copy, Outcome, Stored, copies, segment_fault

_TABLE_ENTRY, _HASH = 8, 32


class SegmentCheck:
    """Checks segments; safe for several threads. `full` reads their bytes."""

    def __init__(self, bucket: Bucket, keyring: EpochKeys, *, full: bool) -> None:
        self._bucket = bucket
        self._keyring = keyring
        self._full = full
        self._keys = KeyCheck(bucket, keyring)

    def stored(self, segment_id: UUID) -> Stored:
        """Look up what there is of a segment now."""
        name = segment_name(segment_id)
        segments = [copies(held) for found, held in by_name(self._bucket, name) if found == name]
        keys, locked = list[Copy](), list[Copy]()
        for found, held in by_name(self._bucket, keys_prefix(segment_id)):
            (locked if is_locked_keys_name(found) else keys).extend(copies(held))
        return Stored(sum(segments, ()), tuple(keys), tuple(locked))

    def check(self, entries: Sequence[CommitEntry], stored: Stored) -> Outcome:
        """Check the segment that these entries, by slot, are all of."""
        outcome = Outcome()
        locked = self._keys.read_locked(entries, stored.locked_keys, outcome)
        keys, readable = self._keys.read(entries, stored.keys, outcome)
        if outcome.unread:
            keys = locked
        if readable:
            outcome.keyless = [entry.seq for entry in entries if entry.slot not in keys]
        # What a reader does not go by any more is there all the same.
        outcome.left = [entry.seq for entry in entries if entry.slot in locked.keys() - keys.keys()]
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
                segment_fault(
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
                    segment_fault(
                        entries,
                        "overwritten",
                        "was overwritten or hidden. An older version is whole, and readers use "
                        "that: delete what lies over it.",
                    )
                ]
            outcome.faults += told
            self._keys.check_locks(entries, intact.lock_class, [copy, *stored.keys], outcome)
            self._keys.check_promised(entries, copy, stored.locked_keys, outcome)
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
            return faults or [segment_fault(entries, "segment", damage)]
        faults += [
            fault
            for entry, frame in zip(entries, segment.frames, strict=True)
            if entry.slot in right
            for fault in _wrong_event(entry, frame, archive_id, keys.get(entry.slot))
        ]
        # Whatever both ways do not agree on is not passed.
        return faults or [segment_fault(entries, "segment", "is not what was committed.")]

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


def _missing(entries: Sequence[CommitEntry], keyless: Sequence[int]) -> Fault:
    lost = len(entries) - len(keyless)
    return segment_fault(
        entries,
        "segment",
        f"is missing, and with it {lost} events whose keys are still there. Restore it.",
    )


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
