from typing import Any

import pytest

from archive.model.interaction import Participant, ParticipantRole
from archive.query.matcher import matches
from archive.query.parser import parse
from tests.query.samples import record


def found(query: str, **content: Any) -> bool:
    return matches(parse(query), record(1, **content))


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("fee", "The FEE.", True),
        ("fee", "fees", False),
        ("ecrit", "Il a écrit", True),
        ("écrit", "Il a ecrit", False),
        ("écrit", "Il a e\u0301crit", True),
        ('"a écrit"', "a ecrit, a écrit", True),
        ("strasse", "Straße", True),
        ("îµo²¼", "x îµo²¼ y", True),
        ("能な商", "可能な商品のみ", True),
        ("商能", "可能な商品のみ", False),
        ("cooperate", "co\u00adoperate", True),
        ("don't", "I don\u2019t", True),
        ("😀", "well😀done", True),
        ("jane.doe@b.test", "mail jane.doe@b.test now", True),
        ("analy?e", "analyse analyze", True),
        ("*trade*", "nontraded", True),
        ("l*r", "late fair", False),
        ('"side let*"', "a side letter", True),
        ('"why?"', "But why?", True),
        ('"a * c"', "a b c", True),
        ('"a * c"', "a c", False),
        ("x\\*", "x", True),
        ("apply~", "he applied", True),
        # Two characters for private use stand for wildcards within the program, and only there.
        ("fee\ue000", "fee", True),
        ("fe\ue000", "fee", False),
        ("f\ue001e", "fee", False),
        ("late\ue000fee", "late, fee", True),
        ("\ue000apply~", "he applied", True),
        ("\ue000recieve~1", "receive", True),
        ("recieve~1", "receive", True),
        ("recieve~1", "deceive", False),
        ('"a a a a"', "a a a", False),
        ("apple w/2 pear", "pear and apple", True),
        ("apple w/1 pear", "pear and apple", False),
        ("apple pre/2 pear", "pear and apple", False),
        ("apple w/3 apple", "one apple", False),
        ("apple w/3 apple", "an apple, an apple", True),
        ("(a w/1 b) w/1 c", "a b c", True),
        ('"a b" w/1 "c d"', "a b c d", True),
        ("apple NOT w/2 pear", "apple pear", False),
        ("apple NOT w/2 pear", "apple pear x x x apple", True),
        ("(apple NOT w/2 pear) w/1 fee", "apple pear x x x apple fee", True),
        ("(apple NOT w/2 pear) w/1 fee", "fee apple pear x x x apple", False),
    ],
)
def test_words_in_a_text(query: str, text: str, expected: bool) -> None:
    assert found(query, text=text) is expected


def test_texts_are_apart_but_the_subject_reads_on_into_the_body() -> None:
    apart = {"subject": "side", "text": "letter of intent", "html_text": "draft"}
    assert found('"side letter"', **apart)
    assert not found('"intent draft"', **apart)
    assert not found('subject:"side letter"', **apart)
    assert not found("body:side", **apart)
    assert found('"side draft"', subject="side", html_text="draft")
    assert not found('"side late"', subject="side", text="x " * 400 + "late")


def test_what_must_not_be_near_is_looked_for_in_whole_texts_only() -> None:
    assert not found("apple NOT w/3 pear", subject="x", text="x " * 246 + "apple x pear")


def people(*pairs: tuple[ParticipantRole, str]) -> tuple[Participant, ...]:
    return tuple(Participant(role=role, address=address, name="Ann Lee") for role, address in pairs)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("from:ann@mail.b.test", True),
        ("from:ANN@mail.b.test", True),
        ("from:b.test", True),
        ("from:@b.test", True),
        ("from:test", True),
        ("from:il.b.test", False),
        ("from:ann@b.test", False),
        ("from:*@*.b.test", True),
        ('from:"ann lee"', True),
        ("from:ann.x", False),
        ("from:to.b", False),
        ("to:bob@c.test", True),
        ("cc:bob@c.test", False),
        ("participants:agent.d@d.test", True),
        ("participants:agent.d", True),
        ("from:agent.d", False),
        ("agent.d@d.test", True),
        ("agent.d", False),
    ],
)
def test_people(query: str, expected: bool) -> None:
    participants = people(
        (ParticipantRole.AUTHOR, "ann@mail.b.test"),
        (ParticipantRole.TO, "Bob@C.test"),
        (ParticipantRole.AGENT, "agent.d@d.test"),
    )
    assert found(query, participants=participants) is expected


def test_undated_records_match_no_date() -> None:
    assert found("is:undated", occurred_at=None)
    assert not found("sent:*", occurred_at=None)
    assert not found("sent>=0001", occurred_at=None)
    assert found("NOT sent:2001", occurred_at=None)


def test_whole_values() -> None:
    assert found("language:en", language="en-GB")
    assert not found("language:en", language="eng")
    assert found("source:MAIL")
    assert found("id:m1@x.test")
    assert not found("id:M1@x.test")
    assert found("is:html-only", html_text="x", text=" \n")
    assert found("is:unsearchable", subject="\u00ad", text="---")
    assert not found("is:unsearchable", text="x")


def test_the_archives_own_thread_counts_where_it_is_given() -> None:
    one = record(1)
    assert matches(parse("conversation:T9"), one, conversation=("T0", "T9"))
    assert not matches(parse("conversation:T9"), one)
