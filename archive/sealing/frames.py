"""Many frames opened together, of which it is known whose they are."""

from collections.abc import Sequence
from typing import NamedTuple

from archive.errors import CorruptError
from archive.sealing.frame import CUSTODY, EVIDENCE
from archive.sealing.header import custody_length_of
from archive.sealing.primitives import (
    HASH_SIZE,
    Octets,
    all_box_keys,
    decompress,
    expand_all,
    open_once,
)

# After its start a header has two commitments, and two lengths of four bytes.
_REST = 2 * HASH_SIZE + 8


class SealedEvent(NamedTuple):
    """A frame with its data key; its header must begin with `start`, as `header_start` gives it."""

    frame: bytes
    start: bytes
    data_key: bytes


def open_frames(sealed: Sequence[SealedEvent]) -> list[tuple[bytes, bytes] | None]:
    """Return the evidence and the custody of each frame, None where it is not as it should be.

    `archive.sealing.frame.open_frame` says what is wrong with one. Keys are derived together, and
    headers compared whole, which takes two thirds of the time.
    """
    evidence_keys, custody_keys = expand_all([each.data_key for each in sealed], EVIDENCE, CUSTODY)
    return [
        _opened(each.frame, each.start, *keys)
        for each, *keys in zip(
            sealed, *all_box_keys(evidence_keys), *all_box_keys(custody_keys), strict=True
        )
    ]


def _opened(
    frame: Octets,
    start: bytes,
    evidence_cipher: bytes,
    evidence_commitment: bytes,
    custody_cipher: bytes,
    custody_commitment: bytes,
) -> tuple[bytes, bytes] | None:
    """Open both boxes of a frame with what its data key gives."""
    custody = custody_length_of(frame, start, evidence_commitment + custody_commitment)
    if custody is None:
        return None
    size, middle = len(start) + _REST, len(frame) - custody
    header = frame[:size]
    try:
        return (
            decompress(open_once(evidence_cipher, header, frame[size:middle])),
            decompress(open_once(custody_cipher, header, frame[middle:])),
        )
    except CorruptError:
        return None
