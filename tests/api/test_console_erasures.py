"""The console's pages of cases of erasure: who sees them, and a case from its form to its end."""

import re
from uuid import UUID

import pytest

from archive.model.roles import Role
from policies.erasures.opening import executor_of
from tests.api.console_house import entered, sent
from tests.archive.house import capture, line
from tests.policies.purging_house import states

MAIA = [
    {"role": "from", "address": "maia@old.example"},
    {"role": "to", "address": "otto@firm.example"},
]
GIVEN = {"name": "Maia <Bleu>", "aliases": "maia@old.example\r\n\r\n", "query": "maia"}


@pytest.fixture
def ids(archive):
    found = capture(
        archive,
        line("1", "Xanthippe", participants=MAIA, custodian="Desk"),
        line("2", participants=MAIA),
        line("3", "Ask Maia"),
    )
    archive.follow()
    return [str(each) for each in found]


def place_of(page):
    """Return the address of a case from a page that shows it."""
    found = re.search(r'action="(/erasures/[0-9a-f-]+)/', page)
    assert found
    return found[1]


def test_a_case_from_its_form_to_its_end(archive, ids):
    officer = entered(archive, Role.COMPLIANCE_OFFICER)
    assert "There are none." in officer.get("/erasures").text
    today = str(archive.clock.now().date())
    page = sent(officer, "/erasures", received_on=today, **GIVEN)
    case = place_of(page)
    assert "Maia &lt;Bleu&gt;" in page and "3 records, in 2 the person takes part" in page
    assert "custodian <bdi>Desk</bdi>" in page
    assert "to be looked at" in page and "Xanthippe" not in page
    refused = sent(officer, f"{case}/decide", 400, decision="erase")
    assert 'role="alert"' in refused and "Tick the records" in refused
    page = sent(officer, f"{case}/decide", decision="restrict", record=[ids[1]])
    assert "<dt>Restricted</dt><dd>1</dd>" in page
    page = sent(officer, f"{case}/decide", decision="proposed")
    assert "<dt>To be erased</dt><dd>1</dd>" in page
    why = {"ground": "unrelated", "reason": "another Maia"}
    sent(officer, f"{case}/decide", decision="refuse", record=[ids[2]], **why)
    sent(officer, f"{case}/order", 403, meant="yes")
    page = sent(officer, f"{case}/extend", reason="many records")
    assert "many records" in page and "Two months more" not in page
    assert 'role="alert"' in sent(officer, f"{case}/close", 409, outcome="answered")
    second = entered(archive, Role.COMPLIANCE_OFFICER, name="Sam")
    assert "Destroy 1 record for ever" in second.get(case).text
    assert "Say that it is meant" in sent(second, f"{case}/order", 400)
    page = sent(second, f"{case}/order", meant="yes")
    assert "It is being carried out" in page and "under way" in page
    assert executor_of(archive).finish() == []
    assert states(archive, [UUID(ids[0])]) == ["GoneError"]
    page = sent(officer, f"{case}/find")
    assert "1 destroyed" in page and "/certificates/" in page
    page = sent(officer, f"{case}/close", outcome="answered")
    assert "as answered by <bdi>compliance-officer" in page
    page = sent(officer, f"{case}/lift", record=[ids[1]], reason="a letter")
    assert "<dt>Restricted</dt><dd>0</dd>" in page
    assert "Closed" in officer.get("/erasures").text


def test_who_sees_a_case_and_who_works_on_it(archive, ids):
    officer = entered(archive, Role.COMPLIANCE_OFFICER)
    today = str(archive.clock.now().date())
    case = place_of(sent(officer, "/erasures", received_on=today, **GIVEN))
    lawyer, auditor = entered(archive, Role.LEGAL), entered(archive, Role.AUDITOR)
    for reader in (lawyer, auditor):
        assert "New case" not in reader.get("/erasures").text
        assert "Close the case" not in reader.get(case).text
        sent(reader, f"{case}/decide", 403, decision="proposed")
    assert ids[0] in lawyer.get(case).text and ids[0] not in auditor.get(case).text
    assert ">Erasure</a>" not in entered(archive, Role.TRAINER).get("/status").text


def test_what_is_refused_is_said_and_what_was_written_stays(archive):
    officer = entered(archive, Role.COMPLIANCE_OFFICER)
    page = sent(officer, "/erasures", 400, received_on="2999-01-01", **GIVEN)
    assert 'role="alert"' in page and 'value="maia"' in page
    assert 'role="alert"' in sent(officer, "/erasures", 400, received_on="nonsense", name="Maia")
    assert officer.get("/erasures/00000000-0000-0000-0000-000000000000").status_code == 404


def test_a_refusal_leads_to_the_record_that_it_names(archive, ids):
    officer = entered(archive, Role.COMPLIANCE_OFFICER)
    today = str(archive.clock.now().date())
    case = place_of(sent(officer, "/erasures", received_on=today, **GIVEN))
    page = sent(officer, f"{case}/decide", 400, decision="refuse", record=ids[0])
    assert "Nothing forbids" in page and f'<tr id="r{ids[0]}">' in page
    assert re.findall(r'<a href="#r([^"]+)">', page) == [ids[0]]


def test_reasons_stay_where_a_decision_or_a_closing_is_refused(archive, ids):
    officer = entered(archive, Role.COMPLIANCE_OFFICER)
    today = str(archive.clock.now().date())
    case = place_of(sent(officer, "/erasures", received_on=today, **GIVEN))
    why = {"ground": "exemption", "reason": "a law"}
    page = sent(officer, f"{case}/decide", 400, decision="refuse", **why)
    assert 'value="exemption" selected' in page and page.count('value="a law"') == 1
    closing = {"outcome": "withdrawn", "reason": "a letter" + "r" * 500}
    page = sent(officer, f"{case}/close", 400, **closing)
    assert 'value="withdrawn" selected' in page and page.count('value="a letter') == 1
    page = sent(officer, f"{case}/extend", 400, reason="many" + "r" * 500)
    assert page.count('value="many') == 1


def test_a_record_is_redacted_and_its_pages_say_so(archive, ids):
    officer = entered(archive, Role.COMPLIANCE_OFFICER)
    today = str(archive.clock.now().date())
    page = sent(officer, "/erasures", received_on=today, **GIVEN)
    case = place_of(page)
    assert "stays for the others who take part" in page
    page = sent(officer, f"{case}/decide", decision="redact", record=[ids[0]])
    assert "<dt>To be redacted</dt><dd>1</dd>" in page
    second = entered(archive, Role.COMPLIANCE_OFFICER, name="Sam")
    page = second.get(case).text
    assert "1 decided to be redacted stays without the person" in page and "Redact them" in page
    assert "Redact 1 record for ever" in page
    sent(second, f"{case}/order", meant="yes")
    assert executor_of(archive).finish() == []
    page = officer.get(case).text
    assert "<dt>Redacted</dt><dd>1</dd>" in page and "0 destroyed, 1 redacted" in page
    certificate = re.search(r'"(/certificates/[0-9a-f-]+)"', page)
    assert certificate
    told = officer.get(certificate[1]).text
    assert "What was redacted" in told and "What was destroyed" not in told
    reader = entered(archive, Role.LEGAL)
    shown = reader.get(f"/interactions/{ids[0]}").text
    assert "One person was taken out of this record" in shown and "Xanthippe" not in shown
    assert "Download the original" not in shown
    assert case.rpartition("/")[2] in reader.get(f"/interactions/{ids[0]}/history").text
    assert reader.get(f"/interactions/{ids[0]}/original").status_code == 410
