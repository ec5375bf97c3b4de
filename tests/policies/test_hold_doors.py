"""Holds through the command line and HTTP, over a real archive."""

import pytest

from api.app import create_app
from archive.creating import register_user
from archive.model.roles import Role
from tests.archive.house import capture, line


def test_the_command_line_from_a_count_to_the_release(call, tmp_path):
    lines = [line("1", "the fee", custodian="Ann"), line("2", "a letter"), line("3", "the fee")]
    (tmp_path / "chat.ndjson").write_bytes(b"\n".join(lines))
    call("init")
    call("import", "chat.ndjson", "--source", "desk")
    assert call("hold", "reach", "--query", "fee")["reached"] == 2
    assert "2 of 3 records" in call("hold", "reach", "--query", "fee", as_json=False)
    because = ("--reason", "a letter of 3 May")
    call("hold", "place", "smith", "--matter", "Smith v. Jones", *because, "--query", "fee")
    call("hold", "place", "ann", *because, "--custodian", "Ann", "--custodian", "Bob")
    results = call("search", "letter")["results"]
    (tmp_path / "ids.txt").write_text(results[0]["id"] + "\n\n")
    listed = call("hold", "place", "listed", *because, "--records", "ids.txt")
    assert listed["scopes"][0]["records"] == [results[0]["id"]]
    assert [each["name"] for each in call("hold", "list")["holds"]] == ["ann", "listed", "smith"]
    table = call("hold", "list", as_json=False)
    assert "1 records of a list" in table and "undated" not in table

    ids = [each["id"] for each in call("search", "custodian:ann")["results"]]
    why = call("why", ids[0])
    assert why["holds"] == ["ann", "smith"] and why["uncertain_holds"] == []
    told = call("why", ids[0], as_json=False)
    assert "ann, smith" in told and "The hold ann must be released." in told

    call("user", "add", "Lea", "--role", "legal")
    token = call("token", "create", "Lea")["token"]
    over = ("--reason", "settled")
    released = call("hold", "release", "smith", *over, "--by-token", typed=token)
    assert (released["state"], released["released_by"]) == ("released", "Lea")
    call("hold", "change", "ann", *over, "--custodian", "Bob")
    assert call("why", ids[0])["holds"] == []
    shown = call("hold", "show", "ann", as_json=False)
    assert "Ann, Bob" in shown and "settled" in shown
    listed = call("hold", "list")
    call("rebuild")
    assert call("hold", "list") == listed


def test_what_is_wrong_is_told(call, tmp_path):
    call("init")
    because = ("--reason", "r")
    assert "one of" in call("hold", "place", "a", *because, status=2)
    assert "name" in call("hold", "place", "A b", *because, "--query", "x", status=2)
    assert "The query: " in call("hold", "place", "a", *because, "--query", "(x", status=2)
    (tmp_path / "ids.txt").write_text("nonsense\n")
    wrong = call("hold", "place", "a", *because, "--records", "ids.txt", status=2)
    assert "ids.txt, line 1" in wrong
    assert "no hold" in call("hold", "release", "a", *because, status=1)


def test_a_wrong_query_is_pointed_at_wherever_it_stands(call, tmp_path):
    call("init")
    (tmp_path / "terms.txt").write_text("rebate\nfee AND (x\n")
    wrong, pointed = "fee AND (x", "  fee AND (x\n          ^\n"
    for command in (
        ("hold", "reach", "--query", wrong),
        ("hold", "place", "a", "--reason", "r", "--query", wrong),
        ("matter", "create", "m", "--name", "t", "--query", wrong),
        ("searches", "save", "a", wrong),
        ("searches", "hits", "--query", wrong),
        ("searches", "hits", "fee", wrong),
        ("searches", "hits", "--terms", "terms.txt"),
    ):
        assert call(*command, status=2).startswith(pointed), command


@pytest.fixture
def client(archive, clock):
    return create_app(lambda: archive, clock=clock).test_client()


@pytest.fixture
def lawyer(archive):
    return {"Authorization": f"Bearer {register_user(archive, Role.LEGAL)}"}


def test_http_from_placing_to_release(client, archive, lawyer):
    ids = [str(each) for each in capture(archive, line("1", "the fee"), line("2"))]
    archive.follow()
    given = {"name": "a", "matter": "Smith", "reason": "r", "query": "fee"}
    made = client.post("/v1/holds", json=given, headers=lawyer)
    assert made.status_code == 201 and made.headers["Location"] == "/v1/holds/a"
    (scope,) = made.get_json()["scopes"]
    assert (scope["query"], scope["ast"]["type"], scope["by"]) == ("fee", "word", "legal")
    assert client.post("/v1/holds", json=given, headers=lawyer).status_code == 409
    counted = client.post("/v1/holds/reach", json={"query": "fee"}, headers=lawyer).get_json()
    assert (counted["reached"], counted["records"]) == (1, 2)
    changed = client.post(
        "/v1/holds/a/change", json={"records": ids, "reason": "r"}, headers=lawyer
    ).get_json()
    assert changed["scopes"][1]["records"] == ids and changed["scopes"][0]["ended_at"]
    listed = client.get("/v1/holds", headers=lawyer).get_json()
    assert [(each["name"], each["records"]) for each in listed["holds"]] == [("a", 2)]
    assert listed["unreadable"] is False
    over = client.post("/v1/holds/a/release", json={"reason": "settled"}, headers=lawyer)
    assert over.get_json()["release_reason"] == "settled"
    assert (
        client.post("/v1/holds/a/release", json={"reason": "x"}, headers=lawyer).status_code == 409
    )
    assert client.get("/v1/holds/b", headers=lawyer).status_code == 404


def test_what_cannot_be_is_refused_without_repeating_it(client, lawyer):
    for wrong in (
        {"name": "a", "query": "x"},
        {"name": "a", "reason": "r"},
        {"name": "a", "reason": "r", "query": "(x"},
        {"name": "a", "reason": "r", "records": ["00000000-0000-0000-0000-000000000000"]},
        {"name": "a", "reason": "two\nlines", "query": "x"},
        {"name": "a", "reason": "r", "query": "x", "extra": 1},
    ):
        refused = client.post("/v1/holds", json=wrong, headers=lawyer)
        assert refused.status_code == 400, wrong
    assert client.get("/v1/holds", headers=lawyer).get_json()["holds"] == []
