"""Names in the bucket: what is made is parsed, and nothing else is."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.bucket.names import (
    blob_name,
    blob_prefix,
    commit_name,
    generation_key_name,
    generation_prefix,
    keyring_name,
    keys_name,
    keys_prefix,
    manifest_name,
    parse_blob_name,
    parse_commit_name,
    parse_keyring_name,
    parse_keys_name,
    parse_manifest_name,
    parse_segment_name,
    parse_timestamp_name,
    part_name,
    segment_name,
    timestamp_name,
)
from archive.errors import InvalidError

ID = UUID("0194233c-7e80-7000-8000-00000000a7c4")
PARSERS = (
    parse_segment_name,
    parse_keys_name,
    parse_blob_name,
    parse_commit_name,
    parse_keyring_name,
    parse_manifest_name,
    parse_timestamp_name,
)

# Version 7 ids up to the year 9999.
ids = st.builds(
    lambda time, rest: UUID(int=time << 80 | rest & ~(0xF << 76) & ~(3 << 62) | 7 << 76 | 2 << 62),
    st.integers(0, 253402300799999),
    st.integers(0, 2**80 - 1),
)


def test_names_are_as_the_page_says() -> None:
    assert segment_name(ID) == f"segments/2025/01/01/{ID}.seg"
    assert keys_name(ID, ID) == f"keys/{ID}/{ID}.keys"
    assert blob_name(bytes(32), ID) == f"blobs/{'00' * 32}/{ID}"
    assert commit_name(7, ID) == f"commits/00000000000000000007-{ID}"
    assert keyring_name(12) == "keyring/00000012"
    assert generation_key_name(ID) == f"index/{ID}/key"
    assert timestamp_name(7, bytes(32)) == f"log/timestamps/7-{'00' * 32}.tsr"
    assert parse_timestamp_name(timestamp_name(7, bytes(32))) == (7, bytes(32))
    assert part_name(ID, ID) == f"index/{ID}/parts/{ID}"
    assert manifest_name(ID, 7, ID) == f"index/{ID}/manifests/00000000000000000007-{ID}"


@given(ids, ids, st.binary(min_size=32, max_size=32), st.integers(0, 2**64 - 1))
def test_what_a_name_was_made_of_is_in_it(
    first: UUID, second: UUID, digest: bytes, seq: int
) -> None:
    assert parse_segment_name(segment_name(first)) == first
    assert parse_keys_name(keys_name(first, second)) == (first, second)
    assert keys_name(first, second).startswith(keys_prefix(first))
    assert parse_blob_name(blob_name(digest, second)) == (digest, second)
    assert blob_name(digest, second).startswith(blob_prefix(digest))
    assert parse_commit_name(commit_name(seq, second)) == (seq, second)
    assert parse_manifest_name(manifest_name(first, seq, second)) == (first, seq, second)
    for name in (manifest_name(first, seq, second), part_name(first, second)):
        assert name.startswith(generation_prefix(first))


@given(st.integers(1, 10**8 - 1))
def test_keyring_numbers_are_in_their_names(number: int) -> None:
    assert parse_keyring_name(keyring_name(number)) == number


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_commit_names_sort_as_their_sequence_numbers(first: int, second: int) -> None:
    assert (commit_name(first, ID) < commit_name(second, ID)) == (first < second)


@given(ids, ids)
def test_segment_names_sort_as_their_ids(first: UUID, second: UUID) -> None:
    assert (segment_name(first) < segment_name(second)) == (first < second)


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize(
    "name",
    [
        "",
        "segments/",
        f"segments/2025/01/02/{ID}.seg",
        f"segments/2025/01/01/{str(ID).upper()}.seg",
        f"segments/2025/01/01/{ID}.seg\n",
        f"segments/2025/01/01/{ID}.seg.tmp",
        f"segments/2025/01/01/{UUID(int=0)}.seg",
        "segments/10889/08/02/ffffffff-ffff-7fff-bfff-ffffffffffff.seg",
        "segments/9999/12/31/ffffffff-ffff-7fff-bfff-ffffffffffff.seg",
        f"keys/{ID}.keys",
        f"blobs/{'0' * 63}/{ID}",
        f"commits/7-{ID}",
        f"commits/{2**64}-{ID}",
        f"index/{ID}/manifests/7-{ID}",
        f"index/{ID}/manifests/{2**64}-{ID}",
        f"commits/٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٧-{ID}",
        "keyring/1",
        "keyring/00000000",
        "../keyring/00000001",
    ],
)
def test_foreign_names_are_refused(parse: object, name: str) -> None:
    assert callable(parse)
    with pytest.raises(InvalidError):
        parse(name)


def test_what_cannot_be_named_is_refused() -> None:
    far = UUID("ffffffff-ffff-7fff-bfff-ffffffffffff")
    for make in (
        lambda: segment_name(UUID(int=0)),
        lambda: segment_name(far),
        lambda: blob_prefix(b"short"),
        lambda: commit_name(-1, ID),
        lambda: commit_name(2**64, ID),
        lambda: manifest_name(ID, 2**64, ID),
        lambda: part_name(ID, UUID(int=0)),
        lambda: keyring_name(0),
        lambda: keyring_name(10**8),
    ):
        with pytest.raises(InvalidError):
            make()
