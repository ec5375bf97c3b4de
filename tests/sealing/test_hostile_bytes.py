"""Parsers meet whatever lies in a bucket: they answer, or raise one of our errors."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import ConfigurationError, CorruptError
from archive.sealing.blob import open_blob, seal_blob
from archive.sealing.commit import decode_commit_record
from archive.sealing.frame import open_evidence, open_frame
from archive.sealing.header import parse_header
from archive.sealing.kek import EnvironmentKek, key_text
from archive.sealing.keyring import open_keyring, seal_keyring
from archive.sealing.keys import open_keys, seal_keys
from archive.sealing.primitives import decompress
from archive.sealing.segment import LockClass, build_segment, frames_of, parse_segment
from archive.sealing.snapshot import (
    open_generation_key,
    open_manifest,
    seal_generation_key,
    seal_manifest,
)
from tests.sealing.support import ARCHIVE, CountingClock, new_keyring, some_frames
from tests.sealing.test_snapshot import MANIFEST

CLOCK = CountingClock()
ID = CLOCK.uuid7()
KEY = CLOCK.random_bytes(32)
KEK = EnvironmentKek("KEY", {"KEY": key_text(KEY)})
KEYRING = new_keyring()
FRAMES, _ = some_frames(3)
SEGMENT = build_segment(ARCHIVE, ID, LockClass(), FRAMES).data
EPOCH_KEY = KEYRING.epoch_key(1)

READERS: dict[str, tuple[bytes, Callable[[bytes], Any]]] = {
    "frame header": (FRAMES[1], parse_header),
    "frame": (FRAMES[1], lambda data: open_frame(data, KEY)),
    "evidence": (FRAMES[1], lambda data: open_evidence(data, KEY)),
    "segment": (SEGMENT, parse_segment),
    "damaged segment": (SEGMENT, frames_of),
    "key object": (
        seal_keys(ARCHIVE, ID, ID, 1, EPOCH_KEY, {0: KEY}),
        lambda data: open_keys(data, KEYRING),
    ),
    "keyring": (seal_keyring(KEYRING, [KEK], CLOCK), lambda data: open_keyring(data, KEK)),
    "blob": (
        b"".join(seal_blob(ARCHIVE, ID, KEY, [b"text" * 9], chunk_size=8)),
        lambda data: list(open_blob([data], ARCHIVE, ID, KEY)),
    ),
    "commit record": (b"MUNIMCOM\x01" + bytes(200), lambda data: decode_commit_record(data, KEY)),
    "generation key": (
        seal_generation_key(ARCHIVE, ID, 1, EPOCH_KEY, KEY),
        lambda data: open_generation_key(data, ID, KEYRING),
    ),
    "manifest": (
        seal_manifest(ARCHIVE, ID, 5, ID, KEY, MANIFEST),
        lambda data: open_manifest(data, ARCHIVE, ID, 5, ID, KEY),
    ),
    "compressed": (b"(\xb5/\xfd \x04!\x00\x00text", decompress),
}


def mutations(valid: bytes) -> st.SearchStrategy[bytes]:
    """Random bytes, and valid ones with a stretch replaced."""
    places = st.integers(0, len(valid))
    return st.binary(max_size=300) | st.builds(
        lambda start, length, put: valid[:start] + put + valid[start + length :],
        places,
        st.integers(0, 40),
        st.binary(max_size=40),
    )


@pytest.mark.parametrize("name", READERS)
@given(data=st.data())
def test_no_other_kind_of_error_gets_out(name: str, data: st.DataObject) -> None:
    valid, read = READERS[name]
    hostile = data.draw(mutations(valid))
    try:
        read(hostile)
    except CorruptError:
        pass
    except ConfigurationError:
        assert name == "keyring"
