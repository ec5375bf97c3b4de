"""Segments: damage anywhere is seen, and what is not damaged stays readable."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import CorruptError, InvalidError
from archive.sealing.frame import open_frame
from archive.sealing.leaf import leaf_hash
from archive.sealing.segment import LockClass, build_segment, frames_of, parse_segment
from tests.sealing.support import ARCHIVE, OTHER_ARCHIVE, CountingClock, every_cut, some_frames

SEGMENT = CountingClock().uuid7()
FRAMES, KEYS = some_frames(5)
BUILT = build_segment(ARCHIVE, SEGMENT, LockClass(), FRAMES)
LEAVES = {slot: leaf_hash(ARCHIVE, frame) for slot, frame in enumerate(FRAMES)}
HEADER_SIZE = BUILT.spans[0].offset
FRAMES_END = BUILT.spans[-1].offset + BUILT.spans[-1].length


@given(st.integers(1, 20), st.sampled_from([LockClass(), LockClass("governance", 203001)]))
def test_what_was_built_is_parsed(count: int, lock_class: LockClass) -> None:
    frames, _ = some_frames(count)
    built = build_segment(ARCHIVE, SEGMENT, lock_class, frames)
    segment = parse_segment(built.data)
    assert (segment.archive_id, segment.segment_id) == (ARCHIVE, SEGMENT)
    assert segment.lock_class == lock_class
    assert list(segment.frames) == frames
    assert segment.spans == built.spans
    assert segment.intact


def test_a_frame_is_read_by_its_span_alone() -> None:
    for span, frame in zip(BUILT.spans, FRAMES, strict=True):
        assert BUILT.data[span.offset : span.offset + span.length] == frame


def changed_at(place: int, mask: int) -> bytes:
    data = bytearray(BUILT.data)
    data[place] ^= mask
    return bytes(data)


@given(st.integers(0, len(BUILT.data) - 1), st.integers(1, 255))
def test_every_change_is_rejected(place: int, mask: int) -> None:
    with pytest.raises(CorruptError):
        parse_segment(changed_at(place, mask))


def test_every_cut_is_rejected() -> None:
    for cut in every_cut(BUILT.data):
        with pytest.raises(CorruptError):
            parse_segment(cut)


@pytest.mark.parametrize("mask", [0x01, 0x10, 0x80, 0xFF])
def test_a_changed_byte_costs_at_most_the_frame_that_it_is_in(mask: int) -> None:
    for place in range(HEADER_SIZE, len(BUILT.data)):
        segment = frames_of(changed_at(place, mask))
        hit = [
            slot
            for slot, span in enumerate(BUILT.spans)
            if span.offset <= place < span.offset + span.length
        ]
        assert not segment.intact
        assert list(segment.damaged(LEAVES)) == hit
        for slot, frame in enumerate(FRAMES):
            if slot not in hit:
                assert segment.frames[slot] == frame
                assert open_frame(segment.frames[slot], KEYS[slot]).custody == b"c"
            else:
                with pytest.raises(CorruptError):
                    open_frame(segment.frames[slot], KEYS[slot])


def test_an_error_names_the_segment_and_the_slot_where_the_damage_shows() -> None:
    with pytest.raises(CorruptError, match=rf"{SEGMENT}.*slot 3"):
        parse_segment(changed_at(BUILT.spans[3].offset, 0xFF))


def rehashed(body: bytes) -> bytes:
    return body + sha256(body).digest()


def test_a_right_hash_does_not_cover_for_a_wrong_layout() -> None:
    body = BUILT.data[:-32]
    assert rehashed(body) == BUILT.data
    for place in (BUILT.spans[4].offset, BUILT.spans[0].offset, FRAMES_END, len(body) - 1):
        wrong = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        with pytest.raises(CorruptError, match=str(SEGMENT)):
            parse_segment(rehashed(wrong))
    with pytest.raises(CorruptError, match="cut short"):
        parse_segment(rehashed(body[:46] + bytes(4) + bytes(8)))
    with pytest.raises(CorruptError, match="cut short"):
        frames_of(body[:46] + bytes(4) + body[50:] + bytes(32))


def test_a_lost_slot_counts_as_damaged() -> None:
    assert frames_of(BUILT.data).damaged(LEAVES | {5: bytes(32)}) == (5,)


def test_what_is_no_frame_of_the_archive_is_not_built_in() -> None:
    for frames in ([], [b"text"], [FRAMES[0] + b"\0"], [FRAMES[0][:-1]]):
        with pytest.raises(InvalidError):
            build_segment(ARCHIVE, SEGMENT, LockClass(), frames)
    with pytest.raises(InvalidError):
        build_segment(OTHER_ARCHIVE, SEGMENT, LockClass(), FRAMES)


@pytest.mark.parametrize(
    ("mode", "month"),
    [("none", 202601), ("governance", 0), ("compliance", 202613), ("compliance", 202600), ("x", 0)],
)
def test_a_lock_class_must_make_sense(mode: str, month: int) -> None:
    with pytest.raises(InvalidError):
        LockClass(mode, month)  # type: ignore[arg-type]  # What a caller without types can do.


@given(st.datetimes(datetime(1971, 1, 1), datetime(9998, 12, 31), timezones=st.just(UTC)))
def test_a_lock_reaches_what_it_must_and_no_further_than_a_month(until: datetime) -> None:
    end = LockClass.reaching("compliance", until).until
    assert end is not None
    assert end >= until
    assert end.day == 1 and end.time() == datetime.min.time()
    assert end - until <= timedelta(days=31)


def test_locks_end_where_months_begin() -> None:
    ends = [LockClass("governance", 2030_00 + month).until for month in range(1, 13)]
    assert ends[0] == datetime(2030, 2, 1, tzinfo=UTC)
    assert ends[-1] == datetime(2031, 1, 1, tzinfo=UTC)
    assert all(first < second for first, second in pairwise(ends) if first and second)
    assert LockClass().until is None
    exact = LockClass.reaching("governance", datetime(2030, 2, 1, tzinfo=UTC))
    assert exact == LockClass("governance", 203001)
