"""Policies, simulation and explanation through the command line and HTTP, over a real archive."""

import pytest

from api.app import create_app
from archive.creating import register_user
from archive.errors import CorruptError
from archive.events.policy_events import Terms
from archive.model.roles import LOCAL_ACTOR, Role
from archive.trail.entry import entry, is_act
from policies.desk import governance_of, retention_desk
from tests.archive.house import OPERATIONS, capture, line


def test_the_command_line_from_a_preset_to_an_explanation(call, tmp_path):
    dates = [f"{year}-02-28T00:00:00Z" for year in range(2014, 2018)]
    lines = [line(str(number), occurred_at=date) for number, date in enumerate(dates)]
    (tmp_path / "mail.ndjson").write_bytes(b"\n".join(lines))
    call("init")
    call("import", "mail.ndjson", "--source", "desk")
    names = call("policy", "presets")["presets"]
    assert "plain" in names and "gdpr-storage-limitation" in names
    text = call("policy", "presets", "plain", as_json=False)
    (tmp_path / "plain.yaml").write_text(text.replace("clock", "delay: 0d\ngrace: 0d\nclock"))

    simulated = call("policy", "simulate", "plain.yaml")
    assert simulated["records"] == simulated["in_scope_after"] == 4
    assert simulated["sooner"]["records"] == simulated["due"]["records"] == 4
    assert [group["year"] for group in simulated["due"]["groups"]] == [2014, 2015, 2016, 2017]
    assert call("policy", "list")["policies"] == []
    assert "4 records" in call("policy", "simulate", "plain.yaml", as_json=False)

    waiting = call("policy", "apply", "plain.yaml")
    assert (waiting["in_force"], waiting["pending"]) == (None, 1)
    assert "Somebody else" in call("policy", "approve", "plain", status=1)
    call("user", "add", "Ann", "--role", "compliance-officer")
    token = call("token", "create", "Ann")["token"]
    approved = call("policy", "approve", "plain", "--version", "1", "--by-token", typed=token)
    assert approved["in_force"] == 1
    assert approved["versions"][0]["approved_by"] == "Ann"

    record = simulated["due"]["sample"][0]["id"]
    why = call("why", record)
    assert why["state"] == "due"
    assert [(each["policy"], each["version"]) for each in why["demands"]] == [("plain", 1)] * 2
    assert why["delete_at"] == "2021-02-28T00:00:00Z"
    assert "plain" in call("why", record, as_json=False)
    assert "maximum: 7y" in call("policy", "show", "plain", as_json=False)
    assert "plain" in call("policy", "list", as_json=False)
    listed = call("policy", "list")
    call("rebuild")
    assert call("policy", "list") == listed


def test_what_is_wrong_with_a_file_is_told(call, tmp_path):
    call("init")
    (tmp_path / "a.yaml").write_text("name: a\nscope: (x\nminimum: 1y\n")
    assert "Line 2: scope, column 1" in call("policy", "apply", "a.yaml", status=2)
    (tmp_path / "a.yaml").write_bytes(b"\xff\xfe\x00")
    assert "UTF-8" in call("policy", "simulate", "a.yaml", status=2)
    assert "no policy" in call("policy", "lock", "nothing", status=1)
    assert "there are" in call("policy", "presets", "nothing", status=1)


@pytest.fixture
def client(archive, clock):
    return create_app(lambda: archive, clock=clock).test_client()


@pytest.fixture
def officer(archive):
    return {"Authorization": f"Bearer {register_user(archive, Role.COMPLIANCE_OFFICER)}"}


def test_http_from_a_proposal_to_the_lock(client, archive, officer, clock):
    given = {"name": "a", "scope": "channel:chat", "minimum": "3y", "maximum": "7y"}
    made = client.post("/v1/policies", json=given, headers=officer)
    assert made.status_code == 201 and made.headers["Location"] == "/v1/policies/a"
    assert client.post("/v1/policies/a/approve", headers=officer).status_code == 403
    assert client.post("/v1/policies/a/lock", headers=officer).status_code == 409
    governance_of(archive).approve(LOCAL_ACTOR, "a")
    clock.move(days=7)
    locked = client.post("/v1/policies/a/lock", headers=officer).get_json()
    assert locked["in_force"] == 1 and locked["locked_by"] == "compliance-officer"
    shorter = client.post("/v1/policies", json=given | {"minimum": "1y"}, headers=officer)
    assert shorter.status_code == 423
    assert client.post("/v1/policies/a/disable", headers=officer).status_code == 423
    told = client.get("/v1/policies", headers=officer).get_json()
    assert [each["name"] for each in told["policies"]] == ["a"] and told["unreadable"] is False
    assert client.get("/v1/policies/b", headers=officer).status_code == 404


