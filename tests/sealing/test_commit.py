"""Commit records: authentic, in order, and without content."""

import hmac
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.errors import CorruptError, InvalidError
from archive.sealing.commit import CommitEntry, decode_commit_record, encode_commit_record
from tests.sealing.support import ARCHIVE, CountingClock, every_cut, every_flip

CLOCK = CountingClock()
RECORD, MAC_KEY = CLOCK.uuid7(), CLOCK.random_bytes(32)
ENTRY = CommitEntry(
    seq=41,
    originator=CLOCK.uuid7().bytes,
    originator_version=1,
    event_type="interaction.captured",
    leaf_hash=CLOCK.random_bytes(32),
    segment=CLOCK.uuid7().bytes,
    slot=0,
    offset=50,
    length=300,
)
ENTRIES = (ENTRY, ENTRY._replace(seq=44, originator_version=2, slot=1, offset=350))
DATA = encode_commit_record(ARCHIVE, RECORD, ENTRIES, MAC_KEY)

short = st.integers(0, 2**32 - 1)
long = st.integers(0, 2**64 - 1)
entries = st.lists(
    st.builds(
        CommitEntry,
        seq=long,
        originator=st.binary(min_size=16, max_size=16),
        originator_version=short,
        event_type=st.sampled_from(["a", "b", "cd"])
        | st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True),
        leaf_hash=st.binary(min_size=32, max_size=32),
        segment=st.binary(min_size=16, max_size=16),
        slot=short,
        offset=long,
        length=short,
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda entry: entry.seq,
)


@settings(max_examples=50)
@given(st.uuids(), st.uuids(), entries, st.binary(min_size=32, max_size=32))
def test_what_was_encoded_is_decoded(
    archive_id: UUID, record_id: UUID, unordered: list[CommitEntry], mac_key: bytes
) -> None:
    ordered = tuple(sorted(unordered, key=lambda entry: entry.seq))
    record = decode_commit_record(
        encode_commit_record(archive_id, record_id, ordered, mac_key), mac_key
    )
    assert (record.archive_id, record.record_id) == (archive_id, record_id)
    assert record.entries == ordered
    assert record.first_seq == ordered[0].seq


def test_every_flipped_bit_is_rejected() -> None:
    for _, changed in every_flip(DATA):
        with pytest.raises(CorruptError):
            decode_commit_record(changed, MAC_KEY)


def test_every_cut_is_rejected() -> None:
    for cut in every_cut(DATA):
        with pytest.raises(CorruptError):
            decode_commit_record(cut, MAC_KEY)


def test_another_key_makes_another_archive_of_it() -> None:
    with pytest.raises(CorruptError, match=str(RECORD)):
        decode_commit_record(DATA, bytes(32))


def with_mac(body: bytes) -> bytes:
    return body + hmac.digest(MAC_KEY, body, "sha256")


@given(st.binary(max_size=300), st.integers(0, 3))
def test_an_authentic_record_without_sense_is_refused(body: bytes, count: int) -> None:
    with pytest.raises(CorruptError):
        decode_commit_record(with_mac(DATA[:49] + count.to_bytes(4, "big") + body), MAC_KEY)


def test_an_authentic_record_that_was_laid_out_wrongly_is_refused() -> None:
    body = DATA[:-32]
    first, second = body[53 : 53 + (len(body) - 53) // 2], body[53 + (len(body) - 53) // 2 :]
    assert with_mac(body[:53] + first + second) == DATA
    head, one, three = body[:49], bytes([0, 0, 0, 1]), bytes([0, 0, 0, 3])
    for wrong in (
        body[:53] + second + first,
        head + one + second,
        head + one + first + second,
        head + three + first + second + first,
        head + three + first + second + second,
        head + three + first + second,
        body + b"\0",
        b"MUNIMKEY" + body[8:],
        body[:8] + b"\x02" + body[9:],
    ):
        with pytest.raises(CorruptError, match=str(RECORD)):
            decode_commit_record(with_mac(wrong), MAC_KEY)


@pytest.mark.parametrize(
    "bad",
    [
        (),
        (ENTRY, ENTRY),
        (ENTRIES[1], ENTRIES[0]),
        (ENTRY._replace(leaf_hash=b"short"),),
        (ENTRY._replace(originator=b"short"),),
        (ENTRY._replace(segment=bytes(17)),),
        (ENTRY._replace(seq=2**64),),
        (ENTRY._replace(length=-1),),
        (ENTRY._replace(event_type=""),),
        (ENTRY._replace(event_type="é"),),
    ],
)
def test_what_does_not_fit_is_not_encoded(bad: tuple[CommitEntry, ...]) -> None:
    with pytest.raises(InvalidError):
        encode_commit_record(ARCHIVE, RECORD, bad, MAC_KEY)


def test_short_mac_keys_are_refused() -> None:
    with pytest.raises(InvalidError):
        encode_commit_record(ARCHIVE, RECORD, ENTRIES, MAC_KEY[:31])
