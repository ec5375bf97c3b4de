"""Saying who people are: recording them, giving them aliases, merging and splitting them.

Every change writes the next version of the one stream, so that whoever was second reads again and
decides anew.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from uuid import UUID

from archive.access.searching import Searching
from archive.clock import Clock
from archive.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from archive.events.audit import Audit
from archive.events.deciding import commit_decided
from archive.events.group import Committer
from archive.events.people_events import (
    PersonAliased,
    PersonEvent,
    PersonMerged,
    PersonRecorded,
    PersonSplit,
)
from archive.model.person import KnownPerson
from archive.model.roles import Actor, Permission, Purpose, View
from archive.people.answers import ImportAnswer, ImportRefusal, PeopleAnswer
from archive.people.directory import Directory, Folding, People
from archive.query.analysis import value

_MOST_ALIASES: Final = 1_000
_LONGEST_NAME: Final = 200
_LONGEST_ALIAS: Final = 500
_ROWS_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to happen to a person, before it has its place in the stream."""

    kind: type[PersonEvent]
    person: UUID
    told: dict[str, Any]


Decide = Callable[[Directory], Sequence[Draft]]


@dataclass(slots=True)
class _Batch:
    """Rows of an import, `start` of them before the first, and what became of them."""

    actor: Actor
    rows: Sequence[tuple[str, Sequence[str]]]
    start: int
    counts: Counter[str] = field(default_factory=Counter)
    refused: list[ImportRefusal] = field(default_factory=list)


class PeopleDesk:
    """The directory of people, for those who search for a purpose that shows who people are.

    Raises, in every method, ForbiddenError (audited) where the actor may not; in those that change
    something also UnavailableError where the change cannot be committed.
    """

    def __init__(
        self,
        people: People,
        searching: Searching,
        committer: Committer,
        audit: Audit,
        clock: Clock,
    ) -> None:
        self._people = people
        self._searching = searching
        self._committer = committer
        self._audit = audit
        self._clock = clock

    def page(
        self,
        actor: Actor,
        purpose: Purpose,
        *,
        find: str = "",
        limit: int = 50,
        cursor: str | None = None,
    ) -> PeopleAnswer:
        """Return a page of those whose name or an alias holds a text, in order of their record.

        Raises InvalidError for a cursor that no page gave.
        """
        self._allow(actor, purpose, "people")
        everybody = tuple(self._people.directory().people.values())
        sought = value(find)
        found = [
            someone
            for someone in everybody
            if any(sought in value(text) for text in (someone.name, *someone.aliases))
        ]
        start = 0
        if cursor is not None:
            places = [place for place, someone in enumerate(found) if str(someone.id) == cursor]
            if not places:
                raise InvalidError("The cursor is not one that a page of these people gave.")
            start = places[0] + 1
        page = found[start : start + limit]
        self._audit.record(actor, purpose, "people", query=find or None, total=len(found))
        more = start + limit < len(found)
        return PeopleAnswer(
            total=len(found), people=tuple(page), cursor=str(page[-1].id) if more else None
        )

    def show(self, actor: Actor, purpose: Purpose, id: UUID) -> KnownPerson:
        """Return one person; NotFoundError if there is none, or they were merged into another."""
        self._allow(actor, purpose, "people")
        someone = _known(self._people.directory(), id)
        self._audit.record(actor, purpose, "people", total=1)
        return someone

    def record(
        self, actor: Actor, purpose: Purpose, name: str, aliases: Sequence[str]
    ) -> KnownPerson:
        """Record a person.

        Raises:
            InvalidError: the name or an alias cannot be one.
            ConflictError: somebody else has one of the aliases.
        """
        self._allow(actor, purpose, "person.recorded")
        id = self._clock.uuid7()
        return self._changed(actor, id, lambda there: [_recorded(there, id, name, aliases)])

    def alias(
        self, actor: Actor, purpose: Purpose, id: UUID, aliases: Sequence[str]
    ) -> KnownPerson:
        """Give a person further aliases; those they have already change nothing.

        Raises NotFoundError if there is no such person, else as `record`.
        """
        self._allow(actor, purpose, "person.aliased")

        def decide(there: Directory) -> Sequence[Draft]:
            known = _known(there, id)
            new = _checked(there, aliases, known)
            return [Draft(PersonAliased, id, {"aliases": new})] if new else []

        return self._changed(actor, id, decide)

    def merge(self, actor: Actor, purpose: Purpose, id: UUID, other: UUID) -> KnownPerson:
        """Say that two are one person: `other` is no more, and `id` has the aliases of both.

        Raises:
            NotFoundError: one of them is not there.
            InvalidError: they are one already.
        """
        self._allow(actor, purpose, "person.merged")

        def decide(there: Directory) -> Sequence[Draft]:
            _known(there, id)
            _known(there, other)
            if id == other:
                raise InvalidError("A person is merged with somebody else.")
            return [Draft(PersonMerged, id, {"other": other})]

        return self._changed(actor, id, decide)

    def split(
        self, actor: Actor, purpose: Purpose, id: UUID, name: str, aliases: Sequence[str]
    ) -> KnownPerson:
        """Say that some aliases of a person are somebody else's, who is recorded and returned.

        Raises:
            NotFoundError: there is no such person.
            InvalidError: the name cannot be one, or an alias is not theirs, or there is none.
        """
        self._allow(actor, purpose, "person.split")
        new = self._clock.uuid7()

        def decide(there: Directory) -> Sequence[Draft]:
            known = _known(there, id)
            wanted = {value(alias) for alias in aliases}
            theirs = tuple(alias for alias in known.aliases if value(alias) in wanted)
            if not theirs or len(theirs) != len(wanted):
                raise InvalidError("What is split off are aliases that the person has.")
            told = {"other": new, "name": _name(name), "aliases": theirs}
            return [Draft(PersonSplit, id, told)]

        return self._changed(actor, new, decide)

    def import_people(
        self, actor: Actor, purpose: Purpose, rows: Sequence[tuple[str, Sequence[str]]]
    ) -> ImportAnswer:
        """Record people by name and aliases; one of whom an alias is known gets the others.

        A row whose aliases several people have is refused and told, by its place from 1, as is
        one that cannot be; the rest is committed.
        """
        self._allow(actor, purpose, "person.recorded")
        counts: Counter[str] = Counter()
        refused: list[ImportRefusal] = []
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            batch = _Batch(actor, rows[start : start + _ROWS_AT_ONCE], start)
            commit_decided(self._committer, partial(self._decide, batch))
            counts += batch.counts
            refused += batch.refused
        return ImportAnswer(
            recorded=counts["recorded"],
            extended=counts["extended"],
            unchanged=counts["unchanged"],
            refused=tuple(refused),
        )

    def _decide(self, batch: _Batch) -> list[PersonEvent]:
        """Return what a batch of rows changes over the newest state, and tell it what became."""
        there, version = self._people.newest()
        folding = Folding(there)
        batch.counts, batch.refused = Counter(), []
        events: list[PersonEvent] = []
        for row, (name, aliases) in enumerate(batch.rows, batch.start + 1):
            try:
                draft = _row(folding.directory, self._clock.uuid7(), name, aliases)
            except (InvalidError, ConflictError) as error:
                batch.refused.append(ImportRefusal(row=row, reason=str(error)))
                continue
            if draft is None:
                batch.counts["unchanged"] += 1
                continue
            batch.counts["recorded" if draft.kind is PersonRecorded else "extended"] += 1
            events.append(self._event(draft, batch.actor, version + len(events) + 1))
            folding.apply(events[-1])
        return events

    def _allow(self, actor: Actor, purpose: Purpose, action: str) -> None:
        """Raise ForbiddenError, once that is recorded, unless the actor sees who people are."""
        self._searching.allow(actor, purpose, Permission.SEARCH, action)
        if purpose.view is not View.PSEUDONYMISED and not actor.restricted:
            return
        self._audit.record(actor, purpose, action, allowed=False)
        if actor.restricted:
            raise ForbiddenError("Whoever sees a part of the records alone sees no directory.")
        raise ForbiddenError(f"Reading for {purpose.kind} does not show who people are.")

    def _changed(self, actor: Actor, id: UUID, decide: Decide) -> KnownPerson:
        """Commit what is decided over the newest state, and return a person of it."""

        def events() -> list[PersonEvent]:
            there, version = self._people.newest()
            return [
                self._event(draft, actor, number)
                for number, draft in enumerate(decide(there), version + 1)
            ]

        commit_decided(self._committer, events)
        return _known(self._people.directory(), id)

    def _event(self, draft: Draft, actor: Actor, version: int) -> PersonEvent:
        return draft.kind(
            originator_id=self._people.stream,
            originator_version=version,
            recorded_at=self._clock.now(),
            person=draft.person,
            by=actor.id,
            address=actor.address,
            **draft.told,
        )