CANNOT_BE: list[dict[str, object]] = [
    {"scope": "a AND (b"},
    {"minimum": "0d"},
    {"minimum": {"count": -5, "unit": "y"}},
    {"minimum": None},
    {"clock": "case-closed"},
    {"lock": "worm"},
    {"name": "../a"},
    {"title": "a\nb"},
]


def test_what_cannot_be_a_policy_is_refused(client, officer):
    for change in CANNOT_BE:
        given = {"name": "a", "scope": "*", "minimum": "3y"} | change
        for path in ("/v1/policies", "/v1/policies/simulate"):
            assert client.post(path, json=given, headers=officer).status_code == 400, change


def test_why_tells_no_content_and_is_recorded(client, archive, officer):
    (record,) = capture(archive, line("1", "A secret word"))
    archive.follow()
    answer = client.get(f"/v1/interactions/{record}/retention", headers=officer)
    assert answer.get_json()["state"] == "ungoverned" and "secret" not in answer.text
    rows = archive.pointers.select_pointers_from(archive.pointers.last_seq(), 1)
    (event,) = (archive.mapper.event(opened) for opened in archive.opener.open_each(rows))
    assert (event.action, event.records, event.purpose) == ("why", (record,), "compliance")
    nobody = "00000000-0000-8000-8000-000000000000"
    assert client.get(f"/v1/interactions/{nobody}/retention", headers=officer).status_code == 404


def test_a_simulation_settles_scopes_by_what_the_records_say(archive, clock):
    capture(
        archive,
        line("1", "the guarantee", occurred_at="2015-01-01T00:00:00Z"),
        line("2", "lunch", occurred_at="2015-01-01T00:00:00Z"),
        line("3", "lunch, no guarantee", occurred_at="2040-01-01T00:00:00Z"),
    )
    archive.follow()
    governance, desk = governance_of(archive), retention_desk(archive)
    base = Terms.model_validate({"name": "all", "scope": "*", "minimum": "3y", "delay": "0d"})
    governance.propose(LOCAL_ACTOR, base)
    last = archive.pointers.last_seq()
    wanted = {"name": "g", "scope": "guarantee", "maximum": "1y", "grace": "0d"}
    told = desk.simulate(LOCAL_ACTOR, OPERATIONS, Terms.model_validate(wanted))
    assert (told.records, told.in_scope_before, told.in_scope_after) == (3, 0, 2)
    assert told.sooner.records == 2 and told.due.records == 1 and told.longer.records == 0
    assert told.sooner.groups[1].year == clock.now().year
    assert archive.pointers.last_seq() == last + 1, "only the question was recorded"
    other = Terms.model_validate({"name": "all", "scope": "*", "maximum": "1y"})
    told = desk.simulate(LOCAL_ACTOR, OPERATIONS, other)
    assert told.shortens and told.sooner.records == 3


def test_the_trail_has_every_change(archive):
    terms = Terms.model_validate({"name": "a", "scope": "*", "minimum": "3y"})
    governance_of(archive).propose(LOCAL_ACTOR, terms)
    (row,) = archive.pointers.select_pointers_from(archive.pointers.last_seq(), 1)
    (opened,) = archive.opener.open_each([row])
    told = entry(row, archive.mapper.event(opened))
    assert is_act(row.type) and told.action == "policy.proposed" and told.actor == "local"
    assert told.change["terms"]["minimum"] == "3y" and told.address == "local"


def test_a_damaged_record_is_counted(archive, monkeypatch):
    capture(archive, line("1"), line("2"))
    archive.follow()
    versions_each = archive.records.versions_each

    def damaged(ids, *, as_of=None):
        return [CorruptError("broken"), *list(versions_each(ids, as_of=as_of))[1:]]

    monkeypatch.setattr(archive.records, "versions_each", damaged)
    terms = Terms.model_validate({"name": "a", "scope": "*", "maximum": "1y"})
    told = retention_desk(archive).simulate(LOCAL_ACTOR, OPERATIONS, terms)
    assert (told.records, told.unopened, told.in_scope_after) == (2, 1, 1)
