"""Whom a query names, and by what else they are known (docs/people.md).

A part of a query that asks for people finds, beside what it says, the records of everybody whom it
names under one of their aliases. Index and matcher are given the same aliases, by part.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from archive.model.person import KnownPerson
from archive.query.analysis import value, words
from archive.query.attributes import PEOPLE
from archive.query.matcher import among, text_names, wanted_patterns
from archive.query.people import address_terms, bare_address
from archive.query.spans import occurs
from archive.query.tree import (
    Aliases,
    Exact,
    Fuzzy,
    Near,
    Node,
    NotNear,
    Person,
    Phrase,
    Stem,
    Word,
    children,
)


@dataclass(frozen=True, slots=True)
class Widened:
    """The aliases by which a query finds more than it says, and whose they are."""

    aliases: Aliases
    people: tuple[KnownPerson, ...]


def widened(node: Node, people: Iterable[KnownPerson]) -> Widened:
    """Return whom the parts of a query name, outside of `exact:`."""
    everybody = tuple(people)
    aliases: dict[Node, frozenset[str]] = {}
    named: dict[KnownPerson, None] = {}
    for part in _asking(node) if everybody else ():
        there = [someone for someone in everybody if _names(part, someone)]
        if there:
            named |= dict.fromkeys(there)
            aliases[part] = frozenset(value(alias) for one in there for alias in one.aliases)
    return Widened(aliases, tuple(named))


def _asking(node: Node) -> Iterator[Node]:
    """Yield the parts of a query that ask for people."""
    match node:
        case Exact():
            return
        case Person():
            yield node
        case Word(text, None) if bare_address(text):
            yield node
        case Word("*"):
            # Whether there is anybody at all is no question of who it is.
            return
        case Word() | Phrase() | Stem() | Fuzzy() | Near() | NotNear():
            if set(text_names(node)) <= set(PEOPLE):
                yield node
        case _:
            for child in children(node):
                yield from _asking(child)


def _names(part: Node, someone: KnownPerson) -> bool:
    match part:
        case Person(text) | Word(text, None):
            wanted = wanted_patterns(text)
            terms = {term for alias in someone.aliases for term in address_terms(alias)}
            return any(among(each, terms) for each in wanted)
        case _:
            return any(occurs(part, words(text)) for text in (someone.name, *someone.aliases))
