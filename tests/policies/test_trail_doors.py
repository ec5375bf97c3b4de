"""How long the trail is kept, and how its entries go: over HTTP, at the console, by commands."""

from pathlib import Path
from typing import Any

from api.app import create_app
from archive.events.audit import FOR_OPERATIONS
from archive.model.roles import LOCAL_ACTOR, Role
from archive.opening import Archive
from tests.api.console_house import entered, sent
from tests.policies.purging_house import SECOND, desk, job
from tests.policies.trail_house import day, kept_for, old_sandbox


def officer(archive: Archive, name: str) -> dict[str, str]:
    """Register a compliance officer; return the header of their token."""
    archive.administration.register(LOCAL_ACTOR, name, [Role.COMPLIANCE_OFFICER])
    token, _ = archive.administration.issue_token(LOCAL_ACTOR, name)
    return {"Authorization": f"Bearer {token}"}


def test_http_from_a_proposal_to_the_certificate(tmp_path: Path) -> None:
    with old_sandbox(tmp_path, day(2015)) as (archive, clock):
        archive.audit.record(LOCAL_ACTOR, FOR_OPERATIONS, "search", query="herring")
        client: Any = create_app(lambda: archive, clock=clock).test_client()
        first, second = (officer(archive, name) for name in ("first", "second"))
        archive.follow()
        address = "/v1/audit/retention"
        for wrong in ({"keep": "5y"}, {"keep": 6}, {"keep": ""}, {}):
            assert client.post(address, json=wrong, headers=first).status_code == 400
        proposed = client.post(address, json={"keep": "6y"}, headers=first)
        assert (proposed.status_code, proposed.json["pending"]) == (201, 1)
        assert client.post(f"{address}/approve", headers=first).status_code == 403
        assert client.post(f"{address}/approve?version=2", headers=second).status_code == 409
        approved = client.post(f"{address}/approve?version=1", headers=second)
        assert approved.json["versions"][0]["effective_at"] == "2015-01-08T00:00:00Z"
        assert client.post(address, json={"keep": "7y"}, headers=first).status_code == 409
        assert client.post(f"{address}/withdraw", headers=first).json["pending"] is None
        client.post(address, json={"keep": "6y"}, headers=first)
        client.post(f"{address}/approve", headers=second)

        clock.move_to(day(2021, 2, 1))
        told = client.get(address, headers=first).json
        assert (told["keep"], told["in_force"], told["whole_since"]) == ("6y", 2, None)
        planned = client.post("/v1/purges", json={}, headers=first)
        assert (planned.status_code, planned.json["id"]) == (202, None)
        shown = planned.json["trail"]
        assert planned.headers["Location"].endswith(f"/v1/purges/{shown['id']}")
        job(archive, "finish-purge")
        archive.follow()
        done = client.get(planned.headers["Location"], headers=first).json
        assert (done["of"], done["planned"]) == ("audit-trail", done["destroyed"])
        assert done["destroyed"] > 0
        form = client.get(f"/v1/certificates/{done['certificate']}?form=document", headers=first)
        assert (form.json["of"], form.json["records"]) == ("audit-trail", done["destroyed"])
        page = client.get("/v1/audit", headers=first).json
        assert page["whole_since"] == "2015-01-01T00:00:00Z"
        for address in ("export?form=csv", "export", "reports/access-review?form=csv"):
            answer = client.get(f"/v1/audit/{address}", headers=first)
            assert answer.headers["Muniment-Whole-Since"] == "2015-01-01T00:00:00+00:00"
            assert "herring" not in answer.text


def test_the_console_shows_it_and_takes_its_forms(tmp_path: Path) -> None:
    with old_sandbox(tmp_path, day(2015)) as (archive, clock):
        archive.audit.record(LOCAL_ACTOR, FOR_OPERATIONS, "search", query="herring")
        officer = entered(archive, Role.COMPLIANCE_OFFICER, name="first")
        other = entered(archive, Role.COMPLIANCE_OFFICER, name="second")
        page = "/audit/retention"
        assert "How long it is kept" in officer.get("/audit").text
        assert "<strong>for ever</strong>" in officer.get(page).text
        assert "6 years at least" in sent(officer, page, 400, keep="5y") + officer.get(page).text
        waiting = sent(officer, page, keep="6y")
        assert "waits for approval" in waiting and "somebody else approves it" in waiting
        assert "Approve version 1" not in waiting
        assert sent(officer, f"{page}/approve", 403, version="1")
        assert "A change of the audit trail waits for approval" in other.get("/overview").text
        assert "Approve version 1" in other.get(page).text
        assert "takes effect" in sent(other, f"{page}/approve", version="1")
        assert "withdrawn" in sent(other, f"{page}/withdraw", version="1")
        kept_for(archive)

        clock.move_to(day(2021, 2, 1))
        officer = entered(archive, Role.COMPLIANCE_OFFICER, name="third")
        assert "kept <strong>for 6 years</strong>" in officer.get(page).text
        assert "entries of the audit trail would be destroyed" in officer.get("/due").text
        assert "Not begun yet" in sent(officer, "/purges", meant="yes")
        job(archive, "finish-purge")
        archive.follow()
        (purge,) = desk(archive).purges(SECOND, 5).purges
        shown = officer.get(f"/purges/{purge.id}").text
        assert "entries of the audit trail" in shown and f'href="{page}"' in shown
        certificate = officer.get(f"/certificates/{purge.certificate}").text
        assert "entries of the audit trail" in certificate and "herring" not in certificate
        assert "the trail is whole since" in officer.get("/audit").text
        assert "the trail is whole since" in officer.get(page).text


def test_the_commands(call: Any) -> None:
    call("init", "--sandbox")
    audit = ("audit", "retention")
    assert call(*audit, "show")["keep"] is None
    assert "6 years at least" in call(*audit, "apply", "5y", status=2)
    proposed = call(*audit, "apply", "6y")
    assert (proposed["pending"], proposed["versions"][0]["state"]) == (1, "waiting")
    assert "Somebody else" in call(*audit, "approve", status=1)
    assert call(*audit, "withdraw", "--version", "1")["versions"][0]["state"] == "withdrawn"
    assert call(*audit, "apply", "forever")["pending"] is None
    assert "kept for ever" in call(*audit, "show", as_json=False)
    done = call("purge", "--dry-run", "--at", "2099-01-01")
    assert (done["of"], done["trail"]["of"], done["trail"]["planned"]) == (
        "records",
        "audit-trail",
        0,
    )
    assert call("audit")["whole_since"] is None
