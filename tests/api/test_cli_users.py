"""Users and tokens on the command line, over a real archive."""

import io
import json

import pytest

from api.cli import run

PASSWORD = "correct horse battery"


@pytest.fixture
def call(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path / "home"))

    def one(*arguments, status=0, typed=""):
        capfd.readouterr()
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(typed.encode())))
        assert run([*arguments, "--json"]) == status
        said = capfd.readouterr()
        return json.loads(said.out) if status == 0 else said.err

    one("init")
    return one


def test_a_user_is_added_changed_and_disabled(call):
    made = call("user", "add", "Ann", "--role", "legal", "--password", typed=f"{PASSWORD}\n")
    assert made["roles"] == ["legal"] and made["has_password"] and made["custodians"] is None
    call("user", "role", "ann", "--role", "legal", "--role", "trainer")
    call(
        "user", "restrict", "ann", "--custodian", "Bo", "--custodian", "Cy", "--department", "Desk"
    )
    call("user", "stop-codes", "ann")
    call("user", "sign-out", "ann")
    assert not call("user", "disable", "ANN")["enabled"]
    users = {user["name"]: user for user in call("user", "list")["users"]}
    assert set(users) == {"administrator", "legal", "Ann"}
    assert users["Ann"]["roles"] == ["legal", "trainer"]
    assert users["Ann"]["custodians"] == ["Bo", "Cy"]
    assert users["Ann"]["departments"] == ["Desk"]
    assert call("user", "enable", "ann")["enabled"]
    assert call("user", "restrict", "ann", "--all")["custodians"] is None
    assert call("user", "password", "ann", typed=f"{PASSWORD}\r\n")["has_password"]


def test_what_may_not_be_is_told(call):
    assert "last administrator" in call("user", "disable", "administrator", status=1)
    assert "already" in call("user", "add", "legal", "--role", "legal", status=1)
    assert "go together" in call(
        "user", "add", "x", "--role", "legal", "--role", "auditor", status=2
    )
    assert "12 to 200" in call("user", "password", "legal", typed="short\n", status=2)
    assert "no user" in call("user", "disable", "nobody", status=1)
    call("user", "restrict", "legal", status=2)
    call("token", "create", "legal", "--permission", "administer", status=2)
    call("token", "revoke", "0" * 16, status=1)


def test_a_token_is_shown_once_and_revoked(call):
    made = call(
        "token", "create", "legal", "--label", "nightly", "--permission", "search",
        "--for", "matter", "--days", "30",
    )  # fmt: skip
    assert made["token"].startswith("mun_") and made["state"] == "valid"
    (listed, _) = call("token", "list", "legal")["tokens"]
    del made["token"]
    assert listed == made
    assert call("token", "revoke", made["id"])["state"] == "revoked"
    states = {token["id"]: token["state"] for token in call("token", "list")["tokens"]}
    assert states.pop(made["id"]) == "revoked" and set(states.values()) == {"valid"}


def test_tables_are_for_people(call, capfd):
    call("user", "list")
    assert run(["user", "list"]) == 0
    assert "administrator" in capfd.readouterr().out
    assert run(["token", "list"]) == 0
    assert "never" in capfd.readouterr().out
