"""What callers want committed: groups of events, and what several of them are together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from eventsourcing.persistence import Tracking

from archive.events.pointers import BlobUse, EventKey
from archive.events.sealer import Committable


@dataclass
class Group:
    """What one caller wants committed.

    An atomic group is committed whole or not at all, and conflicts if any of its events exists.
    In one that is not atomic each event stands for itself, and one that exists is passed over.
    """

    events: Sequence[Committable]
    atomic: bool = True
    blobs: Sequence[BlobUse] = ()
    tracking: Tracking | None = None
    seqs: dict[EventKey, int] = field(default_factory=dict)
    already: dict[EventKey, int] = field(default_factory=dict)
    error: Exception | None = None

    @cached_property
    def keys(self) -> list[EventKey]:
        """The keys of the events, in their order."""
        return [(event.originator, event.originator_version) for event in self.events]

    def missing(self) -> list[EventKey]:
        """The keys of the events that this group still needs to have written."""
        if not self.seqs and not self.already:
            return self.keys
        return [key for key in self.keys if key not in self.seqs and key not in self.already]


def distinct(groups: Sequence[Group]) -> dict[EventKey, Committable]:
    """Return the events that groups are missing, in order: the first of each key."""
    first: dict[EventKey, Committable] = {}
    for group in groups:
        missing = set(group.missing())
        for key, event in zip(group.keys, group.events, strict=True):
            if key in missing:
                first.setdefault(key, event)
    return first


def distinct_uses(groups: Sequence[Group], keys: Iterable[EventKey]) -> list[BlobUse]:
    """Return what events refer to, each told by the group that brings it first."""
    if not any(group.blobs for group in groups):
        return []
    left = set(keys)
    uses: list[BlobUse] = []
    for group in groups:
        own = left & set(group.keys)
        uses += [
            use for use in group.blobs if (use.originator_id.bytes, use.originator_version) in own
        ]
        left -= own
    return uses


def fail(groups: Sequence[Group], error: Exception) -> None:
    """Leave the error with each group that still misses something and has none of its own."""
    for group in groups:
        if group.missing():
            group.error = group.error or error
