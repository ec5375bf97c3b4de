"""The console's pages of matters: who sees them, creating, changing, closing, what leads on."""

import html
import re
from dataclasses import replace

import pytest

from archive.model.roles import LOCAL_ACTOR, Role
from policies.holds.answers import HoldRequest
from policies.holds.desk import hold_desk
from tests.api.console_house import entered, sent
from tests.archive.house import capture, create, line, opened

SMITH = {"code": "smith", "name": "Smith v. <Jones>", "description": "A letter\nof 3 May"}


@pytest.fixture
def archive(tmp_path):
    create(tmp_path)
    with opened(tmp_path) as archive:
        capture(archive, line("1", "the fee"), line("2", "a letter"))
        archive.follow()
        yield archive


def test_a_lawyer_creates_changes_closes_and_reopens(archive):
    lawyer = entered(archive, Role.LEGAL)
    lea = archive.administration.register(LOCAL_ACTOR, "Lea", [Role.LEGAL])
    assert "There are none." in lawyer.get("/matters").text
    page = sent(lawyer, "/matters", **SMITH, queries="fee AND  the\r\n letter \r\n", members="Lea")
    assert "Smith v. &lt;Jones&gt;" in page and "A letter\nof 3 May" in page
    assert "<code>fee AND the</code>" in page and "<code>letter</code>" in page
    assert f'value="{lea.id}"' in page and "Lea" in page
    record = str(capture(archive, line("3", "a note"))[0])
    page = sent(lawyer, "/matters/smith/add", custodians="Ann\r\nBob", records=record)
    assert "Ann" in page and "1 single record<" in page and f"/interactions/{record}" in page
    ticked = {"queries": ["letter"], "members": [str(lea.id)], "records": record}
    page = sent(lawyer, "/matters/smith/remove", **ticked)
    assert "<code>letter</code>" not in page and "Nobody yet." in page and record not in page
    assert "<code>fee AND the</code>" in page
    assert "Another name of it" in sent(
        lawyer, "/matters/smith/describe", name="Another name of it", description=""
    )
    page = sent(lawyer, "/matters/smith/close", reason="settled & paid")
    assert re.search(r"closed [^<]* by <bdi>[^<]*</bdi>: <bdi>settled &amp; paid<", page)
    assert "Place a hold for it" not in page and "Open it again" in page
    page = sent(lawyer, "/matters/smith/reopen", reason="an appeal")
    assert "settled" not in page and "Close the matter" in page


def test_the_list_is_narrowed_by_words_and_state(archive):
    lawyer = entered(archive, Role.LEGAL)
    sent(lawyer, "/matters", code="smith", name="Smith v. Jones")
    sent(lawyer, "/matters", code="brown", name="Brown, of Bonn")
    sent(lawyer, "/matters/brown/close", reason="settled")
    for asked, listed in (
        ("", ["smith", "brown"]),
        ("?state=open", ["smith"]),
        ("?state=closed", ["brown"]),
        ("?words=JONES+smith", ["smith"]),
        ("?words=bro", ["brown"]),
        ("?words=bro&state=open", []),
    ):
        page = lawyer.get(f"/matters{asked}").text
        assert re.findall(r'<h2><a href="/matters/([a-z]+)"', page) == listed, asked
        assert ("None is so." in page) is (not listed)


def test_the_page_leads_to_searching_reading_and_holding(archive):
    lawyer = entered(archive, Role.LEGAL)
    page = sent(lawyer, "/matters", **SMITH, queries="fee")
    address = "/?q=matter:smith"
    assert f'href="{address}"' in page and "No hold in force is for it." in page
    found = lawyer.get(address).text
    assert "<strong>1</strong>" in found
    # The purpose that the page's button sends.
    button = page[page.index('id="main"') :]
    fields = dict(re.findall(r'name="(purpose|detail|next)" value="([^"]*)"', button))
    assert (fields["purpose"], fields["detail"]) == ("matter", "smith")
    assert "<strong>matter:smith</strong>" in sent(lawyer, "/purpose", **fields)
    assert 'name="matter" value="smith"' in lawyer.get("/holds?matter=smith").text
    wanted = {"name": "a", "matter": "smith", "reason": "r", "query": "fee"}
    hold_desk(archive).place(LOCAL_ACTOR, HoldRequest.model_validate(wanted))
    assert 'href="/holds/a"' in lawyer.get("/matters/smith").text


