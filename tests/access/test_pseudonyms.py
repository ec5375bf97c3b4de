"""Pseudonyms in texts: whatever is written around and within a name, it goes and the rest stays."""

import re
import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.access.views.finding import replaced, spans
from archive.access.views.names import names_of
from archive.access.views.pseudonymised import Pseudonymised
from archive.access.views.pseudonyms import Pseudonyms, iban, luhn
from archive.events.identity import Identity
from archive.model.interaction import Participant, ParticipantRole
from archive.query.analysis import normalise
from archive.sealing.keyring import Keyring
from scripts.support.identities import plain, words
from tests.query.samples import record
from tests.sealing.support import ARCHIVE, CountingClock, new_keyring

ROSA = Participant(
    role=ParticipantRole.FROM, address="Rosa.Lindgren@client.example", name="Rosa Lindgrén"
)
TOM = Participant(role=ParticipantRole.TO, address="tom@firm.example", name="Birk, Tom")
LI = Participant(role=ParticipantRole.TO, name="王小明")
PEOPLE = (ROSA, TOM, LI)
PSEUDONYM = re.compile(r"(?:Person|Org|Phone|Number|Card|Account|Link|File|Id)[A-Z2-7]{8}")


IDENTITY = Identity(new_keyring())


@pytest.fixture(scope="module")
def pseudonyms() -> Pseudonyms:
    return Pseudonyms(IDENTITY, "training")


def shown(pseudonyms: Pseudonyms, text: str) -> str:
    found = Pseudonymised(pseudonyms).shown(record(text=text, participants=PEOPLE)).content.text
    assert found is not None
    return found


@pytest.mark.parametrize(
    "written",
    [
        "Rosa",
        "ROSA",
        "Lindgre\u0301n",
        "LINDGREN's",
        "Rosas",
        "Lindgren, Rosa",
        "Rosa\n> Lindgren",
        "Lind-\r\n> gren",
        "rosa.lindgren@client.example",
        "ROSA.LINDGREN@CLIENT.EXAMPLE",
        "<mailto:rosa.lindgren@client.example>",
        "rosa.lindgren%40client.example",
        "rosa.lindgren&#64;client.example",
        "rosa.lindgren at client.example",
        "rosa.lind\n> gren@client.example",
        "rosa.lindgren@\nclient.example",
        "rosa.lindgren@client.=\nexample",
        "rosalindgren",
        "rlindgren",
        "https://client.example/u?m=rosa.lindgren%40client.example",
        "www.client.example/rosa",
        "From: Rosa Lindgren [mailto:rosa.lindgren@client.example]",
        "On Mon, Jun 3, 2024 at 9:40 AM Rosa Lindgren <rosa@x.org> wrote:",
    ],
)
def test_a_person_is_replaced_however_written(pseudonyms: Pseudonyms, written: str) -> None:
    said = shown(pseudonyms, f"before {written} after")
    assert said.startswith("before ") and said.endswith(" after") and PSEUDONYM.search(said)
    left = plain(re.sub(r"[\s>=-]", "", PSEUDONYM.sub(" ", said)))
    for part in ("rosa", "lindgren", "lind", "gren", "client"):
        assert part not in left


@pytest.mark.parametrize(
    ("written", "begins"),
    [
        ("+46 70 123 45 67", "Phone"),
        ("(713) 853-6161", "Phone"),
        ("01.23.45.67.89", "Phone"),
        ("713-853-\n6161", "Phone"),
        ("4111 1111 1111 1111", "Card"),
        ("GB29 NWBK 6016 1331 9268 19", "Account"),
        ("DE89370400440532013000", "Account"),
        ("INV20240001", "Number"),
        ("王小明", "Person"),
        ("小明", "Person"),
        ("@rosa_l", "Person"),
    ],
)
def test_what_tells_who_it_is_is_replaced(
    pseudonyms: Pseudonyms, written: str, begins: str
) -> None:
    assert re.fullmatch(
        rf"it is {begins}[A-Z2-7]{{8}} then", shown(pseudonyms, f"it is {written} then")
    )


