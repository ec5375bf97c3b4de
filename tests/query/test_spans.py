"""Proximities mean what listing every pair of spans says, and cost no more for a text of pairs."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.query.analysis import words
from archive.query.parser import parse
from archive.query.spans import occurs
from archive.query.tree import Near, Node, NotNear, Or, Phrase, Word

Spans = set[tuple[int, int]]
LETTERS = st.sampled_from("abc")


def listed(node: Node, text: list[str]) -> Spans:
    """List the spans as the definition says."""
    match node:
        case Word(wanted) | Phrase(wanted):
            run = wanted.split()
            starts = range(len(text) - len(run) + 1)
            return {(n, n + len(run) - 1) for n in starts if text[n : n + len(run)] == run}
        case Or(below):
            return set().union(*(listed(child, text) for child in below))
        case Near(left, right, distance, ordered):
            pairs = product(listed(left, text), listed(right, text))
            return {
                (min(a[0], b[0]), max(a[1], b[1]))
                for a, b in pairs
                if 1 <= b[0] - a[1] <= distance or (not ordered and 1 <= a[0] - b[1] <= distance)
            }
        case NotNear(left, right, distance):
            others = listed(right, text)
            return {
                a
                for a in listed(left, text)
                if not any(
                    1 <= b[0] - a[1] <= distance or 1 <= a[0] - b[1] <= distance for b in others
                )
            }
    raise AssertionError(node)


leaves: st.SearchStrategy[Node] = st.one_of(
    LETTERS.map(Word), st.lists(LETTERS, min_size=2, max_size=3).map(" ".join).map(Phrase)
)
distances = st.integers(1, 4)
sides: st.SearchStrategy[Node] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Near, inner, inner, distances, st.booleans()),
        st.builds(NotNear, inner, inner, distances),
        st.tuples(inner, inner).map(Or),
    ),
    max_leaves=6,
)


@given(sides, st.lists(LETTERS, max_size=14))
def test_a_proximity_is_there_where_its_spans_can_be_listed(node: Node, text: list[str]) -> None:
    assert occurs(node, words(" ".join(text))) is bool(listed(node, text))


@pytest.mark.parametrize("operator", ["w/1000", "NOT w/1000", "pre/1000"])
def test_a_text_of_one_word_is_settled_at_once(operator: str) -> None:
    node = parse("(" * 6 + "a OR b" + f") {operator} a" * 6)
    assert occurs(node, words("a " * 30_000)) is (not operator.startswith("NOT"))
