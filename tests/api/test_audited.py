"""Each act at the HTTP door is one event, which says who, why, what, from where and how it went."""

import io
from datetime import timedelta
from functools import partial

import pytest

from api.app import create_app
from archive.creating import create_archive
from archive.errors import UnavailableError
from archive.events.audit import FOR_OPERATIONS
from archive.model.roles import LOCAL_ACTOR, Role
from archive.opening import open_archive
from tests.archive.house import capture, line, settings
from tests.users.conftest import MovableClock

FROM = "192.0.2.7"
ATTACHED = {"filename": "a.bin", "data": "AAEC"}
BROWSER = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def made(tmp_path):
    return create_archive(settings(tmp_path))


@pytest.fixture
def clock():
    return MovableClock()


@pytest.fixture
def archive(tmp_path, made, clock):
    with open_archive(settings(tmp_path), clock=clock) as archive:
        archive.follow()
        yield archive


@pytest.fixture
def client(archive, clock):
    client = create_app(lambda: archive, clock=clock).test_client()
    client.environ_base["REMOTE_ADDR"] = FROM
    return client


@pytest.fixture
def legal(made):
    return {"Authorization": f"Bearer {made.legal_token}", "Muniment-Purpose": "matter:Smith"}


@pytest.fixture
def newer(archive):
    """What happened since this was last asked; for now, nothing."""
    seen = archive.pointers.last_seq()

    def newer():
        nonlocal seen
        rows = archive.pointers.select_pointers_from(seen + 1, 100)
        seen = archive.pointers.last_seq()
        return [archive.mapper.event(opened) for opened in archive.opener.open_each(rows)]

    return newer


def user(archive, name):
    return archive.users.named(name)


def test_a_read_says_from_where_and_by_which_token_and_request(archive, client, legal, newer):
    (id,) = capture(archive, line("1", "secret"))
    newer()
    answer = client.get(f"/v1/interactions/{id}", headers=legal)
    (event,) = newer()
    token = next(iter(user(archive, "legal").tokens.values()))
    assert event.model_dump(
        exclude={"originator_id", "originator_version", "recorded_at", "as_of", "total"}
    ) == {
        "actor": str(user(archive, "legal").id),
        "role": "legal",
        "purpose": "matter:Smith",
        "action": "show",
        "allowed": True,
        "query": None,
        "records": (id,),
        "address": FROM,
        "request_id": answer.headers["X-Request-ID"],
        "token": token.id,
    }


def test_on_the_command_line_it_is_local(archive, newer):
    archive.administration.end_sessions(LOCAL_ACTOR, "legal")
    archive.audit.record(LOCAL_ACTOR, FOR_OPERATIONS, "show")
    assert [event.address for event in newer()] == ["local", "local"]


def test_each_refusal_is_one_event(archive, client, made, newer):
    headers = {"Authorization": f"Bearer {made.administrator_token}"}
    asked = headers | {"Muniment-Purpose": "operations"}
    (id,) = capture(archive, line("1", "secret"))
    newer()
    for method, path, action, sent in (
        ("GET", f"/v1/interactions/{id}/history", "history", asked),
        ("GET", "/v1/search", "search", asked),
    ):
        assert client.open(path, method=method, headers=sent).status_code == 403
        (event,) = newer()
        assert (event.type, event.action, event.allowed) == ("access.recorded", action, False)
    legal = {"Authorization": f"Bearer {made.legal_token}"}
    assert client.get("/metrics", headers=legal).status_code == 403
    assert client.get("/v1/users", headers=legal).status_code == 403
    assert [(event.action, event.allowed, event.address) for event in newer()] == [
        ("metrics", False, FROM),
        ("user.list", False, FROM),
    ]


READS = {
    "": "show",
    "/original": "original",
    "/attachment?part=1": "attachment",
    "/history": "history",
    "/proof": "prove",
}


def test_who_asks_for_what_is_not_there_is_recorded(client, legal, newer):
    nowhere = "00000000-0000-8000-8000-000000000000"
    paths = {f"/v1/interactions/{nowhere}{end}": action for end, action in READS.items()}
    paths[f"/v1/conversations/{nowhere}"] = "conversation"
    for path, action in paths.items():
        assert client.get(path, headers=legal).status_code == 404
        (event,) = newer()
        assert (event.action, event.allowed, str(event.records[0])) == (action, False, nowhere)


def test_who_asks_for_what_has_been_erased_is_recorded(archive, client, legal, newer):
    (id,) = capture(archive, line("1", "secret", html="<p>secret"))
    archive.eraser.erase_records([id], actor="local", ground="case 1")
    archive.follow()
    newer()
    for path, action in (
        (f"/v1/interactions/{id}", "show"),
        (f"/v1/interactions/{id}/original", "original"),
        (f"/v1/interactions/{id}/attachment?part=1", "attachment"),
    ):
        assert client.get(path, headers=legal).status_code == 410
        (event,) = newer()
        assert (event.action, event.allowed, event.records) == (action, False, (id,))


class NeverSent(io.BytesIO):
    """A body that whoever reads it waits for in vain."""

    def read(self, size=-1, /):
        pytest.fail("The body was read.")


