"""A segment is passed at once only if looking frame by frame would find nothing, and so always."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from archive.bucket.folder import FolderBucket
from archive.bucket.names import keys_name, segment_name
from archive.clock import SystemClock
from archive.sealing.commit import CommitEntry
from archive.sealing.header import parse_header
from archive.sealing.keys import seal_keys
from archive.sealing.leaf import leaf_hash
from archive.sealing.segment import LockClass, build_segment
from archive.verifying.segments import SegmentCheck
from archive.verifying.stored import Copy, Outcome, Stored
from tests.sealing.support import ARCHIVE, OTHER_ARCHIVE, CountingClock, new_keyring, some_frames

CLOCK = CountingClock()
SEGMENT, OBJECT = CLOCK.uuid7(), CLOCK.uuid7()
KEYRING = new_keyring()
FRAMES, KEYS = some_frames(3)
BUILT = build_segment(ARCHIVE, SEGMENT, LockClass(), FRAMES)
ENTRIES = [
    CommitEntry(
        seq=slot + 1,
        originator=parse_header(frame).originator_id.bytes,
        originator_version=1,
        event_type="test.event",
        leaf_hash=leaf_hash(ARCHIVE, frame),
        segment=SEGMENT.bytes,
        slot=slot,
        offset=span.offset,
        length=span.length,
    )
    for slot, (frame, span) in enumerate(zip(FRAMES, BUILT.spans, strict=True))
]
NOT_EXPLAINED = "is not what was committed."


class Shelf:
    """A bucket with one segment and its keys."""

    def __init__(self, folder: Path) -> None:
        self._bucket = FolderBucket(folder, SystemClock())
        self._check = SegmentCheck(self._bucket, KEYRING, full=True)
        self.put_keys(dict(enumerate(KEYS)))

    def put_keys(self, keys: dict[int, bytes]) -> None:
        epoch = KEYRING.current_epoch
        data = seal_keys(ARCHIVE, SEGMENT, OBJECT, epoch, KEYRING.epoch_key(epoch), keys)
        self._path(keys_name(SEGMENT, OBJECT)).write_bytes(data)

    def outcome(self, data: bytes, entries: list[CommitEntry] = ENTRIES) -> Outcome:
        name, keys = segment_name(SEGMENT), keys_name(SEGMENT, OBJECT)
        self._path(name).write_bytes(data)
        stored = Stored((Copy(name, None, len(data)),), (Copy(keys, None, 0),))
        return self._check.check(entries, stored)

    def _path(self, name: str) -> Path:
        path = self._bucket.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "bucket")


def kinds(outcome: Outcome) -> set[str]:
    """The kinds of the faults, each of which says what is wrong."""
    assert not any(fault.message.endswith(NOT_EXPLAINED) for fault in outcome.faults)
    return {fault.kind for fault in outcome.faults}


def rehashed(body: bytes) -> bytes:
    return body + sha256(body).digest()


def flipped(data: bytes, place: int, mask: int = 1) -> bytes:
    return data[:place] + bytes([data[place] ^ mask]) + data[place + 1 :]


def test_what_was_committed_has_no_fault(shelf: Shelf):
    assert shelf.outcome(BUILT.data) == Outcome()


def test_every_changed_byte_is_told(shelf: Shelf):
    start, end = BUILT.spans[0].offset, sum(BUILT.spans[-1])
    for place in range(len(BUILT.data)):
        found = kinds(shelf.outcome(flipped(BUILT.data, place)))
        assert found == {"frame" if start <= place < end else "segment"}, place


def test_a_right_hash_does_not_cover_for_another_header_or_table(shelf: Shelf):
    body, end = BUILT.data[:-32], sum(BUILT.spans[-1])
    # The lock class, 5 bytes before the count, is told by nothing else.
    places = [*range(41), *range(46, 50), *range(end, len(body))]
    for place in places:
        assert kinds(shelf.outcome(rehashed(flipped(body, place)))), place
    foreign = rehashed(body.replace(ARCHIVE.bytes, OTHER_ARCHIVE.bytes))
    assert kinds(shelf.outcome(foreign)) == {"frame"}
    assert kinds(shelf.outcome(rehashed(body[:end] + body[end + 8 :]))) == {"segment"}
    assert kinds(shelf.outcome(BUILT.data + b"\0")) == {"segment"}


def test_a_frame_whose_leaf_is_right_must_be_the_committed_event_under_its_key(shelf: Shelf):
    size = parse_header(FRAMES[1]).size
    start = BUILT.spans[1].offset
    for place in range(size):
        body = flipped(BUILT.data[:-32], start + place)
        frame = body[start : start + len(FRAMES[1])]
        entries = [*ENTRIES]
        entries[1] = entries[1]._replace(leaf_hash=leaf_hash(ARCHIVE, frame))
        assert kinds(shelf.outcome(rehashed(body), entries)) <= {"frame", "keys", "segment"}
        assert shelf.outcome(rehashed(body), entries).faults, place


def other_entries() -> Iterator[dict[str, Any]]:
    yield {"originator": bytes(16)}
    yield {"originator_version": 2}
    yield {"event_type": "test.event2"}
    yield {"event_type": "test.evenT"}
    yield {"leaf_hash": bytes(32)}
    yield {"offset": ENTRIES[1].offset + 1}
    yield {"length": ENTRIES[1].length - 1}


@pytest.mark.parametrize("other", [*other_entries()], ids=str)
def test_entries_that_tell_otherwise_are_not_passed(shelf: Shelf, other: dict[str, Any]):
    entries = [ENTRIES[0], ENTRIES[1]._replace(**other), ENTRIES[2]]
    assert kinds(shelf.outcome(BUILT.data, entries))


def test_fewer_and_more_entries_than_frames_are_not_passed(shelf: Shelf):
    assert kinds(shelf.outcome(BUILT.data, ENTRIES[:2])) == {"keys", "segment"}
    assert kinds(shelf.outcome(BUILT.data, ENTRIES[:1] + ENTRIES[2:])) == {"keys", "segment"}


def test_a_key_that_is_another_is_told_and_one_that_is_missing_is_counted(shelf: Shelf):
    shelf.put_keys({0: KEYS[0], 1: KEYS[2], 2: KEYS[2]})
    assert kinds(shelf.outcome(BUILT.data)) == {"keys"}
    shelf.put_keys({0: KEYS[0], 2: KEYS[2]})
    assert shelf.outcome(BUILT.data) == Outcome(keyless=[2])
