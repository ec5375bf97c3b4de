"""Taking a person out of what a record tells: no word of theirs is left, those of others are."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.access.views.pseudonyms import Pseudonyms
from archive.model.interaction import (
    Attachment,
    Channel,
    Content,
    Metrics,
    Participant,
    ParticipantRole,
)
from archive.query.analysis import value, words
from policies.erasures.masking import MARK, Masking
from tests.access.test_pseudonyms import IDENTITY

NAMES = ("Maia Bleu", "Zoë Ångström-Lind", "Ng Wei", "Иван Петров", "O'Brien, Sean", "Xu")
ADDRESSES = ("maia@old.example", "m.bleu77@firm.example", "+49 170 1234567", "@maiableu")
OWN = "umbrella"
"""A word of what the person said, and nobody else says."""
OTHERS = ("herring", "mackerel", "pike", "lunch", "tuesday", "gefährlich", "12.5", "Ann")
ROLES = st.sampled_from(list(ParticipantRole))


def masking(name: str, aliases: list[str]) -> Masking:
    known = frozenset(value(each) for each in aliases)
    return Masking(name, known, Pseudonyms(IDENTITY, "redaction"))


def forms(name: str, address: str) -> list[str]:
    """Return ways in which a person is named in a text."""
    parts = name.replace(",", " ").split()
    return [
        name,
        name.upper(),
        " ".join(parts),
        "\n".join(parts),
        f"<{address}>",
        address.upper(),
        f"{parts[0]}'s",
        f"({parts[-1]})",
        f"cc {address};",
    ]


@st.composite
def records(draw: Any) -> tuple[str, str, Content]:
    """Draw a record that names a person everywhere it can, and whose it is."""
    name, address = draw(st.sampled_from(NAMES)), draw(st.sampled_from(ADDRESSES))
    naming = st.sampled_from([*forms(name, address), *OTHERS])
    said = st.lists(naming, min_size=1, max_size=8).map(" ".join)
    quoted = said.map(lambda text: f"\n> {OWN} " + text.replace("\n", "\n> ") + "\n")
    text = st.builds("{}{}{}".format, said, quoted, said)
    person = Participant(role=draw(ROLES), name=name, address=address, location=name)
    ann = Participant(role=draw(ROLES), name="Ann", address="ann@firm.example")
    wrote = person.role in (ParticipantRole.FROM, ParticipantRole.AUTHOR)
    body = f"{OWN} {draw(text)}" if wrote else draw(text)
    maybe = st.none() | said
    content = Content(
        source="desk",
        native_id=draw(said),
        channel=draw(st.sampled_from(list(Channel))),
        occurred_at=datetime(2024, 5, 1, tzinfo=UTC),
        conversation=draw(maybe),
        in_reply_to=draw(maybe),
        references=tuple(draw(st.lists(said, max_size=2))),
        participants=tuple(draw(st.permutations([person, ann]))),
        subject=draw(maybe),
        text=draw(st.sampled_from([body, None])),
        html_text=draw(st.sampled_from([body, None])),
        location=draw(maybe),
        attachments=(Attachment(filename=draw(maybe), size=3, sha256="ab", part="1", text=OWN),),
        metrics=Metrics(outcome=draw(maybe)),
        problems=tuple(draw(st.lists(said, max_size=1))),
    )
    return name, address, content


def telling(name: str, address: str) -> set[str]:
    """Return the words that name the person and nobody else."""
    local = address if "@" not in address[1:] else address.partition("@")[0]
    found = {word.folded for text in (name, local) for word in words(text)}
    return {word for word in found if len(word) > 1 and not word.isdigit()}


@settings(max_examples=150)
@given(records(), st.sampled_from([None, "Ann", "Maia Bleu"]))
def test_no_word_of_the_person_is_left_and_nothing_of_what_they_said(record, custodian):
    name, address, content = record
    labels = {"about": f"{name} at lunch", name: "x", "team": "red"}
    masked = masking(name, [address]).masked([content], custodian, labels)
    told = masked.content.model_dump_json(), masked.custodian or "", *masked.labels.values()
    left = {word.folded for text in (*told, *masked.labels) for word in words(text)}
    assert left.isdisjoint(telling(name, address))
    assert OWN not in left
    (ann,) = (one for one in masked.content.participants if one.name != MARK)
    assert (ann.name, ann.address) == ("Ann", "ann@firm.example")
    assert masked.labels["team"] == "red"
    wrote = {one.role for one in content.participants if one.name == "Ann"}
    if wrote & {ParticipantRole.FROM, ParticipantRole.AUTHOR} and content.text:
        person = next(one for one in content.participants if one.name != "Ann")
        if person.role not in (ParticipantRole.FROM, ParticipantRole.AUTHOR):
            own = content.text.partition("\n> ")[0]
            assert masked.content.text is not None
            kept = {each.folded for each in words(masked.content.text)}
            assert {word.folded for word in words(own) if word.folded in OTHERS} <= kept


def one(text: str, **fields: Any) -> Content:
    people = (
        Participant(role=ParticipantRole.FROM, name="Otto Bleu", address="otto@firm.example"),
        Participant(role=ParticipantRole.TO, address="maia@old.example"),
        Participant(role=ParticipantRole.CC, name="Maia Bleu"),
    )
    told = {"source": "desk", "native_id": "1", "channel": "email", "participants": people}
    return Content.model_validate({**told, "text": text, **fields})


def test_who_shares_a_word_of_the_name_stays_and_the_name_alone_is_the_person():
    masked = masking("Maia Bleu", ["maia@old.example"]).masked([one("Bleu wrote")], None, {})
    people = [(each.name, each.address) for each in masked.content.participants]
    assert people == [("Otto Bleu", "otto@firm.example"), (MARK, None), (MARK, None)]
    assert masked.content.text == f"{MARK} wrote"


def test_an_id_that_names_the_person_meets_itself_again():
    first, second = one("x", native_id="<maia.1@x>"), one("y", in_reply_to="<maia.1@x>")
    ours = masking("Maia Bleu", ["maia@old.example"])
    known = ours.masked([first], None, {}).content.native_id
    assert known == ours.masked([second], None, {}).content.in_reply_to
    assert known.startswith("redacted-")
    assert ours.masked([second], None, {}).content.native_id == "1"


def test_a_telephone_number_is_known_with_and_without_its_country():
    text = "Call +49 170 1234567 and 0170-1234567 or 0170 7654321."
    masked = masking("Maia", ["+491701234567"]).masked([one(text)], None, {})
    assert masked.content.text == f"Call {MARK} and {MARK} or 0170 7654321."


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("请联系jd@firm.example 谢谢。", "请联系[] 谢谢。"),
        ("jd@firm.example谢谢", "[]谢谢"),
        ("資料は4711@firm.exampleへ", "資料は[]へ"),
        ("메일은jd@firm.example로", "메일은[]로"),
        ("ﾒｰﾙjd@firm.exampleﾍ", "ﾒｰﾙ[]ﾍ"),
        ("почтаjd@firm.exampleтут", "почта[]тут"),
        ("user=jd@firm.example; x='jd@firm.example'", "user=[]; x='[]'"),
        ("__jd@firm.example__ -jd@firm.example", "__[]__ -[]"),
        ("mail:a~jd@firm.example, b-jd@firm.example.Thanks", "mail:a~[], b-[].Thanks"),
        ("so...jd@firm.example...", "so...[]..."),
        ("https://x.example/?u=jd@firm.example", "https://x.example/?u=[]"),
        ("https://x.example/?u=jd%40firm.example&b", "https://x.example/?u=[]&b"),
        ("mailto:%3Cjd@firm.example%3E", "mailto:%3C[]%3E"),
        ("请联系jd@\r\nfirm.example谢谢", "请联系[]谢谢"),
        ("请联系jd@firm.\nexample谢谢", "请联系[]谢谢"),
        ("请联系jd@fi-\nrm.example谢谢", "请联系[]谢谢"),
        ("a&b@firm.example,ＪＤ＠ｆｉｒｍ．ｅｘａｍｐｌｅ", "[],[]"),
        ("谢谢@王明 再见", "谢谢[] 再见"),
        ("请拨打+4670123456789联系经理讨论退款问题谢谢", "请拨打[]联系经理讨论退款问题谢谢"),
        ("ask cust4670123456789x", "ask []"),
    ],
)
def test_whatever_touches_an_address_or_number_it_goes_and_the_rest_stays(text: str, left: str):
    aliases = ["jd@firm.example", "4711@firm.example", "a&b@firm.example", "+4670123456789"]
    masked = masking("J D", [*aliases, "@王明"]).masked([one(text)], None, {})
    assert masked.content.text == left.replace("[]", MARK)


def test_an_address_that_ends_like_the_persons_is_of_somebody_else():
    others = ["ajd@firm.example", "a.jd@firm.example", "a+jd@firm.example", "jd@firm.examples"]
    people = [Participant(role=ParticipantRole.FROM, address=each) for each in others]
    people += [Participant(role=ParticipantRole.TO, address="a-jd@firm.example")]
    people += [Participant(role=ParticipantRole.TO, address="jd@firm.example.org")]
    content = one(" ".join(others), participants=people)
    masked = masking("J D", ["jd@firm.example"]).masked([content], None, {}).content
    assert masked.text == content.text
    assert masked.participants == content.participants


def test_many_addresses_are_looked_for_in_time():
    aliases = [f"p{number}@firm.example" for number in range(5_000)]
    text = "请联系p4711@firm.example谢谢 to=p1@other.example '@firm.example' " * 5_000
    spent = time.process_time()
    masked = masking("J D", aliases).masked([one(text)], None, {})
    assert time.process_time() - spent < 10
    assert masked.content.text == text.replace("p4711@firm.example", MARK)


def test_names_of_earlier_versions_are_known():
    earlier = one("x").model_copy(
        update={
            "participants": (
                Participant(role=ParticipantRole.TO, name="Kay", address="maia@old.example"),
            )
        }
    )
    masked = masking("Maia", ["maia@old.example"]).masked([earlier, one("Kay says")], "Kay", {})
    assert (masked.content.text, masked.custodian) == (f"{MARK} says", None)
