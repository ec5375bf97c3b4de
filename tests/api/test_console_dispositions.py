"""The console's pages of disposition reviews: who sees them, opening, choosing and deciding."""

import re

import pytest

from api.console import disposing
from archive.model.roles import Role
from tests.api.console_house import entered, sent
from tests.policies.purging_house import dated, in_force, sandbox
from tests.policies.reviewing_house import ONE, TWO, reviewed


@pytest.fixture
def archive(tmp_path):
    with sandbox(tmp_path) as archive:
        dated(archive, [2001, 2002, 2003], text="About <b>fees</b>")
        archive.follow()
        yield archive


def chosen(page):
    return re.findall(r'name="record" value="([^"]+)"', page)


def test_an_officer_opens_and_both_decide(archive):
    reviewed(archive, TWO)
    in_force(archive, "longer", scope="channel:email", minimum="90y")
    officer, lawyer = entered(archive, Role.COMPLIANCE_OFFICER), entered(archive, Role.LEGAL)
    assert "There are none." in officer.get("/dispositions").text
    opened = sent(officer, "/dispositions", 200)
    assert "3 records in 1 disposition." in opened and 'href="/dispositions/1"' in opened
    assert "Disposition 1" in officer.get("/dispositions?waiting=true").text
    page = officer.get("/dispositions/1").text
    first, second, third = chosen(page)
    # Whoever may read sees who wrote what, and may open it; the officer may not.
    assert f"/interactions/{first}" not in page
    read = lawyer.get("/dispositions/1").text
    assert f"/interactions/{first}" in read and "ann@example.com" in read
    stage = {"stage": "records manager", "comment": "looked <at>"}
    refused = sent(officer, "/dispositions/1", 400, **stage, decision="approve", all="no")
    assert "Choose the records" in refused and 'value="looked &lt;at&gt;"' in refused
    assert "Say what is decided" in sent(officer, "/dispositions/1", 400, **stage, all="yes")
    some = {**stage, "all": "no", "record": first}
    assert "until which day" in sent(officer, "/dispositions/1", 400, **some, decision="extend")
    page = sent(officer, "/dispositions/1", **some, decision="extend", until="2090-01-01")
    assert "until 2090-01-01" in page and "looked &lt;at&gt;" in page
    some["record"] = second
    page = sent(officer, "/dispositions/1", **some, decision="relabel", policy="longer")
    assert "to longer" in page
    page = sent(officer, "/dispositions/1", **stage, all="yes", decision="approve")
    assert "Decided on 1 record." in page and chosen(page) == []
    assert chosen(lawyer.get("/dispositions/1").text) == [third]
    refused = sent(
        officer, "/dispositions/1", 403, stage="counsel", comment="x", all="yes", decision="approve"
    )
    assert "somebody of the role legal decides" in refused
    page = sent(
        lawyer, "/dispositions/1", stage="counsel", comment="x", all="yes", decision="approve"
    )
    assert chosen(page) == [] and "approved 1" in page and ">Decide<" not in page
    assert "Decided" in lawyer.get("/dispositions").text
    waiting = lawyer.get("/dispositions/1?state=extended").text
    assert waiting.count("until 2090-01-01") == 1 and "to longer" not in waiting


def test_a_reviewer_stays_at_the_page_of_what_was_decided(archive, monkeypatch):
    monkeypatch.setattr(disposing, "_PAGE", 1)
    reviewed(archive, ONE)
    officer = entered(archive, Role.COMPLIANCE_OFFICER)
    sent(officer, "/dispositions", 200)
    (second,) = chosen(officer.get("/dispositions/1?cursor=1").text)
    (third,) = chosen(officer.get("/dispositions/1?state=waiting&cursor=2").text)
    given = {"stage": "records manager", "comment": "x", "all": "no", "decision": "approve"}
    page = sent(officer, "/dispositions/1?cursor=1", **given, record=second)
    assert chosen(page) == [] and "approved by" in page
    page = sent(officer, "/dispositions/1?state=waiting&cursor=1", **given, record=third)
    (first,) = chosen(page)
    assert first not in (second, third) and "Decided on 1 record." in page


def test_who_looks_on_and_who_does_not(archive):
    reviewed(archive, ONE)
    officer = entered(archive, Role.COMPLIANCE_OFFICER)
    sent(officer, "/dispositions", 200)
    archive.follow()
    auditor = entered(archive, Role.AUDITOR)
    page = auditor.get("/dispositions/1")
    assert page.status_code == 200 and chosen(page.text) == []
    given = {"stage": "records manager", "comment": "x", "all": "yes", "decision": "approve"}
    sent(auditor, "/dispositions/1", 403, **given)
    assert "Dispositions</a>" in auditor.get("/status").text
    trainer = entered(archive, Role.TRAINER)
    assert trainer.get("/dispositions").status_code == 403
    assert "Dispositions</a>" not in trainer.get("/status").text
