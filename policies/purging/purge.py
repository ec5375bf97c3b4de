"""One purge as its events tell it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from archive.errors import CorruptError
from archive.events.event import Event
from archive.events.purge_events import (
    PurgeCompleted,
    PurgeCondemned,
    PurgedGroup,
    PurgedKind,
    PurgePlanned,
)
from policies.purging.certificate import CertifiedCase
from policies.purging.counting import merged


@dataclass(frozen=True, slots=True)
class Account:
    """What a certificate tells of: who had what destroyed since when, and as of when.

    It is a purge, or a case of erasure; `groups` are what was condemned, and `redacted` the records
    of which only what stood before was.
    """

    by: str
    planned_at: datetime
    at: datetime
    groups: tuple[PurgedGroup, ...]
    purge: UUID | None = None
    case: CertifiedCase | None = None
    of: PurgedKind = "records"
    redacted: tuple[PurgedGroup, ...] = ()

    @property
    def condemned(self) -> int:
        """How many records were condemned."""
        return sum(group.records for group in self.groups)


@dataclass(frozen=True, slots=True)
class Purge:
    """A purge: its plan, what it condemned, and how it ended, None while it has not."""

    plan: PurgePlanned
    batches: tuple[PurgeCondemned, ...] = ()
    completed: PurgeCompleted | None = None

    @property
    def id(self) -> UUID:
        """The id of its stream."""
        return self.plan.originator_id

    @property
    def newest(self) -> int:
        """The version of its newest event."""
        return 1 + len(self.batches) + (self.completed is not None)

    @property
    def erasures(self) -> tuple[UUID, ...]:
        """The erasures of its batches."""
        return tuple(batch.erasure for batch in self.batches)

    @property
    def condemned(self) -> int:
        """How many records, or entries, it condemned."""
        return sum(group.records for group in self.groups)

    @property
    def account(self) -> Account:
        """What its certificate tells of."""
        plan = self.plan
        return Account(plan.by, plan.recorded_at, plan.at, self.groups, purge=self.id, of=plan.of)

    @property
    def groups(self) -> tuple[PurgedGroup, ...]:
        """What it condemned, by class and version of a policy."""
        return merged(group for batch in self.batches for group in batch.groups)


def folded(events: Iterable[Event]) -> Purge:
    """Return the purge that a stream's events tell; CorruptError if one is missing or unread."""
    purge: Purge | None = None
    for event in events:
        if purge is None and isinstance(event, PurgePlanned):
            purge = Purge(event)
        elif purge is not None and isinstance(event, PurgeCondemned):
            purge = replace(purge, batches=(*purge.batches, event))
        elif purge is not None and isinstance(event, PurgeCompleted):
            purge = replace(purge, completed=event)
        else:
            raise CorruptError("An event of a purge cannot be read: verify names it.")
    if purge is None:
        raise CorruptError("A purge without its plan: verify names what is missing.")
    return purge
