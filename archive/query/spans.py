"""Where in a text the sides of phrases and proximities stand.

A span is the places of its first and last word. Two spans are near when the words between them
number less than the distance, so neighbours are within 1; spans that overlap are not near.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

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
            return _near(spans(left, text), spans(right, text), distance, ordered)
        case NotNear(left, right, distance):
            others = spans(right, text)
            return [span for span in spans(left, text) if not _pairs(span, others, distance, False)]
        case _:
            return []


def _runs(wanted: tuple[Term, ...], text: Sequence[TextWord]) -> list[Span]:
    first, *rest = wanted
    last = len(text) - len(rest)
    return [
        (place, place + len(rest))
        for place, word in enumerate(text[:last] if rest else text)
        if first.matches(word)
        and all(term.matches(text[place + step]) for step, term in enumerate(rest, 1))
    ]


def _near(lefts: list[Span], rights: list[Span], distance: int, ordered: bool) -> list[Span]:
    return sorted(
        {
            (min(left[0], right[0]), max(left[1], right[1]))
            for left in lefts
            for right in _pairs(left, rights, distance, ordered)
        }
    )


def _pairs(span: Span, others: list[Span], distance: int, ordered: bool) -> list[Span]:
    """Return those of `others` (sorted) that are near the span: after it, or before it too."""
    low = bisect_right(others, (span[1], len(others) and others[-1][1] + 1))
    high = bisect_right(others, (span[1] + distance, others[-1][1] + 1)) if others else 0
    after = others[low:high]
    if ordered:
        return after
    before = [
        other
        for other in others[: bisect_left(others, (span[0], 0))]
        if other[1] < span[0] <= other[1] + distance
    ]
    return before + after
