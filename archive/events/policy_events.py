"""What happens to retention policies, as events, and what a policy says (docs/retention.md).

All policies stand in one stream: what is in force is read in one look, and two changes never cross.
`by` is the id of whoever did it and `address` where they came from.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, StringConstraints, WithJsonSchema

from archive.errors import InvalidError
from archive.events.event import Event
from archive.model.interaction import Frozen
from archive.model.period import Period

NOTHING = Period(0, "d")
"""No time at all, written `0d`."""


def _period(value: object) -> object:
    """Read a period's text; one that has been read stays as it is."""
    if isinstance(value, Period):
        return value
    if not isinstance(value, str):
        raise ValueError("it is a text such as 7y, 18m or 90d")
    try:
        return Period.parse(value)
    except InvalidError as error:
        raise ValueError(str(error)) from error


def _span(value: object) -> object:
    return NOTHING if value == NOTHING.text else _period(value)


_AS_TEXT = PlainSerializer(lambda period: period.text, return_type=str)
_PERIOD_SCHEMA = WithJsonSchema(
    {"type": "string", "pattern": "^[1-9][0-9]{0,4}[ymd]$", "examples": ["7y", "18m", "90d"]}
)
_SPAN_SCHEMA = WithJsonSchema(
    {"type": "string", "pattern": "^([1-9][0-9]{0,4}[ymd]|0d)$", "examples": ["30d", "0d"]}
)
PeriodText = Annotated[Period, BeforeValidator(_period), _AS_TEXT, _PERIOD_SCHEMA]
"""A period of the calendar, written as `7y`, `18m` or `90d`."""
SpanText = Annotated[Period, BeforeValidator(_span), _AS_TEXT, _SPAN_SCHEMA]
"""A period, or `0d` for none."""

Lock = Literal["none", "governance", "compliance"]
"""How hard the bucket locks what a policy keeps, from not at all to beyond anybody's power."""

PolicyName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
RetentionEventName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
EVENT_CLOCK = "event:"
"""What a clock begins with that starts at a named event."""
ClockText = Annotated[
    str, StringConstraints(pattern=r"^(occurred|captured|event:[a-z0-9][a-z0-9-]{0,62})$")
]
"""What a policy counts from: `occurred`, `captured`, or `event:` and a retention event's name."""
OneLine = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$")]


class Stage(Frozen):
    """One stage of a disposition review; it approves by itself after a time, if that is given.

    Whoever has the role decides at it; without one, every reviewer.
    """

    stage: Annotated[OneLine, StringConstraints(min_length=1, max_length=100)]
    role: Literal["compliance-officer", "legal"] | None = None
    approve_after: PeriodText | None = None


class Terms(Frozen):
    """What a policy says. `scope` is a query; `grace` and `delay` may be nothing.

    A minimum is how long a record is kept at least, a maximum after how long it is to be deleted.
    `lock` says how the bucket is to lock a record until the end of the minimum.
    """

    name: PolicyName
    title: Annotated[OneLine, StringConstraints(max_length=200)] = ""
    citation: Annotated[OneLine, StringConstraints(max_length=500)] = ""
    scope: Annotated[str, StringConstraints(min_length=1, max_length=10_000)]
    clock: ClockText = "occurred"
    minimum: PeriodText | None = None
    maximum: PeriodText | None = None
    grace: SpanText = Period(30, "d")
    delay: SpanText = Period(7, "d")
    review: Annotated[tuple[Stage, ...], Field(max_length=5)] = ()
    lock: Lock = "none"

    @property
    def event(self) -> str | None:
        """The name of the retention events that start its clock, None for another clock."""
        return self.clock.removeprefix(EVENT_CLOCK) if self.clock.startswith(EVENT_CLOCK) else None


class PolicyEvent(Event):
    """What somebody did who governs."""

    policy: str
    by: str
    address: str | None = None


class PolicyProposed(PolicyEvent):
    """A version of a policy was proposed; without terms, that it is to end.

    `shortens` says why a second person must approve it, and is empty where nobody must; only then
    `effective_at` is known already.
    """

    type = "policy.proposed"

    version: int
    terms: Terms | None = None
    shortens: str = ""
    effective_at: datetime | None = None


class PolicyApproved(PolicyEvent):
    """A second person approved a version that shortens."""

    type = "policy.approved"

    version: int
    effective_at: datetime


class PolicyWithdrawn(PolicyEvent):
    """A version that was pending will not take effect."""

    type = "policy.withdrawn"

    version: int


class PolicyLocked(PolicyEvent):
    """A policy can only get longer or wider from now on, and nobody can disable it."""

    type = "policy.locked"


POLICY_EVENTS: tuple[type[Event], ...] = (
    PolicyProposed,
    PolicyApproved,
    PolicyWithdrawn,
    PolicyLocked,
)
