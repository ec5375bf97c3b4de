from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.access.views.viewer import Metadata
from archive.errors import InvalidError
from archive.query.builder import Builder
from archive.query.fields import OF_CONTENT, Askable
from archive.query.parser import by_grammar, parse
from archive.query.printer import to_text
from archive.query.scopes import parse_scope, read_scope
from archive.query.tree import EVERYTHING, Near, Node, Person, Phrase, Range, Word, to_json


def seconds(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp())  # type: ignore[arg-type,misc]


MISTYPED = [
    *("w/five", "w/-1", "w/5,", "pre/5.", "w/5.5", "w/5-b", "w/o", "near/5", "Near/5", "onear/5"),
    *("within/5", "near(five)", "near (5)", "Near ( n=5 )"),
]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("", "*"),
        ("fee rebate", "fee AND rebate"),
        ("fee AND rebate", "fee AND rebate"),
        ("fee -draft", "fee AND NOT draft"),
        ("fee NOT (a OR b)", "fee AND NOT (a OR b)"),
        ("((fee))", "fee"),
        ("(a AND b) c", "a AND b AND c"),
        ("“side letter”", '"side letter"'),
        ("a NEAR(5) b", "a w/5 b"),
        ("a near(n=5) b", "a w/5 b"),
        ("a W/5 b", "a w/5 b"),
        ('a "w/o" c/o and/or near b', 'a AND "w/o" AND c/o AND and/or AND near AND b'),
        ("a ONEAR(3) b", "a pre/3 b"),
        ("a NOT w/5 b", "a NOT w/5 b"),
        ("a b w/5 c", "a AND b w/5 c"),
        ("(a w/5 b) pre/9 c", "(a w/5 b) pre/9 c"),
        ("subject:(a w/5 b)", "subject:a w/5 subject:b"),
        ("subject:(fee OR rebate)", "subject:fee OR subject:rebate"),
        ("FROM:(ann OR @b.test)", "from:ann OR from:@b.test"),
        ("recieve%1", "recieve~1"),
        ('from:"Ann <ann@b.test>"', "from:ann@b.test"),
        ("http://b.test/a?b=1", "http://b.test/a?b=1"),
        ("size>1mb", "size:1000001.."),
        ("size:1kib..2kib", "size:1024..2048"),
        ("size:1.5kb", "size:1500..1500"),
        ("exact:ann@b.test", "exact:(participants:ann@b.test)"),
        ("exact:(from:ann OR to:ann) fee", "exact:(from:ann OR to:ann) AND fee"),
        ('source:"-x"', 'source:"-x"'),
        ("id:-x", 'id:"-x"'),
        ("sent:2001-02", "sent:2001-02-01T00:00:00Z..2001-02-28T23:59:59Z"),
        ("sent<2001", "sent:..2000-12-31T23:59:59Z"),
        ("sent<=2001", "sent:..2001-12-31T23:59:59Z"),
        ("sent>9998", "sent:9999-01-01T00:00:00Z.."),
        ("sent:9999-12-31", "sent:9999-12-31T00:00:00Z..9999-12-31T23:59:59Z"),
        ("sent:*", "sent:*"),
        ("id:<m1@x.test>", 'id:"<m1@x.test>"'),
        ("Has:Attachment", "has:attachment"),
    ],
)
def test_both_dialects_are_read_alike(text: str, read: str) -> None:
    assert to_text(parse(text)) == read


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("a OR b c", 6, "parentheses"),
        ("a AND b OR c", 1, "parentheses"),
        ("a and b", 3, "capitals"),
        ("a OR", 5, "missing"),
        ("OR a", 1, "quotes for the word"),
        ("(a", 1, "no closing"),
        ("a)", 2, "no opening"),
        ('say "fee', 5, "no closing"),
        ("()", 2, "missing"),
        ("fee &", 5, "no letter or digit"),
        ("form:ann", 1, "Did you mean from?"),
        ("Re: fee", 1, "quotes"),
        ("channel:emial", 9, "Did you mean email?"),
        ("fee has:tag", 9, "not available yet"),
        ("tag:x", 1, "not available yet"),
        ("exact:from:a", 7, "in parentheses"),
        ("exact:(subject:a)", 8, "cannot hold another"),
        ("exact:(exact:a)", 8, "cannot hold another"),
        ("exact:a w/5 b", 9, "sides"),
        ("kind:email", 6, "channel:email"),
        ("recipients:a", 1, "to:… OR cc:… OR bcc:…"),
        ("has_attachment:yes", 1, "has:attachment"),
        ("size:1.5", 6, "whole number"),
        ("size >1mb", 6, "right after its field"),
        ("sent:>=2001", 6, "right after its field"),
        ("a && b", 3, "AND or OR"),
        ("a !b", 3, "NOT"),
        ("size!=5", 1, "NOT"),
        ("a w/5 -b", 7, "only where a part begins"),
        ("subject:-a", 9, "only where a part begins"),
        ("'side letter'", 1, "single quotes"),
        ("a w/s b", 3, "number of words"),
        *((f"a {each} b", 3, "number of words") for each in MISTYPED),
        ("a NOT near (5) b", 7, "number of words"),
        ("subject:(a w/five b)", 12, "number of words"),
        ("subject:(a near (5) b)", 12, "number of words"),
        ("a w/9 xfirstword", 7, "no such operator"),
        ("##a[0-9]", 1, "regular expressions"),
        ("12~~24", 1, "sizes and dates"),
        ("fast&", 1, "synonyms"),
        ("ba%nana", 1, "word~1"),
        ("fee%", 1, "word~1"),
        ("fee \u2212rebate", 5, "Only a hyphen excludes"),
        ("fee \u2013rebate", 5, "Only a hyphen excludes"),
        ("\u2018side letter\u2019", 1, "single quotes"),
        ("size>1 mb", 8, "one piece"),
        ("a sent:2002-08-22 21:30", 19, "one piece"),
        ("fee w/ 5 x", 5, "both sides"),
        ("fee w/5x", 5, "both sides"),
        ("fee NEAR5 credit", 5, "both sides"),
        ("fee WITHIN 5 credit", 5, "both sides"),
        ("fee NOT pre/5 credit", 9, "NOT goes with w/n alone"),
        ("fee NOT NEAR(5) credit", 9, "NOT goes with w/n alone"),
        ("exact:subject:foo", 7, "people alone"),
        ("(" * 8 + "a" + " w/2 a)" * 8 + " w/2 a", 67, "8 deep"),
        ("a w/5 b w/3 c", 9, "parentheses"),
        ("a w/0 b", 3, "distance"),
        ("a w/5 (b AND c)", 3, "sides"),
        ("subject:a w/5 b", 11, "same field"),
        ("w/5 b", 1, "both sides"),
        ("-a w/5 b", 4, "both sides"),
        ("NOT NOT a", 5, "NOT"),
        ("sent:2001-02-30", 6, "no date"),
        ("sent:yesterday", 6, "not a date"),
        ("sent:2002..2001", 6, "ends before it begins"),
        ("size:big", 6, "not a size"),
        ("size<0", 6, "Nothing"),
        ("subject>a", 1, "no order"),
        ("subject:(from:a)", 10, "cannot hold another"),
        ("feee~3", 1, "out of reach"),
        ("fee~%1", 1, "one of"),
        ("fee%1~", 1, "one of"),
        ("body:fee~2~1", 6, "one of"),
        ("fe*~1", 1, "without wildcards"),
        ('"a b"~2', 1, "w/5"),
        ("b *a?????????", 3, "at most 8"),
        ("b *a??????", 3, "fewer"),
        ("source:*a??????", 8, "fewer"),
        ("from:*a??????@b.test", 6, "fewer"),
        ("filename:*a?????????", 10, "at most 8"),
        ("from:*a?????????@b.test", 6, "at most 8"),
        ("b" + "?" * 33, 1, "32 times"),
        ("b " + "a*" * 9, 3, "8 times"),
        ("b " + "a" * 200 + "*", 3, "200 bytes"),
        ("b" * 65 + "~1", 1, "at most 64"),
        ("a\\", 2, "backslash"),
        ("fee \ud800", 5, "half"),
        ("(" * 51 + "a" + ")" * 51, 51, "deeper"),
        ("a " * 5001, 10_001, "10,000"),
        ("a " * 1001, 1, "1,000"),
    ],
)
def test_a_refusal_points_at_the_column_and_says_what_to_do(
    text: str, column: int, says: str
) -> None:
    with pytest.raises(InvalidError, match=says) as refused:
        parse(text)
    assert refused.value.column == column


