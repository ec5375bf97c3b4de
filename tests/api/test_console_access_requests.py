"""The console's pages of requests for access: who sees them, and one from its form to its end."""

import hashlib
import io
import re
import zipfile
from base64 import b64encode
from datetime import timedelta

import pytest

from archive.model.roles import Role
from tests.api.console_house import entered, sent
from tests.archive.house import capture, line

MAIA = [
    {"role": "from", "address": "maia@old.example"},
    {"role": "to", "address": "otto@firm.example", "name": "Otto Ohm"},
]
GIVEN = {"name": "Maia <Bleu>", "aliases": "maia@old.example\r\n\r\n", "query": "maia"}
FILE = {
    "filename": "plan.txt",
    "media_type": "text/plain",
    "data": b64encode(b"the plan").decode(),
}
READING = "data-subject-request"


@pytest.fixture
def ids(archive):
    found = capture(
        archive,
        line("1", "Xanthippe", participants=MAIA, attachments=[FILE]),
        line("2", "Ask Maia"),
    )
    archive.follow()
    return [str(each) for each in found]


@pytest.fixture
def officer(archive):
    return entered(archive, Role.COMPLIANCE_OFFICER)


def opened(archive, officer):
    """Open a case by its form, and return its page and address."""
    today = str(archive.clock.now().date())
    page = sent(officer, "/access-requests", received_on=today, **GIVEN)
    found = re.search(r'action="(/access-requests/[0-9a-f-]+)/', page)
    assert found
    return page, found[1]


def fetched(client, case, **fields):
    """Fetch a package by its form, and return the response."""
    page = client.get(case).text
    secret = re.search(r'name="form_secret" value="([^"]+)"', page)
    assert secret
    return client.post(f"{case}/package", data={"form_secret": secret[1], **fields})


def test_a_request_from_its_form_to_its_end(archive, ids, officer):
    assert "There are none." in officer.get("/access-requests").text
    page, case = opened(archive, officer)
    assert "Maia &lt;Bleu&gt;" in page and "2 records, in 1 the person takes part" in page
    assert "to be looked at" in page and "Xanthippe" not in page and "plan.txt" not in page
    refused = sent(officer, f"{case}/decide", 400, decision="include")
    assert 'role="alert"' in refused and "Tick the records" in refused
    page = sent(officer, f"{case}/decide", decision="proposed")
    assert "<dt>Included</dt><dd>1</dd>" in page and "<dt>To be decided</dt><dd>1</dd>" in page
    why = {"ground": "unrelated", "reason": "another Maia"}
    page = sent(officer, f"{case}/decide", decision="withhold", record=[ids[1]], **why)
    assert "<dt>Withheld</dt><dd>1</dd>" in page and "withhold: unrelated" in page
    page = sent(officer, f"{case}/state", statement="We keep <chat>.")
    assert "We keep &lt;chat&gt;." in page
    page = sent(officer, f"{case}/name-others", others="Xanthippe\r\n")
    assert "<dt>Others named</dt><dd><bdi>Xanthippe</bdi></dd>" in page
    page = sent(officer, f"{case}/extend", reason="many records")
    assert "many records" in page and "Two months more" not in page
    assert "No package was made" in sent(officer, f"{case}/close", 409, outcome="answered")
    archive.follow()
    lawyer = entered(archive, Role.LEGAL, purpose=READING)
    made = fetched(lawyer, case)
    assert (made.status_code, made.mimetype) == (200, "application/zip")
    assert "attachment; filename=access-request-" in made.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(made.data)) as package:
        told = b"".join(package.read(name) for name in package.namelist())
    assert b"We keep &lt;chat&gt;." in told
    assert not any(name in told for name in (b"Xanthippe", b"Otto", b"the plan"))
    page = officer.get(case).text
    assert hashlib.sha256(made.data).hexdigest() in page
    as_of = re.search(r'name="as_of" value="(\d+)"', lawyer.get(case).text)
    assert as_of
    assert fetched(lawyer, case, as_of=as_of[1]).data == made.data
    page = sent(officer, f"{case}/close", outcome="answered")
    assert "as answered by <bdi>compliance-officer" in page
    assert fetched(lawyer, case, as_of=as_of[1]).status_code == 200
    assert fetched(lawyer, case).status_code == 409
    assert "Closed" in officer.get("/access-requests").text