def test_a_refused_capture_is_an_event_before_its_body_comes(archive, client, newer):
    archive.administration.register(LOCAL_ACTOR, "eve", [Role.AUDITOR])
    text, _ = archive.administration.issue_token(LOCAL_ACTOR, "eve")
    headers = {"Authorization": f"Bearer {text}"}
    newer()
    for path, kind in (("", "application/json"), ("/bulk", "application/x-ndjson")):
        answer = client.post(
            f"/v1/interactions{path}",
            input_stream=NeverSent(line("1")),
            content_length=len(line("1")),
            content_type=kind,
            headers=headers,
        )
        assert answer.status_code == 403
        (event,) = newer()
        assert (event.action, event.allowed, event.role) == ("capture", False, "auditor")


def test_a_token_that_has_ended_is_an_event_and_a_made_up_one_is_none(
    archive, client, made, clock, newer
):
    legal = user(archive, "legal")
    text, token = archive.administration.issue_token(
        LOCAL_ACTOR, "legal", expires_at=clock.now() + timedelta(minutes=1)
    )
    newer()
    made_up = made.legal_token[:-4] + "AAAA"
    assert client.get("/readyz", headers={"Authorization": f"Bearer {made_up}"}).status_code == 401
    assert newer() == []
    clock.move(minutes=2)
    assert client.get("/readyz", headers={"Authorization": f"Bearer {text}"}).status_code == 401
    (event,) = newer()
    assert (event.type, event.user, event.token, event.address) == (
        "sign-in.refused",
        legal.id,
        token.id,
        FROM,
    )


def test_sign_in_by_token_and_out(archive, client, made, newer):
    form = {"purpose": "compliance", "token": made.legal_token}
    refused = client.post("/sign-in", data=form | {"token": "mun_nobodys"}, headers=BROWSER)
    assert refused.status_code == 401
    (event,) = newer()
    assert (event.type, event.user, event.address) == ("sign-in.refused", None, FROM)
    assert client.post("/sign-in", data=form, headers=BROWSER).status_code == 303
    (event,) = newer()
    assert (event.type, event.means, event.address) == ("session.began", "token", FROM)
    # A form of somebody signed in carries their secret; this one came without.
    assert client.post("/sign-out", headers=BROWSER).status_code == 403
    page = client.get("/status", headers=BROWSER).text
    secret = page.partition('name="form_secret" value="')[2].partition('"')[0]
    assert (
        client.post("/sign-out", data={"form_secret": secret}, headers=BROWSER).status_code == 303
    )
    refused, ended = newer()
    assert (refused.type, refused.action, refused.allowed) == ("access.recorded", "form", False)
    legal = user(archive, "legal").id
    assert (ended.type, ended.user, ended.address) == ("session.ended", legal, FROM)


def test_a_wrong_current_password_is_an_event(archive, client, made, newer):
    legal = user(archive, "legal")
    archive.administration.set_password(LOCAL_ACTOR, "legal", "correct horse battery")
    newer()
    answer = client.put(
        f"/v1/users/{legal.id}/password",
        json={"password": "staple battery horse", "current": "wrong"},
        headers={"Authorization": f"Bearer {made.legal_token}"},
    )
    assert answer.status_code == 400
    (event,) = newer()
    assert (event.action, event.allowed) == ("user.password", False)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/search?q=herring",
        "/v1/search?q=herring&count=true",
        "/v1/interactions/{id}",
        "/v1/interactions/{id}/original",
        "/v1/interactions/{id}/attachment?part=attachments/0",
        "/v1/interactions/{id}/history",
        "/v1/interactions/{id}/proof",
        "/v1/conversations/{id}",
        "/v1/audit",
        "/v1/audit/export",
        "/v1/audit/export?form=csv",
        "/v1/audit/reports/who-saw?about={id}",
        "/v1/audit/reports/access-review",
    ],
)
def test_what_cannot_be_recorded_is_not_answered(archive, client, legal, path, monkeypatch):
    (id,) = capture(archive, line("1", "herring", attachments=[ATTACHED]))
    archive.administration.register(LOCAL_ACTOR, "eve", [Role.AUDITOR])
    text, _ = archive.administration.issue_token(LOCAL_ACTOR, "eve")
    archive.follow()
    archive.publish()
    if path.startswith("/v1/audit"):
        legal = {"Authorization": f"Bearer {text}"}
    address = path.format(id=id)
    assert client.get(address, headers=legal).status_code == 200

    def away(group):
        raise UnavailableError("The committer does not answer.")

    def later(group):
        return partial(away, group)

    for name, fails in (("commit", away), ("begin", later)):
        # At once, and once it is waited for.
        monkeypatch.setattr(archive.committer, name, fails)
        answer = client.get(address, headers=legal)
        assert answer.status_code == 503
        assert "herring" not in answer.text and "eve" not in answer.text


@pytest.mark.parametrize("limit", [20, 60])
def test_a_page_of_any_size_is_shown_and_recorded_alike(archive, client, legal, newer, limit):
    ids = capture(archive, *(line(f"{number}", "herring") for number in range(60)))
    archive.follow()
    newer()
    answer = client.get(f"/v1/search?q=herring&limit={limit}", headers=legal).get_json()
    (event,) = newer()
    assert answer["total"] == 60 and len(answer["results"]) == limit
    assert [str(each) for each in event.records] == [each["id"] for each in answer["results"]]
    assert set(event.records) <= set(ids)
    assert {each["snippet"] for each in answer["results"]} == {"herring"}
