"""The constructions under the formats, against published vectors and known attacks."""

import threading
from pathlib import Path

import cryptography_vectors
import pytest
import zstandard
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.errors import CorruptError, InvalidError
from archive.sealing.kek import PassphraseKek
from archive.sealing.primitives import (
    BOX_LIMIT,
    box_keys,
    compress,
    decompress,
    expand,
    expand_all,
    open_box,
    open_once,
    seal_once,
)

VECTORS = Path(cryptography_vectors.__file__).parent


@pytest.mark.parametrize(
    ("plaintext", "expected"),
    [
        (b"", "530f8afbc74536b9a963b4f1c4cb738b"),
        (bytes(16), "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"),
    ],
)
def test_seal_once_meets_the_gcm_authors_vectors(plaintext: bytes, expected: str) -> None:
    # McGrew and Viega, "The Galois/Counter Mode of Operation", test cases 13 and 14: the published
    # ones with 256 zero bits of key and the zero nonce that seal_once has.
    assert seal_once(bytes(32), b"", plaintext).hex() == expected
    assert open_once(bytes(32), b"", bytes.fromhex(expected)) == plaintext


def argon2id_vectors() -> list[dict[str, str]]:
    blocks = (VECTORS / "KDF" / "argon2id.txt").read_text().split("COUNT = ")[1:]
    found = []
    for block in blocks:
        pairs = (line.partition("=") for line in block.splitlines()[1:] if "=" in line)
        vector = {name.strip(): value.strip() for name, _, value in pairs}
        # A passphrase slot has neither a pepper nor associated data, and is not empty.
        if vector["length"] == "32" and vector["pass"] and not {"secret", "ad"} & vector.keys():
            found.append(vector)
    return found


@pytest.mark.parametrize("vector", argon2id_vectors())
def test_passphrases_are_hardened_by_argon2id(vector: dict[str, str]) -> None:
    kek = PassphraseKek(lambda: bytes.fromhex(vector["pass"]).decode("ascii"))
    cost = {"memory_kib": "memcost", "iterations": "iter", "lanes": "lanes"}
    parameters = {ours: int(vector[theirs]) for ours, theirs in cost.items()}
    secret = kek.secret(bytes.fromhex(vector["salt"]), parameters)
    assert secret.hex() == vector["output"]


def test_there_are_argon2id_vectors_to_meet() -> None:
    assert argon2id_vectors()


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=5), st.text(max_size=30))
def test_many_keys_are_expanded_as_each_alone_is(keys: list[bytes], label: str) -> None:
    both = expand_all(keys, label, "other")
    assert both == [[expand(key, each) for key in keys] for each in (label, "other")]


@pytest.mark.parametrize("size", [0, 16, 31, 33, 64])
def test_keys_of_another_size_are_refused(size: int) -> None:
    with pytest.raises(InvalidError):
        expand(bytes(size), "muniment/box/1/key")
    with pytest.raises(InvalidError):
        expand_all([bytes(32), bytes(size)], "muniment/box/1/key")


def gf_multiply(first: int, second: int) -> int:
    """Multiply in GCM's field (NIST SP 800-38D, section 6.3)."""
    product = 0
    for bit in range(127, -1, -1):
        if first >> bit & 1:
            product ^= second
        second = second >> 1 ^ (0xE1 << 120 if second & 1 else 0)
    return product


def gf_inverse(value: int) -> int:
    result, power = 1 << 127, value
    for _ in range(127):
        power = gf_multiply(power, power)
        result = gf_multiply(result, power)
    return result


def aes_block(key: bytes, block: bytes) -> int:
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    return int.from_bytes(encryptor.update(block), "big")


def ciphertext_for_both(first: bytes, second: bytes) -> bytes:
    """One ciphertext, of one block and a tag, that GCM opens under two keys (zero nonce, no aad).

    The tag is linear in the block, so equating the two tags gives the block.
    """
    counter = bytes(15) + b"\1"
    hashes = [aes_block(key, bytes(16)) for key in (first, second)]
    masks = [aes_block(key, counter) for key in (first, second)]
    squares = [gf_multiply(each, each) for each in hashes]
    lengths = [gf_multiply(128, each) for each in hashes]
    rest = lengths[0] ^ lengths[1] ^ masks[0] ^ masks[1]
    block = gf_multiply(rest, gf_inverse(squares[0] ^ squares[1]))
    tag = gf_multiply(block, squares[0]) ^ lengths[0] ^ masks[0]
    return block.to_bytes(16, "big") + tag.to_bytes(16, "big")


@settings(max_examples=20)
@given(st.lists(st.binary(min_size=32, max_size=32), min_size=2, max_size=2, unique=True))
def test_a_ciphertext_may_open_under_two_keys_but_a_box_never_does(
    subkeys: list[bytes],
) -> None:
    boxes = [box_keys(subkey) for subkey in subkeys]
    forged = ciphertext_for_both(boxes[0][0], boxes[1][0])
    # The attack is real: plain GCM takes the forgery for authentic under either key.
    assert open_once(boxes[0][0], b"", forged) != open_once(boxes[1][0], b"", forged)
    for (_, commitment), other in zip(boxes, reversed(subkeys), strict=True):
        with pytest.raises(CorruptError, match="committed"):
            open_box(other, commitment, b"", forged)


@given(st.binary(max_size=5000))
def test_compression_gives_back_what_it_took(plaintext: bytes) -> None:
    assert decompress(compress(plaintext)) == plaintext


def test_a_small_input_cannot_ask_for_much_memory() -> None:
    bomb = zstandard.ZstdCompressor().compress(bytes(BOX_LIMIT + 1))
    assert len(bomb) < 10_000
    with pytest.raises(CorruptError):
        decompress(bomb)
    with pytest.raises(CorruptError):
        decompress(compress(b"four"), limit=3)
    with pytest.raises(InvalidError):
        compress(b"four", limit=3)


def test_compressed_data_of_unknown_size_is_refused() -> None:
    data = zstandard.ZstdCompressor(write_content_size=False).compress(b"text")
    with pytest.raises(CorruptError):
        decompress(data)


def test_nothing_may_follow_the_compressed_data() -> None:
    with pytest.raises(CorruptError):
        decompress(compress(b"text") + compress(b"more"))


def test_threads_compress_at_the_same_time() -> None:
    plaintexts = [bytes([number]) * 100_000 for number in range(8)]
    results: list[bytes] = []

    def work(plaintext: bytes) -> None:
        results.extend(decompress(compress(plaintext)) for _ in range(20))

    threads = [threading.Thread(target=work, args=(each,)) for each in plaintexts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == sorted(plaintexts * 20)
