"""Syntax trees to index queries, with bounds where the index cannot be exact.

Each part of a query becomes two index queries: `upper` finds every record that matches and maybe
others, `lower` finds only records that match, maybe not all. Where they are the same, the index is
exact. NOT swaps them. What lies between the two is settled by the matcher.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tantivy import FieldType, Occur, Query, Schema

from archive.errors import InvalidError
from archive.index.analysis import ANY_CHARACTER, ANY_RUN, stem
from archive.index.schema import ACCENTED_TEXTS, MANY_VALUED, TERMS, whole_term
from archive.query.fields import DEFAULT_TEXTS, TEXTS
from archive.query.matcher import text_names, wanted_patterns, wanted_values
from archive.query.people import bare_address
from archive.query.terms import Term, TermKind, has_wildcard, terms
from archive.query.tree import (
    And,
    Everything,
    Exact,
    Fuzzy,
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
)

_META: Final = frozenset("\\.+*?()|[]{}^$")
_FARTHEST_NUMBER: Final = 2**63 - 1
# Stems that do not begin their words: dying, lying, tying, skies.
_IRREGULAR_STEMS: Final = {"die": "dy", "lie": "ly", "tie": "ty", "sky": "ski"}


@dataclass(frozen=True, slots=True)
class Bounds:
    """What certainly holds all matches, and what certainly holds nothing else; None is nothing."""

    upper: Query | None
    lower: Query | None
    exact: bool


def translate(node: Node, schema: Schema) -> Bounds:
    """Return the index queries of a tree.

    Raises InvalidError for a pattern that the index refuses.
    """
    try:
        return _Translator(schema).bounds(node)
    except ValueError as error:
        raise InvalidError("A pattern in the query is too complicated.") from error


def all_of(queries: Sequence[Query | None]) -> Query | None:
    """Return the query of what all find."""
    present = [query for query in queries if query is not None]
    if len(present) < len(queries):
        return None
    if len(present) == 1:
        return present[0]
    return Query.boolean_query([(Occur.Must, query) for query in present])


def any_of(queries: Sequence[Query | None]) -> Query | None:
    """Return the query of what any finds."""
    present = [query for query in queries if query is not None]
    if len(present) <= 1:
        return present[0] if present else None
    return Query.boolean_query([(Occur.Should, query) for query in present])


def without(query: Query | None, excluded: Query | None) -> Query | None:
    """Return the query of what the first finds and the second does not."""
    if query is None or excluded is None:
        return query
    return Query.boolean_query([(Occur.Must, query), (Occur.MustNot, excluded)])


def between(schema: Schema, field: str, low: int | None, high: int | None) -> Query:
    """Return the query of documents with `low <= number <= high`; None is no bound."""
    return Query.range_query(
        schema,
        field,
        FieldType.Integer,
        None if low is None else min(low, _FARTHEST_NUMBER),
        None if high is None else min(high, _FARTHEST_NUMBER),
    )


def _exactly(query: Query | None) -> Bounds:
    return Bounds(query, query, True)


def _all(parts: Sequence[Bounds]) -> Bounds:
    return Bounds(
        all_of([part.upper for part in parts]),
        all_of([part.lower for part in parts]),
        all(part.exact for part in parts),
    )


def _any(parts: Sequence[Bounds]) -> Bounds:
    return Bounds(
        any_of([part.upper for part in parts]),
        any_of([part.lower for part in parts]),
        all(part.exact for part in parts),
    )


class _Translator:
    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def bounds(self, node: Node) -> Bounds:
        match node:
            case Everything():
                return _exactly(Query.all_query())
            case And(below):
                return _all([self.bounds(child) for child in below])
            case Or(below):
                return _any([self.bounds(child) for child in below])
            case Not(child):
                inner = self.bounds(child)
                everything = Query.all_query()
                return Bounds(
                    without(everything, inner.lower),
                    without(everything, inner.upper),
                    inner.exact,
                )
            case Exact(child):
                return self.bounds(child)
            case Person(text, field):
                return self._person(text, field)
            case Value(text, field):
                wanted = wanted_values(text, field)
                return _exactly(any_of([self._whole(field, pattern) for pattern in wanted]))
            case Range(field, low, high):
                return _exactly(self._range(field, low, high))
            case Word(text, None) if bare_address(text):
                return _any([self._text(node), self._person(text, "participants")])
            case Word() | Phrase() | Stem() | Fuzzy() | Near() | NotNear():
                return self._text(node)

    def _person(self, text: str, field: str) -> Bounds:
        wanted = wanted_patterns(text)
        queries = [self._whole(part, term) for part in TEXTS[field] for term in wanted]
        return _exactly(any_of(queries))

    def _whole(self, name: str, pattern: str) -> Query:
        term = whole_term(name, pattern)
        if has_wildcard(pattern):
            return Query.regex_query(self._schema, TERMS, _expression(term))
        return Query.term_query(self._schema, TERMS, term, index_option="basic")

    def _range(self, field: str, low: int | None, high: int | None) -> Query:
        if low is None and high is None:
            return Query.exists_query(field)
        return between(self._schema, field, low, None if high is None else high - 1)

    def _text(self, node: TextLeaf | Near | NotNear) -> Bounds:
        names = text_names(node)
        single = _single(node)
        if names == DEFAULT_TEXTS and single is not None and single.kind is TermKind.ACCENTED:
            return _exactly(self._accented(single))
        return _any([self._within(node, name) for name in names])

    def _within(self, node: Node, name: str) -> Bounds:
        """Return the bounds of records with a span of the node in a text of this name."""
        match node:
            case Or(below):
                return _any([self._within(child, name) for child in below])
            case Near():
                return self._near(node, name)
            case NotNear(left, right):
                near, far = self._within(left, name), self._within(right, name)
                return Bounds(near.upper, without(near.lower, far.upper), False)
            case Word() | Phrase() | Stem() | Fuzzy():
                return self._run(terms(node), name)
            case _:
                raise InvalidError("A proximity takes words and phrases on its sides.")

    def _run(self, wanted: tuple[Term, ...], name: str) -> Bounds:
        """Return the bounds of the words of a phrase next to each other."""
        parts = [self._term(term, name) for term in wanted]
        if len(wanted) == 1:
            return parts[0]
        if any(term.kind not in (TermKind.PLAIN, TermKind.ACCENTED) for term in wanted):
            return Bounds(_all(parts).upper, None, False)
        phrase = Query.phrase_query(self._schema, name, [term.folded for term in wanted])
        if not any(term.accented for term in wanted):
            return _exactly(phrase)
        return Bounds(all_of([phrase, *(part.upper for part in parts)]), None, False)

    def _term(self, term: Term, name: str) -> Bounds:
        folded = Query.term_query(self._schema, name, term.folded)
        match term.kind:
            case TermKind.PLAIN:
                return _exactly(folded)
            case TermKind.ACCENTED:
                upper = all_of([folded, self._accented(term)]) if name in ACCENTED_TEXTS else folded
                return Bounds(upper, None, False)
            case TermKind.PATTERN:
                query = Query.regex_query(self._schema, name, _expression(term.folded))
                return Bounds(query, None, False) if term.accented else _exactly(query)
            case TermKind.STEM:
                pattern = _stem_expression(term.folded)
                return Bounds(Query.regex_query(self._schema, name, pattern), folded, False)
            case TermKind.FUZZY:
                return _exactly(
                    Query.fuzzy_term_query(self._schema, name, term.folded, term.distance)
                )

    def _accented(self, term: Term) -> Query:
        return Query.term_query(self._schema, "accented", term.exact, index_option="basic")

    def _near(self, node: Near, name: str) -> Bounds:
        both = _all([self._within(node.left, name), self._within(node.right, name)])
        left, right = _single(node.left), _single(node.right)
        if left is None or right is None or left.folded == right.folded:
            return Bounds(both.upper, None, False)
        if {left.kind, right.kind} != {TermKind.PLAIN}:
            return Bounds(both.upper, None, False)
        # Two different words match with a slop of s when |right - left - 1| <= s.
        words: list[str | tuple[int, str]] = [left.folded, right.folded]
        closer = Query.phrase_query(self._schema, name, words, slop=node.distance - 1)
        if node.ordered:
            return Bounds(closer, None, False)
        wider = Query.phrase_query(self._schema, name, words, slop=node.distance + 1)
        # Where a field holds several texts, near words may stand in two of them.
        return Bounds(wider, None if name in MANY_VALUED else closer, False)


def _single(node: Node) -> Term | None:
    if not isinstance(node, Word | Phrase | Stem | Fuzzy):
        return None
    wanted = terms(node)
    return wanted[0] if len(wanted) == 1 else None


def _expression(pattern: str) -> str:
    """Write a marked pattern as a regular expression of the index, which is always anchored."""
    pieces = {ANY_RUN: ".*", ANY_CHARACTER: "."}
    return "".join(
        pieces.get(character, f"\\{character}" if character in _META else character)
        for character in pattern
    )


def _stem_expression(word: str) -> str:
    """Write what every word of the same stem begins with.

    Snowball keeps a word's beginning up to the last letter of the stem, which may be changed
    (apply, appli) or added (hop, hope); a few irregular words begin otherwise.
    """
    root = stem(word)
    if root in _IRREGULAR_STEMS:
        return f"({root}|{_IRREGULAR_STEMS[root]}).*"
    if root.endswith("i"):
        return f"{root[:-1]}[iy].*"
    return f"{root[:-1] if root.endswith(('e', 'bl')) else root}.*"
