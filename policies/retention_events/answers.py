"""What is asked and told of retention events: the same at every door."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Self
from uuid import UUID

from archive.asked import Asked
from archive.events.policy_events import RetentionEventName, SpanText
from archive.events.retention_events import EventQuery, EventReason, EventTitle, Happened, Statement
from archive.model.interaction import Frozen
from policies.answers import DecidedAnswer, Simulation
from policies.retention_events.event import EventBook, EventVersion, RetentionEvent


class NewRetentionEvent(Statement, Asked):
    """What happened, or will: `name` as policies call it, for the records of a query."""

    name: RetentionEventName
    reason: EventReason

    def statement(self) -> Statement:
        """Return what is said of it."""
        return Statement(date=self.date, query=self.query, title=self.title, delay=self.delay)


class RetentionEventCorrection(Asked):
    """What is to be taken otherwise of a retention event; what is left out stays."""

    date: Happened | None = None
    query: EventQuery | None = None
    title: EventTitle | None = None
    delay: SpanText | None = None
    reason: EventReason

    def applied(self, old: Statement) -> Statement:
        """Return a statement with this in it."""
        given = {name: getattr(self, name) for name in Statement.model_fields}
        return old.model_copy(
            update={name: value for name, value in given.items() if value is not None}
        )


class RetentionEventCancellation(Asked):
    """Why a retention event is to be as if it had not happened."""

    reason: EventReason


class EventVersionAnswer(DecidedAnswer):
    """One version of a retention event; `statement` null means that it is cancelled with it."""

    statement: Statement | None
    reason: str

    @classmethod
    def of(
        cls,
        event: RetentionEvent,
        version: EventVersion,
        now: datetime,
        names: Mapping[str, str],
    ) -> Self:
        """Tell of a version; `names` are those of people by id."""
        said = {"statement": version.statement, "reason": version.reason}
        return cls.told(version, event.state(version, now), names, **said)


class RetentionEventAnswer(Frozen):
    """A retention event: which version is in force, which is pending, and all, oldest first."""

    id: UUID
    name: str
    in_force: int | None
    pending: int | None
    versions: tuple[EventVersionAnswer, ...]

    @classmethod
    def of(cls, event: RetentionEvent, now: datetime, names: Mapping[str, str]) -> Self:
        """Tell of a retention event as of a time; `names` are those of people by id."""
        found, pending = event.in_force(now), event.pending(now)
        return cls(
            id=event.id,
            name=event.name,
            in_force=found.number if found else None,
            pending=pending.number if pending else None,
            versions=tuple(
                EventVersionAnswer.of(event, each, now, names) for each in event.versions
            ),
        )


class RetentionEventsAnswer(Frozen):
    """All retention events, the newest first, or a page of them.

    `unreadable` says that an event of their stream cannot be read.
    """

    retention_events: tuple[RetentionEventAnswer, ...]
    unreadable: bool
    cursor: str | None = None

    @classmethod
    def of(cls, book: EventBook, now: datetime, names: Mapping[str, str]) -> Self:
        """Tell of all retention events as of a time."""
        return cls(
            retention_events=tuple(
                RetentionEventAnswer.of(each, now, names)
                for each in reversed(list(book.events.values()))
            ),
            unreadable=book.unreadable,
        )


class RetentionEventSimulation(Simulation):
    """What a retention event would do."""

    name: str


def people(events: Iterable[RetentionEvent]) -> set[str]:
    """Return the ids of everybody who did something to retention events."""
    return {
        act.by
        for event in events
        for version in event.versions
        for act in (version.proposed, version.approved, version.withdrawn)
        if act is not None
    }
