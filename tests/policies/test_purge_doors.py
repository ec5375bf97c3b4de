"""Purges and certificates through the command line, HTTP and the worker's jobs."""

import io
import json

import pytest

from api.app import create_app
from api.cli import run
from archive.creating import register_user
from archive.errors import CorruptError
from archive.log.publisher import log_signer
from archive.model.roles import LOCAL_ACTOR, Role
from archive.trail.entry import entry, is_act
from policies.purging.certificate import check
from tests.archive.house import line, opened
from tests.policies.purging_house import dated, desk, in_force, job, sandbox, states


@pytest.fixture
def archive(tmp_path):
    with sandbox(tmp_path) as archive:
        dated(archive, [2001, 2002])
        in_force(archive, maximum="5y")
        archive.follow()
        yield archive


@pytest.fixture
def client(archive):
    return create_app(lambda: archive).test_client()


@pytest.fixture
def officer(archive):
    return {"Authorization": f"Bearer {register_user(archive, Role.COMPLIANCE_OFFICER)}"}


def test_http_from_a_dry_run_to_the_certificate(client, archive, officer):
    assert client.post("/v1/purges", json={"dry_run": 0}, headers=officer).status_code == 400
    dry = client.post("/v1/purges", json={"dry_run": True}, headers=officer)
    assert (dry.status_code, dry.json["planned"], dry.json["id"]) == (200, 2, None)
    planned = client.post("/v1/purges", json={}, headers=officer)
    assert (planned.status_code, planned.json["destroyed"]) == (202, 0)
    assert client.post("/v1/purges", json={}, headers=officer).status_code == 409
    told = f"Purge {planned.json['id']} has destroyed 2 records."
    assert job(archive, "finish-purge") == told
    assert job(archive, "finish-purge") == ""
    shown = client.get(planned.headers["Location"], headers=officer).json
    assert (shown["planned"], shown["destroyed"], shown["failed"]) == (2, 2, 0)
    assert client.get("/v1/purges", headers=officer).json == {"purges": [shown], "cursor": None}
    path = f"/v1/certificates/{shown['certificate']}"
    found = client.get(path, headers=officer).json
    verifier = log_signer(archive.keyring).verifier
    assert check(found["document"], found["note"], verifier).records == 2
    page = client.get(f"{path}?form=pdf", headers=officer)
    assert page.mimetype == "application/pdf" and page.data.startswith(b"%PDF-")
    assert client.get(f"{path}?form=pdf", headers=officer).data == page.data
    (listed,) = client.get("/v1/certificates", headers=officer).json["certificates"]
    assert (listed["id"], listed["records"]) == (shown["certificate"], 2)
    nothing = client.post("/v1/purges", json={}, headers=officer)
    assert (nothing.status_code, nothing.json["planned"]) == (200, 0)
    archive.follow()
    collector = {"Authorization": f"Bearer {register_user(archive, Role.COLLECTOR)}"}
    sent = line("2001-0", "Good morning 2001", occurred_at="2001-03-01T00:00:00Z")
    again = client.post("/v1/interactions", data=sent, headers=collector)
    assert (again.status_code, again.json["status"]) == (200, "erased")
    assert again.json["certificate"] == shown["certificate"]


def test_a_forged_certificate_does_not_check(archive):
    done = desk(archive).run(LOCAL_ACTOR)
    assert done.certificate is not None
    told = desk(archive).certificate(LOCAL_ACTOR, done.certificate)
    verifier = log_signer(archive.keyring).verifier
    for document in (told.document.replace('"records":2', '"records":3'), "{}"):
        with pytest.raises(CorruptError):
            check(document, told.note, verifier)


def test_the_daily_job_purges_and_says_so(archive):
    assert job(archive, "obligations") == ""
    assert "has destroyed 2 records" in job(archive, "purge")
    assert job(archive, "purge") == ""
    (purge,) = desk(archive).purges(LOCAL_ACTOR, 10).purges
    assert purge.by == "schedule"
    row = archive.pointers.select_pointers_of([purge.id])[0]
    (opened_row,) = archive.opener.open_each([row])
    told = entry(row, archive.mapper.event(opened_row))
    assert is_act(row.type) and (told.action, told.actor) == ("purge.planned", "schedule")


def test_the_command_line(tmp_path, monkeypatch, capfd):
    with sandbox(tmp_path) as archive:
        dated(archive, [2001, 2002])
        in_force(archive, maximum="5y")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("sys.stdin", io.StringIO())

    def call(*arguments, status=0):
        capfd.readouterr()
        assert run([*arguments]) == status, capfd.readouterr()
        return capfd.readouterr().out

    dry = json.loads(call("purge", "--dry-run", "--at", "2100-01-01", "--json"))
    assert (dry["planned"], dry["destroyed"]) == (2, 0)
    assert "Records that would be destroyed: 2." in call("purge", "--dry-run")
    call("purge", "--at", "2001-01-01", status=2)
    said = call("purge")
    assert "Records destroyed: 2 of 2." in said and "The certificate is" in said
    (listed,) = json.loads(call("certificate", "list", "--json"))["certificates"]
    assert listed["id"] in call("certificate", "list")
    assert "sandbox" in call("certificate", "show", listed["id"], "--pdf", "page.pdf")
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF-")
    call("certificate", "show", listed["id"], "--pdf", "page.pdf", status=2)
    call("verify", "--full")
    call("rebuild")
    with opened(tmp_path) as again:
        again.follow()
        (purge,) = desk(again).purges(LOCAL_ACTOR, 10).purges
        assert str(purge.certificate) == listed["id"]
        rows = again.pointers.select_pointers_from(None, 1000, topics=["interaction.captured"])
        ids = [row.originator_id for row in rows]
        assert states(again, ids) == ["GoneError", "GoneError"]
        assert set(again.destroyed.certificates_of(ids).values()) == {purge.certificate}
