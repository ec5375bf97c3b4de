"""Frames that are opened together open as each does by itself, and what is damaged does not."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import CorruptError
from archive.sealing.frame import open_frame, seal_frame
from archive.sealing.frames import SealedEvent, open_frames
from archive.sealing.header import header_start

ARCHIVE, STREAM = UUID(int=1), UUID(int=2)
KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
OPENED = (b"said" * 20, b"held")


def sealed(evidence: bytes, custody: bytes, version: int = 1, key: bytes = KEY) -> SealedEvent:
    name = "interaction.captured"
    frame = seal_frame(ARCHIVE, STREAM, version, name, evidence, custody, key)
    return SealedEvent(frame, header_start(ARCHIVE.bytes, STREAM.bytes, version, name), key)


@given(st.lists(st.tuples(st.binary(max_size=300), st.binary(max_size=300)), max_size=5))
def test_frames_open_together_as_one_by_one(boxes: list[tuple[bytes, bytes]]) -> None:
    events = [sealed(*both, version=place) for place, both in enumerate(boxes)]
    alone = [open_frame(each.frame, each.data_key) for each in events]
    assert open_frames(events) == [(each.evidence, each.custody) for each in alone] == boxes


@given(st.data())
def test_a_frame_of_which_any_byte_is_another_does_not_open(data: st.DataObject) -> None:
    good = sealed(*OPENED)
    place = data.draw(st.integers(0, len(good.frame) - 1))
    changed = bytearray(good.frame)
    changed[place] ^= data.draw(st.integers(1, 255))
    damaged = good._replace(frame=bytes(changed))
    with pytest.raises(CorruptError):
        open_frame(damaged.frame, KEY)
    assert open_frames([good, damaged, good]) == [OPENED, None, OPENED]


@pytest.mark.parametrize(
    "wrong",
    [
        sealed(b"said", b"held")._replace(data_key=OTHER),
        sealed(b"said", b"held")._replace(start=sealed(b"said", b"held", version=2).start),
        sealed(b"said", b"held")._replace(frame=sealed(b"said", b"held").frame[:-1]),
        sealed(b"said", b"held")._replace(frame=sealed(b"said", b"held").frame + b"\0"),
        sealed(b"said", b"held")._replace(frame=b""),
    ],
)
def test_another_key_event_or_length_does_not_open(wrong: SealedEvent) -> None:
    assert open_frames([wrong]) == [None]
