"""The piece of an unsealed record that shows why a query found it."""

import re
from bisect import bisect_right
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from archive.model.record import Record
from archive.query import attributes
from archive.query.fields import TEXTS
from archive.query.placing import PlacedText, spans_of
from archive.query.spans import runs
from archive.query.terms import TermKind, terms
from archive.query.tree import Fuzzy, Node, Not, NotNear, Phrase, Stem, TextLeaf, Word, children

_SPACE: Final = re.compile(r"\s+")
_MOST_WORDS: Final = 50_000
"""A match farther into a text is not looked for; the snippet then shows the beginning."""
_LEAD: Final = 4
"""One part in this many of the width stands before the first match."""
_ELLIPSIS: Final = "\u2026"


@dataclass(frozen=True, slots=True)
class Snippet:
    """Plain text, with the places in it that match: character offsets, the end exclusive."""

    text: str
    highlights: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class _Match:
    start: int
    end: int
    leaf: TextLeaf


def snippet(record: Record, node: Node, width: int = 200) -> Snippet:
    """Return about `width` characters of the text around what the query looks for.

    The plain text is preferred to the HTML's, and that to what was read out of attachments; where
    nothing of the query stands in any, it is the beginning. Spaces and line ends are drawn
    together.
    """
    attached = [each.text for each in record.content.attachments if each.text]
    places = [
        *((text, "body") for name in TEXTS["body"] for text in attributes.texts(record, name)),
        *((text, "attachment") for text in attached),
    ]
    leaves = list(_leaves(node))
    for text, field in places:
        found = _matches(text, [leaf for leaf in leaves if leaf.field in (None, field)])
        if found:
            return _cut(text, found, _best(found, width), width)
    return _cut(places[0][0], [], 0, width) if places else Snippet("", ())


def highlights(text: str, node: Node, field: str) -> tuple[tuple[int, int], ...]:
    """Return where a whole text of a field (`body`, `subject`, `attachment`) matches.

    Character offsets, the end exclusive, in order, none within another.
    """
    found = _matches(text, list(_leaves(node, (None, field))))
    return _merge((match.start, match.end) for match in found)


def _leaves(
    node: Node, fields: Collection[str | None] = (None, "body", "attachment")
) -> Iterator[TextLeaf]:
    """Yield what the query wants to stand in a text of these fields."""
    match node:
        case Word() | Phrase() | Stem() | Fuzzy():
            if node.field in fields and node != Word("*", node.field):
                yield node
        case Not():
            return
        case NotNear(left, _):
            yield from _leaves(left, fields)
        case _:
            for child in children(node):
                yield from _leaves(child, fields)


def _matches(text: str, leaves: list[TextLeaf]) -> list[_Match]:
    placed: PlacedText | None = None
    found: set[_Match] = set()
    for leaf in dict.fromkeys(leaves):
        row = _plain_row(leaf)
        spans = spans_of(row, text) if row else None
        if spans is None:
            placed = placed or PlacedText(text, _MOST_WORDS)
            spans = [placed.span(first, last) for first, last in runs(leaf, placed.words)]
        found.update(_Match(start, end, leaf) for start, end in spans)
    return sorted(found, key=lambda match: (match.start, match.end))


def _plain_row(leaf: TextLeaf) -> tuple[str, ...]:
    """Return the words of a word or phrase if `spans_of` can look for them; else none."""
    wanted = terms(leaf)
    plain = all(term.kind is TermKind.PLAIN and term.folded.isascii() for term in wanted)
    return tuple(term.folded for term in wanted) if plain else ()


def _best(found: list[_Match], width: int) -> int:
    """Return where the snippet begins: where most of what was asked for stands together."""
    starts = [match.start for match in found]
    reach = width - width // _LEAD

    def together(place: int) -> int:
        end = bisect_right(starts, starts[place] + reach)
        return len({match.leaf for match in found[place:end]})

    # Places late in a long list of matches seldom beat the first ones.
    best = max(range(min(len(found), 1_000)), key=together)
    return max(0, starts[best] - width // _LEAD)


def _cut(text: str, found: list[_Match], begin: int, width: int) -> Snippet:
    """Cut at spaces, draw white space together, and carry the matches over."""
    if begin:
        space = _SPACE.search(text, begin, begin + width // _LEAD)
        begin = space.end() if space else begin
    end = min(len(text), begin + width)
    if end < len(text):
        space_before = max(text.rfind(" ", begin, end), text.rfind("\n", begin, end))
        end = space_before if space_before > begin + width // 2 else end
    piece = text[begin:end]
    drawn = " ".join(piece.split())
    lead = f"{_ELLIPSIS} " if begin else ""
    tail = f" {_ELLIPSIS}" if end < len(text.rstrip()) else ""

    def moved(place: int) -> int:
        return len(lead) + min(len(drawn), _drawn_to(piece[: max(place - begin, 0)]))

    highlights = _merge(
        (moved(match.start), moved(match.end))
        for match in found
        if match.start < end and match.end > begin
    )
    return Snippet(lead + drawn + tail, highlights)


def _drawn_to(piece: str) -> int:
    """Return how long the beginning of a text is once its white space is drawn together."""
    runs_of_it = piece.split()
    # Of the white space at its end one space stays, unless nothing stands before it.
    return len(" ".join(runs_of_it)) + (bool(runs_of_it) and piece[-1].isspace())


def _merge(places: Iterator[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Join places that overlap, so that each character is highlighted once."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(places):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif start < end:
            merged.append((start, end))
    return tuple(merged)
