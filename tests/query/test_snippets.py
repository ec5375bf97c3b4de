from hypothesis import given
from hypothesis import strategies as st

from archive.query.parser import parse
from archive.query.snippet import Snippet, snippet
from archive.query.tree import Node
from tests.query.samples import nodes, record


def marked(found: Snippet) -> list[str]:
    return [found.text[start:end] for start, end in found.highlights]


def test_the_snippet_stands_where_most_of_the_query_does() -> None:
    text = "fee " + "x " * 500 + "the Fee and\n\n  the rébate " + "y " * 500
    found = snippet(record(1, text=text), parse("fee rebate"))
    assert marked(found) == ["Fee", "rébate"]
    assert "Fee and the rébate" in found.text
    assert found.text.startswith("\u2026 ")
    assert found.text.endswith(" \u2026")
    assert len(found.text) <= 210


def test_what_must_not_be_there_is_not_marked() -> None:
    found = snippet(record(1, text="fee, no draft"), parse("fee -letter NOT subject:fee"))
    assert marked(found) == ["fee"]


def test_html_is_shown_where_only_it_matches_and_else_the_beginning() -> None:
    both = record(1, text="plain words", html_text="rich words")
    assert marked(snippet(both, parse("rich"))) == ["rich"]
    assert snippet(both, parse("from:ann")) == Snippet("plain words", ())
    assert snippet(record(1), parse("fee")) == Snippet("", ())


def test_characters_written_without_spaces_are_marked_exactly() -> None:
    found = snippet(record(1, text="可能な商品のみ"), parse("商品"))
    assert marked(found) == ["商品"]


@given(st.text(max_size=300), nodes, st.integers(20, 80))
def test_highlights_lie_in_the_text_in_order_and_apart(text: str, node: Node, width: int) -> None:
    found = snippet(record(1, text=text + " fee " + text), node, width)
    last = 0
    for start, end in found.highlights:
        assert last <= start < end <= len(found.text)
        last = end
