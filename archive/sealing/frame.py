"""A frame: one event, sealed in two boxes (docs/formats.md, "Frame").

The evidence box can be shown to an outsider by giving away one subkey; the custody box stays
closed. Errors name the stream and the version, which stand in the clear header.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple, Protocol
from uuid import UUID

from archive.errors import CorruptError
from archive.sealing.header import FrameHeader, commitments_of, encode_header, parse_header
from archive.sealing.primitives import (
    TAG_SIZE,
    Octets,
    all_box_keys,
    box_commitments,
    compress,
    decompress,
    expand,
    expand_all,
    open_box,
    seal_once,
)

EVIDENCE = "muniment/frame/1/evidence"
CUSTODY = "muniment/frame/1/custody"
"""The labels by which a data key gives the key of each box."""
_SHORT_CUSTODY = 256


class Sealable(Protocol):
    """An event ready to be sealed; its stream's id is given as 16 bytes."""

    @property
    def originator(self) -> bytes: ...

    @property
    def originator_version(self) -> int: ...

    @property
    def type(self) -> str: ...

    def compressed(self) -> tuple[bytes, bytes]:
        """Return evidence and custody as `compressed_boxes` gives them."""
        ...


class EventInClear(NamedTuple):
    """An event with the plaintext of its boxes."""

    originator: bytes
    originator_version: int
    type: str
    evidence: bytes
    custody: bytes

    def compressed(self) -> tuple[bytes, bytes]:
        return compressed_boxes(self.evidence, self.custody)


def compressed_boxes(evidence: bytes, custody: bytes) -> tuple[bytes, bytes]:
    """Return both boxes compressed, as they are sealed; InvalidError if one is over 64 MiB."""
    short = len(custody) <= _SHORT_CUSTODY
    return compress(evidence), _compressed(custody) if short else compress(custody)


@dataclass(frozen=True, slots=True)
class OpenedFrame:
    """A frame's header and the plaintext of both boxes, which no repr shows."""

    header: FrameHeader
    evidence: bytes = field(repr=False)
    custody: bytes = field(repr=False)


def evidence_subkey(data_key: bytes) -> bytes:
    """Return the key that opens a frame's evidence and nothing else."""
    return expand(data_key, EVIDENCE)


def seal_frame(
    archive_id: UUID,
    originator_id: UUID,
    originator_version: int,
    event_type: str,
    evidence: bytes,
    custody: bytes,
    data_key: bytes,
) -> bytes:
    """Seal one event under a data key that must be random and must never be used again.

    InvalidError if the event type is not 1 to 64 of the letters, digits and `._-`, if the version
    does not fit 32 bits, or if a box's plaintext is over 64 MiB.
    """
    event = EventInClear(originator_id.bytes, originator_version, event_type, evidence, custody)
    return seal_frames(archive_id, [event], [data_key])[0]


def seal_frames(
    archive_id: UUID, events: Sequence[Sealable], data_keys: Sequence[bytes]
) -> list[bytes]:
    """Return what `seal_frame` gives for each of many events, each under a data key of its own.

    The keys of all are derived together, which takes half of the time.
    """
    evidence_keys, custody_keys = expand_all(data_keys, EVIDENCE, CUSTODY)
    archive = archive_id.bytes
    return [
        _sealed(archive, event, *keys)
        for event, *keys in zip(
            events, *all_box_keys(evidence_keys), *all_box_keys(custody_keys), strict=True
        )
    ]


def _sealed(
    archive: bytes,
    event: Sealable,
    evidence_cipher: bytes,
    evidence_commitment: bytes,
    custody_cipher: bytes,
    custody_commitment: bytes,
) -> bytes:
    """Seal an event with what its data key gives."""
    evidence, custody = event.compressed()
    header = encode_header(
        archive,
        event.originator,
        event.originator_version,
        event.type,
        (
            evidence_commitment,
            custody_commitment,
            len(evidence) + TAG_SIZE,
            len(custody) + TAG_SIZE,
        ),
    )
    return (
        header
        + seal_once(evidence_cipher, header, evidence)
        + seal_once(custody_cipher, header, custody)
    )


@lru_cache(maxsize=64)
def _compressed(custody: bytes) -> bytes:
    """Compress a short custody box: what comes together was mostly sent by one and held by one."""
    return compress(custody)


def open_frame(frame: Octets, data_key: bytes) -> OpenedFrame:
    """Open both boxes; CorruptError, naming the record, if the frame or the key is another."""
    header = parse_header(frame)
    evidence = _open_evidence(header, frame, expand(data_key, EVIDENCE))
    return OpenedFrame(header, evidence, _open_custody(header, frame, data_key))


def open_evidence(frame: Octets, subkey: bytes) -> bytes:
    """Open the evidence alone, with the subkey that `evidence_subkey` gives.

    CorruptError, naming the record, if the frame or the subkey is another.
    """
    return _open_evidence(parse_header(frame), frame, subkey)


def commitments(data_keys: Sequence[bytes]) -> list[bytes]:
    """Return what the headers of the frames sealed under data keys say of them, 64 bytes each."""
    evidence, custody = map(box_commitments, expand_all(data_keys, EVIDENCE, CUSTODY))
    return [first + second for first, second in zip(evidence, custody, strict=True)]


def is_sealed_under(frame: Octets, data_key: bytes) -> bool:
    """Say whether a frame whose hash is known to be right will open under a data key.

    The commitments in the header follow from the key, and no other key has the same: so it is told
    without opening a box (docs/threat-model.md, "Verifying").
    """
    return commitments_of(frame) == commitments([data_key])[0]


def open_custody(frame: Octets, data_key: bytes) -> bytes:
    """Open the custody box alone; CorruptError, naming the record, if frame or key is another."""
    return _open_custody(parse_header(frame), frame, data_key)


def _open_evidence(header: FrameHeader, frame: Octets, subkey: bytes) -> bytes:
    box = frame[header.size : header.size + header.evidence_length]
    return _open(header, "evidence", frame, box, header.evidence_commitment, subkey)


def _open_custody(header: FrameHeader, frame: Octets, data_key: bytes) -> bytes:
    box = frame[header.size + header.evidence_length :]
    subkey = expand(data_key, CUSTODY)
    return _open(header, "custody", frame, box, header.custody_commitment, subkey)


def _open(
    header: FrameHeader, part: str, frame: Octets, box: Octets, commitment: bytes, subkey: bytes
) -> bytes:
    try:
        return decompress(open_box(subkey, commitment, frame[: header.size], box))
    except CorruptError as error:
        raise CorruptError(f"The {part} in the {header} does not open: {error}") from None
