"""Key objects: the keys that were sealed, in the archive and the epoch that sealed them."""

import struct
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import CorruptError, InvalidError
from archive.sealing.keys import open_keys, seal_keys
from tests.sealing import reference
from tests.sealing.support import (
    ARCHIVE,
    OTHER_ARCHIVE,
    CountingClock,
    every_cut,
    every_flip,
    new_keyring,
)

CLOCK = CountingClock()
SEGMENT, OBJECT = CLOCK.uuid7(), CLOCK.uuid7()
KEYRING = new_keyring()
KEYS = {0: CLOCK.random_bytes(32), 2: CLOCK.random_bytes(32), 9: CLOCK.random_bytes(32)}
DATA = seal_keys(ARCHIVE, SEGMENT, OBJECT, 1, KEYRING.epoch_key(1), KEYS)


@given(st.dictionaries(st.integers(0, 2**32 - 1), st.binary(min_size=32, max_size=32), max_size=20))
def test_what_was_sealed_is_opened(keys: dict[int, bytes]) -> None:
    opened = open_keys(seal_keys(ARCHIVE, SEGMENT, OBJECT, 1, KEYRING.epoch_key(1), keys), KEYRING)
    assert opened.keys == keys
    assert (opened.segment_id, opened.object_id, opened.epoch) == (SEGMENT, OBJECT, 1)


def test_every_flipped_bit_is_rejected() -> None:
    for _, changed in every_flip(DATA):
        with pytest.raises(CorruptError):
            open_keys(changed, KEYRING)


def test_every_cut_is_rejected() -> None:
    for cut in every_cut(DATA):
        with pytest.raises(CorruptError):
            open_keys(cut, KEYRING)


def test_another_epoch_key_or_archive_opens_nothing() -> None:
    other = replace(KEYRING, epochs={1: bytes(32)})
    with pytest.raises(CorruptError, match=str(OBJECT)):
        open_keys(DATA, other)
    with pytest.raises(CorruptError, match=str(OTHER_ARCHIVE)):
        open_keys(DATA, replace(KEYRING, archive_id=OTHER_ARCHIVE))


def test_an_epoch_that_is_not_there_is_told() -> None:
    later = seal_keys(ARCHIVE, SEGMENT, OBJECT, 7, bytes(32), KEYS)
    with pytest.raises(CorruptError, match="epoch 7"):
        open_keys(later, KEYRING)


@pytest.mark.parametrize(
    ("count", "slots", "tail"),
    [(2, [1, 1], b""), (2, [2, 1], b""), (1, [0, 1], b""), (2, [0], b""), (1, [0], b"tail")],
)
def test_an_authentic_object_that_was_laid_out_wrongly_is_refused(
    count: int, slots: list[int], tail: bytes
) -> None:
    header = b"MUNIMKEY\x01" + ARCHIVE.bytes + SEGMENT.bytes + OBJECT.bytes
    header += struct.pack(">II", 1, count)
    entries = b"".join(struct.pack(">I", slot) + bytes(32) for slot in slots) + tail
    context = SEGMENT.bytes + OBJECT.bytes
    key = reference.expand(KEYRING.epoch_key(1), "muniment/keys/1", context)
    with pytest.raises(CorruptError):
        open_keys(header + reference.gcm(key, header, entries), KEYRING)


def test_what_does_not_fit_is_not_sealed() -> None:
    for epoch, keys in ((1, {0: b"short"}), (1, {2**32: bytes(32)}), (-1, {0: bytes(32)})):
        with pytest.raises(InvalidError):
            seal_keys(ARCHIVE, SEGMENT, OBJECT, epoch, bytes(32), keys)


def test_no_repr_shows_a_key() -> None:
    shown = repr(open_keys(DATA, KEYRING))
    assert all(repr(key)[2:10] not in shown and key.hex() not in shown for key in KEYS.values())
