"""What happens in a disposition review, as events (docs/disposition.md).

Each disposition, a batch of records that are reviewed under one version of a policy, is a stream of
its own; its id follows from its number. None of these events is ever erased, and none holds
content. `by` is the id of whoever did it, `schedule` where nobody did, and `address` where they
came from.
"""

from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import Field

from archive.events.event import Event
from archive.events.hold_events import Reason
from archive.events.policy_events import Stage

MOST_RECORDS: Final = 5_000
"""So many records a disposition has at most."""

Departure = Literal["held", "not-due", "erased", "policy"]
"""Why a record leaves: a hold reaches it; it is not due any more, or became due anew; it has been
erased; or the version of the policy is not in force any more."""


class DispositionEvent(Event):
    """Something happened to records of a disposition, which has a number."""

    disposition: int
    by: str
    address: str | None = None
    records: tuple[UUID, ...]


class DispositionOpened(DispositionEvent):
    """Records that are due under a version of a policy wait to be reviewed, stage by stage."""

    type = "disposition.opened"

    records: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=MOST_RECORDS)]
    policy: str
    version: int
    stages: tuple[Stage, ...]


class DispositionApproved(DispositionEvent):
    """Records were approved at a stage; at the last one, they may be destroyed.

    `own` are those of them that whoever approved owns. Without a comment, the time that the policy
    gives to the stage has passed.
    """

    type = "disposition.approved"

    stage: str
    last: bool
    comment: Reason | None = None
    own: tuple[UUID, ...] = ()


class DispositionExtended(DispositionEvent):
    """Records stay until a time, are due anew then, and are reviewed anew."""

    type = "disposition.extended"

    until: datetime
    comment: Reason


class DispositionRelabelled(DispositionEvent):
    """Records stand under another policy from now on, and the maximum of this one is off them."""

    type = "disposition.relabelled"

    policy: str
    comment: Reason


class DispositionLeft(DispositionEvent):
    """Records need no review any more, or are to be reviewed anew once they are due again."""

    type = "disposition.left"

    reason: Departure


class DispositionCondemned(DispositionEvent):
    """Records were condemned, by the erasure that stands in the same commit.

    So no decision can come between the look at what was decided and the condemning.
    """

    type = "disposition.condemned"

    erasure: UUID


DISPOSITION_EVENTS: tuple[type[Event], ...] = (
    DispositionOpened,
    DispositionApproved,
    DispositionExtended,
    DispositionRelabelled,
    DispositionLeft,
    DispositionCondemned,
)
