"""What happens in a case of erasure, as events (docs/erasure.md).

Each case is a stream of its own, so that whoever was second reads again and decides anew. None of
these events is ever erased: they are the account of what somebody asked and what became of it.
`by` is the id of whoever did it, `address` where they came from; `schedule` is the worker.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from archive.events.event import Event
from archive.events.policy_events import OneLine
from archive.events.purge_events import PurgedGroup
from archive.model.interaction import Frozen, JsonObject

MOST_ALIASES = 1_000
MOST_RECORDS = 50_000
"""So many records are told of by one event at most."""

PersonName = Annotated[OneLine, StringConstraints(min_length=1, max_length=200)]
Alias = Annotated[OneLine, StringConstraints(min_length=1, max_length=500)]
Explanation = Annotated[OneLine, StringConstraints(min_length=1, max_length=500)]
Reference = Annotated[OneLine, StringConstraints(max_length=200)]


class Decision(StrEnum):
    """What is to become of a record."""

    ERASE = "erase"
    RESTRICT = "restrict"
    REFUSE = "refuse"


class Ground(StrEnum):
    """Why.

    `request` is the wish of the person and nothing against it; `hold`, `minimum` and `unreadable`
    forbid to erase, whoever decides; `exemption` is one of Article 17(3), and `unrelated` says that
    the record is not about the person.
    """

    REQUEST = "request"
    HOLD = "hold"
    MINIMUM = "minimum"
    UNREADABLE = "unreadable"
    EXEMPTION = "exemption"
    UNRELATED = "unrelated"


class Cause(Frozen):
    """A ground: of a hold its name, of a minimum the policy, its version and when it ends.

    `certain` is False where words could not be read, or the policies or holds themselves.
    """

    ground: Ground
    name: str | None = None
    version: int | None = None
    until: datetime | None = None
    certain: bool = True


class Ruling(Frozen):
    """One decision over records, for the same causes."""

    decision: Decision
    causes: tuple[Cause, ...]
    records: Annotated[tuple[UUID, ...], Field(max_length=MOST_RECORDS)]


class ErasureEvent(Event):
    """What somebody did in a case of erasure."""

    by: str
    address: str | None = None


class ErasureOpened(ErasureEvent):
    """Somebody asked to be erased, and a case was opened.

    `aliases` are the addresses, and names of who takes part without one, by which records are
    found; `name` is looked for among those who take part, and `query` in canonical form for
    mentions. `reference` is the organisation's own mark of the request.
    """

    type = "erasure.opened"

    received_on: date
    name: PersonName
    person: UUID | None = None
    aliases: Annotated[tuple[Alias, ...], Field(max_length=MOST_ALIASES)] = ()
    query: Annotated[str, StringConstraints(max_length=10_000)] | None = None
    ast: JsonObject | None = None
    reference: Reference = ""


class ErasureSearched(ErasureEvent):
    """Records were looked for, up to a sequence number; only what was not known is told.

    `participant` are those in which the person takes part under one of `aliases`, which are all
    that were known then; `mention` those that may be about the person. Words of `unsearched`
    records could not be read, and `unopened` could not be opened at all.
    """

    type = "erasure.searched"

    as_of: int
    aliases: tuple[str, ...]
    participant: tuple[UUID, ...] = ()
    mention: tuple[UUID, ...] = ()
    unsearched: int = 0
    unopened: int = 0


class ErasureExtended(ErasureEvent):
    """The time to answer is longer by two months, for a reason (GDPR, Article 12(3))."""

    type = "erasure.extended"

    reason: Explanation


class ErasureDecided(ErasureEvent):
    """It was decided what is to become of records; it goes before what was decided of them."""

    type = "erasure.decided"

    rulings: tuple[Ruling, ...]
    reason: str = ""


class ErasureLifted(ErasureEvent):
    """Records are not restricted any more, and stay."""

    type = "erasure.lifted"

    records: Annotated[tuple[UUID, ...], Field(max_length=MOST_RECORDS)]
    reason: Explanation


class ErasureOrdered(ErasureEvent):
    """Somebody who decided none of it ordered that `records` records are erased."""

    type = "erasure.ordered"

    records: int


class ErasureCondemned(Event):
    """Records were condemned, by the erasure that stands in the same commit."""

    type = "erasure.condemned"

    erasure: UUID
    groups: tuple[PurgedGroup, ...]


class ErasureCarriedOut(Event):
    """Everything that an order condemned is destroyed; without a certificate, nothing was.

    `kept` counts what was ordered and stays, by reason.
    """

    type = "erasure.carried-out"

    destroyed: int
    kept: dict[str, int]
    certificate: UUID | None = None


class ErasureClosed(ErasureEvent):
    """The case is over: the person was answered, or does not want it any more."""

    type = "erasure.closed"

    outcome: Literal["answered", "withdrawn"]
    reason: str = ""


ERASURE_EVENTS: tuple[type[Event], ...] = (
    ErasureOpened,
    ErasureSearched,
    ErasureExtended,
    ErasureDecided,
    ErasureLifted,
    ErasureOrdered,
    ErasureCondemned,
    ErasureCarriedOut,
    ErasureClosed,
)
