"""The console's pages of policies: simulated, proposed, approved by another, locked, ended."""

import re

import pytest

from archive.model.roles import LOCAL_ACTOR, Role
from policies.desk import governance_of
from policies.retention_events.answers import NewRetentionEvent
from policies.retention_events.desk import retention_event_desk
from tests.api.console_house import entered, sent
from tests.archive.house import capture, create, line, opened

MAIL = "name: mail\ntitle: Old <mail>\nscope: fee\nmaximum: 3y\ngrace: 0d\ndelay: 0d\n"


@pytest.fixture
def archive(tmp_path):
    create(tmp_path)
    with opened(tmp_path) as archive:
        capture(
            archive,
            line("1", "the fee", occurred_at="2001-03-01T00:00:00Z"),
            line("2", "a letter", occurred_at="2002-03-01T00:00:00Z"),
        )
        archive.follow()
        yield archive


def proposed(officer, text):
    """Simulate a text, and propose what was simulated; give the page that is shown then."""
    simulated = sent(officer, "/new-policy", 200, yaml=text)
    digest = re.search(r'name="propose" value="([0-9a-f]+)"', simulated)
    assert digest
    return sent(officer, "/new-policy", yaml=text, propose=digest[1])


def names(archive):
    return sorted(governance_of(archive).book(LOCAL_ACTOR).policies)


def test_a_policy_is_simulated_proposed_approved_and_locked(archive):
    ann, ben = (entered(archive, Role.COMPLIANCE_OFFICER, name=name) for name in ("Ann", "Ben"))
    assert "There are none." in ann.get("/policies").text
    simulated = sent(ann, "/new-policy", 200, yaml=MAIL)
    assert "Of 2 records" in simulated and "<strong>1</strong> would be" in simulated
    assert "Could go sooner: 1 record " in simulated and "2001" in simulated
    assert names(archive) == []
    page = proposed(ann, MAIL)
    assert "Version 1 waits for approval" in page and "Old &lt;mail&gt;" in page
    assert "Approve version" not in page and "somebody else approves it" in page
    sent(ann, "/policies/mail/approve", 403, version=1)
    assert "Approve version 1" in ben.get("/policies/mail").text
    assert "<strong>1</strong> would be" in sent(ben, "/policies/mail/simulate", 200)
    assert 'role="alert"' in sent(ben, "/policies/mail/approve", 409, version=2)
    page = sent(ben, "/policies/mail/approve", version=1)
    assert "waits for approval" not in page and "In force" in page
    assert "Lock mail for ever?" in ann.get("/policies/mail/lock").text
    assert 'aria-invalid="true"' in sent(ann, "/policies/mail/lock", 400, name="post")
    assert "Locked for ever" in sent(ann, "/policies/mail/lock", name="mail")
    assert 'role="alert"' in sent(ann, "/policies/mail/end", 423)
    refused = sent(ann, "/new-policy", 200, yaml=MAIL.replace("3y", "2y"))
    digest = re.search(r'name="propose" value="([0-9a-f]+)"', refused)
    assert digest
    told = {"yaml": MAIL.replace("3y", "2y"), "propose": digest[1]}
    assert "is locked" in sent(ann, "/new-policy", 423, **told)


def test_a_card_says_that_what_is_due_waits_for_a_review(archive):
    officer = entered(archive, Role.COMPLIANCE_OFFICER)
    proposed(officer, MAIL)
    assert "waits for a review" not in officer.get("/policies").text
    stages = "review:\n  - stage: records\n  - stage: counsel\n    role: legal\n"
    proposed(officer, MAIL.replace("name: mail", "name: reviewed") + stages)
    listed = officer.get("/policies").text
    assert "waits for a review: <bdi>records</bdi>, then <bdi>counsel</bdi>." in listed
    assert 'href="/dispositions?waiting=true"' in listed


def test_what_is_proposed_is_what_was_simulated(archive):
    officer = entered(archive, Role.COMPLIANCE_OFFICER)
    simulated = sent(officer, "/new-policy", 200, yaml=MAIL)
    digest = re.search(r'name="propose" value="([0-9a-f]+)"', simulated)
    assert digest
    other = MAIL.replace("fee", "letter")
    again = sent(officer, "/new-policy", 200, yaml=other, propose=digest[1])
    assert "changed after it had been simulated" in again and names(archive) == []
    # A browser ends lines as it likes.
    sent(officer, "/new-policy", yaml=MAIL.replace("\n", "\r\n"), propose=digest[1])
    assert names(archive) == ["mail"]


