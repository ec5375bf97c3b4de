"""Syntax trees to index queries, with bounds where the index cannot be exact.

Each part of a query becomes two index queries: `upper` finds every record that matches and maybe
others, `lower` finds only records that match, maybe not all. Where they are the same, the index is
exact. NOT swaps them. What lies between the two is settled by the matcher.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from tantivy import Query, Schema

from archive.errors import InvalidError
from archive.index.bounds import (
    Bounds,
    all_bounds,
    all_of,
    any_bounds,
    any_of,
    between,
    exactly,
    no_bounds,
    within,
    without,
)
from archive.index.schema import ACCENTED_TEXTS, MANY_VALUED, TERMS, whole_term
from archive.query.analysis import ANY_RUN, stem
from archive.query.fields import DEFAULT_TEXTS, TEXTS
from archive.query.matcher import people_parts, text_names, wanted_patterns, wanted_values
from archive.query.patterns import expression
from archive.query.people import bare_address, known_terms
from archive.query.terms import Term, TermKind, has_wildcard, terms
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
)

_MOST_PAIRS: Final = 64
"""How many pairs of a proximity's groups the index looks for one by one."""
_LONGEST_BEGINNING: Final = 64
"""Beginnings of more characters are left to regular expressions."""
_FEW_PLACES: Final = 12
"""Up to which distance phrases are looked for at each place where they may stand."""
# Stems that do not begin their words: dying, lying, tying, skies.
_IRREGULAR_STEMS: Final = {"die": "dy", "lie": "ly", "tie": "ty", "sky": "ski"}


def translate(
    node: Node,
    schema: Schema,
    *,
    placed: bool = True,
    rewritten: bool = False,
    aliases: Aliases = NO_ALIASES,
) -> Bounds:
    """Return the index queries of a tree; `aliases` are those of whom it names.

    If `rewritten`, the texts to be met are those of the index with words taken out: it never knows
    for sure that a word is met, only that it is not. The index looks for patterns at their places
    in phrases and proximities only as long as they reach no more words than it takes there. If not
    `placed`, it merely looks for their records, and the matcher has more to settle.

    Raises InvalidError for a pattern that the index refuses.
    """
    try:
        return _Translator(schema, placed, rewritten, aliases).bounds(node)
    except ValueError as error:
        raise InvalidError("A pattern in the query is too complicated.", column=1) from error


