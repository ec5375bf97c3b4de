"""What happens to matters, as events, and what a matter has (docs/matters.md).

All matters stand in one stream. `by` is the id of whoever did it and `address` where they came
from.
"""

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from archive.events.event import Event
from archive.events.hold_events import MOST_CUSTODIANS, MOST_RECORDS, CustodianName, Reason
from archive.events.policy_events import OneLine
from archive.model.interaction import Frozen

MOST_QUERIES = 100
MOST_MEMBERS = 1_000

MatterCode = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
MatterName = Annotated[OneLine, StringConstraints(min_length=1, max_length=200)]
Description = Annotated[str, StringConstraints(max_length=2_000)]
ScopeQuery = Annotated[str, StringConstraints(min_length=1, max_length=10_000)]


class MatterContents(Frozen):
    """What stands in a matter and who works on it; `members` are ids of users.

    `queries` are in canonical form.
    """

    custodians: Annotated[tuple[CustodianName, ...], Field(max_length=MOST_CUSTODIANS)] = ()
    queries: Annotated[tuple[ScopeQuery, ...], Field(max_length=MOST_QUERIES)] = ()
    records: Annotated[tuple[UUID, ...], Field(max_length=MOST_RECORDS)] = ()
    members: Annotated[tuple[UUID, ...], Field(max_length=MOST_MEMBERS)] = ()


class MatterEvent(Event):
    """What somebody did who works on matters."""

    matter: MatterCode
    by: str
    address: str | None = None


class MatterCreated(MatterEvent):
    """There is a matter, and it is open."""

    type = "matter.created"

    name: MatterName
    description: Description = ""
    contents: MatterContents = MatterContents()


class MatterDescribed(MatterEvent):
    """A matter has another name and description."""

    type = "matter.described"

    name: MatterName
    description: Description = ""


class MatterAdded(MatterEvent):
    """A matter has something more."""

    type = "matter.added"

    contents: MatterContents


class MatterRemoved(MatterEvent):
    """A matter has something no more."""

    type = "matter.removed"

    contents: MatterContents


class MatterClosed(MatterEvent):
    """A matter is closed: nobody who is restricted to it sees anything by it."""

    type = "matter.closed"

    reason: Reason


class MatterReopened(MatterEvent):
    """A closed matter is open again."""

    type = "matter.reopened"

    reason: Reason


MATTER_EVENTS: tuple[type[Event], ...] = (
    MatterCreated,
    MatterDescribed,
    MatterAdded,
    MatterRemoved,
    MatterClosed,
    MatterReopened,
)
