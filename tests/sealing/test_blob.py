"""Blobs: whole, in order, and streamed in flat memory; or an error."""

import tracemalloc
from collections.abc import Iterator
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import CorruptError, InvalidError
from archive.sealing.blob import CHUNK_SIZE, open_blob, seal_blob
from tests.sealing import reference
from tests.sealing.support import ARCHIVE, OTHER_ARCHIVE, CountingClock, every_cut, every_flip

CLOCK = CountingClock()
BLOB, KEY = CLOCK.uuid7(), CLOCK.random_bytes(32)
TEXT = CLOCK.random_bytes(35)
PIECES = list(seal_blob(ARCHIVE, BLOB, KEY, [TEXT], chunk_size=10))
DATA = b"".join(PIECES)


def opened(data: bytes, cut: int = 1 << 30) -> bytes:
    pieces = [data[start : start + cut] for start in range(0, len(data), cut)]
    return b"".join(open_blob(pieces, ARCHIVE, BLOB, KEY))


@given(st.lists(st.binary(max_size=40)), st.integers(1, 50), st.integers(1, 60))
def test_what_was_sealed_is_opened_however_it_is_cut(
    source: list[bytes], chunk_size: int, cut: int
) -> None:
    data = b"".join(seal_blob(ARCHIVE, BLOB, KEY, source, chunk_size=chunk_size))
    assert opened(data, cut) == b"".join(source)


@pytest.mark.parametrize("size", [0, 1, CHUNK_SIZE - 1, CHUNK_SIZE, CHUNK_SIZE + 1])
def test_sizes_around_a_chunk(size: int) -> None:
    text = CountingClock().random_bytes(size)
    assert opened(b"".join(seal_blob(ARCHIVE, BLOB, KEY, [text]))) == text


def test_every_flipped_bit_is_rejected() -> None:
    for _, changed in every_flip(DATA):
        with pytest.raises(CorruptError, match=str(BLOB)):
            opened(changed)


def test_every_cut_is_rejected() -> None:
    for cut in every_cut(DATA):
        with pytest.raises(CorruptError, match=str(BLOB)):
            opened(cut)


def test_chunks_cannot_be_moved_dropped_or_doubled() -> None:
    header, *chunks = PIECES
    assert len(chunks) == 4
    for count in range(1, 5):
        for order in permutations(chunks, count):
            if list(order) != chunks:
                with pytest.raises(CorruptError):
                    opened(header + b"".join(order))
    with pytest.raises(CorruptError):
        opened(header + b"".join([*chunks, chunks[-1]]))
    with pytest.raises(CorruptError):
        opened(header + b"".join([chunks[0], *chunks]))


def test_one_blob_is_not_another() -> None:
    other = CLOCK.uuid7()
    for archive_id, blob_id, key in (
        (OTHER_ARCHIVE, BLOB, KEY),
        (ARCHIVE, other, KEY),
        (ARCHIVE, BLOB, bytes(32)),
    ):
        with pytest.raises(CorruptError):
            list(open_blob([DATA], archive_id, blob_id, key))


def test_what_was_given_before_an_error_is_authentic() -> None:
    damaged = DATA[:-1] + bytes([DATA[-1] ^ 1])
    stream = open_blob([damaged], ARCHIVE, BLOB, KEY)
    assert [next(stream) for _ in range(3)] == [TEXT[:10], TEXT[10:20], TEXT[20:30]]
    with pytest.raises(CorruptError, match="chunk 3"):
        next(stream)


def test_a_cutting_into_other_chunks_is_refused_though_it_authenticates() -> None:
    header, key = DATA[:45], reference.expand(KEY, "muniment/blob/1", BLOB.bytes)
    for texts in ([b"short", b"end"], [b"ten bytes.", b""]):
        data = header
        for number, text in enumerate(texts):
            nonce = bytes(10) + bytes([number, number == len(texts) - 1])
            ciphertext = reference.gcm(key, header, reference.zstd(text), nonce)
            data += len(ciphertext).to_bytes(4, "big") + ciphertext
        with pytest.raises(CorruptError, match="wrong chunks"):
            opened(data)


def test_chunk_sizes_have_bounds() -> None:
    for size in (0, -1, 17 * CHUNK_SIZE):
        with pytest.raises(InvalidError):
            next(seal_blob(ARCHIVE, BLOB, KEY, [], chunk_size=size))


def test_memory_stays_flat_whatever_the_size() -> None:
    size = 48

    def source() -> Iterator[bytes]:
        clock = CountingClock()
        for _ in range(size * 4):
            yield clock.random_bytes(CHUNK_SIZE // 4)

    tracemalloc.start()
    try:
        opened_size = sum(
            len(chunk)
            for chunk in open_blob(seal_blob(ARCHIVE, BLOB, KEY, source()), ARCHIVE, BLOB, KEY)
        )
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert opened_size == size * CHUNK_SIZE
    assert peak < 12 * CHUNK_SIZE
