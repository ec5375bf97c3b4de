"""What happens to retention events, as events, and what one says (docs/retention-events.md).

All stand in one stream: what has started which clocks is read in one look, and two changes never
cross. `by` is the id of whoever did it and `address` where they came from.
"""

from datetime import UTC, datetime
from typing import Annotated, Final
from uuid import UUID

from pydantic import AfterValidator, StringConstraints

from archive.events.event import Event
from archive.events.policy_events import OneLine, RetentionEventName, SpanText
from archive.model.interaction import Frozen
from archive.model.moment import Moment
from archive.model.period import Period

EARLIEST: Final = datetime(1900, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(3000, 1, 1, tzinfo=UTC)


def _within(moment: datetime) -> datetime:
    if not EARLIEST <= moment < LATEST:
        raise ValueError("it is from the year 1900 to 2999")
    return moment.astimezone(UTC)


Happened = Annotated[Moment, AfterValidator(_within)]
"""When something happened, or will: far from the ends of the calendar, so that periods fit."""
EventTitle = Annotated[OneLine, StringConstraints(max_length=200)]
EventQuery = Annotated[str, StringConstraints(min_length=1, max_length=10_000)]
EventReason = Annotated[OneLine, StringConstraints(min_length=1, max_length=500)]


class Statement(Frozen):
    """What is said of a retention event: when, for the records of which query.

    `delay` is how long after its approval a change takes effect.
    """

    date: Happened
    query: EventQuery
    title: EventTitle = ""
    delay: SpanText = Period(7, "d")


class RetentionEventEvent(Event):
    """What somebody did to the retention event `about`."""

    about: UUID
    by: str
    address: str | None = None


class RetentionEventProposed(RetentionEventEvent):
    """A version of it was proposed.

    `shortens` says why a second person must approve it, and is empty where nobody must; only then
    `effective_at` is known already.
    """

    version: int
    reason: EventReason
    shortens: str = ""
    effective_at: datetime | None = None


class RetentionEventRecorded(RetentionEventProposed):
    """Something happened, or will."""

    type = "retention-event.recorded"

    name: RetentionEventName
    statement: Statement


class RetentionEventCorrected(RetentionEventProposed):
    """It is to be taken as this statement says."""

    type = "retention-event.corrected"

    statement: Statement


class RetentionEventCancelled(RetentionEventProposed):
    """It is to be taken as not having happened."""

    type = "retention-event.cancelled"


class RetentionEventApproved(RetentionEventEvent):
    """A second person approved a version that shortens."""

    type = "retention-event.approved"

    version: int
    effective_at: datetime


class RetentionEventWithdrawn(RetentionEventEvent):
    """A version that was pending will not take effect."""

    type = "retention-event.withdrawn"

    version: int


RETENTION_EVENTS: tuple[type[Event], ...] = (
    RetentionEventRecorded,
    RetentionEventCorrected,
    RetentionEventCancelled,
    RetentionEventApproved,
    RetentionEventWithdrawn,
)