@pytest.mark.parametrize(
    "text",
    [
        "on 2024-06-03 at 09:40, or 06/03/2001 10:30 AM",
        "1,500,000 kr. for 12 of 30",
        "e.g. the end.Then 3.14",
        "the von of and",
        "a rose in my lindgarten",
        "",
    ],
)
def test_what_names_nobody_stays(pseudonyms: Pseudonyms, text: str) -> None:
    assert shown(pseudonyms, text) == text


@pytest.mark.parametrize(
    "written",
    [
        "请联系{}谢谢。",
        "メールは{}へ",
        "ﾒｰﾙ{}ﾍ",
        "메일{}로",
        "to={};",
        "user_id='{}'",
        "__{}__",
        "-{}-",
        "%3C{}%3E",
    ],
)
@pytest.mark.parametrize("address", ["tom@firm.example", "nobody.told@other.example", "jd@x.org"])
def test_an_address_is_one_person_whatever_touches_it(
    pseudonyms: Pseudonyms, written: str, address: str
) -> None:
    told = pseudonyms.address(address)
    assert shown(pseudonyms, written.format(address)) == written.format(told)


@pytest.mark.parametrize(
    ("written", "left"),
    [
        (
            "请看https://drive.acme.xyz/d/1AbC。資料はhttps://t.co/Abc123をご覧",
            "请看[]。資料は[]をご覧",
        ),
        ("网站www.aacsb.edu.去查询", "网站[]去查询"),
        (
            "“https://a.xyz/b”的说明（http://c.xyz/d）好，见ftp://e.xyz，",
            "“[]”的说明（[]）好，见[]，",
        ),
        ("见https://zh.wiki.xyz/wiki/王小明。", "见[]。"),
        ("见https://a.xyz/?q=王+明&b=1，", "见[]，"),
        ("见www.例子.公司/甲，https://mail.公司/乙。", "见[]，[]。"),
        ("смотриhttps://a.xyz/b 1https://a.xyz/b", "смотри[] 1[]"),
        ("拨打tel:+467012或skype:rosa_l吧", "拨打[]或[]吧"),
        ("访问shop.com谢谢", "访问[]谢谢"),
        ("谢谢@rosa_l谢谢", "谢谢[]谢谢"),
        ("账号GB29NWBK60161331926819谢谢", "账号[]谢谢"),
        ("订单编号12345678已经发货请您查收。", "订单编号[]已经发货请您查收。"),
        ("電話は070-123-45-67まで", "電話は[]まで"),
        ("请联系rosa.l at other.com谢谢", "请联系[]谢谢"),
        ("用户@例子.公司 见", "[] 见"),
    ],
)
def test_letters_beside_what_is_replaced_stay_where_no_spaces_part_words(
    pseudonyms: Pseudonyms, written: str, left: str
) -> None:
    said = shown(pseudonyms, written)
    assert re.sub(rf"{PSEUDONYM.pattern}(?:@{PSEUDONYM.pattern})?", "[]", said) == left


def test_an_address_made_of_another_is_nobody_elses(pseudonyms: Pseudonyms) -> None:
    for made in (
        "bounce-tom=firm.example@x.org",
        "SRS0=HH=TT=x.org=tom@firm.example",
        "a-tom@firm.example",
        "CACRHdMZgAgzyhewu_aAJ2f2DWHVZdNH6J7zd2S=tom@firm.example",
    ):
        assert shown(pseudonyms, made) == pseudonyms.address(made)


