"""Lists that are read whole are told page by page."""

import pytest

from api.app import create_app
from archive.model.roles import LOCAL_ACTOR, Role
from tests.api.conftest import headers

WHO = {
    "users": Role.ADMINISTRATOR,
    "tokens": Role.LEGAL,
    "holds": Role.LEGAL,
    "matters": Role.LEGAL,
    "policies": Role.COMPLIANCE_OFFICER,
    "retention-events": Role.COMPLIANCE_OFFICER,
    "searches": Role.LEGAL,
}
NAMES = ("b", "c", "a", "e", "d")


def new(name):
    happened = {"date": "2024-05-06T07:08:09Z", "reason": "r", "query": "fee", "delay": "0d"}
    return {
        "users": {"name": name, "roles": ["legal"]},
        "tokens": {"label": name},
        "holds": {"name": name, "reason": "r", "query": "fee"},
        "matters": {"code": name, "name": "A case"},
        "policies": {"name": name, "scope": "*", "minimum": "3y"},
        "retention-events": {"name": name, **happened},
        "searches": {"name": name, "query": "fee"},
    }


@pytest.fixture
def client(archive):
    return create_app(lambda: archive).test_client()


@pytest.fixture
def listed(archive, client):
    """Everything there is to a list, made by somebody of its role, with their headers."""

    def of(kind):
        user = archive.administration.register(LOCAL_ACTOR, "somebody", [WHO[kind]])
        text, _ = archive.administration.issue_token(LOCAL_ACTOR, str(user.id))
        theirs = headers(text)
        for name in NAMES:
            made = client.post(f"/v1/{kind}", json=new(name)[kind], headers=theirs)
            assert made.status_code == 201, made.get_json()
        archive.follow()
        return theirs

    return of


def ask(client, kind, theirs, **asked):
    answer = client.get(f"/v1/{kind}", query_string=asked, headers=theirs)
    assert answer.status_code == 200, answer.get_json()
    told = answer.get_json()
    return told.pop(kind.replace("-", "_")), told["cursor"]


@pytest.mark.parametrize("kind", WHO)
def test_pages_join_to_the_whole(client, listed, kind):
    theirs = listed(kind)
    whole, cursor = ask(client, kind, theirs)
    assert len(whole) >= len(NAMES) and cursor is None
    joined, asked = [], {"limit": 2}
    while True:
        page, cursor = ask(client, kind, theirs, **asked)
        joined += page
        if cursor is None:
            break
        assert len(page) == 2
        asked["cursor"] = cursor
    assert joined == whole


@pytest.mark.parametrize("kind", WHO)
def test_what_is_not_a_page_is_refused(client, listed, kind):
    theirs = listed(kind)
    wrong = ("limit=0", "limit=1001", "limit=x", "cursor=zz", "cursor=é", "cursor=WzEs", "page=2")
    for query in (
        *wrong,
        "cursor=",
        "cursor=W10",
        "cursor=W251bGxd",
        "cursor=W3RydWUse31d",
        "cursor=" + "W1tb" * 5000,
    ):
        answer = client.get(f"/v1/{kind}?{query}", headers=theirs)
        assert answer.status_code == 400, query
        assert answer.get_json()["type"] == "urn:muniment:problem:invalid-request"


def test_a_cursor_of_another_list_is_refused(client, listed):
    theirs = listed("matters")
    _, cursor = ask(client, "matters", theirs, limit=1)
    assert client.get(f"/v1/tokens?cursor={cursor}", headers=theirs).status_code == 400


def test_what_moves_or_goes_between_pages_hides_nothing(client, listed):
    theirs = listed("holds")
    page, cursor = ask(client, "holds", theirs, limit=2)
    assert [each["name"] for each in page] == ["a", "b"]
    client.post("/v1/holds/b/release", json={"reason": "r"}, headers=theirs)
    page, _ = ask(client, "holds", theirs, cursor=cursor)
    assert [each["name"] for each in page] == ["c", "d", "e", "b"]


def test_a_search_that_is_removed_ends_its_page_all_the_same(client, listed):
    theirs = listed("searches")
    page, cursor = ask(client, "searches", theirs, limit=2)
    client.delete(f"/v1/searches/{page[1]['id']}", headers=theirs)
    page, _ = ask(client, "searches", theirs, cursor=cursor)
    assert [each["name"] for each in page] == list(NAMES[2:])
