"""Bytes that were sealed once must open for ever, and sealing must agree with a second hand."""

import json
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.sealing.blob import open_blob, seal_blob
from archive.sealing.commit import CommitEntry, decode_commit_record, encode_commit_record
from archive.sealing.frame import evidence_subkey, open_evidence, open_frame, seal_frame
from archive.sealing.kek import EnvironmentKek, Kek, PassphraseKek
from archive.sealing.keyring import Keyring, open_keyring
from archive.sealing.keys import open_keys, seal_keys
from archive.sealing.leaf import leaf_hash, log_entry
from archive.sealing.primitives import expand
from archive.sealing.recovery import RecoveryCode
from archive.sealing.segment import LockClass, build_segment, parse_segment
from tests.sealing import reference

ANSWERS: dict[str, Any] = json.loads(reference.VECTORS.read_text())
ARCHIVE = UUID(ANSWERS["archive_id"])
SEGMENT = UUID(ANSWERS["segment"]["segment_id"])
FRAMES = [bytes.fromhex(each["frame"]) for each in ANSWERS["frames"]]


def sealed(part: str) -> bytes:
    return bytes.fromhex(ANSWERS[part]["data"])


def known_keyring() -> Keyring:
    part = ANSWERS["keyring"]
    return open_keyring(sealed("keyring"), EnvironmentKek("KEY", {"KEY": part["key_text"]}))


@pytest.mark.parametrize("answer", ANSWERS["frames"])
def test_known_frames_open(answer: dict[str, Any]) -> None:
    frame, data_key = bytes.fromhex(answer["frame"]), bytes.fromhex(answer["data_key"])
    opened = open_frame(frame, data_key)
    assert opened.evidence.hex() == answer["evidence"]
    assert opened.custody.hex() == answer["custody"]
    assert str(opened.header.originator_id) == answer["originator_id"]
    assert opened.header.originator_version == answer["originator_version"]
    assert opened.header.event_type == answer["event_type"]
    assert evidence_subkey(data_key).hex() == answer["evidence_subkey"]
    subkey = bytes.fromhex(answer["evidence_subkey"])
    assert open_evidence(frame, subkey).hex() == answer["evidence"]
    assert log_entry(ARCHIVE, sha256(frame).digest()).hex() == answer["log_entry"]
    assert leaf_hash(ARCHIVE, frame).hex() == answer["leaf_hash"]


def test_the_known_segment_opens_and_is_built_again() -> None:
    segment = parse_segment(sealed("segment"))
    lock_class = LockClass("compliance", ANSWERS["segment"]["month"])
    assert segment.archive_id == ARCHIVE
    assert segment.segment_id == SEGMENT
    assert segment.lock_class == lock_class
    assert [bytes(frame) for frame in segment.frames] == FRAMES
    assert build_segment(ARCHIVE, SEGMENT, lock_class, FRAMES).data == sealed("segment")


def test_the_known_key_object_opens_and_is_sealed_again() -> None:
    answer = ANSWERS["key_object"]
    keys = {int(slot): bytes.fromhex(key) for slot, key in answer["keys"].items()}
    opened = open_keys(sealed("key_object"), known_keyring())
    assert opened.segment_id == SEGMENT
    assert str(opened.object_id) == answer["object_id"]
    assert opened.epoch == answer["epoch"]
    assert opened.keys == keys
    epoch_key = bytes.fromhex(answer["epoch_key"])
    again = seal_keys(ARCHIVE, SEGMENT, opened.object_id, opened.epoch, epoch_key, keys)
    assert again == sealed("key_object")


def test_the_known_blob_opens() -> None:
    answer = ANSWERS["blob"]
    chunks = open_blob(
        [sealed("blob")], ARCHIVE, UUID(answer["blob_id"]), bytes.fromhex(answer["key"])
    )
    assert b"".join(chunks).hex() == answer["plaintext"]


def test_the_known_commit_record_opens_and_is_encoded_again() -> None:
    answer = ANSWERS["commit_record"]
    mac_key = bytes.fromhex(answer["mac_key"])
    record = decode_commit_record(sealed("commit_record"), mac_key)
    expected = tuple(
        CommitEntry(
            originator=UUID(entry.pop("originator_id")).bytes,
            segment=UUID(entry.pop("segment_id")).bytes,
            leaf_hash=bytes.fromhex(entry.pop("leaf_hash")),
            **entry,
        )
        for entry in map(dict, answer["entries"])
    )
    assert record.archive_id == ARCHIVE
    assert str(record.record_id) == answer["record_id"]
    assert record.entries == expected
    assert known_keyring().derive("commit-record") == mac_key
    again = encode_commit_record(ARCHIVE, record.record_id, expected, mac_key)
    assert again == sealed("commit_record")


def _file_kek(slot: dict[str, Any]) -> Kek:
    return EnvironmentKek("KEY", {"KEY": ANSWERS["keyring"]["key_text"]})


def _passphrase_kek(slot: dict[str, Any]) -> Kek:
    return PassphraseKek(lambda: slot["passphrase"])


def _recovery_kek(slot: dict[str, Any]) -> Kek:
    return RecoveryCode.parse(ANSWERS["keyring"]["recovery_code"])


@pytest.mark.parametrize(
    ("place", "make"), list(enumerate((_file_kek, _passphrase_kek, _recovery_kek)))
)
def test_the_known_keyring_opens_by_every_slot(
    place: int, make: Callable[[dict[str, Any]], Kek]
) -> None:
    answer = ANSWERS["keyring"]
    keyring = open_keyring(sealed("keyring"), make(answer["slots"][place]))
    assert keyring.archive_id == ARCHIVE
    assert keyring.number == answer["number"]
    assert keyring.created == datetime.fromisoformat(answer["body"]["created"])
    assert keyring.current_epoch == 2
    assert dict(keyring.epochs) == {
        1: reference.made("epoch 1"),
        2: reference.made("epoch 2"),
    }
    assert keyring.identity_key == reference.made("identity key")
    assert keyring.log_signing_key == reference.made("log signing key")
    assert keyring.sandbox is True


def test_the_known_recovery_code_is_written_as_it_was() -> None:
    entropy = bytes.fromhex(ANSWERS["keyring"]["slots"][2]["entropy"])
    assert RecoveryCode(entropy).text == ANSWERS["keyring"]["recovery_code"]


keys = st.binary(min_size=32, max_size=32)
ids = st.uuids()


@given(keys, st.text("abc/019-", min_size=1), st.binary(max_size=200))
def test_expand_is_hkdf_expand(key: bytes, label: str, context: bytes) -> None:
    assert expand(key, label, context) == reference.expand(key, label, context)


@given(
    st.tuples(
        ids,
        ids,
        st.integers(0, 2**32 - 1),
        st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True),
        st.binary(),
        st.binary(),
        keys,
    )
)
def test_frames_are_sealed_as_the_page_says(
    arguments: tuple[UUID, UUID, int, str, bytes, bytes, bytes],
) -> None:
    assert seal_frame(*arguments) == reference.frame(*arguments)


@given(ids, ids, keys, st.binary(max_size=300), st.integers(1, 100))
def test_blobs_are_sealed_as_the_page_says(
    archive_id: UUID, blob_id: UUID, key: bytes, plaintext: bytes, size: int
) -> None:
    ours = b"".join(seal_blob(archive_id, blob_id, key, [plaintext], chunk_size=size))
    assert ours == reference.blob(archive_id, blob_id, key, plaintext, size)