def _recorded(there: Directory, id: UUID, name: str, aliases: Sequence[str]) -> Draft:
    told = {"name": _name(name), "aliases": _checked(there, aliases, None)}
    return Draft(PersonRecorded, id, told)


def _row(there: Directory, id: UUID, name: str, aliases: Sequence[str]) -> Draft | None:
    """Return what a row of an import says that is new, None if there is nothing."""
    owners = {there.owners[key] for alias in aliases if (key := value(alias)) in there.owners}
    if len(owners) > 1:
        raise ConflictError("Its aliases are those of several people: merge them first.")
    if not owners:
        return _recorded(there, id, name, aliases)
    known = there.people[owners.pop()]
    new = _checked(there, aliases, known)
    return Draft(PersonAliased, known.id, {"aliases": new}) if new else None


def _known(there: Directory, id: UUID) -> KnownPerson:
    someone = there.people.get(id)
    if someone is None:
        raise NotFoundError("There is no such person.")
    return someone


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise InvalidError(f"A name has 1 to {_LONGEST_NAME} characters, on one line.")
    return name


def _checked(
    there: Directory, aliases: Sequence[str], known: KnownPerson | None
) -> tuple[str, ...]:
    """Return those of the aliases that are new, none of them twice."""
    if len(aliases) > _MOST_ALIASES:
        raise InvalidError(f"At most {_MOST_ALIASES:,} aliases are given at once.")
    new: dict[str, str] = {}
    for alias in map(str.strip, aliases):
        if not alias or len(alias) > _LONGEST_ALIAS or not alias.isprintable():
            raise InvalidError(f"An alias has 1 to {_LONGEST_ALIAS} characters, on one line.")
        owner = there.owners.get(value(alias))
        if owner is None:
            new.setdefault(value(alias), alias)
        elif known is None or owner != known.id:
            raise ConflictError(f"{alias} is an alias of {there.people[owner].name}: merge them.")
    return tuple(new.values())
