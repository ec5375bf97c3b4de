from hypothesis import given
from hypothesis import strategies as st

from archive.query.parser import parse
from archive.query.placing import PlacedText, spans_of
from archive.query.snippet import Snippet, snippet
from archive.query.spans import runs
from archive.query.tree import Node, Phrase
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


mixed = st.lists(
    st.sampled_from(
        ["fee", "FEE", "Fee's", "fees", "a", "a-a", "é", "fée", "ｆｅｅ", "K", "İ", "日本fee",
         "fee日", "́", "feé", "\u00ad", "x_fee", "7", "٧", ".", "\n", "\u00a0", "\x1c", "\0", "ß"]
    ),
    max_size=14,
)  # fmt: skip


@given(
    mixed.map(" ".join) | mixed.map("".join) | st.text(max_size=60),
    st.lists(st.sampled_from(["fee", "a", "7", "k", "fees", "ss"]), min_size=1, max_size=3),
)
def test_plain_words_are_found_where_a_text_that_is_read_has_them(
    text: str, row: list[str]
) -> None:
    placed = PlacedText(text, 1_000)
    leaf = Phrase(" ".join(row))
    there = [placed.span(first, last) for first, last in runs(leaf, placed.words)]
    found = spans_of(tuple(row), text)
    assert found == there or (found is None and len(row) > 1 and not text.isascii())


def test_of_a_long_text_only_reading_tells() -> None:
    assert spans_of(("fee",), "x" * 16_001 + " fee") is None
    assert marked(snippet(record(1, text="x" * 16_001 + " fee"), parse("fee"))) == ["fee"]
