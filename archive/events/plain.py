"""From an event as a model to the plaintext that the committer seals."""

from archive.events.sealer import PlainEvent
from archive.events.types import Event


def plain(event: Event) -> PlainEvent:
    """Return the event with its two boxes in clear."""
    return PlainEvent(
        event.originator_id.bytes,
        event.originator_version,
        event.type,
        event.evidence_box(),
        event.custody_box(),
    )
