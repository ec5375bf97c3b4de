"""Cases of erasure through the command line, HTTP and the worker's jobs."""

import pytest

from api.app import create_app
from archive.model.roles import LOCAL_ACTOR, Purpose, Role
from archive.trail.asked import TrailRequest
from archive.trail.entry import is_act
from tests.api.console_house import entered
from tests.archive.house import capture, line
from tests.policies.purging_house import job, states

MAIA = [{"role": "from", "address": "maia@old.example"}]


@pytest.fixture
def client(archive, clock):
    return create_app(lambda: archive, clock=clock).test_client()


def named(archive, name, role):
    """Register somebody, and return how they come in."""
    archive.administration.register(LOCAL_ACTOR, name, [role])
    token, _ = archive.administration.issue_token(LOCAL_ACTOR, name)
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def officer(archive):
    return named(archive, "Ola", Role.COMPLIANCE_OFFICER)


@pytest.fixture
def second(archive):
    return named(archive, "Sam", Role.COMPLIANCE_OFFICER)


@pytest.fixture
def auditor(archive):
    return named(archive, "Aud", Role.AUDITOR)


def test_the_command_line_from_a_request_to_the_answer(call, tmp_path):
    lines = [line("1", participants=MAIA), line("2", "Ask Maia"), line("3", "lunch")]
    (tmp_path / "chat.ndjson").write_bytes(b"\n".join(lines))
    call("init")
    call("import", "chat.ndjson", "--source", "desk")
    opened = call("erasure", "open", "Maia", "--alias", "maia@old.example", "--query", "maia")
    assert (opened["state"], opened["found"], opened["undecided"]) == ("open", 2, 2)
    case = opened["id"]
    (mention,) = (
        each["id"]
        for each in call("erasure", "records", case)["records"]
        if each["found"] == "mention"
    )
    table = call("erasure", "records", case, as_json=False)
    assert "maia@old.example" in table and "the request" in table
    assert "say what is decided" in call(
        "erasure", "decide", case, "proposed", "--record", mention, status=2
    )
    (tmp_path / "ids.txt").write_text(f"{mention}\n")
    because = ("--ground", "unrelated", "--reason", "another Maia")
    call("erasure", "decide", case, "refuse", "--records", "ids.txt", *because)
    call("erasure", "decide", case, "proposed")
    assert "Somebody else" in call("erasure", "execute", case, status=1)
    call("user", "add", "Ola", "--role", "compliance-officer")
    token = call("token", "create", "Ola")["token"]
    told = call("erasure", "execute", case, "--by-token", typed=token, as_json=False)
    assert "Ordered by Ola: 1 records, 1 destroyed" in told
    assert call("erasure", "recipients", case)["recipients"] == []
    assert call("erasure", "close", case, "answered")["outcome"] == "answered"
    (summary,) = call("erasure", "list")["cases"]
    assert (summary["state"], summary["name"], summary["found"]) == ("closed", "Maia", 2)
    assert "closed as answered" not in call("erasure", "list", as_json=False)
    certificate = call("erasure", "show", case)["orders"][0]["certificate"]
    assert f"case         {case}" in call("certificate", "show", certificate, as_json=False)
    (listed,) = call("certificate", "list")["certificates"]
    assert (listed["case"], listed["purge"]) == (case, None)
    again = call("import", "chat.ndjson", "--source", "desk")
    assert (again["already"], again["archived"], again["erased"], again["redacted"]) == (3, 0, 1, 0)
    assert (again["seen"], again["certificates"]) == (3, [certificate])
    again = call("import", "chat.ndjson", "--source", "desk", as_json=False)
    assert f"already there 3, of which 1 destroyed (certificate {certificate}), rejected 0" in again
    shown = call("erasure", "show", case)
    call("rebuild")
    assert call("erasure", "show", case) == shown


