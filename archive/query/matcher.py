"""The exact evaluator: does a query match a record? Pure, over the unsealed record.

The index answers the same question faster; where it cannot be exact, this settles it.
"""

import re
from collections.abc import Callable, Collection, Sequence
from typing import Final

from archive.errors import InvalidError
from archive.model.record import Record
from archive.query import attributes
from archive.query.analysis import ANY_RUN, words
from archive.query.analysis import Word as TextWord
from archive.query.attributes import Known
from archive.query.fields import FIELDS, TEXTS, WHOLE_TEXTS, FieldKind, names_of
from archive.query.people import bare_address, wanted_terms
from archive.query.spans import occurs
from archive.query.terms import glob, has_wildcard, marked_pattern, value_pattern
from archive.query.tree import (
    NO_ALIASES,
    Aliases,
    And,
    Everything,
    Exact,
    Fuzzy,
    Named,
    Near,
    Node,
    Not,
    NotNear,
    Or,
    Person,
    Phrase,
    Range,
    Stem,
    TextLeaf,
    Value,
    Word,
    walk,
)

_UUID: Final = re.compile(r"[0-9A-Fa-f]{8}(-?)(?:[0-9A-Fa-f]{4}\1){3}[0-9A-Fa-f]{12}")


def matches(
    node: Node, record: Record, *, conversation: Known = (), aliases: Aliases = NO_ALIASES
) -> bool:
    """Say whether a record is one that the query asks for.

    `conversation` are the ids of the archive's own thread, which the record does not know;
    `aliases` are those of whom the query names.
    """
    return _Matcher(record, conversation, aliases).matches(node)


def matcher(record: Record, *, conversation: Known = ()) -> Callable[[Node], bool]:
    """Return what says of many queries whether one record matches them, as `matches` does.

    What it says is analysed once.
    """
    return _Matcher(record, conversation, NO_ALIASES).matches


def people_parts(node: Node) -> tuple[str, ...]:
    """Return which of PEOPLE a part of a query asks for that asks for people."""
    match node:
        case Person(field=field):
            return TEXTS[field]
        case Word(field=None):
            return TEXTS["participants"]
        case Word() | Phrase() | Stem() | Fuzzy() | Near() | NotNear():
            return text_names(node)
        case _:
            return ()


def text_names(node: TextLeaf | Near | NotNear) -> tuple[str, ...]:
    """Return the names of the texts in which a word, phrase or proximity is looked for."""
    if not isinstance(node, Near | NotNear):
        return TEXTS[node.field]
    field: str | None = None
    whole = False
    for below in walk(node):
        if isinstance(below, NotNear):
            whole = True
        elif isinstance(below, Word | Phrase | Stem | Fuzzy):
            field = below.field
    return WHOLE_TEXTS if field is None and whole else TEXTS[field]


class _Matcher:
    """One record, whose texts are analysed when first asked for."""

    def __init__(self, record: Record, conversation: Known, aliases: Aliases) -> None:
        self._record = record
        self._aliases = aliases
        self._conversation = conversation
        self._values: dict[str, tuple[str, ...]] | None = None
        self._analysed: dict[str, list[list[TextWord]]] = {}

    def matches(self, node: Node) -> bool:
        match node:
            case Everything():
                return True
            case And(below):
                return all(self.matches(child) for child in below)
            case Or(below):
                return any(self.matches(child) for child in below)
            case Not(child):
                return not self.matches(child)
            case Exact(child):
                return _Matcher(self._record, self._conversation, NO_ALIASES).matches(child)
            case Person(text, field):
                return self._person(text, field) or self._known(node)
            case Value(text, field):
                return self._value(text, field)
            case Named(_, ids, queries):
                return self._record.id in ids or any(
                    _Matcher(self._record, self._conversation, each.aliases).matches(each.query)
                    for each in queries
                )
            case Range(field, low, high):
                number = attributes.number(self._record, field)
                return number is not None and within(number, low, high)
            case Word(text, None) if bare_address(text):
                return self._found(node) or self._person(text, "participants") or self._known(node)
            case Word() | Phrase() | Stem() | Fuzzy() | Near() | NotNear():
                return self._found(node) or self._known(node)

    def _found(self, node: TextLeaf | Near | NotNear) -> bool:
        return any(occurs(node, text) for name in text_names(node) for text in self._texts(name))

    def _texts(self, name: str) -> Sequence[Sequence[TextWord]]:
        if name not in self._analysed:
            self._analysed[name] = [words(text) for text in attributes.texts(self._record, name)]
        return self._analysed[name]

    def _person(self, text: str, field: str) -> bool:
        there = attributes.people_terms(self._record, field)
        return any(among(wanted, there) for wanted in wanted_patterns(text))

    def _known(self, node: Node) -> bool:
        """Say whether somebody takes part who is known by an alias of whom the node names."""
        keys = self._aliases.get(node)
        if not keys:
            return False
        return not keys.isdisjoint(attributes.known_as(self._record, people_parts(node)))

    def _value(self, text: str, field: str) -> bool:
        if self._values is None:
            self._values = attributes.values(
                self._record,
                searchable=attributes.searchable(self._record),
                conversation=self._conversation,
            )
        return any(among(wanted, self._values[field]) for wanted in wanted_values(text, field))


def wanted_patterns(text: str) -> list[str]:
    """Return the marked patterns of which a person's terms must meet any."""
    return wanted_terms(marked_pattern(text))


def wanted_values(text: str, field: str) -> list[str]:
    """Return the marked patterns of which a field's values must meet any.

    Raises InvalidError for what names something: it was not put in place of its name.
    """
    if names_of(field, text) is not None:
        raise InvalidError(f"What {field}:{text} stands for is not known here.")
    kind = FIELDS[field].kind
    if text == "*":
        return [ANY_RUN]
    if kind is FieldKind.IDENTIFIER:
        exact = attributes.identifier(text)
        # UUIDs and digests are written in either case; a source's own id only in its own.
        return [exact.lower() if field == "hash" or _UUID.fullmatch(exact) else exact]
    if kind is FieldKind.CHOICE:
        return [text]
    return [value_pattern(text)]


def among(wanted: str, there: Collection[str]) -> bool:
    """Say whether a marked pattern meets any of the terms or values."""
    if not has_wildcard(wanted):
        return wanted in there
    pattern = glob(wanted)
    return any(pattern.fullmatch(term) for term in there)


def within(number: int, low: int | None, high: int | None) -> bool:
    """Say whether a number stands in a half-open range."""
    return (low is None or number >= low) and (high is None or number < high)
