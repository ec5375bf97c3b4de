"""What happens to legal holds, as events, and what a hold reaches (docs/holds.md).

All holds stand in one stream, and so does each look at them before records are destroyed: whoever
was second reads again and decides anew. `by` is the id of whoever did it and `address` where they
came from.
"""

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from archive.events.event import Event
from archive.events.policy_events import OneLine
from archive.model.interaction import Frozen, JsonObject

MOST_RECORDS = 50_000
MOST_CUSTODIANS = 1_000

HoldName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Reason = Annotated[OneLine, StringConstraints(min_length=1, max_length=500)]
Matter = Annotated[OneLine, StringConstraints(max_length=200)]
CustodianName = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class HoldScope(Frozen):
    """What a hold reaches: the records that a query finds, those of custodians, or a list.

    `query` is in canonical form and `ast` is its tree, both kept as evidence of what was asked.
    """

    query: Annotated[str, StringConstraints(max_length=10_000)] | None = None
    ast: JsonObject | None = None
    custodians: Annotated[tuple[CustodianName, ...], Field(max_length=MOST_CUSTODIANS)] = ()
    records: Annotated[tuple[UUID, ...], Field(max_length=MOST_RECORDS)] = ()


class HoldEvent(Event):
    """What somebody did who holds records."""

    hold: HoldName
    by: str
    address: str | None = None


class HoldPlaced(HoldEvent):
    """A hold is in force from now on, over what is archived and what will be.

    `condemned` are records that it came too late for: they were condemned before and either stand
    in its scope, or it cannot be told any more whether they do.
    """

    type = "hold.placed"

    matter: Matter = ""
    reason: Reason
    scope: HoldScope
    condemned: tuple[UUID, ...] = ()


class HoldScopeChanged(HoldEvent):
    """A hold reaches other records from now on; `condemned` as for `HoldPlaced`."""

    type = "hold.changed"

    reason: Reason
    scope: HoldScope
    condemned: tuple[UUID, ...] = ()


class HoldReleased(HoldEvent):
    """A hold is over, for ever; what it alone held begins its grace afresh."""

    type = "hold.released"

    reason: Reason


class HoldsChecked(Event):
    """All holds were looked at for records that are about to be destroyed.

    It is committed together with the `keys.condemned` of the stream `erasure`, or neither is. So
    no hold can come between the look and the condemning. `records` are condemned, and `held` were
    left out because a hold reaches them, or may.
    """

    type = "hold.checked"

    by: str
    erasure: UUID
    records: int
    held: int


HOLD_EVENTS: tuple[type[Event], ...] = (HoldPlaced, HoldScopeChanged, HoldReleased, HoldsChecked)