def test_what_is_restricted_stays_so_over_a_rebuild(call, tmp_path):
    lines = [line("1", "the fee", participants=MAIA), line("2", "the fee")]
    (tmp_path / "chat.ndjson").write_bytes(b"\n".join(lines))
    call("init")
    call("import", "chat.ndjson", "--source", "desk")
    case = call("erasure", "open", "Maia", "--alias", "maia@old.example")["id"]
    (record,) = (each["id"] for each in call("erasure", "records", case)["records"])
    assert call("erasure", "decide", case, "restrict")["restricted"] == 1
    for command in (["erasure", "show", case], ["rebuild"]):
        call(*command)
        assert call("search", "fee")["total"] == 1
        assert call("search", "is:restricted", "--purpose", "matter:smith")["total"] == 1
        assert "legal claims" in call("show", record, status=1)
        assert call("why", record)["restricted_by"] == [case]
    call("erasure", "lift", case, "--record", record, "--reason", "a letter")
    assert call("search", "fee")["total"] == 2


def test_http_from_a_request_to_the_answer(client, archive, clock, officer, second, auditor):
    ids = capture(archive, line("1", participants=MAIA), line("2", participants=MAIA))
    archive.follow()
    today = str(clock.now().date())
    given = {"received_on": today, "name": "Maia", "aliases": ["maia@old.example"]}
    assert client.post("/v1/erasures", json=given, headers=auditor).status_code == 403
    made = client.post("/v1/erasures", json=given, headers=officer)
    assert made.status_code == 201
    case = made.headers["Location"]
    archive.follow()

    def act(name, body=None, headers=officer):
        return client.post(f"{case}/{name}", json=body, headers=headers)

    # A number would be taken for seconds since 1970.
    for wrong in ("2999-01-01", 0, f"{today}T00:00:00Z", f"{today}\n"):
        asked = {**given, "received_on": wrong}
        assert client.post("/v1/erasures", json=asked, headers=officer).status_code == 400
    page = client.get(f"{case}/records?limit=1", headers=officer).get_json()
    assert (page["total"], page["records"][0]["id"], page["cursor"]) == (2, str(ids[0]), "1")
    page = client.get(f"{case}/records?limit=1&cursor=1", headers=officer).get_json()
    assert (page["records"][0]["id"], page["cursor"]) == (str(ids[1]), None)
    assert act("decide", {"decision": "erase"}, auditor).status_code == 403
    assert act("decide", {"decision": "erase"}).get_json()["to_erase"] == 2
    assert act("execute").status_code == 403
    assert act("execute", headers=second).status_code == 202
    assert act("close", {"outcome": "answered"}).status_code == 409
    archive.follow()
    assert job(archive, "finish-erasures") == ""
    assert states(archive, ids) == ["GoneError"] * 2
    shown = client.get(case, headers=auditor).get_json()
    (order,) = shown["orders"]
    assert (shown["state"], shown["erased"]) == ("open", 2)
    assert (order["by"], order["destroyed"], order["kept"]) == ("Sam", 2, {})
    pdf = client.get(f"/v1/certificates/{order['certificate']}?form=pdf", headers=auditor)
    assert pdf.data.startswith(b"%PDF")
    page = entered(archive, Role.AUDITOR).get(f"/certificates/{order['certificate']}").text
    assert "Case of erasure" in page and "none: a request to be erased" in page
    assert act("close", {"outcome": "answered"}).get_json()["state"] == "closed"
    assert act("extend", {"reason": "late"}).status_code == 409
    assert [
        each["state"] for each in client.get("/v1/erasures", headers=auditor).json["cases"]
    ] == ["closed"]


def test_the_worker_finds_what_came_in(client, archive, clock, officer):
    given = {
        "received_on": str(clock.now().date()),
        "name": "Maia",
        "aliases": [MAIA[0]["address"]],
    }
    case = client.post("/v1/erasures", json=given, headers=officer).get_json()["id"]
    capture(archive, line("1", participants=MAIA))
    archive.follow()
    assert "1 cases" in job(archive, "find-for-erasures")
    assert client.get(f"/v1/erasures/{case}", headers=officer).get_json()["found"] == 1


def test_the_trail_tells_every_act_and_nobody_whom_it_was_about(client, archive, clock, officer):
    capture(archive, line("1", participants=MAIA))
    archive.follow()
    given = {
        "received_on": str(clock.now().date()),
        "name": "Maia",
        "aliases": [MAIA[0]["address"]],
    }
    case = client.post("/v1/erasures", json=given, headers=officer).headers["Location"]
    archive.follow()
    client.post(f"{case}/decide", json={"decision": "erase"}, headers=officer)
    client.get(f"{case}/records", headers=officer)
    archive.follow()
    page = archive.trail.page(LOCAL_ACTOR, Purpose("operations"), TrailRequest(order="oldest"))
    told = [each for each in page.entries if (each.action or "").startswith("erasure.")]
    assert [each.action for each in told] == [
        "erasure.opened",
        "erasure.searched",
        "erasure.decided",
        "erasure.records",
    ]
    assert all(each.actor_name == "Ola" and "aia" not in each.model_dump_json() for each in told)
    assert told[1].change["participant"] == 1 and len(told[2].records) == 1
    assert not is_act("erasure.condemned") and not is_act("erasure.carried-out")


