"""Requests for access over HTTP, and by the worker's job."""

import hashlib
import io
import json
import re
import zipfile
from base64 import b64decode

import pytest

from api.app import create_app
from archive.model.roles import LOCAL_ACTOR, Role
from tests.archive.house import capture, line
from tests.policies.purging_house import job

MAIA = [
    {"role": "from", "address": "maia@old.example"},
    {"role": "to", "address": "otto@firm.example"},
]


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
def legal(archive):
    return named(archive, "Lea", Role.LEGAL) | {"Muniment-Purpose": "data-subject-request"}


def test_http_from_a_request_to_the_package(client, archive, clock, officer, legal):
    capture(archive, line("1", "Ask Xanthippe, Otto", participants=MAIA), line("2", "Maia?"))
    archive.follow()
    given = {
        "received_on": str(clock.now().date()),
        "name": "Maia",
        "aliases": ["maia@old.example"],
        "query": "maia",
    }
    assert client.post("/v1/access-requests", json=given, headers=legal).status_code == 403
    made = client.post("/v1/access-requests", json=given, headers=officer)
    assert made.status_code == 201
    case = made.headers["Location"]
    archive.follow()

    def act(name, body=None):
        return client.post(f"{case}/{name}", json=body, headers=officer)

    page = client.get(f"{case}/records?limit=1", headers=officer).get_json()
    assert (page["total"], page["cursor"], len(page["records"])) == (2, "1", 1)
    listed = client.get(f"{case}/records", headers=officer).get_json()["records"]
    assert {each["found"]: each["proposed"] for each in listed} == {
        "participant": "include",
        "mention": "none",
    }
    assert "Xanthippe" not in json.dumps(listed)
    assert client.get(f"{case}/package", headers=legal).status_code == 409
    assert act("decide", {"decision": "withhold"}).status_code == 400
    assert act("decide", {}).get_json()["included"] == 1
    told = act("decide", {"decision": "withhold", "ground": "unrelated"}).get_json()
    assert (told["undecided"], told["withheld"]) == (0, 1)
    assert act("state", {"statement": "We keep chat."}).status_code == 200
    assert act("name-others", {"others": ["Xanthippe"]}).get_json()["others"] == ["Xanthippe"]
    assert client.get(f"{case}/package", headers=officer).status_code == 400
    archive.follow()
    fetched = client.get(f"{case}/package", headers=legal)
    assert (fetched.status_code, fetched.content_type) == (200, "application/zip")
    digest = b64decode(fetched.headers["Repr-Digest"].removeprefix("sha-256=:").rstrip(":"))
    assert digest == hashlib.sha256(fetched.data).digest()
    assert "attachment" in fetched.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(fetched.data)) as package:
        everything = b"".join(map(package.read, package.namelist()))
        assert "We keep chat." in package.read("index.html").decode()
    # The style of the pages knows a border at the bottom.
    for name in (rb"Xanthippe", rb"\b[Oo]tto", rb"firm\.example"):
        assert not re.search(name, everything)
    assert b"maia@old.example" in everything
    (told,) = client.get(case, headers=officer).get_json()["packages"]
    assert (told["sha256"], told["by"]) == (digest.hex(), "Lea")
    again = client.get(f"{case}/package?as_of={told['as_of']}", headers=legal)
    assert again.data == fetched.data
    assert client.get(f"{case}/package?as_of=1", headers=legal).status_code == 404
    assert act("extend", {"reason": "much"}).get_json()["extended"]
    assert act("close", {"outcome": "answered"}).get_json()["state"] == "closed"
    assert act("find").status_code == 409
    (listed,) = client.get("/v1/access-requests", headers=officer).get_json()["cases"]
    assert listed["state"] == "closed"
    assert client.get("/v1/erasures", headers=officer).get_json()["cases"] == []


def test_the_worker_finds_what_came_in(client, archive, clock, officer):
    given = {
        "received_on": str(clock.now().date()),
        "name": "Maia",
        "aliases": [MAIA[0]["address"]],
    }
    case = client.post("/v1/access-requests", json=given, headers=officer).get_json()["id"]
    capture(archive, line("1", participants=MAIA))
    archive.follow()
    assert "Of 1 requests" in job(archive, "find-for-access-requests")
    assert client.get(f"/v1/access-requests/{case}", headers=officer).get_json()["found"] == 1