@pytest.mark.parametrize(
    "piece", ["请联系", "a=", "__", "@", "a@", "王.", "/王", "@王", "%3C", "a王@", "王1", "http://"]
)
def test_runs_without_end_are_read_in_time(pseudonyms: Pseudonyms, piece: str) -> None:
    text = piece * (200_000 // len(piece))
    spent = time.process_time()
    assert shown(pseudonyms, text)
    assert time.process_time() - spent < 5


NAMED = st.sampled_from(
    ["Rosa", "lindgrén", "Tom Birk", "tom@firm.example", "王小明", "+4670123456"]
)
PLAIN = st.text(st.sampled_from("aeiou \n.,;>ß\u0301é-"), max_size=20)


WRAPPED = """\
From: Parquet, David
Sent: Friday
To: Lindberg, Susan; Rasmussen,
Dale; Tweed, Sheila;
Carnahan, Kathleen
cc: Moellenkamp, Gudrun
Subject: x
"""
NOTES = """\
To: Wolfgang Amsterdam/NA/FIRM@FIRM, Henrietta Lindqvist <hl4@x.example>, Steven J\x20
Rasmussen/Corp/Firm@FIRM, "Annie Caputo\x20
(E-mail)" <annie@x.example>, "Maddox, Douglas E."\x20
<dmad@x.example>
cc: Kathleen Carnahan/HOU/FIRM, Dale\x20
Tweed/Enron Communications@Firm (bcc: Bill Moellenkamp/HOU/FIRM)

"""
FOLDED = """\
From: list@x.example [mailto:list@x.example] On Behalf Of
Sheila Tweed
To: Ann Lindberg <al@x.example>, Tamara
  Kusnezowa <tk@x.example>,
\tDale Rasmussen

"""
UNCLOSED = """\
*From:*
Sheila Tweed
*to:* Kathleen
Carnahan <kc@x.example
<mailto:kc@x.example>>
*Subject:* x
"""


@pytest.mark.parametrize("header", [WRAPPED, NOTES, FOLDED, UNCLOSED])
@pytest.mark.parametrize("marks", ["", "> ", "\t\t ", ">> "])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_whoever_a_quoted_header_names_is_replaced_to_its_end(
    pseudonyms: Pseudonyms, header: str, marks: str, end: str
) -> None:
    named = set(re.findall(r"[A-Z][a-z]{3,}", header)) - {
        *("From", "Sent", "Friday", "Subject", "Behalf", "Enron", "Communications", "Firm", "Corp")
    }
    quoted = end.join(f"{marks}{line}" for line in header.split("\n"))
    said = shown(pseudonyms, f"hi{end}{quoted}{end}Then {', '.join(sorted(named))} agreed.")
    assert said.endswith(" agreed.") and len(named) > 2
    assert not [name for name in named if name.casefold() in plain(said)]


def test_each_of_a_wrapped_header_is_one_person(pseudonyms: Pseudonyms) -> None:
    said = shown(
        pseudonyms, f"{FOLDED}\nAnn Lindberg\nTamara Kusnezowa\nDale Rasmussen\nSheila Tweed"
    )
    people = said.split("\n")[-4:]
    assert len({*people}) == 4 and all(map(PSEUDONYM.fullmatch, people))


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Anne-Marie O'Brien", "ANNE MARIE OBRIEN, Annemarie, OBriens, aobrien, annemarieobrien"),
        ("O\u2019Brien, Anne\u2010Marie", "OBrien, obrienannemarie, annemarieobrien"),
        (
            "Müller, Jörg",
            "Mueller, Joerg Mueller, joergmueller, muellerjoerg, muller, Mu\u0308ller",
        ),
        ("MU\u0308LLER", "MUELLER"),
        ("Søren Ångström-Voß", "Soeren, Aangstroem, aangstroemvoss, VOSS, angstrom, soren"),
    ],
)
def test_a_name_is_replaced_in_whichever_spelling(
    pseudonyms: Pseudonyms, name: str, written: str
) -> None:
    one = Participant(role=ParticipantRole.FROM, name=name)
    told = Pseudonymised(pseudonyms).shown(record(text=written, participants=(one,)))
    person = pseudonyms.person(None, name)
    assert set(re.findall(r"\w+", told.content.text or "")) == {person}