def test_what_is_refused_is_said_and_what_was_written_stays(archive):
    lawyer = entered(archive, Role.LEGAL)
    for given, status, why in (
        ({"code": "A b"}, 400, "it has up to 63 small letters, digits and hyphens"),
        ({"name": "N" * 201}, 400, "it has up to 200 characters"),
        ({"name": "a\u2028b"}, 400, "it stands on one line"),
        ({"name": ""}, 400, "The name cannot be so: it is empty."),
        ({"queries": "(fee"}, 400, "("),
        ({"queries": "hold:x"}, 400, "hold cannot be asked here"),
        ({"records": "nonsense"}, 400, "an id is written as in"),
        ({"members": "nobody"}, 404, "nobody"),
    ):
        refused = sent(lawyer, "/matters", status, **SMITH | given)
        alert = refused.partition('role="alert"')[2].partition("</p>")[0]
        assert why in html.unescape(alert)
        assert all(html.escape(each) in refused for each in given.values())
    assert "There are none." in lawyer.get("/matters").text
    sent(lawyer, "/matters", **SMITH)
    assert "a code is given once" in sent(lawyer, "/matters", 409, **SMITH)
    for act, given, status in (
        ("add", {}, 400),
        ("add", {"members": "nobody"}, 404),
        ("remove", {"custodians": "Ann"}, 400),
        ("describe", {"name": " "}, 400),
        ("close", {"reason": " "}, 400),
        ("reopen", {"reason": "r"}, 409),
    ):
        assert 'role="alert"' in sent(lawyer, f"/matters/smith/{act}", status, **given), act
    assert lawyer.get("/matters/brown").status_code == 404
    sent(lawyer, "/matters/brown/close", 404, reason="r")


def test_who_looks_on_and_who_changes_nothing(archive):
    archive.administration.register(LOCAL_ACTOR, "Lea", [Role.LEGAL])
    sent(entered(archive, Role.LEGAL), "/matters", **SMITH, queries="fee", members="Lea")
    auditor = entered(archive, Role.AUDITOR)
    assert ">Matters</a>" in auditor.get("/status").text
    listed, page = auditor.get("/matters").text, auditor.get("/matters/smith").text
    assert "smith" in listed and "New matter" not in listed
    assert 'href="/audit?matter=smith"' in page and "<code>fee</code>" in page
    assert 'type="checkbox"' not in page and "Close the matter" not in page
    assert "Search what stands in it" not in page and "Read for it" not in page
    for act, given in (("close", {"reason": "r"}), ("add", {"custodians": "Ann"})):
        sent(auditor, f"/matters/smith/{act}", 403, **given)
    administrator = entered(archive, Role.ADMINISTRATOR)
    assert ">Matters</a>" not in administrator.get("/status").text
    assert administrator.get("/matters").status_code == 403
    (matter,) = archive.matter_desk.seen(LOCAL_ACTOR)[0]
    assert matter.open and matter.contents.custodians == ()


def test_whoever_is_restricted_sees_theirs_alone(archive):
    lawyer = entered(archive, Role.LEGAL)
    sent(lawyer, "/matters", **SMITH, queries="fee")
    sent(lawyer, "/matters", code="brown", name="Brown")
    theirs = entered(archive, Role.LEGAL, name="Lea")
    archive.administration.restrict(LOCAL_ACTOR, "Lea", None, matters=["smith"])
    assert theirs.get("/matters/smith").status_code == 404, "no member yet"
    sent(lawyer, "/matters/smith/add", members="Lea")
    hold = {"name": "secret-hold", "matter": "smith", "reason": "r", "query": "fee"}
    hold_desk(archive).place(LOCAL_ACTOR, HoldRequest.model_validate(hold))
    listed, page = theirs.get("/matters").text, theirs.get("/matters/smith").text
    assert "smith" in listed and "Brown" not in listed and "New matter" not in listed
    assert "<code>fee</code>" in page and "secret-hold" not in page
    assert 'type="checkbox"' not in page and "Close the matter" not in page
    assert theirs.get("/matters/brown").status_code == 404
    sent(theirs, "/matters/smith/close", 403, reason="r")
    sent(lawyer, "/matters/smith/close", reason="settled")
    assert theirs.get("/matters/smith").status_code == 404


def test_while_an_event_cannot_be_read_the_list_says_so(archive, monkeypatch):
    lawyer = entered(archive, Role.LEGAL)
    sent(lawyer, "/matters", **SMITH)
    assert "cannot be read" not in lawyer.get("/matters").text
    lost = replace(archive.matters.read(), unreadable=True)
    monkeypatch.setattr(archive.matters, "read", lambda as_of=None: lost)
    assert "An event of the matters cannot be read." in lawyer.get("/matters").text
