"""Matters through the command line and HTTP."""

import pytest

from api.app import create_app
from archive.creating import register_user
from archive.model.roles import LOCAL_ACTOR, Role
from tests.archive.house import capture, line
from tests.policies.conftest import call
from tests.users.conftest import archive, clock

__all__ = ["archive", "call", "clock"]


def test_the_command_line_from_creating_to_closing(call, tmp_path):
    lines = [line("1", "the fee", custodian="Ann"), line("2", "a letter"), line("3", "the fee")]
    (tmp_path / "chat.ndjson").write_bytes(b"\n".join(lines))
    call("init")
    call("import", "chat.ndjson", "--source", "desk")
    letter = call("search", "letter")["results"][0]["id"]
    (tmp_path / "ids.txt").write_text(letter + "\n")
    wanted = ("--name", "Smith v. Jones", "--description", "A letter of 3 May")
    refused = call("matter", "create", "smith", *wanted, "--query", "fee hold:x", status=2)
    assert "go in circles" in refused
    made = call("matter", "create", "smith", *wanted, "--query", "fee AND  the")
    assert (made["state"], made["queries"], made["created_by"]) == (
        "open",
        ["fee AND the"],
        "local",
    )
    assert "no matter other" in call(
        "user", "add", "Lea", "--role", "legal", "--matter", "other", status=2
    )
    call("user", "add", "Lea", "--role", "legal", "--matter", "smith")
    token = call("token", "create", "Lea")["token"]
    assert call("matter", "list", "--by-token", typed=token)["matters"] == []
    call("matter", "add", "smith", "--member", "Lea", "--records", "ids.txt")
    call("hold", "place", "smith-hold", "--reason", "r", "--matter", "smith", "--query", "fee")
    shown = call("matter", "show", "smith")
    assert [each["name"] for each in shown["members"]] == ["Lea"]
    assert (shown["holds"], shown["records"]) == (["smith-hold"], [letter])
    assert "matter smith" in call("user", "list", as_json=False)
    assert "holds: smith-hold" in call("matter", "show", "smith", as_json=False)
    theirs = call("matter", "show", "smith", "--by-token", typed=token)
    assert theirs["holds"] == [], "holds are not told to whoever sees a part alone"
    assert call("search", "matter:smith", "--count")["total"] == 3
    call("matter", "remove", "smith", "--record", letter)
    assert call("search", "matter:smith", "--count")["total"] == 2
    call("matter", "describe", "smith", "--name", "Smith v. Jones and others")
    call("matter", "close", "smith", "--reason", "settled")
    told = call("matter", "show", "smith", as_json=False)
    assert "Smith v. Jones and others (closed" in told
    assert call("matter", "list", "--by-token", typed=token)["matters"] == []
    call("matter", "reopen", "smith", "--reason", "an appeal")
    before = call("matter", "list")
    call("rebuild")
    assert call("matter", "list") == before
    assert "smith" in call("matter", "list", as_json=False)
    acts = [each["action"] for each in call("audit", "--order", "oldest")["entries"]]
    done = ["created", "added", "removed", "described", "closed", "reopened"]
    assert [each for each in acts if each.startswith("matter.")] == [f"matter.{a}" for a in done]


@pytest.fixture
def client(archive, clock):
    return create_app(lambda: archive, clock=clock).test_client()


@pytest.fixture
def lawyer(archive):
    return {"Authorization": f"Bearer {register_user(archive, Role.LEGAL)}"}


def test_http_from_creating_to_a_reader_of_one_matter(client, archive, lawyer):
    ids = [str(each) for each in capture(archive, line("1", "the fee"), line("2", "a letter"))]
    archive.follow()
    given = {"code": "a", "name": "A case", "queries": ["fee"], "members": []}
    made = client.post("/v1/matters", json=given, headers=lawyer)
    assert made.status_code == 201 and made.headers["Location"] == "/v1/matters/a"
    assert client.post("/v1/matters", json=given, headers=lawyer).status_code == 409
    reader = archive.administration.register(LOCAL_ACTOR, "Lea", [Role.LEGAL], matters=["a"])
    token = archive.administration.issue_token(LOCAL_ACTOR, "Lea")[0]
    theirs = {"Authorization": f"Bearer {token}", "Muniment-Purpose": "matter:a"}
    assert client.get("/v1/search?q=*", headers=theirs).status_code == 403, "no member yet"
    add = {"members": [str(reader.id)]}
    added = client.post("/v1/matters/a/add", json=add, headers=lawyer).get_json()
    assert added["members"] == [{"id": str(reader.id), "name": "Lea"}]
    found = client.get("/v1/search?q=*", headers=theirs).get_json()
    assert [each["id"] for each in found["results"]] == ids[:1]
    assert client.get(f"/v1/interactions/{ids[0]}", headers=theirs).status_code == 200
    assert client.get(f"/v1/interactions/{ids[1]}", headers=theirs).status_code == 404
    assert client.get("/v1/holds", headers=theirs).status_code == 403
    elsewhere = {**theirs, "Muniment-Purpose": "matter:b"}
    assert client.get("/v1/search?q=*", headers=elsewhere).status_code == 403
    listed = client.get("/v1/matters", headers=theirs).get_json()
    assert [each["code"] for each in listed["matters"]] == ["a"] and not listed["unreadable"]
    wrong = [
        ("/v1/matters", {"code": "A b", "name": "x"}, 400),
        ("/v1/matters", {"code": "b", "name": "x", "queries": ["(x"]}, 400),
        ("/v1/matters", {"code": "b", "name": "x", "members": ["nobody"]}, 404),
        ("/v1/matters/a/add", {}, 400),
        ("/v1/matters/a/remove", {"custodians": ["Ann"]}, 400),
        ("/v1/matters/a/reopen", {"reason": "r"}, 409),
        ("/v1/matters/b/close", {"reason": "r"}, 404),
    ]
    for path, body, status in wrong:
        assert client.post(path, json=body, headers=lawyer).status_code == status, path


def test_a_restriction_to_matters_is_changed_by_parts(client, archive, lawyer):
    client.post("/v1/matters", json={"code": "a", "name": "A case"}, headers=lawyer)
    administrator = {"Authorization": f"Bearer {register_user(archive, Role.ADMINISTRATOR)}"}
    new = {"name": "Lea", "roles": ["legal"], "matters": ["a"]}
    user = client.post("/v1/users", json=new, headers=administrator).get_json()
    at = f"/v1/users/{user['id']}"
    both = client.patch(at, json={"custodians": ["Bo"]}, headers=administrator).get_json()
    assert (both["custodians"], both["departments"], both["matters"]) == (["Bo"], None, ["a"])
    one = client.patch(at, json={"matters": None}, headers=administrator).get_json()
    assert (one["custodians"], one["matters"]) == (["Bo"], None)
    for body in ({"matters": ["b"]}, {"matters": ["a"], "roles": ["legal"]}):
        assert client.patch(at, json=body, headers=administrator).status_code == 400
