"""Finding a person's records: all copies, all versions, under all aliases (docs/erasure.md).

Every record is held against the person by the exact matcher. What was looked at already is not
looked at again, unless it changed or another alias is known by now.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final
from uuid import UUID

from archive.catalog.catalog import Catalog
from archive.events.case_events import MOST_RECORDS, CaseOpened
from archive.people.directory import People
from archive.query.analysis import value, words
from archive.query.attributes import PEOPLE, known_as
from archive.query.scopes import read_scope
from archive.query.tree import EVERYTHING, Node, Not, Phrase, disjunction
from policies.records import Found, GovernedRecords
from policies.requests.case import FoundAs, PersonCase
from policies.scopes import Standing

_PAGE: Final = 500
_WILD: Final = re.compile(r"[\\*?]")


@dataclass(slots=True)
class Search:
    """What a search found that the case did not know, up to sequence number `as_of`.

    `unsearched` counts all records of which it could not read all words, and `damaged` are all that
    it could not open, known ones too.
    """

    as_of: int
    aliases: frozenset[str]
    participant: list[UUID] = field(default_factory=list)
    mention: list[UUID] = field(default_factory=list)
    unsearched: int = 0
    damaged: set[UUID] = field(default_factory=set)

    @property
    def unopened(self) -> int:
        """How many it could not open."""
        return len(self.damaged)

    @property
    def told(self) -> tuple[UUID, ...]:
        """Those that it could not open, none if they are too many to be told."""
        return tuple(sorted(self.damaged)) if self.unopened <= MOST_RECORDS else ()

    def new_to(self, case: PersonCase) -> bool:
        """Say whether it tells anything of a case that was not known."""
        return bool(
            self.participant
            or self.mention
            or self.aliases != case.aliases
            or (self.unsearched, self.unopened) != (case.unsearched, case.unopened)
            or frozenset(self.told) != case.damaged
        )


class Finder:
    """Finds the records of cases. Methods raise UnavailableError where a part does not answer."""

    def __init__(self, people: People, catalog: Catalog, records: GovernedRecords) -> None:
        self._people = people
        self._catalog = catalog
        self._records = records

    def aliases(self, case: PersonCase) -> frozenset[str]:
        """Return all by which the person is known now, as aliases are compared."""
        directory, person = self._people.directory(), case.opened.person
        given = {value(alias) for alias in case.opened.aliases}
        asked = given
        if person is not None and person not in directory.people:
            # They were merged into somebody else, who has their aliases now.
            asked = given | case.aliases
        behind = {directory.owners[key] for key in asked if key in directory.owners}
        if person is not None:
            behind.add(person)
        known = (directory.people[each].aliases for each in behind if each in directory.people)
        return frozenset(given.union(value(alias) for alias in chain.from_iterable(known)))

    def search(self, case: PersonCase) -> Search:
        """Look at what came in or changed since the last search, or at all where it must be."""
        aliases, as_of = self.aliases(case), self._catalog.position()
        found, after = Search(as_of, aliases), case.as_of
        if aliases != case.aliases or self._opens_again(case, found):
            after, found.damaged = 0, set()
        else:
            found.unsearched = case.unsearched
        asked = _asked(case.opened)
        for ids in self._pages(after, as_of):
            self._look(ids, case, asked, found, after)
        return found

    def _opens_again(self, case: PersonCase, found: Search) -> bool:
        """Say whether something can be opened that could not be, or may be; note what cannot.

        How it was counted before it was damaged nothing says: all is counted anew then.
        """
        if case.unopened != len(case.damaged):
            return True
        ids = sorted(case.damaged)
        for start in range(0, len(ids), _PAGE):
            found.damaged |= self._unopened(ids[start : start + _PAGE])
        return not case.damaged - found.damaged <= self._records.erased(ids)

    def _unopened(self, ids: Sequence[UUID]) -> set[UUID]:
        """Return those that cannot be opened."""
        # What stands in place of one that is damaged does not say which it is.
        return {
            each
            for each in ids
            if any(not isinstance(found, Found) for found in self._records.load_each([each]))
        }

    def _pages(self, after: int, as_of: int) -> Iterator[Sequence[UUID]]:
        if after:
            changed = self._catalog.revised_between(after + 1, as_of)
            ids = [UUID(bytes=each.id) for each in changed]
            yield from (ids[start : start + _PAGE] for start in range(0, len(ids), _PAGE))
        yield from self._records.pages_between(after + 1, as_of)

    def _look(
        self, ids: Sequence[UUID], case: PersonCase, asked: Node, found: Search, after: int
    ) -> None:
        known = case.found
        closed = set(ids) - found.damaged
        errors = 0
        for each in self._records.load_each([each for each in ids if each in closed]):
            if not isinstance(each, Found):
                errors += 1
                continue
            record_id = each.record.id
            closed.discard(record_id)
            before = _as_of(each, after)
            if before and not takes_part(before, found.aliases):
                # It was looked at as it was then, and counted by that.
                found.unsearched -= before.standing(asked) is Standing.UNKNOWN
            if takes_part(each, found.aliases):
                if known.get(record_id) is not FoundAs.PARTICIPANT:
                    found.participant.append(record_id)
                continue
            where = each.standing(asked)
            found.unsearched += where is Standing.UNKNOWN
            if where is Standing.IN and record_id not in known:
                found.mention.append(record_id)
        if errors:
            found.damaged |= self._unopened(sorted(closed))


def _asked(opened: CaseOpened) -> Node:
    """Return the query that finds what may be about the person."""
    nodes: list[Node] = []
    if words(opened.name):
        # A name is no pattern.
        nodes.append(Phrase(_WILD.sub(r"\\\g<0>", opened.name), "participants"))
    if opened.query is not None:
        nodes.append(read_scope(opened.query))
    return disjunction(nodes) if nodes else Not(EVERYTHING)


def takes_part(found: Found, aliases: frozenset[str]) -> bool:
    """Say whether somebody takes part in a version of a record under one of some aliases."""
    return any(not aliases.isdisjoint(known_as(version, PEOPLE)) for version in found.versions)


def _as_of(found: Found, seq: int) -> Found | None:
    """Return a record as it stood at a sequence number, None where there was nothing of it."""
    known = [each for each in found.versions if each.seq <= seq]
    return found._replace(record=known[-1], earlier=tuple(known[:-1])) if known else None