def test_the_units_of_a_notes_name_are_no_words_of_a_person(pseudonyms: Pseudonyms) -> None:
    header = "cc: Ann Lee/Trading/Acme@ACME, Bo Ek/HOU/ACME, Cy Roe@Acme, Dora Vik/Eva Orr\n"
    said = shown(pseudonyms, f"{header}\nAcme trading in Hou: Ann Lee, Bo Ek, Roe, Vik, Eva, Orr")
    assert re.search(r"\nAcme trading in Hou:(?: Person\w{8},?)+$", said)
    assert "Acme@ACME" not in said


@pytest.mark.parametrize("names", ["LEE/ANN MS", "ANN LEE/BOB ROE", "Lee/ANN", "ann lee/bob roe"])
def test_names_beside_a_slash_are_names(pseudonyms: Pseudonyms, names: str) -> None:
    folded = re.findall("[a-z]{3,}", names.lower())
    said = shown(pseudonyms, f"To: {names}\n\n" + " waits, ".join(map(str.title, folded)))
    assert not set(folded) & set(re.findall("[a-z]+", said.lower()))


@pytest.mark.parametrize(
    "text",
    [
        "From: Rosa Lindgren\nThe guarantee costs more.\n\nSubject: none",
        "From: Rosa Lindgren <rosa@x.example>\n  The guarantee costs more.\n",
        "cc:\nThe guarantee costs more.\n",
        "Note to: nobody\nThe guarantee costs more.\n",
        "To: Rosa Lindgren\n\nThe guarantee, costs, more,\nSubject: none",
    ],
)
def test_what_follows_a_header_stays(pseudonyms: Pseudonyms, text: str) -> None:
    assert re.search("guarantee,? costs,? more", shown(pseudonyms, text))


@pytest.mark.parametrize(
    "piece", ["To: a,\n", "To: <", "To:\n<\n", '"', "To: (\n [", "cc: x;;,,\n ", "> To: a,\n> b\n"]
)
def test_headers_without_end_are_read_in_time(pseudonyms: Pseudonyms, piece: str) -> None:
    text = piece * (200_000 // len(piece))
    spent = time.process_time()
    assert shown(pseudonyms, text)
    assert time.process_time() - spent < 5


@settings(max_examples=150)
@given(st.lists(st.tuples(PLAIN, NAMED), max_size=6), PLAIN)
def test_the_rest_stands_as_it_was(runs: list[tuple[str, str]], end: str) -> None:
    text = "".join(f"{before} {name} " for before, name in runs) + end
    given = record(text=text, participants=PEOPLE)
    pseudonyms = Pseudonyms(IDENTITY, "training")
    found = spans(text, names_of(given, pseudonyms, [text]), pseudonyms)
    assert all(one.end <= other.start for one, other in pairwise(found))
    kept = [text[one.end : other.start] for one, other in pairwise(found)]
    written = replaced(text, found)
    for piece in kept:
        assert piece in written
    holes = replaced(text, found, "\ua66e")
    assert len(normalise(holes).folded.split()) == len(normalise(text).folded.split())
    for name in ("rosa", "lindgren", "birk", "firm"):
        assert name not in words(PSEUDONYM.sub(" ", written)).split()


def test_scopes_cannot_be_joined() -> None:
    one, other = (Pseudonyms(IDENTITY, scope) for scope in ("training", "training:x"))
    assert one.person("a@b.example", "A") == one.person("<A@B.example>", "Another name")
    assert one.person("a@b.example", None) != other.person("a@b.example", None)
    assert one.address("a@b.example").partition("@")[2] != other.address("a@b.example")


@given(st.integers(0, 10**18 - 1))
def test_one_check_digit_holds_of_ten(number: int) -> None:
    assert sum(luhn(f"{number}{digit}") for digit in range(10)) == 1


def test_an_account_number_is_checked() -> None:
    assert iban("GB29 NWBK 6016 1331 9268 19") and not iban("GB29 NWBK 6016 1331 9268 18")


def test_the_keyring_of_another_archive_gives_others() -> None:
    clock = CountingClock()
    rings = [Keyring.generate(ARCHIVE, clock) for _ in range(2)]
    one, other = (Pseudonyms(Identity(ring), "training") for ring in rings)
    assert one.person("a@b.example", None) != other.person("a@b.example", None)
