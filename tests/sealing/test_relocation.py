"""Relocation records: what was written is read, and nothing else is."""

import struct
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import CorruptError, InvalidError
from archive.sealing.relocation import (
    DROPPED_SLOT,
    Relocation,
    decode_relocation_record,
    encode_relocation_record,
)

KEY = bytes(range(32))
ARCHIVE, PACK, SOURCE = (UUID(int=number << 64) for number in (1, 2, 3))
U32, U64 = st.integers(0, (1 << 32) - 1), st.integers(0, (1 << 64) - 1)
ENTRIES = st.lists(
    st.builds(Relocation, U64, st.binary(min_size=32, max_size=32), st.uuids(), U32, U32, U64, U32),
    min_size=1,
    max_size=20,
    unique_by=lambda entry: entry.seq,
).map(lambda entries: sorted(entries, key=lambda entry: entry.seq))


def moved(seq: int) -> Relocation:
    return Relocation(seq, bytes(32), SOURCE, 0, 1, 50, 300)


@given(ENTRIES)
def test_what_was_written_is_read(entries: list[Relocation]) -> None:
    data = encode_relocation_record(ARCHIVE, PACK, entries, KEY)
    record = decode_relocation_record(data, KEY)
    assert (record.archive_id, record.pack_id) == (ARCHIVE, PACK)
    assert list(record.entries) == entries
    assert [entry.is_dropped for entry in entries] == [e.slot == DROPPED_SLOT for e in entries]


@given(ENTRIES, st.data())
def test_no_changed_byte_is_taken(entries: list[Relocation], data: st.DataObject) -> None:
    record = bytearray(encode_relocation_record(ARCHIVE, PACK, entries, KEY))
    record[data.draw(st.integers(0, len(record) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(CorruptError):
        decode_relocation_record(bytes(record), KEY)


@given(st.binary(max_size=300))
def test_other_bytes_are_corrupt(data: bytes) -> None:
    with pytest.raises(CorruptError):
        decode_relocation_record(data, KEY)


def test_the_layout_is_the_documented_one() -> None:
    data = encode_relocation_record(ARCHIVE, PACK, [moved(7)], KEY)
    expected = b"MUNIMREL\x01" + ARCHIVE.bytes + PACK.bytes
    expected += struct.pack(">I", 1)
    expected += struct.pack(">Q32s16sIIQI", 7, bytes(32), SOURCE.bytes, 0, 1, 50, 300)
    assert data[:-32] == expected and len(data) == 45 + 76 + 32


@pytest.mark.parametrize("entries", [[], [moved(2), moved(1)], [moved(1), moved(1)]])
def test_a_record_must_rise(entries: list[Relocation]) -> None:
    with pytest.raises(InvalidError):
        encode_relocation_record(ARCHIVE, PACK, entries, KEY)
