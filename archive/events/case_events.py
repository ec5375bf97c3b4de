"""What happens in every case of somebody's request about their data: to be erased, or for access.

Each case is a stream of its own, so that whoever was second reads again and decides anew. None of
these events is ever erased: they are the account of what somebody asked and what became of it.
`by` is the id of whoever did it, `address` where they came from; `schedule` is the worker.
"""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from archive.events.event import Event
from archive.events.policy_events import OneLine
from archive.model.interaction import JsonObject

MOST_ALIASES = 1_000
MOST_RECORDS = 50_000
"""So many records are told of by one event at most."""

PersonName = Annotated[OneLine, StringConstraints(min_length=1, max_length=200)]
Alias = Annotated[OneLine, StringConstraints(min_length=1, max_length=500)]
Explanation = Annotated[OneLine, StringConstraints(min_length=1, max_length=500)]
Reference = Annotated[OneLine, StringConstraints(max_length=200)]


class CaseEvent(Event):
    """What somebody did in a case."""

    by: str
    address: str | None = None


class CaseOpened(CaseEvent):
    """Somebody asked for something, and a case was opened.

    `aliases` are the addresses, and names of who takes part without one, by which records are
    found; `name` is looked for among those who take part, and `query` in canonical form for
    mentions. `reference` is the organisation's own mark of the request.
    """

    received_on: date
    name: PersonName
    person: UUID | None = None
    aliases: Annotated[tuple[Alias, ...], Field(max_length=MOST_ALIASES)] = ()
    query: Annotated[str, StringConstraints(max_length=10_000)] | None = None
    ast: JsonObject | None = None
    reference: Reference = ""


class CaseSearched(CaseEvent):
    """Records were looked for, up to a sequence number; only what was not known is told.

    `participant` are those in which the person takes part under one of `aliases`, which are all
    that were known then; `mention` those that may be about the person. Words of `unsearched`
    records could not be read, and `unopened` could not be opened at all; which these are tells
    `damaged`, unless they are more than one event tells of.
    """

    as_of: int
    aliases: tuple[str, ...]
    participant: tuple[UUID, ...] = ()
    mention: tuple[UUID, ...] = ()
    unsearched: int = 0
    unopened: int = 0
    damaged: Annotated[tuple[UUID, ...], Field(max_length=MOST_RECORDS)] = ()


class CaseExtended(CaseEvent):
    """The time to answer is longer by two months, for a reason (GDPR, Article 12(3))."""

    reason: Explanation


class CaseClosed(CaseEvent):
    """The case is over: the person was answered, or does not want it any more."""

    outcome: Literal["answered", "withdrawn"]
    reason: str = ""