class _Translator:
    def __init__(self, schema: Schema, placed: bool, rewritten: bool, aliases: Aliases) -> None:
        self._schema = schema
        self._placed = placed
        self._rewritten = rewritten
        self._aliases = aliases

    def bounds(self, node: Node) -> Bounds:
        match node:
            case Everything():
                return exactly(Query.all_query())
            case And(below):
                return all_bounds([self.bounds(child) for child in below])
            case Or(below):
                return any_bounds([self.bounds(child) for child in below])
            case Not(child):
                return no_bounds(self.bounds(child))
            case Exact(child):
                return self._with(NO_ALIASES).bounds(child)
            case Person(text, field):
                return any_bounds([self._person(text, field), self._known(node)])
            case Named(_, ids, queries):
                meant = [self._with(each.aliases).bounds(each.query) for each in queries]
                return any_bounds([self._listed(ids), *meant])
            case Value(text, field):
                wanted = wanted_values(text, field)
                return exactly(any_of([self._whole(field, pattern) for pattern in wanted]))
            case Range(field, low, high):
                return exactly(self._range(field, low, high))
            case Word(text, None) if bare_address(text):
                asked = [self._text(node), self._person(text, "participants"), self._known(node)]
                return any_bounds(asked)
            case Word() | Phrase() | Stem() | Fuzzy() | Near() | NotNear():
                found = any_bounds([self._text(node), self._known(node)])
                return within(found.upper) if self._rewritten else found

    def _with(self, aliases: Aliases) -> "_Translator":
        return _Translator(self._schema, self._placed, self._rewritten, aliases)

    def _listed(self, ids: Collection[UUID]) -> Bounds:
        if not ids:
            return exactly(None)
        wanted = [whole_term("id", str(each)) for each in ids]
        return exactly(Query.term_set_query(self._schema, TERMS, wanted))

    def _known(self, node: Node) -> Bounds:
        """Return the bounds of records of those whom a part of the query names by an alias."""
        if not self._aliases:
            return exactly(None)
        wanted = [
            whole_term(part, term)
            for key in self._aliases.get(node, ())
            for part in people_parts(node)
            for term in known_terms(key)
        ]
        if not wanted:
            return exactly(None)
        return exactly(Query.term_set_query(self._schema, TERMS, wanted))

    def _person(self, text: str, field: str) -> Bounds:
        wanted = wanted_patterns(text)
        queries = [self._whole(part, term) for part in TEXTS[field] for term in wanted]
        return exactly(any_of(queries))

    def _whole(self, name: str, pattern: str) -> Query:
        term = whole_term(name, pattern)
        if has_wildcard(pattern):
            return self._pattern(TERMS, term)
        return Query.term_query(self._schema, TERMS, term, index_option="basic")

    def _pattern(self, name: str, pattern: str) -> Query:
        """Return the query of a marked pattern; beginnings have a form that is faster to make."""
        beginning = pattern.removesuffix(ANY_RUN)
        if has_wildcard(beginning) or not 0 < len(beginning) <= _LONGEST_BEGINNING:
            return Query.regex_query(self._schema, name, expression(pattern))
        return Query.fuzzy_term_query(self._schema, name, beginning, 0, prefix=True)

    def _range(self, field: str, low: int | None, high: int | None) -> Query:
        if low is None and high is None:
            return Query.exists_query(field)
        return between(self._schema, field, low, None if high is None else high - 1)

    def _text(self, node: TextLeaf | Near | NotNear) -> Bounds:
        names = text_names(node)
        single = _single(node)
        if names == DEFAULT_TEXTS and single is not None and single.kind is TermKind.ACCENTED:
            return exactly(self._accented(single))
        return any_bounds([self._within(node, name) for name in names])

    def _within(self, node: Node, name: str) -> Bounds:
        """Return the bounds of records with a span of the node in a text of this name."""
        match node:
            case Or(below):
                return any_bounds([self._within(child, name) for child in below])
            case Near():
                return self._near(node, name)
            case NotNear(left, right):
                near, far = self._within(left, name), self._within(right, name)
                return within(near.upper, without(near.lower, far.upper))
            case Word() | Phrase() | Stem() | Fuzzy():
                return self._run(terms(node), name)
            case _:
                raise InvalidError("A proximity takes words and phrases on its sides.")

    def _run(self, wanted: tuple[Term, ...], name: str) -> Bounds:
        """Return the bounds of the words of a phrase next to each other."""
        parts = [self._term(term, name) for term in wanted]
        if len(wanted) == 1:
            return parts[0]
        if not self._follows(wanted):
            return within(all_bounds(parts).upper)
        phrase = self._placed_words(list(_places(wanted)), name)
        if any(term.accented for term in wanted):
            return within(all_of([phrase, *(part.upper for part in parts)]))
        # A lone `*` is any one word: that one stands there is only sure within one text.
        if name in MANY_VALUED and any(term.folded == ANY_RUN for term in wanted):
            return within(phrase)
        return exactly(phrase)

    def _follows(self, wanted: Sequence[Term]) -> bool:
        """Say whether the index can look for these words at their places."""
        return all(
            term.kind is not TermKind.FUZZY and (self._placed or _literal(term)) for term in wanted
        )

    def _placed_words(self, wanted: Sequence[tuple[int, Term]], name: str, slop: int = 0) -> Query:
        """Return the query of words at such places from each other, and perhaps of more.

        Of two words, the second may stand up to `slop` places before or after its own.
        """
        if all(_literal(term) for _, term in wanted):
            words: list[str | tuple[int, str]] = [(place, term.folded) for place, term in wanted]
            return Query.phrase_query(self._schema, name, words, slop=slop)
        patterns: list[str | tuple[int, str]] = [(place, _reach(term)) for place, term in wanted]
        return Query.regex_phrase_query(self._schema, name, patterns, slop=slop)

    def _term(self, term: Term, name: str) -> Bounds:
        folded = Query.term_query(self._schema, name, term.folded)
        match term.kind:
            case TermKind.PLAIN:
                return exactly(folded)
            case TermKind.ACCENTED:
                upper = all_of([folded, self._accented(term)]) if name in ACCENTED_TEXTS else folded
                return within(upper)
            case TermKind.PATTERN:
                query = self._pattern(name, term.folded)
                return within(query) if term.accented else exactly(query)
            case TermKind.STEM:
                pattern = _stem_expression(term.folded)
                return within(Query.regex_query(self._schema, name, pattern), folded)
            case TermKind.FUZZY:
                return exactly(
                    Query.fuzzy_term_query(self._schema, name, term.folded, term.distance)
                )

    def _accented(self, term: Term) -> Query:
        return Query.term_query(self._schema, "accented", term.exact, index_option="basic")

    def _near(self, node: Near, name: str) -> Bounds:
        lefts, rights = _alternatives(node.left), _alternatives(node.right)
        if 1 < len(lefts) * len(rights) <= _MOST_PAIRS:
            pairs = (replace(node, left=left, right=right) for left in lefts for right in rights)
            return any_bounds([self._near(pair, name) for pair in pairs])
        both = all_bounds([self._within(node.left, name), self._within(node.right, name)])
        left, right = _row(node.left), _row(node.right)
        if not left or not right or not self._follows((*left, *right)):
            return within(both.upper)
        orders = [(left, right)] if node.ordered else [(left, right), (right, left)]
        words = len(left) == len(right) == 1
        if words and not node.ordered and _apart(left[0], right[0]):
            # Around one place, a slop reaches as far to either side.
            found = [self._placed_words([(0, left[0]), (0, right[0])], name, node.distance)]
        elif words or node.distance > _FEW_PLACES:
            found = [
                query
                for first, second in orders
                for query in self._reaching(first[-1], second[0], node.distance, name)
            ]
        else:
            found = [
                self._placed_words(
                    [*_places(first), *_places(second, len(first) - 1 + apart)], name
                )
                for first, second in orders
                for apart in range(1, node.distance + 1)
            ]
        sure = all(
            term.kind in (TermKind.PLAIN, TermKind.PATTERN) and not term.accented
            for term in (*left, *right)
        )
        # Where a field holds several texts, near words may stand in two of them.
        if sure and name not in MANY_VALUED and (words or node.distance <= _FEW_PLACES):
            return exactly(any_of(found))
        return within(all_of([both.upper, any_of(found)]))

    def _reaching(self, first: Term, second: Term, distance: int, name: str) -> Iterator[Query]:
        """Yield queries of which one finds the second word 1 to `distance` places after the first.

        A slop reaches as far to either side of a word's place, so an odd number of places is one
        query around the middle one, and an even number leaves the last one over.
        """
        middle = (distance + 1) // 2
        slop = middle - 1
        yield self._placed_words([(0, first), (middle, second)], name, slop)
        if distance > middle + slop:
            yield self._placed_words([(0, first), (distance, second)], name)


