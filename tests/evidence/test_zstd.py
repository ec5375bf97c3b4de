"""The decoder in the stand-alone verifier agrees with zstandard, and takes any bytes calmly."""

import random

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts import verify_evidence as verifier

WORDS = [b"fee", b"rebate", b"draft", b" ", b"\n", b"{", b'"text":', b"\xc3\xa9", b"0123456789"]
LEVELS = st.sampled_from([-5, 1, 2, 3, 6, 12, 19, 22])
SOURCES = st.one_of(
    st.binary(max_size=3000),
    st.lists(st.sampled_from(WORDS), max_size=2000).map(b"".join),
    st.tuples(st.binary(max_size=40), st.integers(0, 9000)).map(lambda pair: pair[0] * pair[1]),
    st.tuples(st.integers(0, 2**32), st.integers(1, 300_000), st.integers(1, 256)).map(
        lambda given: bytes(random.Random(given[0]).choices(range(given[2]), k=given[1]))
    ),
)


def decoded(data: bytes) -> bytes:
    return verifier.own(data, *verifier.read_frame_header(data))


@settings(max_examples=80)
@given(SOURCES, LEVELS, st.booleans())
def test_it_gives_what_was_compressed(plaintext: bytes, level: int, has_checksum: bool):
    compressor = zstandard.ZstdCompressor(level=level, write_checksum=has_checksum)
    assert decoded(compressor.compress(plaintext)) == plaintext


@pytest.mark.parametrize("level", [3, 19])
def test_real_looking_text_of_many_blocks(level: int):
    drawn = random.Random(7)
    lines = [b" ".join(drawn.choices(WORDS, k=drawn.randrange(1, 30))) for _ in range(8_000)]
    plaintext = b"\n".join(lines)
    assert len(plaintext) > 3 * 128 * 1024
    assert decoded(zstandard.ZstdCompressor(level=level).compress(plaintext)) == plaintext


@settings(max_examples=150)
@given(SOURCES.filter(lambda source: len(source) < 5000), LEVELS, st.data())
def test_damage_is_met_calmly(plaintext: bytes, level: int, data: st.DataObject):
    compressed = bytearray(zstandard.ZstdCompressor(level=level).compress(plaintext))
    for _ in range(data.draw(st.integers(1, 4))):
        compressed[data.draw(st.integers(0, len(compressed) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(compressed[: data.draw(st.integers(0, len(compressed)))])
    for damaged in (bytes(compressed), cut):
        try:
            given_out = verifier.own(damaged, *verifier.read_frame_header(damaged))
        except (verifier.Wrong, IndexError):
            continue
        # Where nothing was noticed, the other decoder gives the same, unless it looks at more.
        try:
            expected = zstandard.ZstdDecompressor().decompress(damaged, allow_extra_data=False)
        except zstandard.ZstdError:
            continue
        assert given_out == expected


@settings(max_examples=150)
@given(st.binary(max_size=400))
def test_any_block_is_met_calmly(block: bytes):
    header = b"\x28\xb5\x2f\xfd\x60\x00\x01"
    frame = header + (len(block) << 3 | 5).to_bytes(3, "little") + block
    try:
        verifier.decompress(frame)
        verifier.own(frame, *verifier.read_frame_header(frame))
    except (verifier.Wrong, IndexError):
        pass


def test_a_frame_that_swells_is_stopped_at_the_size_that_it_says():
    repeated = (128 * 1024 << 3 | 2).to_bytes(3, "little") + b"a"
    bomb = b"\x28\xb5\x2f\xfd\x20\x0a" + repeated * 1000 + (8 << 3 | 3).to_bytes(3, "little") + b"a"
    for decompress in (verifier.decompress, decoded):
        with pytest.raises(verifier.Wrong):
            decompress(bomb)


def test_a_frame_that_says_too_much_is_not_begun():
    size = (64 * 1024 * 1024 + 1).to_bytes(4, "little")
    with pytest.raises(verifier.Wrong, match="a size, that evidence never has"):
        verifier.decompress(b"\x28\xb5\x2f\xfd\xa0" + size + b"\x01\x00\x00")


@pytest.mark.parametrize("extra", [b"x", b"\x28\xb5\x2f\xfd\x20\x00\x01\x00\x00"])
def test_nothing_may_stand_behind_the_frame(extra: bytes):
    data = zstandard.ZstdCompressor().compress(b"all of it") + extra
    for decompress in (verifier.decompress, decoded):
        with pytest.raises(verifier.Wrong):
            decompress(data)
