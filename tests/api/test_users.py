"""Users and tokens over HTTP, and sessions by password, on a real archive."""

import re

import pytest

from api.app import create_app
from archive.creating import create_archive
from archive.model.roles import LOCAL_ACTOR, Role
from archive.opening import open_archive
from archive.users import totp
from tests.archive.house import settings
from tests.users.conftest import MovableClock

PASSWORD = "correct horse battery"
BROWSER = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def clock():
    return MovableClock()


@pytest.fixture
def made(tmp_path, clock):
    return create_archive(settings(tmp_path), clock=clock)


@pytest.fixture
def archive(tmp_path, made, clock):
    with open_archive(settings(tmp_path), clock=clock) as archive:
        archive.follow()
        yield archive


@pytest.fixture
def client(archive, clock):
    return create_app(lambda: archive, clock=clock).test_client()


@pytest.fixture
def administrator(made):
    return {"Authorization": f"Bearer {made.administrator_token}"}


@pytest.fixture
def legal(made):
    return {"Authorization": f"Bearer {made.legal_token}"}


@pytest.fixture
def ann(archive):
    user = archive.administration.register(LOCAL_ACTOR, "Ann", [Role.LEGAL])
    archive.administration.set_password(LOCAL_ACTOR, "Ann", PASSWORD)
    archive.follow()
    return str(user.id)


def enter(client, **form):
    answer = client.post("/sign-in", data={"purpose": "compliance", **form}, headers=BROWSER)
    return answer


def as_ann(client, **form):
    answer = enter(client, name="ann", password=PASSWORD, **form)
    assert answer.status_code == 303, answer.text
    return answer


def send(client, address, **form):
    """Send a form with the session's secret, as the page would."""
    page = client.get("/status", headers=BROWSER).text
    secret = one(r'name="form_secret" value="(\w+)"', page)
    return client.post(address, data={"form_secret": secret, **form}, headers=BROWSER)


def one(pattern, text):
    """What the only group of a pattern holds where it is first met."""
    found = re.search(pattern, text)
    assert found, pattern
    return found[1]


def signed_in(client):
    return client.get("/status", headers=BROWSER).status_code == 200


def test_a_user_is_registered_changed_and_shut_out(client, archive, administrator, legal):
    new = {"name": "Bo", "roles": ["legal", "trainer"], "custodians": ["Cy"]}
    made = client.post("/v1/users", json=new, headers=administrator)
    assert made.status_code == 201, made.text
    at = made.headers["Location"]
    archive.follow()
    listed = client.get("/v1/users", headers=administrator).get_json()["users"]
    assert made.get_json() in listed
    for change, status in (
        ({"roles": ["legal"]}, 200),
        ({"departments": ["Desk"]}, 200),
        ({"custodians": None}, 200),
        ({"enabled": False}, 200),
        ({"roles": ["legal", "auditor"]}, 400),
        ({"roles": []}, 400),
        ({"roles": ["legal"], "enabled": True}, 400),
        ({}, 400),
        ({"name": "Bob"}, 400),
    ):
        assert client.patch(at, json=change, headers=administrator).status_code == status, change
    user = client.get(at, headers=administrator).get_json()
    assert (user["roles"], user["custodians"], user["enabled"]) == (["legal"], None, False)
    assert user["departments"] == ["Desk"], "what is not sent stays"
    assert client.post("/v1/users", json=new, headers=administrator).status_code == 409
    assert client.post("/v1/users", json=new, headers=legal).status_code == 403
    assert client.get("/v1/users", headers=legal).status_code == 403
    assert client.get(at, headers=legal).status_code == 403


def test_the_last_administrator_stays(client, archive, administrator):
    at = f"/v1/users/{archive.users.named('administrator').id}"
    answer = client.patch(at, json={"enabled": False}, headers=administrator)
    assert answer.status_code == 409 and "last administrator" in answer.get_json()["detail"]


