"""Notes and checkpoints are signed, opened, and refused when anything about them is another."""

import base64

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archive.errors import CorruptError, InvalidError
from archive.log.checkpoint import Checkpoint, LogProof, decode_hash, encode_hash
from archive.log.note import Signer, Verifier

SIGNER = Signer("archive.example/log", bytes(range(32)))
OTHER = Signer("archive.example/log", bytes(32))
HASHES = st.binary(min_size=32, max_size=32)


# RFC 8032, section 7.1, test 1: a private key and its public key.
PRIVATE = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")


def test_a_verifier_key_is_written_as_the_field_writes_it():
    verifier = Signer("example.com/log", PRIVATE).verifier
    name, written_id, key = str(verifier).split("+", 2)
    assert (name, base64.b64decode(key)) == ("example.com/log", b"\x01" + PUBLIC)
    # SHA-256 over name, line end, the type of plain Ed25519, and the key.
    assert written_id == verifier.id.hex() and len(verifier.id) == 4
    assert Verifier.parse(str(verifier)) == verifier


@pytest.mark.parametrize("text", ["", "name", "name+00000000+AQ==", "a b+12345678+x", "name+x+y"])
def test_what_is_no_verifier_key_is_refused(text):
    with pytest.raises(InvalidError):
        Verifier.parse(text)


def test_another_key_or_id_is_refused():
    name, _, key = str(SIGNER.verifier).split("+", 2)
    with pytest.raises(InvalidError):
        Verifier.parse(f"{name}+00000000+{key}")
    with pytest.raises(CorruptError, match="not signed by"):
        OTHER.verifier.open(SIGNER.sign("text\n"))


@example(1, bytes(32), -3, 1)
@given(st.integers(0, 2**62), HASHES, st.integers(-10, 10_000), st.integers(1, 255))
def test_a_checkpoint_is_what_was_signed_and_any_change_is_refused(size, root, place, mask):
    checkpoint = Checkpoint("archive.example/log", size, root)
    note = checkpoint.sign(SIGNER)
    assert Checkpoint.open(note, SIGNER.verifier) == checkpoint
    spoilt = bytearray(note.encode())
    spoilt[place % len(spoilt)] ^= mask
    with pytest.raises(CorruptError):
        Checkpoint.open(spoilt.decode("utf-8", "replace"), SIGNER.verifier)


def test_signatures_of_others_are_passed_over():
    text = "archive.example/log\n0\n" + encode_hash(bytes(32)) + "\n"
    witness = Signer("witness.example", bytes(32)).sign(text).rpartition("\n\n")[2]
    note = SIGNER.sign(text) + witness
    assert Checkpoint.open(note, SIGNER.verifier).size == 0


@pytest.mark.parametrize(
    "text",
    [
        "archive.example/log\n01\n" + encode_hash(bytes(32)) + "\n",
        "archive.example/log\n-1\n" + encode_hash(bytes(32)) + "\n",
        "archive.example/log\n1\n" + encode_hash(bytes(31)) + "\n",
        "other.example/log\n1\n" + encode_hash(bytes(32)) + "\n",
        "archive.example/log\n",
    ],
)
def test_a_signed_text_that_is_no_checkpoint_is_refused(text):
    with pytest.raises(CorruptError):
        Checkpoint.open(SIGNER.sign(text), SIGNER.verifier)


@pytest.mark.parametrize("text", ["no line end", "tab\there\n", "nul\0\n"])
def test_what_cannot_be_a_note_is_not_signed(text):
    with pytest.raises(InvalidError):
        SIGNER.sign(text)


@given(st.text())
def test_any_text_is_opened_or_refused(text):
    for parse in (SIGNER.verifier.open, LogProof.parse):
        with pytest.raises(CorruptError):
            parse(text)


@given(st.integers(0, 2**62), st.lists(HASHES, max_size=20))
def test_a_proof_is_read_back_with_its_checkpoint_unchanged(index, hashes):
    note = Checkpoint("archive.example/log", index + 1, bytes(32)).sign(SIGNER)
    proof = LogProof(index, tuple(hashes), note)
    assert LogProof.parse(proof.encode()) == proof
    first, rest = proof.encode().split("\n", 1)
    assert LogProof.parse(f"{first}\nextra AAAA\n{rest}") == proof


def test_hashes_have_one_form():
    text = encode_hash(bytes(range(32)))
    assert decode_hash(text) == bytes(range(32))
    for other in (text[:-1], text.replace("/", "_") + "=", text + "\n", "", "A" * 43):
        with pytest.raises(CorruptError):
            decode_hash(other)
