"""What `matter:` finds, and what a restricted user sees by a matter: what stands in it."""

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Final

from archive.errors import CorruptError
from archive.matters.book import Matters
from archive.matters.matter import Matter, MatterBook
from archive.model.person import KnownPerson
from archive.model.roles import Actor, Permission
from archive.people.directory import People
from archive.query.aliases import widened
from archive.query.facets import narrowing
from archive.query.naming import Meaning, Names
from archive.query.scopes import read_scope
from archive.query.tree import NO_ALIASES, Aliased, Named, Node, Value

SEES_MATTERS: Final = frozenset({Permission.HOLD, Permission.GOVERN, Permission.AUDIT})
"""Whoever has one of these, and is not restricted, sees which matters there are."""


class MatterNames(Names):
    """The matters by code, open and closed."""

    def __init__(self, matters: Matters, people: People) -> None:
        self._matters = matters
        self._people = people

    def changed(self) -> int:
        return self._matters.read().changed

    def known(self, actor: Actor) -> Collection[str]:
        return _asked_for(readable(self._matters.read()), actor)

    def meanings(self, actor: Actor, as_of: int) -> Mapping[str, Meaning]:
        book = readable(self._matters.read(as_of))
        everybody = tuple(self._people.directory(as_of).people.values())
        # Whether it may be asked for is a matter of now.
        codes = set(self.known(actor)) & book.matters.keys()
        return {code: meaning(book.matters[code], everybody) for code in codes}

    def told(self, actor: Actor) -> bool:
        return not SEES_MATTERS.isdisjoint(actor.permissions)


def readable(book: MatterBook) -> MatterBook:
    """Return the matters; CorruptError where an event of theirs cannot be read."""
    if book.unreadable:
        raise CorruptError(
            "An event of the matters cannot be read: verify names it. What stands in them is not "
            "known, and none is changed."
        )
    return book


def meaning(matter: Matter, people: Iterable[KnownPerson]) -> Meaning:
    """Return what stands in a matter; `people` are those whom its queries may name."""
    contents, everybody = matter.contents, tuple(people)
    trees = [_tree(query) for query in contents.queries]
    queries = [Aliased(tree, widened(tree, everybody).aliases) for tree in trees]
    queries += [Aliased(narrowing("custodian", each), NO_ALIASES) for each in contents.custodians]
    return Meaning(frozenset(contents.records), tuple(queries))


def standing_in(matters: Iterable[Matter], people: Iterable[KnownPerson]) -> tuple[Named, ...]:
    """Return the queries of what stands in each of some matters."""
    everybody = tuple(people)
    meant = ((each.code, meaning(each, everybody)) for each in matters)
    return tuple(Named(Value(code, "matter"), one.records, one.queries) for code, one in meant)


@lru_cache(maxsize=1_024)
def _tree(query: str) -> Node:
    """Parse what is in canonical form; a restricted user's matters are asked at every request."""
    return read_scope(query)


def _asked_for(book: MatterBook, actor: Actor) -> Collection[str]:
    if actor.restricted:
        return [matter.code for matter in book.open_to(actor)]
    return book.matters.keys()