def _alternatives(node: Node) -> tuple[Node, ...]:
    return node.children if isinstance(node, Or) else (node,)


def _row(node: Node) -> tuple[Term, ...]:
    """Return the words of a phrase; none where the node is no word and no phrase."""
    return terms(node) if isinstance(node, Word | Phrase | Stem | Fuzzy) else ()


def _places(wanted: tuple[Term, ...], start: int = 0) -> Iterator[tuple[int, Term]]:
    """Yield the words of a phrase with their places; a lone `*` only keeps one free."""
    for place, term in enumerate(wanted, start):
        if len(wanted) == 1 or term.folded != ANY_RUN:
            yield place, term


def _literal(term: Term) -> bool:
    return term.kind in (TermKind.PLAIN, TermKind.ACCENTED)


def _apart(left: Term, right: Term) -> bool:
    """Say whether no word of a text is both."""
    return _literal(left) and _literal(right) and left.folded != right.folded


def _reach(term: Term) -> str:
    """Write what a word reaches as a regular expression of the index, and perhaps more."""
    return _stem_expression(term.folded) if term.kind is TermKind.STEM else expression(term.folded)


def _single(node: Node) -> Term | None:
    if not isinstance(node, Word | Phrase | Stem | Fuzzy):
        return None
    wanted = terms(node)
    return wanted[0] if len(wanted) == 1 else None


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
