"""The console's pages of purges and certificates: what is due, running it, reading what it did."""

import base64
import hashlib
import re
from dataclasses import replace

import pytest

from archive.events.hold_events import HoldScope
from archive.model.roles import Role
from policies.purging.opening import purger_of
from tests.api.console_house import entered, sent
from tests.policies.purging_house import SECOND, dated, in_force, place_hold, sandbox


@pytest.fixture
def archive(tmp_path):
    with sandbox(tmp_path) as archive:
        archive.settings = replace(archive.settings, organisation="Amsel & Sons")
        dated(archive, [2001, 2002, 2003])
        in_force(archive, maximum="5y", title="Old things")
        archive.follow()
        yield archive


def test_from_what_is_due_to_the_certificate(archive):
    place_hold(archive, "case", HoldScope(query="2003"))
    archive.follow()
    officer = entered(archive, Role.COMPLIANCE_OFFICER)
    assert "There was none yet." in officer.get("/purges").text
    due = officer.get("/due").text
    assert "<strong>2</strong> records are due" in due
    assert "a legal hold reaches it" in due and "2001-03-01" in due
    assert "Say that it is meant" in sent(officer, "/purges", 400)
    assert "There was none yet." in officer.get("/purges").text
    page = sent(officer, "/purges", meant="yes")
    assert "Not begun yet" in page and "It has destroyed nothing yet" in page
    archive.follow()
    pages = [officer.get(each).text for each in ("/overview", "/purges")] + [page]
    assert "A purge of records is asked for" in pages[0] and "nothing destroyed yet" in pages[1]
    assert "0 of 0" not in "".join(pages)
    assert 'role="alert"' in sent(officer, "/purges", 409, meant="yes")
    # The leading worker does so within a minute.
    assert purger_of(archive).finish() is not None
    archive.follow()
    page = officer.get("/purges").text
    assert "Completed" in page and "2 of 2 records destroyed" in page and "1 held" in page
    found = re.search(r"/certificates/([0-9a-f-]{36})", page)
    assert found
    auditor = entered(archive, Role.AUDITOR)
    assert found[1] in auditor.get("/certificates").text
    told = auditor.get(found[0]).text
    assert "<bdi>Amsel &amp; Sons</bdi> destroyed <strong>2</strong> records" in told
    assert "Old things" in told and "does not check" not in told and "Sandbox" in told
    assert "Proposed by <bdi>local" in told and f"Approved by <bdi>{SECOND.id}" in told
    document = auditor.get(f"/v1{found[0]}?form=document")
    note = auditor.get(f"/v1{found[0]}?form=note")
    assert f"certificate-{found[1]}.json" in document.headers["Content-Disposition"]
    assert note.mimetype == "text/plain" and note.text in told.replace("&#43;", "+")
    digest = base64.b64encode(hashlib.sha256(document.data).digest()).decode()
    assert f"\nsha256 {digest}\n" in note.text
    assert "<strong>Nothing</strong> may go now" in officer.get("/due").text


def test_a_day_to_come_is_told_and_in_a_sandbox_purged(archive):
    officer = entered(archive, Role.COMPLIANCE_OFFICER)
    told = officer.get("/due?at=2099-01-01").text
    assert "What is due on 2099-01-01" in told and 'name="at" value="2099-01-01"' in told
    assert officer.get("/due?at=2001-01-01").status_code == 400
    assert 'role="alert"' in officer.get("/due?at=soon").text
    assert "Not begun yet" in sent(officer, "/purges", meant="yes", at="2099-01-01")


def test_who_audits_reads_and_runs_nothing(archive):
    auditor = entered(archive, Role.AUDITOR)
    assert "What is due now" not in auditor.get("/purges").text
    sent(auditor, "/purges", 403, meant="yes")
    assert purger_of(archive).finish() is None
    assert auditor.get("/due").status_code == 403