def test_a_file_goes_in_with_its_record_alone(archive, ids, officer):
    page, case = opened(archive, officer)
    found = re.findall(r'name="file" value="([^"]+)"', page)
    chosen = f"{ids[0]}/attachments/0"
    assert set(found) == {f"{ids[0]}/original", chosen, f"{ids[1]}/original"}
    for records in ([ids[0], ids[1]], [ids[1]]):
        refused = sent(
            officer, f"{case}/decide", 400, decision="include", record=records, file=chosen
        )
        assert "Tick one record alone" in refused and f'value="{chosen}" checked' in refused
    page = sent(officer, f"{case}/decide", decision="include", record=[ids[0]], file=chosen)
    assert "include, with part attachments/0" in page
    sent(officer, f"{case}/decide", decision="withhold", record=[ids[1]], ground="unrelated")
    archive.follow()
    made = fetched(entered(archive, Role.LEGAL, purpose=READING), case)
    assert b"the plan" in made.data


def test_who_sees_a_request_who_works_on_it_and_who_fetches(archive, ids, officer):
    _, case = opened(archive, officer)
    sent(officer, f"{case}/decide", decision="include", record=ids)
    lawyer, auditor = entered(archive, Role.LEGAL), entered(archive, Role.AUDITOR)
    for reader in (lawyer, auditor):
        assert "New case" not in reader.get("/access-requests").text
        assert "Close the case" not in reader.get(case).text
        sent(reader, f"{case}/decide", 403, decision="proposed")
    assert ids[0] in lawyer.get(case).text and ids[0] not in auditor.get(case).text
    assert "Change your purpose" in lawyer.get(case).text
    assert fetched(lawyer, case).status_code == 403
    assert "Legal users fetch it" in officer.get(case).text
    assert fetched(officer, case).status_code == 403
    trainer = entered(archive, Role.TRAINER)
    assert ">Access requests</a>" not in trainer.get("/status").text
    assert trainer.get(case).status_code == 403
    # Whoever decided what is in it does not fetch it.
    both = entered(archive, Role.COMPLIANCE_OFFICER, Role.LEGAL, name="Sam", purpose=READING)
    sent(both, f"{case}/decide", decision="include", record=ids)
    archive.follow()
    assert fetched(both, case).status_code == 403
    reader = entered(archive, Role.LEGAL, name="Lea", purpose=READING)
    assert fetched(reader, case).status_code == 200


def test_what_is_refused_is_said_and_what_was_written_stays(archive, ids, officer):
    page = sent(officer, "/access-requests", 400, received_on="2999-01-01", **GIVEN)
    assert 'role="alert"' in page and 'value="maia"' in page
    nobody = "/access-requests/00000000-0000-0000-0000-000000000000"
    assert officer.get(nobody).status_code == 404
    _, case = opened(archive, officer)
    lawyer = entered(archive, Role.LEGAL, purpose=READING)
    for as_of, status in (("", 409), ("x", 400), ("1", 404), ("9" * 30, 400)):
        answer = fetched(lawyer, case, as_of=as_of)
        assert (answer.status_code, "Traceback" in answer.text) == (status, False)
    assert 'role="alert"' in sent(officer, f"{case}/name-others", 400, others=" ")
    refused = sent(officer, f"{case}/state", 400, statement="x" * 20_001)
    assert "x" * 20_001 in refused


def test_what_is_to_be_answered_soon_needs_attention(archive, ids):
    officer = entered(archive, Role.COMPLIANCE_OFFICER)
    for kind, what in (("access-requests", "for access"), ("erasures", "to be erased")):
        assert what not in officer.get("/overview").text
        for days, told in ((0, None), (25, "to be answered within a week"), (40, "overdue")):
            received = archive.clock.now().date() - timedelta(days=days)
            sent(officer, f"/{kind}", received_on=str(received), **GIVEN)
            page = officer.get("/overview").text
            assert (told is None) == (f"One request {what} is" not in page)
            assert told is None or f"One request {what} is {told}." in page
