"""Retention events as their stream tells them: versions, what is in force, what is pending. Pure.

What an event of the stream said that cannot be read is not known: the book says so, and nothing may
go.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from archive.events import retention_events as happened
from archive.events.event import Event
from archive.events.retention_events import Statement
from policies import versions
from policies.versions import Act, Decided, VersionState


@dataclass(frozen=True, slots=True, kw_only=True)
class EventVersion(Decided):
    """What is said of a retention event, or would be; statement None means that it is cancelled."""

    statement: Statement | None
    reason: str


@dataclass(frozen=True, slots=True)
class RetentionEvent:
    """One retention event with all its versions, oldest first."""

    id: UUID
    name: str
    versions: tuple[EventVersion, ...]

    def in_force(self, now: datetime) -> EventVersion | None:
        """Return the version that counts, which may say that it is cancelled."""
        return versions.in_force(self.versions, now)

    def pending(self, now: datetime) -> EventVersion | None:
        """Return the version that has yet to take effect, None if there is none."""
        return versions.pending(self.versions, now)

    def state(self, version: EventVersion, now: datetime) -> VersionState:
        """Return where one of its versions stands."""
        return versions.state(self.versions, version, now)


@dataclass(frozen=True, slots=True)
class InForce:
    """What counts of a retention event now."""

    id: UUID
    name: str
    version: int
    statement: Statement


@dataclass(frozen=True, slots=True)
class EventBook:
    """All retention events by id, as of version `newest` of their stream.

    `unreadable` says that an event of it cannot be read.
    """

    newest: int = 0
    events: Mapping[UUID, RetentionEvent] = field(default_factory=dict)
    unreadable: bool = False

    def in_force(self, now: datetime) -> tuple[InForce, ...]:
        """Return those that count now."""
        found = ((event, event.in_force(now)) for event in self.events.values())
        return tuple(
            InForce(event.id, event.name, version.number, version.statement)
            for event, version in found
            if version is not None and version.statement is not None
        )


def evolve(book: EventBook, event: Event) -> EventBook:
    """Return the book after an event of its stream that could be read."""
    book = replace(book, newest=event.originator_version)
    if not isinstance(event, happened.RetentionEventEvent):
        return replace(book, unreadable=True)
    known = book.events.get(event.about)
    if isinstance(event, happened.RetentionEventRecorded):
        changed = RetentionEvent(event.about, event.name, (_version(event, event.statement),))
    elif known is None:
        # What it is about stood in an event that cannot be read.
        return replace(book, unreadable=True)
    elif isinstance(event, happened.RetentionEventCorrected):
        changed = _extended(known, _version(event, event.statement))
    elif isinstance(event, happened.RetentionEventCancelled):
        changed = _extended(known, _version(event, None))
    else:
        changed = replace(
            known,
            versions=tuple(_settled(each, event) for each in known.versions),
        )
    return replace(book, events={**book.events, event.about: changed})


def lose(book: EventBook, version: int) -> EventBook:
    """Return the book after an event that cannot be read."""
    return replace(book, newest=version, unreadable=True)


def _version(event: happened.RetentionEventProposed, statement: Statement | None) -> EventVersion:
    return EventVersion(
        number=event.version,
        statement=statement,
        reason=event.reason,
        shortens=event.shortens,
        proposed=Act(event.by, event.recorded_at),
        effective_at=event.effective_at,
    )


def _extended(known: RetentionEvent, version: EventVersion) -> RetentionEvent:
    return replace(known, versions=(*known.versions, version))


def _settled(version: EventVersion, event: happened.RetentionEventEvent) -> EventVersion:
    """Return a version after it was approved or withdrawn, if the event is about it."""
    act = Act(event.by, event.recorded_at)
    match event:
        case happened.RetentionEventApproved() if event.version == version.number:
            return replace(version, approved=act, effective_at=event.effective_at)
        case happened.RetentionEventWithdrawn() if event.version == version.number:
            return replace(version, withdrawn=act)
    return version
