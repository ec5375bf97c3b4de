"""What is asked and told of every case, whatever somebody wants: the same at every door."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from archive.asked import Asked
from archive.events.case_events import MOST_ALIASES, Alias, Explanation, PersonName, Reference
from archive.model.interaction import Frozen
from archive.model.moment import Day
from policies.requests.case import CaseState, FoundAs, PersonCase


class CaseRequest(Asked):
    """A case to be opened: of somebody in the directory, or by addresses, or by the name alone."""

    received_on: Day
    name: PersonName
    person: UUID | None = None
    aliases: Annotated[tuple[Alias, ...], Field(max_length=MOST_ALIASES)] = ()
    query: Annotated[str, StringConstraints(max_length=10_000)] | None = None
    reference: Reference = ""


class CaseExtension(Asked):
    """Why the answer takes two months more."""

    reason: Explanation


class CaseClosing(Asked):
    """How a case ends: the person was answered, or does not want it any more."""

    outcome: Literal["answered", "withdrawn"]
    reason: Annotated[str, StringConstraints(max_length=500)] = ""


class PersonCaseAnswer(Frozen):
    """A case: who asked for what, until when it is to be answered, and how far it is.

    `found` counts its records, `undecided` those of which nothing is decided and which are not
    erased. Of `unsearched` records words could not be read, `unopened` could not be opened at all.
    """

    id: UUID
    state: CaseState
    name: str
    person: UUID | None
    aliases: tuple[str, ...]
    query: str | None
    reference: str
    received_on: date
    due_on: date
    overdue: bool
    extended: bool
    extension_reason: str
    opened_by: str
    opened_at: datetime
    searched_to: int
    found: int
    participant: int
    mention: int
    undecided: int
    unsearched: int
    unopened: int
    closed_by: str | None
    closed_at: datetime | None
    outcome: str | None
    closing_reason: str


def told_of(case: PersonCase, names: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """Return what every answer about a case tells, but `undecided`; `names` are people by id."""
    opened, closed, found = case.opened, case.closed, case.found.values()
    participant = sum(each is FoundAs.PARTICIPANT for each in found)
    return {
        "id": case.id,
        "state": case.state,
        "name": opened.name,
        "person": opened.person,
        "aliases": tuple(sorted(case.aliases)),
        "query": opened.query,
        "reference": opened.reference,
        "received_on": opened.received_on,
        "due_on": case.due_on,
        "overdue": case.overdue(now),
        "extended": case.extended is not None,
        "extension_reason": case.extended.reason if case.extended else "",
        "opened_by": names.get(opened.by, opened.by),
        "opened_at": opened.recorded_at,
        "searched_to": case.as_of,
        "found": len(case.found),
        "participant": participant,
        "mention": len(case.found) - participant,
        "unsearched": case.unsearched,
        "unopened": case.unopened,
        "closed_by": names.get(closed.by, closed.by) if closed else None,
        "closed_at": closed.recorded_at if closed else None,
        "outcome": closed.outcome if closed else None,
        "closing_reason": closed.reason if closed else "",
    }


class CaseSummary(Frozen):
    """A case in a list; of one that cannot be read no more than its id is known."""

    id: UUID
    state: CaseState | Literal["unreadable"]
    name: str | None = None
    reference: str | None = None
    received_on: date | None = None
    due_on: date | None = None
    overdue: bool | None = None
    found: int | None = None

    @classmethod
    def of(cls, case: PersonCase, now: datetime) -> Self:
        """Tell of a case shortly."""
        return cls(
            id=case.id,
            state=case.state,
            name=case.opened.name,
            reference=case.opened.reference,
            received_on=case.opened.received_on,
            due_on=case.due_on,
            overdue=case.overdue(now),
            found=len(case.found),
        )


class CasesAnswer(Frozen):
    """A page of cases, the newest first."""

    cases: tuple[CaseSummary, ...]
    cursor: str | None