def test_a_token_of_ones_own_is_given_out_and_revoked(client, legal):
    wanted = {"label": "x", "permissions": ["search"], "purposes": ["matter"]}
    made = client.post("/v1/tokens", json=wanted, headers=legal).get_json()
    narrow = {"Authorization": f"Bearer {made.pop('token')}"}
    asked = {"headers": narrow | {"Muniment-Purpose": "matter"}}
    assert client.get("/v1/search?count=true", **asked).status_code == 200
    other = narrow | {"Muniment-Purpose": "compliance"}
    assert client.get("/v1/search?count=true", headers=other).status_code == 403
    assert client.get(f"/v1/interactions/{made['user']}", **asked).status_code == 403
    assert client.post("/v1/tokens", json={}, headers=narrow).status_code == 403
    assert client.get("/v1/tokens", headers=legal).get_json()["tokens"][0] == made
    gone = client.delete(f"/v1/tokens/{made['id']}", headers=legal)
    assert gone.get_json()["state"] == "revoked"
    assert client.get("/v1/search?count=true", **asked).status_code == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[" * 100_000, 400),
        (b'{"label": 3}', 400),
        (b'{"permissions": ["administer"]}', 400),
        (b'{"purposes": ["curiosity"]}', 400),
        (b'{"expires_at": "2001-01-01T00:00:00Z"}', 400),
        (b'{"expires_at": "2999-01-01"}', 400),
        (b'{"expires_at": 32503680000}', 400),
        (b'{"user": "00000000-0000-0000-0000-000000000000"}', 403),
    ],
)
def test_what_is_no_token_to_be_made_is_told(client, legal, body, status):
    answer = client.post("/v1/tokens", data=body, content_type="application/json", headers=legal)
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"


def test_an_administrator_sets_a_password_and_it_is_not_repeated(client, ann, administrator):
    at = f"/v1/users/{ann}/password"
    answer = client.put(at, json={"password": "staple battery horse"}, headers=administrator)
    assert answer.status_code == 200 and "staple" not in answer.text
    refused = client.put(at, json={"password": ["staple battery"]}, headers=administrator)
    assert refused.status_code == 400 and "staple" not in refused.text
    assert enter(client, name="Ann", password=PASSWORD).status_code == 401
    assert enter(client, name="Ann", password="staple battery horse").status_code == 303


def test_sign_in_by_password_tells_nothing(client, ann):
    wrong = [
        enter(client, name="ann", password="wrong"),
        enter(client, name="nobody", password=PASSWORD),
        enter(client, name="legal", password=""),
    ]
    assert {answer.status_code for answer in wrong} == {401}
    said = {one(r'role="alert">([^<]+)<', answer.text) for answer in wrong}
    assert len(said) == 1
    assert not any("Set-Cookie" in answer.headers for answer in wrong)


def test_attempts_are_slowed_down(client, ann):
    for _ in range(5):
        enter(client, name="ann", password="wrong")
    held = enter(client, name="ann", password=PASSWORD)
    assert held.status_code == 429 and int(held.headers["Retry-After"]) >= 1


def test_a_session_ends_when_idle_and_in_any_case_after_half_a_day(client, ann, clock):
    as_ann(client)
    clock.move(minutes=29)
    assert signed_in(client)
    clock.move(minutes=29)
    assert signed_in(client), "what is used goes on"
    clock.move(minutes=31)
    assert not signed_in(client)
    as_ann(client)
    for _ in range(27):
        clock.move(minutes=29)
        still = signed_in(client)
    assert not still


def test_signing_out_ends_copies_of_the_cookie_too(client, ann, archive, clock):
    as_ann(client)
    cookie = client.get_cookie("muniment_session")
    thief = create_app(lambda: archive, clock=clock).test_client()
    thief.set_cookie("muniment_session", cookie.value)
    assert signed_in(thief)
    assert send(client, "/sign-out").status_code == 303
    thief.set_cookie("muniment_session", cookie.value)
    assert not signed_in(thief)


def test_the_account_changes_what_is_ones_own(client, ann):
    as_ann(client)
    page = client.get(f"/users/{ann}", headers=BROWSER)
    assert page.status_code == 200 and "Change the roles" not in page.text
    answer = send(client, f"/users/{ann}/password", current="x", password="p" * 14, again="q" * 14)
    assert answer.status_code == 400 and "not the same" in answer.text
    changed = {"password": "staple battery horse", "again": "staple battery horse"}
    wrong = send(client, f"/users/{ann}/password", current="x", **changed)
    assert wrong.status_code == 400 and "not right" in wrong.text
    done = send(client, f"/users/{ann}/password", current=PASSWORD, **changed)
    assert done.headers["Location"] == "/sign-in?notice=password"
    assert not signed_in(client)
    for address in ("roles", "custodians", "enabled"):
        as_legal = enter(client, name="ann", password="staple battery horse")
        assert as_legal.status_code == 303
        answer = send(client, f"/users/{ann}/{address}", role="administrator")
        assert answer.status_code == 403, address


