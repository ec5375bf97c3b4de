"""Where in a text the sides of phrases and proximities stand.

A span is the places of its first and last word. Two spans are within n of each other when fewer
than n words stand between them, so neighbours are within 1; spans that overlap are not near.

A text of repeated words has more pairs of near spans than could ever be listed, and nested
proximities pairs of pairs. So spans are not listed: sets of places are carried from where spans
begin to where they end, and back, as whole numbers whose bits are places.
"""

from collections.abc import Iterator, Sequence

from archive.errors import InvalidError
from archive.query.analysis import Word as TextWord
from archive.query.terms import Term, terms
from archive.query.tree import Fuzzy, Near, Node, NotNear, Or, Phrase, Stem, TextLeaf, Word

Span = tuple[int, int]


def runs(leaf: TextLeaf, text: Sequence[TextWord]) -> Iterator[Span]:
    """Yield the spans of a word or phrase in one text, in order."""
    first, *rest = terms(leaf)
    for place in first.places(text):
        following = text[place + 1 : place + 1 + len(rest)]
        if len(following) == len(rest) and all(map(Term.matches, rest, following)):
            yield place, place + len(rest)


def occurs(node: Node, text: Sequence[TextWord]) -> bool:
    """Say whether a word, phrase, group of them or proximity has a span in one text."""
    match node:
        case Word() | Phrase() | Stem() | Fuzzy():
            return next(runs(node, text), None) is not None
        case Or(below):
            return any(occurs(child, text) for child in below)
        case _:
            return _Spans(text).found(node)


class _Spans:
    """The spans of nodes in one text, as a relation between where they begin and end."""

    def __init__(self, text: Sequence[TextWord]) -> None:
        self._text = text
        self._everywhere = (1 << len(text)) - 1
        self._starts: dict[TextLeaf, int] = {}
        self._lonely: dict[NotNear, tuple[int, int]] = {}

    def found(self, node: Node) -> bool:
        return self._ends(node, self._everywhere) != 0

    def _ends(self, node: Node, allowed: int) -> int:
        """Return where the spans end that begin at an allowed place."""
        match node:
            case Word() | Phrase() | Stem() | Fuzzy():
                return (self._leaf(node) & allowed) << (len(terms(node)) - 1)
            case Or(below):
                return _union(self._ends(child, allowed) for child in below)
            case Near(left, right, distance, ordered):
                ends = self._ends(right, _after(self._ends(left, allowed), distance))
                if not ordered:
                    ends |= self._ends(left, _after(self._ends(right, allowed), distance))
                return ends
            case NotNear(left):
                begin, end = self._apart(node)
                return self._ends(left, allowed & begin) & end
            case _:
                raise InvalidError("A proximity takes words and phrases on its sides.")

    def _begins(self, node: Node, allowed: int) -> int:
        """Return where the spans begin that end at an allowed place."""
        match node:
            case Word() | Phrase() | Stem() | Fuzzy():
                return self._leaf(node) & (allowed >> (len(terms(node)) - 1))
            case Or(below):
                return _union(self._begins(child, allowed) for child in below)
            case Near(left, right, distance, ordered):
                begins = self._begins(left, _before(self._begins(right, allowed), distance))
                if not ordered:
                    begins |= self._begins(right, _before(self._begins(left, allowed), distance))
                return begins
            case NotNear(left):
                begin, end = self._apart(node)
                return self._begins(left, allowed & end) & begin
            case _:
                raise InvalidError("A proximity takes words and phrases on its sides.")

    def _apart(self, node: NotNear) -> tuple[int, int]:
        """Return where a span may begin, and where it may end, with no right side near it."""
        if node not in self._lonely:
            ends = self._ends(node.right, self._everywhere)
            begins = self._begins(node.right, self._everywhere)
            self._lonely[node] = (
                self._everywhere & ~_after(ends, node.distance),
                self._everywhere & ~_before(begins, node.distance),
            )
        return self._lonely[node]

    def _leaf(self, leaf: TextLeaf) -> int:
        """Return where a word or phrase begins."""
        if leaf not in self._starts:
            bits = bytearray(len(self._text) // 8 + 1)
            for start, _ in runs(leaf, self._text):
                bits[start >> 3] |= 1 << (start & 7)
            self._starts[leaf] = int.from_bytes(bits, "little")
        return self._starts[leaf]


def _union(sets: Iterator[int]) -> int:
    result = 0
    for each in sets:
        result |= each
    return result


def _after(places: int, distance: int) -> int:
    """Return the 1 to `distance` places after each."""
    width = 1
    while width < distance:
        step = min(width, distance - width)
        places |= places << step
        width += step
    return places << 1


def _before(places: int, distance: int) -> int:
    """Return the 1 to `distance` places before each."""
    width = 1
    while width < distance:
        step = min(width, distance - width)
        places |= places >> step
        width += step
    return places >> 1
