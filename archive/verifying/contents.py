"""What verifying has to read inside frames: which blobs they name, and which keys are gone."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from pydantic_core import from_json

from archive.errors import CorruptError
from archive.events.types import BlobPlace, InteractionCaptured, InteractionRevised
from archive.sealing.commit import CommitEntry
from archive.sealing.frame import evidence_subkey, open_custody, open_evidence
from archive.sealing.header import custody_length
from archive.sealing.primitives import KEY_SIZE, TAG_SIZE, Octets

CONDEMNED = "keys.condemned"
"""The event that accounts for keys which are destroyed after it."""
DESTROYED = "keys.destroyed"
"""The event, in the same stream, that says that they are."""
_WITH_BLOBS = (InteractionCaptured.type, InteractionRevised.type)


@dataclass(frozen=True, slots=True)
class Contents:
    """What one frame names: blobs, or the events, by sequence number, that were condemned."""

    entry: CommitEntry
    blobs: tuple[BlobPlace, ...] = ()
    condemned: tuple[int, ...] = ()


def may_tell(event_type: str, custody_length: int) -> bool:
    """Say whether a frame may name something, from its type and the length of its sealed custody.

    Nearly all frames name nothing, and most of those are told without opening a box: a key of a
    blob is 32 random bytes, which no compression makes fewer, so a smaller custody box has none.
    """
    if event_type in _WITH_BLOBS:
        return custody_length >= KEY_SIZE + TAG_SIZE
    return event_type == CONDEMNED


def read_contents(entry: CommitEntry, frame: Octets, data_key: bytes) -> Contents | None:
    """Return what a frame names, None if nothing; CorruptError if it does not open."""
    if not may_tell(entry.event_type, custody_length(frame)):
        return None
    if entry.event_type == CONDEMNED:
        return Contents(entry, condemned=_condemned(entry, frame, data_key))
    custody = open_custody(frame, data_key)
    if b'"blob_keys"' not in custody:
        return None
    evidence = open_evidence(frame, evidence_subkey(data_key))
    try:
        fields = InteractionCaptured.fields_of(evidence, b"")
        parts = [fields["original"], *fields.get("extra_parts", ())]
        blobs = [BlobPlace.model_validate(part["blob"]) for part in parts if part.get("blob")]
    except (KeyError, TypeError, ValueError, ValidationError):
        raise CorruptError("its evidence is not in the form that evidence has.") from None
    return Contents(entry, tuple(blobs))


def _condemned(entry: CommitEntry, frame: Octets, data_key: bytes) -> tuple[int, ...]:
    try:
        fields: dict[str, Any] = from_json(open_evidence(frame, evidence_subkey(data_key)))
        return tuple(int(seq) for seq in fields["events"])
    except (KeyError, TypeError, ValueError):
        raise CorruptError(f"Event {entry.seq} does not say which keys it condemns.") from None


def event_name(record: UUID, version: int, seq: int) -> str:
    """Return how a fault names an event."""
    return f"record {record} version {version} (event {seq})"