def test_a_record_is_redacted_by_the_command_line(call, tmp_path):
    people = [{"role": "author", "address": "otto@firm.example"}, {**MAIA[0], "role": "to"}]
    original = [line("1", "Ask maia about Xanthippe", participants=people)]
    (tmp_path / "chat.ndjson").write_bytes(b"\n".join(original))
    call("init")
    call("import", "chat.ndjson", "--source", "desk")
    case = call("erasure", "open", "Maia", "--alias", "maia@old.example")["id"]
    told = call("erasure", "decide", case, "redact", "--proposed", "erase")
    assert (told["to_redact"], told["to_erase"]) == (1, 0)
    call("user", "add", "Ola", "--role", "compliance-officer")
    token = call("token", "create", "Ola")["token"]
    done = call("erasure", "execute", case, "--by-token", typed=token, as_json=False)
    assert "Ordered by Ola: 1 records, 0 destroyed, 1 redacted; the certificate is" in done
    (listed,) = call("erasure", "records", case)["records"]
    assert listed["redacted"] and "redacted" in call("erasure", "records", case, as_json=False)
    shown = call("show", listed["id"])
    assert (shown["redacted"], shown["text"]) == (case, "Ask [redacted] about Xanthippe")
    page = call("show", listed["id"], as_json=False)
    assert f"redacted      by case {case}" in page
    withheld = call("show", listed["id"], "--original", status=1, as_json=False)
    assert f"withheld: it was redacted by case {case}" in withheld
    certificate = call("certificate", "show", listed["certificate"])["certificate"]
    assert [each["records"] for each in certificate["redacted"]] == [1]
    again = call("import", "chat.ndjson", "--source", "desk")
    assert (again["archived"], again["already"], again["rejected"]) == (0, 1, 0)
    assert (again["redacted"], again["certificates"]) == (1, [listed["certificate"]])
    call("certificate", "show", listed["certificate"], "--pdf", "page.pdf")
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")
    assert call("erasure", "close", case, "answered")["outcome"] == "answered"


def test_what_is_redacted_over_http(archive, client, officer, second):
    people = [{"role": "author", "address": "otto@firm.example"}, {**MAIA[0], "role": "to"}]
    (record,) = capture(archive, line("1", "Ask maia", participants=people))
    archive.follow()
    aliases = ["maia@old.example"]
    body = {"received_on": str(archive.clock.now().date()), "name": "Maia", "aliases": aliases}
    case = client.post("/v1/erasures", json=body, headers=officer).json["id"]
    place = f"/v1/erasures/{case}"
    decision = {"decision": "redact", "records": [str(record)]}
    assert client.post(f"{place}/decide", json=decision, headers=officer).json["to_redact"] == 1
    assert client.post(f"{place}/execute", headers=second).status_code == 202
    job(archive, "finish-erasures")
    told = client.get(place, headers=officer).json
    assert (told["redacted"], told["orders"][0]["redacted"], told["state"]) == (1, 1, "open")
    capturing = named(archive, "Cap", Role.COLLECTOR)
    again = client.post(
        "/v1/interactions", data=line("1", "Anew", participants=people), headers=capturing
    )
    assert (again.status_code, again.json["status"]) == (200, "redacted")
    assert again.json["certificate"] == told["orders"][0]["certificate"]
    reading = named(archive, "Leo", Role.LEGAL) | {"Muniment-Purpose": "data-subject-request"}
    place = f"/v1/interactions/{record}"
    assert client.get(place, headers=reading).json["text"] == "Ask [redacted]"
    assert client.get(f"{place}/original", headers=reading).status_code == 410
    events = client.get(f"{place}/history", headers=reading).json["events"]
    assert [each["case"] for each in events] == [None, case]