@pytest.mark.parametrize(
    "text",
    [
        "b AND *a??????",
        "fee AND w/5x",
        "fee AND w/o AND near AND (b OR c)",
        "\u2018side AND b",
        "fee%",
        "source:*a??????",
        "from:*a??????@b.test",
    ],
)
def test_what_was_kept_is_read_though_it_would_be_refused_today(text: str) -> None:
    kept = read_scope(text)
    assert to_text(kept) == text
    with pytest.raises(InvalidError):
        parse_scope(text, "query")


def test_dates_are_read_in_the_zone_given() -> None:
    zone = ZoneInfo("Europe/Berlin")
    # The clocks go forward on this day, which has 23 hours.
    assert parse("sent:2001-03-25", zone) == Range(
        "sent", seconds(2001, 3, 24, 23), seconds(2001, 3, 25, 22)
    )
    assert parse("sent>=2001-03-25T10:00+05:30", zone) == Range(
        "sent", seconds(2001, 3, 25, 4, 30), None
    )


def test_a_language_may_have_an_underscore() -> None:
    assert parse("language:en_GB") == parse("language:en-GB")
    assert to_text(parse("language:(de_* OR pt_BR)")) == "language:de-* OR language:pt-BR"


def test_a_time_that_comes_twice_is_meant_both_times() -> None:
    zone = ZoneInfo("Europe/Berlin")
    first, last = "2024-10-27T00:30Z", "2024-10-27T01:30Z"
    assert parse("sent:2024-10-27T02:30", zone) == parse(f"sent:{first}..{last}")
    assert parse("sent>=2024-10-27T02:30", zone) == parse(f"sent>={first}")
    assert parse("sent:..2024-10-27T02:30", zone) == parse(f"sent:..{last}")
    assert parse("sent:2024-10-27T02:30+02:00", zone) == parse(f"sent:{first}")


