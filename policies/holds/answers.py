"""What is asked and told of holds: the same at every door."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from archive.asked import Asked
from archive.events.hold_events import (
    MOST_CUSTODIANS,
    MOST_RECORDS,
    CustodianName,
    HoldName,
    Matter,
    Reason,
)
from archive.model.interaction import Frozen, JsonObject
from policies.holds.hold import Hold, HoldBook, Reached

State = Literal["in-force", "released"]


class ScopeRequest(Asked):
    """What a hold is to reach: one of a query, custodians, and a list of records."""

    query: Annotated[str, StringConstraints(max_length=10_000)] | None = None
    custodians: Annotated[tuple[CustodianName, ...], Field(max_length=MOST_CUSTODIANS)] = ()
    records: Annotated[tuple[UUID, ...], Field(max_length=MOST_RECORDS)] = ()


class HoldRequest(ScopeRequest):
    """A hold to be placed."""

    name: HoldName
    matter: Matter = ""
    reason: Reason


class HoldChange(ScopeRequest):
    """Another scope for a hold."""

    reason: Reason


class HoldRelease(Asked):
    """Why a hold is over."""

    reason: Reason


class ScopeAnswer(Frozen):
    """A scope that a hold has, or had until `ended_at`; `condemned` it came too late for."""

    query: str | None
    ast: JsonObject | None
    custodians: tuple[str, ...]
    records: tuple[UUID, ...]
    reason: str
    by: str
    at: datetime
    ended_at: datetime | None
    condemned: tuple[UUID, ...]

    @classmethod
    def of(cls, reached: Reached, names: Mapping[str, str]) -> Self:
        """Tell of a scope; `names` are those of people by id."""
        scope, began = reached.scope, reached.began
        return cls(
            query=scope.query,
            ast=scope.ast,
            custodians=scope.custodians,
            records=scope.records,
            reason=reached.reason,
            by=names.get(began.by, began.by),
            at=began.at,
            ended_at=reached.ended.at if reached.ended else None,
            condemned=reached.condemned,
        )


class HoldAnswer(Frozen):
    """A hold with every scope that it has had, oldest first; who did something is told by name."""

    name: str
    state: State
    matter: str
    scopes: tuple[ScopeAnswer, ...]
    released_by: str | None
    released_at: datetime | None
    release_reason: str

    @classmethod
    def of(cls, hold: Hold, names: Mapping[str, str]) -> Self:
        """Tell of a hold; `names` are those of people by id."""
        released = hold.released
        return cls(
            name=hold.name,
            state="released" if released else "in-force",
            matter=hold.matter,
            scopes=tuple(ScopeAnswer.of(each, names) for each in hold.reached),
            released_by=names.get(released.by, released.by) if released else None,
            released_at=released.at if released else None,
            release_reason=hold.release_reason,
        )


class HoldSummary(Frozen):
    """A hold in a list: what it reaches, or reached last; of a list how many `records`."""

    name: str
    state: State
    matter: str
    query: str | None
    custodians: tuple[str, ...]
    records: int
    placed_by: str
    placed_at: datetime
    released_at: datetime | None

    @classmethod
    def of(cls, hold: Hold, names: Mapping[str, str]) -> Self:
        """Tell of a hold shortly; `names` are those of people by id."""
        return cls(
            name=hold.name,
            state="released" if hold.released else "in-force",
            matter=hold.matter,
            query=hold.scope.query,
            custodians=hold.scope.custodians,
            records=len(hold.scope.records),
            placed_by=names.get(hold.placed.by, hold.placed.by),
            placed_at=hold.placed.at,
            released_at=hold.released.at if hold.released else None,
        )


class HoldsAnswer(Frozen):
    """All holds by name, those in force first, or a page of them.

    `unreadable` says that an event of theirs cannot be read.
    """

    holds: tuple[HoldSummary, ...]
    unreadable: bool
    cursor: str | None = None

    @classmethod
    def of(cls, book: HoldBook, names: Mapping[str, str]) -> Self:
        """Tell of all holds."""
        ordered = sorted(book.holds.values(), key=lambda hold: (bool(hold.released), hold.name))
        return cls(
            holds=tuple(HoldSummary.of(hold, names) for hold in ordered),
            unreadable=book.unreadable,
        )


class ReachAnswer(Frozen):
    """How many records a scope reaches, as of sequence number `as_of`; `bytes` of their originals.

    Of `uncertain` words could not be read, and `unopened` could not be opened at all: they count as
    held by a scope that looks into them. `records` is how many were looked at.
    """

    as_of: int
    records: int
    reached: int
    bytes: int
    uncertain: int
    unopened: int


def people(holds: Iterable[Hold]) -> set[str]:
    """Return the ids of everybody who did something to holds."""
    acts = [
        act
        for hold in holds
        for act in (*(each.began for each in hold.reached), hold.released)
        if act is not None
    ]
    return {act.by for act in acts}
