"""The few constructions that every sealed format is made of.

HKDF-Expand (RFC 5869), AES-256-GCM under single-use keys (NIST SP 800-38D), boxes that commit to
their key, and bounded zstd (RFC 8878). docs/formats.md says how formats use them, and
docs/threat-model.md why they hold.
"""

import hmac
import threading
from collections.abc import Sequence
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from zstandard import ZstdCompressor, ZstdDecompressor, ZstdError, frame_content_size

from archive.errors import CorruptError, InvalidError

Octets = bytes | bytearray | memoryview

KEY_SIZE = 32
TAG_SIZE = 16
HASH_SIZE = 32
BOX_LIMIT = 64 * 1024 * 1024

_COMPRESSION_LEVEL = 3
_CIPHER = "muniment/box/1/key"
_COMMITMENT = "muniment/box/1/commitment"
_NONCE = bytes(12)
_INNER_PAD = bytes(value ^ 0x36 for value in range(256))
_OUTER_PAD = bytes(value ^ 0x5C for value in range(256))
# What the pads make of the zeros that fill a key up to a block of 64 bytes.
_INNER_REST = b"\x36" * 32
_OUTER_REST = b"\x5c" * 32


def expand(key: bytes, label: str, context: bytes = b"") -> bytes:
    """Derive the 32-byte key that `key` has for `label` and `context`.

    HKDF-Expand with SHA-256 (RFC 5869, section 2.3), info = label, NUL, context. InvalidError
    unless `key` is 32 bytes: HMAC pads a shorter one with zeros, and a box would then open under
    both. HMAC is written out here because the standard library's `hmac.digest` looks the hash up
    anew at each call, which takes three times as long as the hashing, six times a frame.
    """
    if len(key) != KEY_SIZE:
        raise InvalidError(f"A key must be {KEY_SIZE} bytes, not {len(key)}.")
    message = label.encode() + b"\0" + context + b"\x01"
    inner = sha256(key.translate(_INNER_PAD) + _INNER_REST + message).digest()
    return sha256(key.translate(_OUTER_PAD) + _OUTER_REST + inner).digest()


def expand_all(keys: Sequence[bytes], *labels: str) -> list[list[bytes]]:
    """Return, for each label, what `expand` gives for each of many keys, in half of the time."""
    if any(len(key) != KEY_SIZE for key in keys):
        raise InvalidError(f"Each key must be {KEY_SIZE} bytes.")
    padded = [(key.translate(_INNER_PAD), key.translate(_OUTER_PAD) + _OUTER_REST) for key in keys]
    expanded = []
    for label in labels:
        rest = _INNER_REST + label.encode() + b"\0\x01"
        expanded.append(
            [sha256(outer + sha256(inner + rest).digest()).digest() for inner, outer in padded]
        )
    return expanded


def seal_once(key: bytes, aad: Octets, plaintext: Octets) -> bytes:
    """Seal `plaintext` under a key that seals nothing else, ever; the tag is the last 16 bytes.

    AES-256-GCM with an all-zero nonce, which is safe for a single-use key and for no other.
    """
    return AESGCM(key).encrypt(_NONCE, plaintext, aad)


def open_once(key: bytes, aad: Octets, ciphertext: Octets) -> bytes:
    """Open what `seal_once` sealed; CorruptError if key, aad or ciphertext is not the same."""
    try:
        return AESGCM(key).decrypt(_NONCE, ciphertext, aad)
    except InvalidTag:
        raise CorruptError("The ciphertext does not authenticate.") from None


def box_keys(subkey: bytes) -> tuple[bytes, bytes]:
    """Return a box's AES key, and the commitment that lets the box open under this subkey only.

    The commitment is a collision-resistant hash of the subkey (HMAC-SHA-256 of a fixed message
    under keys of one length), so no second subkey has the same.
    """
    return expand(subkey, _CIPHER), expand(subkey, _COMMITMENT)


def all_box_keys(subkeys: Sequence[bytes]) -> tuple[list[bytes], list[bytes]]:
    """Return what `box_keys` gives for each of many subkeys: the AES keys, and the commitments."""
    ciphers, commitments = expand_all(subkeys, _CIPHER, _COMMITMENT)
    return ciphers, commitments


def box_commitments(subkeys: Sequence[bytes]) -> list[bytes]:
    """Return the commitments alone that boxes have under each of many subkeys."""
    return expand_all(subkeys, _COMMITMENT)[0]


def open_box(subkey: bytes, commitment: Octets, aad: Octets, ciphertext: Octets) -> bytes:
    """Open a box; CorruptError if the subkey is not the committed one or the box was changed."""
    key, expected = box_keys(subkey)
    if not hmac.compare_digest(expected, commitment):
        raise CorruptError("The key is not the one that the box is committed to.")
    return open_once(key, aad, ciphertext)


class _Codecs(threading.local):
    """One compressor and one decompressor a thread: shared ones end the process."""

    def __init__(self) -> None:
        self.compressor = ZstdCompressor(level=_COMPRESSION_LEVEL)
        self.decompressor = ZstdDecompressor()


_codecs = _Codecs()


def compress(plaintext: Octets, limit: int = BOX_LIMIT) -> bytes:
    """Compress to one zstd frame that tells its content size; InvalidError over `limit` bytes."""
    if len(plaintext) > limit:
        raise InvalidError(f"{len(plaintext)} bytes are over the limit of {limit} for one piece.")
    return _codecs.compressor.compress(plaintext)


def decompress(data: Octets, limit: int = BOX_LIMIT) -> bytes:
    """Decompress one zstd frame; CorruptError if it is damaged or would exceed `limit` bytes.

    The size is checked before anything is decompressed, so a small input cannot fill the memory.
    """
    try:
        size = frame_content_size(data)
        if not 0 <= size <= limit:
            raise CorruptError(f"The compressed data is of unknown size or over {limit} bytes.")
        return _codecs.decompressor.decompress(data, allow_extra_data=False)
    except ZstdError:
        raise CorruptError("The compressed data is damaged.") from None
