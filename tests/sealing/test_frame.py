"""Frames: what is sealed comes back, and nothing else is ever taken for it."""

from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import CorruptError, InvalidError
from archive.sealing.frame import (
    EventInClear,
    evidence_subkey,
    open_evidence,
    open_frame,
    seal_frame,
    seal_frames,
)
from archive.sealing.header import parse_header
from archive.sealing.leaf import leaf_hash
from tests.sealing.support import ARCHIVE, OTHER_ARCHIVE, CountingClock, every_cut, every_flip

STREAM = CountingClock().uuid7()
KEY = bytes(range(32))
FRAME = seal_frame(ARCHIVE, STREAM, 3, "test.event", b"what was said", b"whose it was", KEY)


@given(st.binary(), st.binary(), st.binary(min_size=32, max_size=32))
def test_what_was_sealed_is_opened(evidence: bytes, custody: bytes, key: bytes) -> None:
    frame = seal_frame(ARCHIVE, STREAM, 1, "test.event", evidence, custody, key)
    opened = open_frame(memoryview(frame), key)
    assert (opened.evidence, opened.custody) == (evidence, custody)
    assert open_evidence(frame, evidence_subkey(key)) == evidence


@given(
    st.lists(
        st.tuples(
            st.uuids(), st.integers(0, 2**32 - 1), st.binary(max_size=99), st.binary(max_size=300)
        ),
        max_size=4,
    ),
    st.randoms(use_true_random=False),
)
def test_many_are_sealed_as_each_by_itself(
    events: list[tuple[UUID, int, bytes, bytes]], chance: Random
) -> None:
    keys = [chance.randbytes(32) for _ in events]
    clear = [EventInClear(id.bytes, version, "a.b", a, b) for id, version, a, b in events]
    alone = [
        seal_frame(ARCHIVE, id, version, "a.b", a, b, key)
        for (id, version, a, b), key in zip(events, keys, strict=True)
    ]
    assert seal_frames(ARCHIVE, clear, keys) == alone


def test_the_header_stands_in_clear() -> None:
    header = parse_header(FRAME)
    assert header.archive_id == ARCHIVE
    assert header.originator_id == STREAM
    assert header.originator_version == 3
    assert header.event_type == "test.event"
    assert header.frame_size == len(FRAME)


def test_neither_box_shows_in_the_frame_or_in_a_repr() -> None:
    opened = open_frame(FRAME, KEY)
    for text in (b"said", b"whose"):
        assert text not in FRAME
        assert text.decode() not in repr(opened)


def test_every_flipped_bit_is_rejected() -> None:
    for _, changed in every_flip(FRAME):
        with pytest.raises(CorruptError):
            open_frame(changed, KEY)


def test_every_cut_is_rejected() -> None:
    for cut in every_cut(FRAME):
        with pytest.raises(CorruptError):
            open_frame(cut, KEY)
        with pytest.raises(CorruptError):
            parse_header(cut)
        with pytest.raises(CorruptError):
            open_evidence(cut, evidence_subkey(KEY))


def test_every_flipped_bit_changes_the_leaf() -> None:
    leaves = {leaf_hash(ARCHIVE, changed) for _, changed in every_flip(FRAME)}
    assert len(leaves) == len(FRAME) * 8
    assert leaf_hash(ARCHIVE, FRAME) not in leaves
    assert leaf_hash(OTHER_ARCHIVE, FRAME) != leaf_hash(ARCHIVE, FRAME)


@given(st.binary(min_size=32, max_size=32))
def test_no_other_key_opens_a_frame(key: bytes) -> None:
    if key == KEY:
        return
    with pytest.raises(CorruptError, match="committed"):
        open_frame(FRAME, key)
    with pytest.raises(CorruptError, match="committed"):
        open_evidence(FRAME, key)


def test_the_evidence_subkey_opens_the_evidence_alone() -> None:
    subkey = evidence_subkey(KEY)
    assert open_evidence(FRAME, subkey) == b"what was said"
    with pytest.raises(CorruptError):
        open_frame(FRAME, subkey)
    header = parse_header(FRAME)
    boxes = FRAME[header.size :]
    evidence, custody = boxes[: header.evidence_length], boxes[header.evidence_length :]
    assert len(evidence) == len(custody) + 1
    # A frame with the boxes exchanged does not pass one box off as the other.
    with pytest.raises(CorruptError):
        open_evidence(FRAME[: header.size] + custody + evidence, subkey)


def test_a_damaged_custody_box_leaves_the_evidence_readable_and_is_named() -> None:
    damaged = FRAME[:-1] + bytes([FRAME[-1] ^ 1])
    assert open_evidence(damaged, evidence_subkey(KEY)) == b"what was said"
    with pytest.raises(CorruptError, match=f"custody in the frame of {STREAM} version 3"):
        open_frame(damaged, KEY)


@pytest.mark.parametrize("event_type", ["", "x" * 65, "os:system", "a b", "é", "a\n"])
def test_event_types_are_short_plain_names(event_type: str) -> None:
    with pytest.raises(InvalidError):
        seal_frame(ARCHIVE, STREAM, 1, event_type, b"", b"", KEY)


@pytest.mark.parametrize("version", [-1, 2**32])
def test_versions_fit_their_place(version: int) -> None:
    with pytest.raises(InvalidError):
        seal_frame(ARCHIVE, STREAM, version, "test.event", b"", b"", KEY)


def test_short_data_keys_are_refused() -> None:
    with pytest.raises(InvalidError):
        seal_frame(ARCHIVE, STREAM, 1, "test.event", b"", b"", KEY[:31])
