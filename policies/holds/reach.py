"""Which holds reach a record, by the exact matcher (docs/holds.md, "What a hold reaches"). Pure.

A record is reached if any of its versions is: a message that was edited after the hold was placed
stays held for what it said before.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from archive.events.hold_events import HoldScope
from archive.model.person import KnownPerson
from archive.query.aliases import widened
from archive.query.facets import narrowing
from archive.query.scopes import read_scope
from archive.query.tree import NO_ALIASES, Aliases, Node, disjunction
from policies.holds.hold import HoldBook
from policies.records import Found
from policies.scopes import Standing, standing


@dataclass(frozen=True, slots=True)
class Held:
    """What holds a record: the holds that reach it, and those of which that cannot be known.

    `uncertain` could not search it, because words of it could not be read or it could not be
    opened; they count as holding it. `released_at` is when the last hold ended that had reached
    it. `unreadable` says that there may be a hold of which nothing is known.
    """

    certain: tuple[str, ...] = ()
    uncertain: tuple[str, ...] = ()
    released_at: datetime | None = None
    unreadable: bool = False

    @property
    def holds(self) -> tuple[str, ...]:
        """The names of all holds that it is under, or may be."""
        return tuple(sorted((*self.certain, *self.uncertain)))

    @property
    def free(self) -> bool:
        """Whether nothing holds it for certain."""
        return not (self.certain or self.uncertain or self.unreadable)


@dataclass(frozen=True, slots=True)
class Reach:
    """A scope ready to be held against records; `query` is None where it is a list.

    It reaches what its query finds by any of `aliases`, of which one is none at all.
    """

    query: Node | None
    records: frozenset[UUID]
    aliases: tuple[Aliases, ...] = (NO_ALIASES,)

    @classmethod
    def of(cls, scope: HoldScope, known: Iterable[Iterable[KnownPerson]] = ()) -> Self:
        """Parse what is in canonical form; `known` are those whom the query may name.

        Raises InvalidError for a custodian without a name.
        """
        query = read_scope(scope.query) if scope.query is not None else None
        aliases = [NO_ALIASES]
        if query is not None:
            aliases += [wider for people in known if (wider := widened(query, people).aliases)]
        if scope.custodians:
            query = disjunction([narrowing("custodian", name) for name in scope.custodians])
        return cls(query, frozenset(scope.records), tuple(aliases))

    def standing(self, record_id: UUID, found: Found | None) -> Standing:
        """Return whether it reaches a record, which is None where it could not be opened."""
        if record_id in self.records:
            return Standing.IN
        if self.query is None:
            return Standing.OUT
        if found is None:
            return Standing.UNKNOWN
        query, conversation = self.query, found.conversation
        return max(
            standing(query, version, conversation, aliases)
            for version in found.versions
            for aliases in self.aliases
        )


@dataclass(frozen=True, slots=True)
class _Span:
    """A scope of a hold, which ended at a time or has not."""

    hold: str
    reach: Reach
    ended: datetime | None


class Holds:
    """All holds as of one state of their stream, ready to be held against many records."""

    def __init__(self, book: HoldBook) -> None:
        self.book = book
        # Of most records nothing else is to be said, and it may be sent to another process.
        self._free = Held(unreadable=book.unreadable)
        self._spans = [
            _Span(name, Reach.of(each.scope, each.known), each.ended.at if each.ended else None)
            for name, hold in sorted(book.holds.items())
            for each in hold.reached
        ]

    def held(self, record_id: UUID, found: Found | None) -> Held:
        """Return what holds a record, which is None where it could not be opened."""
        captured_at = found.record.captured_at if found else None
        certain: list[str] = []
        uncertain: list[str] = []
        released: list[datetime] = []
        for span in self._spans:
            if span.ended and captured_at and span.ended < captured_at:
                continue
            where = span.reach.standing(record_id, found)
            if where is Standing.OUT:
                continue
            if span.ended is not None:
                released.append(span.ended)
            elif where is Standing.IN:
                certain.append(span.hold)
            else:
                uncertain.append(span.hold)
        if not (certain or uncertain or released):
            return self._free
        return Held(
            tuple(certain), tuple(uncertain), max(released, default=None), self.book.unreadable
        )

    def listed(self, record_id: UUID) -> Held:
        """Return what holds a record by a list that names it, as it must one that is erased."""
        spans = [span for span in self._spans if record_id in span.reach.records]
        return Held(
            certain=tuple(span.hold for span in spans if span.ended is None),
            released_at=max((span.ended for span in spans if span.ended), default=None),
            unreadable=self.book.unreadable,
        )

    def held_each(self, ids: Iterable[UUID], found: Iterable[Found]) -> dict[UUID, Held]:
        """Return what holds each record; one that is not among those found was not opened."""
        opened = {each.record.id: each for each in found}
        return {record_id: self.held(record_id, opened.get(record_id)) for record_id in ids}