@pytest.mark.parametrize(
    ("text", "said", "line"),
    [
        ("name: mail\nscope: (fee\nmaximum: 3y\n", "Line 2: scope, column", "2  scope: (fee"),
        ("name: mail\nscope: fee\nmaximum: <3y>\n", "Line 3: maximum", "3  maximum: &lt;3y&gt;"),
        ("name: mail\nscope: fee\n", "demands a minimum, a maximum", None),
    ],
)
def test_an_error_is_said_at_the_text_with_its_line(archive, text, said, line):
    officer = entered(archive, Role.COMPLIANCE_OFFICER)
    refused = sent(officer, "/new-policy", 400, yaml=text)
    assert said in refused and 'aria-describedby="refused"' in refused
    assert (line in refused) if line else ('class="caret"' not in refused)


def test_presets_and_policies_to_begin_with(archive):
    officer = entered(archive, Role.COMPLIANCE_OFFICER)
    assert "name: plain" in officer.get("/new-policy").text
    assert "17a-4" in officer.get("/new-policy?preset=sec-17a-4-3y").text
    assert officer.get("/new-policy?preset=none").status_code == 404
    proposed(officer, MAIL)
    assert "maximum: 3y" in officer.get("/new-policy?policy=mail").text


def test_a_change_is_compared_withdrawn_and_the_policy_ended(archive):
    ann, ben = (entered(archive, Role.COMPLIANCE_OFFICER, name=name) for name in ("Ann", "Ben"))
    proposed(ann, MAIL)
    sent(ben, "/policies/mail/approve", version=1)
    page = proposed(ann, MAIL.replace("3y", "2y"))
    assert re.search(r'class="changed">\s*<th scope="row">Deleted after</th>', page)
    assert "<td>3 years</td><td>2 years</td>" in page
    page = sent(ben, "/policies/mail/withdraw", version=2)
    assert "Withdrawn" in page and "waits for approval" not in page
    assert 'role="alert"' in sent(ben, "/policies/mail/withdraw", 409, version=2)
    assert 'role="alert"' in sent(ben, "/policies/mail/simulate", 409)
    assert "Ended" in sent(ann, "/policies/mail/end")


def test_who_audits_reads_and_others_do_not_govern(archive):
    proposed(entered(archive, Role.COMPLIANCE_OFFICER), MAIL)
    auditor = entered(archive, Role.AUDITOR)
    assert "New policy" not in auditor.get("/policies").text
    page = auditor.get("/policies/mail").text
    assert "waits for approval" in page and "<button>Withdraw" not in page
    assert auditor.get("/new-policy").status_code == 403
    sent(auditor, "/new-policy", 403, yaml=MAIL)
    administrator = entered(archive, Role.ADMINISTRATOR)
    assert administrator.get("/policies").status_code == 403
    assert ">Policies</a>" not in administrator.get("/status").text


def test_why_a_record_is_still_here_is_told_to_who_governs(archive):
    officer, lawyer = entered(archive, Role.COMPLIANCE_OFFICER), entered(archive, Role.LEGAL)
    (found,) = re.findall(r"/interactions/([0-9a-f-]{36})\?", lawyer.get("/?q=fee").text)[:1]
    proposed(officer, MAIL.replace("maximum", "minimum"))
    page = officer.get(f"/interactions/{found}/retention").text
    assert "2004-03-01" in page or "1 Mar 2004" in page
    assert "/policies/mail" in page and "the fee" not in page
    assert "Why it is still here" not in lawyer.get(f"/interactions/{found}").text
    assert lawyer.get(f"/interactions/{found}/retention").status_code == 403


def test_the_overview_tells_what_needs_attention(archive):
    ann, ben = (entered(archive, Role.COMPLIANCE_OFFICER, name=name) for name in ("Ann", "Ben"))
    nothing = ann.get("/overview").text
    assert "Nothing: no change waits" in nothing and "no request of a person" in nothing
    proposed(ann, MAIL)
    waiting = ben.get("/overview").text
    assert "A change of the policy mail waits for approval" in waiting
    sent(ben, "/policies/mail/approve", version=1)
    proposed(ann, "name: all\nscope: '*'\nminimum: 5y\ndelay: 0d\n")
    told = ben.get("/overview").text
    assert "all and mail can be in conflict" in told and "waits for approval" not in told
    wanted = {"name": "left", "date": "2020-01-01T00:00:00Z", "query": "fee", "reason": "r"}
    desk = retention_event_desk(archive)
    desk.record(LOCAL_ACTOR, NewRetentionEvent.model_validate(wanted))
    assert "A change of a retention event left waits for approval" in ben.get("/overview").text
    sent(entered(archive, Role.LEGAL), "/holds", name="a", reason="r", query="fee")
    assert "One legal hold is in force" in entered(archive, Role.AUDITOR).get("/overview").text
    assert "What needs attention" not in entered(archive, Role.LEGAL).get("/overview").text