@pytest.mark.parametrize(
    ("query", "zone"),
    [
        ("sent:2011-12-30", "Pacific/Apia"),
        ("sent>=2011-12-30", "Pacific/Apia"),
        ("sent:2024-03-31T02:30", "Europe/Berlin"),
        ("sent:2024-03-30..2024-03-31T02:30:10", "Europe/Berlin"),
    ],
)
def test_what_the_clocks_were_put_past_is_refused(query: str, zone: str) -> None:
    with pytest.raises(InvalidError, match=f"in {zone}, where the clocks were put past it"):
        parse(query, ZoneInfo(zone))
    assert isinstance(parse(query), Range)


def test_a_dotted_value_of_a_person_is_a_domain_and_a_quoted_one_is_words() -> None:
    assert parse("from:enron.com") == Person("enron.com", "from")
    assert parse('from:"enron.com"') == Phrase("enron.com", "from")
    assert parse("from:skilling") == Word("skilling", "from")


def test_a_tree_in_json_names_types_and_attributes() -> None:
    assert to_json(parse("a pre/2 b")) == {
        "type": "near",
        "left": {"type": "word", "text": "a"},
        "right": {"type": "word", "text": "b"},
        "distance": 2,
        "ordered": True,
    }
    assert parse("a pre/2 b") == Near(Word("a"), Word("b"), 2, ordered=True)
    assert to_json(EVERYTHING) == {"type": "everything"}


def test_the_deepest_query_that_is_taken_does_not_exhaust_the_stack() -> None:
    node = parse("NOT (" * 50 + "a" + ")" * 50)
    assert parse(to_text(node)) == node


pieces = st.lists(
    st.sampled_from(
        ["a", "b*", '"c d"', '"', "(", ")", "AND", "OR", "NOT", "-", "w/5", "pre/2", "NEAR(3)",
         "NOT w/2", "from:", "sent:", "size>", "2001-05", "..", "~1", "%", ":", "\\", "&", "日本",
         " ", "@", "1kb", "mb", "21:30", "size>1", "sent:2001", "w/", "\u2018", "\u2212",
         "is:edited", "\n", "é", "near", "onear"]
    ),
    max_size=12,
)  # fmt: skip


@given(pieces.map("".join) | pieces.map(" ".join) | st.text(max_size=30))
def test_any_text_is_read_and_printed_alike_or_refused_with_a_column(text: str) -> None:
    try:
        node = parse(text)
    except InvalidError as refused:
        assert refused.column is not None
        assert 1 <= refused.column <= len(text) + 1
    else:
        assert parse(to_text(node)) == node


plain = st.lists(
    st.sampled_from(
        ["a", "7", "fee", "and", "or", "not", "near", "w", "andany", "xfirstword", "NOT"]
    )
    | st.text("ab0Zé.", min_size=1, max_size=3),
    max_size=4,
)


@given(plain.map(" ".join) | plain.map("  ".join))
@pytest.mark.parametrize("askable", [None, OF_CONTENT, Metadata.askable])
def test_plain_words_are_read_as_the_grammar_reads_them(askable: Askable | None, text: str) -> None:
    def read(how: Callable[[], Node]) -> tuple[Node | str, int | None]:
        try:
            return how(), None
        except InvalidError as refused:
            return str(refused), refused.column

    assert read(lambda: parse(text, UTC, askable)) == read(
        lambda: by_grammar(text, Builder(UTC, askable))
    )
