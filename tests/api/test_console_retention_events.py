"""The console's pages of retention events: simulated, recorded, approved by another, corrected."""

import pytest

from archive.model.roles import LOCAL_ACTOR, Role
from policies.retention_events.answers import NewRetentionEvent
from policies.retention_events.desk import retention_event_desk
from tests.api.console_house import entered, sent
from tests.archive.house import capture, create, line, opened
from tests.policies.purging_house import SECOND, in_force

LEFT = {"name": "left", "date": "2002-02-28", "query": "custodian:ann", "title": "Ann <left>"}
LEFT |= {"reason": "a letter"}


@pytest.fixture
def archive(tmp_path):
    create(tmp_path)
    with opened(tmp_path) as archive:
        ann, bob = (line(name, custodian=name) for name in ("Ann", "Bob"))
        capture(archive, ann, bob)
        in_force(archive, clock="event:left", maximum="1y")
        archive.follow()
        yield archive


def test_an_event_is_simulated_recorded_approved_corrected_and_cancelled(archive):
    ann, ben = (entered(archive, Role.COMPLIANCE_OFFICER, name=name) for name in ("Ann", "Ben"))
    assert "There are none." in ann.get("/retention-events").text
    simulated = sent(ann, "/retention-events", 200, **LEFT, simulate="yes")
    assert "<strong>1</strong> would be" in simulated and "Due at once: 1 record " in simulated
    assert 'value="custodian:ann"' in simulated
    assert retention_event_desk(archive).book(LOCAL_ACTOR).events == {}
    page = sent(ann, "/retention-events", **LEFT)
    assert "Version 1 waits for approval" in page and "Ann &lt;left&gt;" in page
    assert "Approve version" not in page and "Correct it" not in page
    (event,) = retention_event_desk(archive).book(LOCAL_ACTOR).events
    here = f"/retention-events/{event}"
    sent(ann, f"{here}/approve", 403, version=1)
    assert "Approve version 1" in ben.get(here).text
    assert 'role="alert"' in sent(ben, f"{here}/approve", 409, version=2)
    assert "takes effect" in sent(ben, f"{here}/approve", version=1)
    assert "Withdrawn" in sent(ann, f"{here}/withdraw", version=1)

    later = LEFT | {"date": "2999-01-01", "query": "custodian:bob"}
    sent(ann, "/retention-events", **later)
    listed = ann.get("/retention-events").text
    assert listed.index("custodian:bob") < listed.index("custodian:ann")


def test_what_counts_is_corrected_and_cancelled(archive):
    officer, auditor = (entered(archive, role) for role in (Role.COMPLIANCE_OFFICER, Role.AUDITOR))
    desk = retention_event_desk(archive)
    given = LEFT | {"date": "2002-02-28T12:30:00Z", "delay": "0d"}
    event = desk.record(LOCAL_ACTOR, NewRetentionEvent.model_validate(given)).id
    desk.approve(SECOND, event)
    here = f"/retention-events/{event}"
    assert 'value="2002-02-28"' in officer.get(here).text
    # The day was left as it is, and so its time stays: that alone would be a change that shortens.
    page = sent(officer, f"{here}/correct", **LEFT | {"title": "Ann"})
    assert "28 Feb 2002, 12:30" in page and "waits for approval" not in page
    page = sent(officer, f"{here}/correct", **LEFT | {"date": "2003-01-01"})
    assert "1 Jan 2003, 00:00" in page and "waits for approval" not in page
    assert f'action="{here}' not in auditor.get(here).text
    assert 'role="alert"' in sent(officer, f"{here}/correct", 400, **LEFT | {"query": "(x"})
    assert ": cancelled" in sent(officer, f"{here}/cancel", reason="she stays")
    assert "Cancelled" in officer.get("/retention-events").text
    assert 'role="alert"' in sent(officer, f"{here}/correct", 409, **LEFT)
    for wrong in ({"query": "(x"}, {"date": "soon"}, {"name": "A b"}):
        assert 'role="alert"' in sent(officer, "/retention-events", 400, **LEFT | wrong)
