"""What the events of every case tell, whatever was asked (docs/erasure.md, "A case"). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Final, TypeVar
from uuid import UUID

from archive.events.case_events import CaseClosed, CaseExtended, CaseOpened, CaseSearched
from archive.events.event import Event
from archive.model.period import Period

ANSWERED_WITHIN: Final = Period(1, "m")
"""GDPR, Article 12(3); extended it is three months."""
EXTENDED: Final = Period(3, "m")

CaseT = TypeVar("CaseT", bound="PersonCase")


class CaseState(StrEnum):
    """Where a case stands; only one of erasure is ever ordered."""

    OPEN = "open"
    ORDERED = "ordered"
    CLOSED = "closed"


class FoundAs(StrEnum):
    """Why a record is one of the case: the person takes part in it, or it may be about them."""

    PARTICIPANT = "participant"
    MENTION = "mention"


@dataclass(frozen=True, slots=True)
class PersonCase:
    """A case as of version `newest` of its stream.

    `found` are its records in the order in which they were found, searched up to sequence number
    `as_of` under `aliases`; `unsearched` and `unopened` are counts of that. `damaged` are those
    that could not be opened, unless they were too many to be told.
    """

    opened: CaseOpened
    newest: int = 1
    found: Mapping[UUID, FoundAs] = field(default_factory=dict)
    as_of: int = 0
    aliases: frozenset[str] = frozenset()
    unsearched: int = 0
    unopened: int = 0
    damaged: frozenset[UUID] = frozenset()
    extended: CaseExtended | None = None
    closed: CaseClosed | None = None

    @property
    def id(self) -> UUID:
        """The id of its stream."""
        return self.opened.originator_id

    @property
    def state(self) -> CaseState:
        """Where it stands."""
        return CaseState.OPEN if self.closed is None else CaseState.CLOSED

    @property
    def due_on(self) -> date:
        """The last day on which the person is answered in time, in UTC."""
        return due_on(self.opened.received_on, extended=self.extended is not None)

    def overdue(self, now: datetime) -> bool:
        """Say whether it is open and its day has passed."""
        return self.closed is None and now.astimezone(UTC).date() > self.due_on


def due_on(received_on: date, *, extended: bool) -> date:
    """Return the day by which a request is to be answered."""
    received = datetime.combine(received_on, time(), UTC)
    return (EXTENDED if extended else ANSWERED_WITHIN).after(received).date()


def evolved(case: CaseT, event: Event) -> CaseT | None:
    """Return a case after an event that every kind of case has; None for another event."""
    match event:
        case CaseSearched():
            return _searched(case, event)
        case CaseExtended():
            return replace(case, extended=event)
        case CaseClosed():
            return replace(case, closed=event)
    return None


def _searched(case: CaseT, event: CaseSearched) -> CaseT:
    # Whoever takes part is one of the case for that, also if only a mention was known before.
    new = {
        **dict.fromkeys(event.mention, FoundAs.MENTION),
        **dict.fromkeys(event.participant, FoundAs.PARTICIPANT),
    }
    return replace(
        case,
        found={**case.found, **new},
        as_of=event.as_of,
        aliases=frozenset(event.aliases),
        unsearched=event.unsearched,
        unopened=event.unopened,
        damaged=frozenset(event.damaged),
    )
