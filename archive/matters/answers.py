"""What is asked and told of matters: the same at every door."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field

from archive.asked import Asked
from archive.events.hold_events import MOST_CUSTODIANS, MOST_RECORDS, CustodianName, Reason
from archive.events.matter_events import (
    MOST_MEMBERS,
    MOST_QUERIES,
    Description,
    MatterCode,
    MatterName,
    ScopeQuery,
)
from archive.matters.matter import Matter, MatterBook
from archive.model.interaction import Frozen

State = Literal["open", "closed"]


class ContentsRequest(Asked):
    """What is to stand in a matter, and who works on it; `members` are names or ids of users."""

    custodians: Annotated[tuple[CustodianName, ...], Field(max_length=MOST_CUSTODIANS)] = ()
    queries: Annotated[tuple[ScopeQuery, ...], Field(max_length=MOST_QUERIES)] = ()
    records: Annotated[tuple[UUID, ...], Field(max_length=MOST_RECORDS)] = ()
    members: Annotated[tuple[str, ...], Field(max_length=MOST_MEMBERS)] = ()


class MatterDescription(Asked):
    """What a matter is called, and what it is about."""

    name: MatterName
    description: Description = ""


class MatterRequest(ContentsRequest, MatterDescription):
    """A matter to be created."""

    code: MatterCode


class MatterReason(Asked):
    """Why a matter is closed, or open again."""

    reason: Reason


class MatterSummary(Frozen):
    """A matter in a list: how many of each it has."""

    code: str
    name: str
    state: State
    custodians: int
    queries: int
    records: int
    members: int
    created_at: datetime

    @classmethod
    def of(cls, matter: Matter) -> Self:
        """Tell of a matter shortly."""
        contents = matter.contents
        return cls(
            code=matter.code,
            name=matter.name,
            state="open" if matter.open else "closed",
            custodians=len(contents.custodians),
            queries=len(contents.queries),
            records=len(contents.records),
            members=len(contents.members),
            created_at=matter.created_at,
        )


class MattersAnswer(Frozen):
    """Matters by code, the open ones first, or a page of them.

    `unreadable` says that an event of theirs cannot be read.
    """

    matters: tuple[MatterSummary, ...]
    unreadable: bool
    cursor: str | None = None

    @classmethod
    def of(cls, matters: Iterable[Matter], book: MatterBook) -> Self:
        """Tell of matters."""
        ordered = sorted(matters, key=lambda matter: (not matter.open, matter.code))
        return cls(matters=tuple(map(MatterSummary.of, ordered)), unreadable=book.unreadable)


class MatterMember(Frozen):
    """Somebody who works on a matter."""

    id: UUID
    name: str


class MatterAnswer(Frozen):
    """A matter with all that it has; `holds` are those that name it as theirs.

    What tells of its closing is None while it is open.
    """

    code: str
    name: str
    description: str
    state: State
    custodians: tuple[str, ...]
    queries: tuple[str, ...]
    records: tuple[UUID, ...]
    members: tuple[MatterMember, ...]
    holds: tuple[str, ...]
    created_by: str
    created_at: datetime
    closed_by: str | None = None
    closed_at: datetime | None = None
    close_reason: str | None = None

    @classmethod
    def of(cls, matter: Matter, names: Mapping[str, str], holds: Iterable[str]) -> Self:
        """Tell of a matter; `names` are those of people by id."""
        contents, closed = matter.contents, matter.closed
        return cls(
            code=matter.code,
            name=matter.name,
            description=matter.description,
            state="open" if matter.open else "closed",
            custodians=contents.custodians,
            queries=contents.queries,
            records=contents.records,
            members=tuple(
                MatterMember(id=each, name=names.get(str(each), str(each)))
                for each in contents.members
            ),
            holds=tuple(sorted(holds)),
            created_by=names.get(matter.created_by, matter.created_by),
            created_at=matter.created_at,
            closed_by=names.get(closed.by, closed.by) if closed else None,
            closed_at=closed.at if closed else None,
            close_reason=closed.reason if closed else None,
        )


def people(matter: Matter) -> set[str]:
    """Return the ids of everybody whom the answer of a matter names."""
    closed = {matter.closed.by} if matter.closed else set()
    return {matter.created_by, *closed, *map(str, matter.contents.members)}
