"""What a batch is destroyed for, such as a purge: who acts, and what it tells."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from archive.errors import ConflictError
from archive.events.event import Event
from archive.events.purge_events import PurgeCondemned, PurgedGroup
from archive.events.types import KeysCondemned
from policies.purging.purge import Purge
from policies.purging.reading import PurgeReader


class Errand(ABC):
    """What condemns batches, each by an event of its own stream.

    `by` is who acts, `at` as of when what goes is judged, and `ground` what the events of the
    eraser give as the reason.
    """

    by: str
    at: datetime
    ground: str

    @abstractmethod
    def condemning(self, condemned: KeysCondemned, groups: Sequence[PurgedGroup]) -> Event:
        """Return what the errand tells of a batch, to be committed with its condemning."""

    @abstractmethod
    def has_begun(self, erasure: UUID | None) -> bool:
        """Say whether this erasure was condemned for it; ConflictError if another was meanwhile."""


class PurgeErrand(Errand):
    """A purge as it stands before its next batch."""

    def __init__(self, purge: Purge, reader: PurgeReader) -> None:
        self.by = purge.plan.by
        self.at = purge.plan.at
        self.ground = f"purge {purge.id}"
        self._purge = purge
        self._reader = reader

    def condemning(self, condemned: KeysCondemned, groups: Sequence[PurgedGroup]) -> Event:
        """Return the event that tells of a batch, as the next of the purge."""
        return PurgeCondemned(
            originator_id=self._purge.id,
            originator_version=self._purge.newest + 1,
            recorded_at=condemned.recorded_at,
            erasure=condemned.originator_id,
            groups=tuple(groups),
        )

    def has_begun(self, erasure: UUID | None) -> bool:
        """Say whether a batch was condemned; ConflictError if another process did another."""
        now = self._reader.purge(self._purge.id)
        if now.newest == self._purge.newest:
            return False
        ours = now.batches and now.batches[-1].erasure == erasure
        if now.newest == self._purge.newest + 1 and ours:
            return True
        raise ConflictError("Another process carries out this purge.")