def test_codes_are_started_in_the_account(client, ann, clock):
    as_ann(client)
    page = client.get(f"/users/{ann}", headers=BROWSER).text
    secret = one(r'name="secret" value="(\w+)"', page)
    answer = send(client, f"/users/{ann}/codes", secret=secret, code="12")
    assert answer.status_code == 400 and secret in answer.text
    code = totp.code(secret, int(clock.now().timestamp()) // 30)
    started = send(client, f"/users/{ann}/codes", secret=secret, code=code)
    assert "Recovery codes" in started.text and secret not in started.text
    recovery = re.findall(r"<li><code>([A-Z2-7-]+)</code>", started.text)
    assert len(recovery) == 8
    assert not signed_in(client)
    assert enter(client, name="ann", password=PASSWORD).status_code == 401
    as_ann(client, code=recovery[0])


def test_an_administrator_has_a_page_of_users(client, made, archive, ann):
    assert enter(client, token=made.administrator_token).status_code == 303
    assert "Ann" in client.get("/users", headers=BROWSER).text
    at = send(client, "/users", name="Bo", role="auditor", custodians="").headers["Location"]
    archive.follow()
    again = send(client, "/users", name="bo", role="auditor")
    assert again.status_code == 409 and "already" in again.text
    assert send(client, f"{at}/roles", role=["legal", "trainer"]).status_code == 303
    assert send(client, f"{at}/custodians", custodians="Cy\r\n\r\nDee\r\n").status_code == 303
    assert archive.users.named("Bo").custodians == {"Cy", "Dee"}
    send(client, f"{at}/custodians", custodians="", departments="Desk")
    bo = archive.users.named("Bo")
    assert (bo.custodians, bo.departments) == (None, {"Desk"})
    assert "only department <bdi>Desk" in client.get(at, headers=BROWSER).text
    given = send(client, f"{at}/tokens", label="nightly", days="30", permission="read")
    token = one(r"<code>(mun_[\w-]{64})</code>", given.text)
    assert client.get("/v1/users", headers={"Authorization": f"Bearer {token}"}).status_code == 403
    (held,) = archive.users.named("Bo").tokens.values()
    assert "nightly" in given.text and held.by == str(archive.users.named("administrator").id)
    assert send(client, f"{at}/tokens/{held.id}/revoke").status_code == 303
    assert client.get("/v1/users", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    assert send(client, f"{at}/enabled").status_code == 303
    assert not archive.users.named("Bo").enabled
    assert send(client, f"{at}/enabled", enabled="yes").status_code == 303
    assert send(client, f"{at}/sign-out").status_code == 303
    assert send(client, f"{at}/codes", stop="yes").status_code == 303
    last = f"/users/{archive.users.named('administrator').id}"
    assert send(client, f"{last}/enabled").status_code == 409


@pytest.mark.parametrize(
    ("form", "said"), [({"days": "7"}, "how long"), ({"days": "30", "permission": "x"}, "one of")]
)
def test_a_form_that_was_made_up_is_told(client, ann, form, said):
    as_ann(client)
    answer = send(client, f"/users/{ann}/tokens", **form)
    assert answer.status_code == 400 and said in answer.text


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "198.51.100.7", "127.0.0.1"),
        (1, "198.51.100.7", "198.51.100.7"),
        (1, "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        (2, "203.0.113.9, 198.51.100.7", "203.0.113.9"),
        (2, "198.51.100.7", "127.0.0.1"),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, "nonsense", None),
    ],
)
def test_where_a_sign_in_comes_from(archive, made, clock, proxies, forwarded, expected):
    client = create_app(lambda: archive, clock=clock, proxies=proxies).test_client()
    form = {"token": made.legal_token, "purpose": "compliance"}
    client.post("/sign-in", data=form, headers={"X-Forwarded-For": forwarded})
    (opened,) = archive.opener.open(
        archive.pointers.select_pointers_from(archive.pointers.last_seq(), 1)
    )
    assert archive.mapper.event(opened).address == expected
