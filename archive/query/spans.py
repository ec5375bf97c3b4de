"""Where in a text the sides of phrases and proximities stand.

A span is the places of its first and last word. Two spans are within n of each other when fewer
than n words stand between them, so neighbours are within 1; spans that overlap are not near.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from archive.index.analysis import Word as TextWord
from archive.query.terms import Term, terms
from archive.query.tree import Fuzzy, Near, Node, NotNear, Or, Phrase, Stem, Word

Span = tuple[int, int]


def spans(node: Node, text: Sequence[TextWord]) -> list[Span]:
    """Return the spans of a leaf, a group or a proximity in one text, in order, each once."""
    match node:
        case Word() | Phrase() | Stem() | Fuzzy():
            return _runs(terms(node), text)
        case Or(below):
            return sorted({span for child in below for span in spans(child, text)})
        case Near(left, right, distance, ordered):
            others = _Others(spans(right, text))
            pairs = (
                (span, other)
                for span in spans(left, text)
                for other in others.near(span, distance, ordered=ordered)
            )
            return sorted({(min(a[0], b[0]), max(a[1], b[1])) for a, b in pairs})
        case NotNear(left, right, distance):
            others = _Others(spans(right, text))
            return [span for span in spans(left, text) if not others.near(span, distance)]
        case _:
            return []


def occurs(node: Node, text: Sequence[TextWord]) -> bool:
    """Say whether the node has a span in a text, without listing every pair of a proximity."""
    if isinstance(node, Near):
        others = _Others(spans(node.right, text))
        return any(
            others.near(span, node.distance, ordered=node.ordered)
            for span in spans(node.left, text)
        )
    return bool(spans(node, text))


def _runs(wanted: tuple[Term, ...], text: Sequence[TextWord]) -> list[Span]:
    first, *rest = wanted
    return [
        (place, place + len(rest))
        for place, word in enumerate(text[: max(0, len(text) - len(rest))])
        if first.matches(word)
        and all(term.matches(text[place + step]) for step, term in enumerate(rest, 1))
    ]


class _Others:
    """The spans of one side, to be looked up by where they begin and where they end."""

    def __init__(self, found: Iterable[Span]) -> None:
        self._by_start = sorted(found)
        self._by_end = sorted(self._by_start, key=_end)

    def near(self, span: Span, distance: int, *, ordered: bool = False) -> list[Span]:
        """Return those that begin after `span` within the distance, or (unordered) end before."""
        start, end = span
        first = bisect_right(self._by_start, end, key=_start)
        found = self._by_start[first : bisect_right(self._by_start, end + distance, key=_start)]
        if not ordered:
            first = bisect_left(self._by_end, start - distance, key=_end)
            found += self._by_end[first : bisect_left(self._by_end, start, key=_end)]
        return found


def _start(span: Span) -> int:
    return span[0]


def _end(span: Span) -> int:
    return span[1]
