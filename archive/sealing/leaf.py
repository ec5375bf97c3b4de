"""What stands in the log for a frame: its entry, and the Merkle leaf of that (docs/formats.md)."""

from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID

from archive.sealing.primitives import Octets

ENTRY_VERSION = 1

_ENTRY_START = bytes((ENTRY_VERSION,))
_LEAF_PREFIX = b"\0"
_LEAF_START = _LEAF_PREFIX + _ENTRY_START


def log_entry(archive_id: UUID, digest: bytes) -> bytes:
    """Return the 49 bytes that stand in the log for the frame with this SHA-256."""
    return _ENTRY_START + archive_id.bytes + digest


def entry_hash(entry: bytes) -> bytes:
    """Return the Merkle leaf hash of a log entry (RFC 9162, section 2.1.1)."""
    return sha256(_LEAF_PREFIX + entry).digest()


def digest_leaf(archive_id: UUID, digest: bytes) -> bytes:
    """Return the Merkle leaf hash of the log entry of the frame with this SHA-256."""
    return sha256(_LEAF_START + archive_id.bytes + digest).digest()


def leaf_hash(archive_id: UUID, frame: Octets) -> bytes:
    """Return the Merkle leaf hash of a frame's log entry."""
    return digest_leaf(archive_id, sha256(frame).digest())


def digest_leaves(archive_id: UUID, digests: Sequence[bytes]) -> list[bytes]:
    """Return what `digest_leaf` gives for each of many digests."""
    start = _LEAF_START + archive_id.bytes
    return [sha256(start + digest).digest() for digest in digests]


def leaf_hashes(archive_id: UUID, frames: Sequence[Octets]) -> list[bytes]:
    """Return what `leaf_hash` gives for each of many frames."""
    return digest_leaves(archive_id, [sha256(frame).digest() for frame in frames])
