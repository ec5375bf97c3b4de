"""The audit trail at its doors: HTTP, command line and console, with exports and reports."""

import csv
import io
import json
import re
from datetime import timedelta

import pytest

from api.app import create_app
from api.cli import run
from archive.creating import create_archive
from archive.events.audit import FOR_OPERATIONS
from archive.model.roles import LOCAL_ACTOR, Purpose, Role
from archive.opening import open_archive
from tests.archive.house import capture, line, search, settings
from tests.users.conftest import MovableClock

BROWSER = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
FORMULA = '=HYPERLINK("http://192.0.2.1/","x")'


@pytest.fixture
def clock():
    return MovableClock()


@pytest.fixture
def made(tmp_path, clock):
    return create_archive(settings(tmp_path), clock=clock)


@pytest.fixture
def archive(tmp_path, made, clock):
    with open_archive(settings(tmp_path), clock=clock) as archive:
        ids = capture(archive, line("1", "herring", custodian="Ann"), line("2", "pike"))
        archive.administration.register(LOCAL_ACTOR, "eve", [Role.AUDITOR])
        reader = archive.users.meant("legal").actor()
        for id in ids:
            archive.access.show(reader, Purpose("matter", "Smith"), id)
        search(archive, "herring")
        archive.audit.record(reader, FOR_OPERATIONS, "search", query=FORMULA, total=0)
        archive.follow()
        yield archive


@pytest.fixture
def ids(archive):
    named = archive.identity.interaction
    return [named("desk", "Ann", "1", None), named("desk", None, "2", None)]


@pytest.fixture
def client(archive, clock):
    client = create_app(lambda: archive, clock=clock).test_client()
    text, _ = archive.administration.issue_token(LOCAL_ACTOR, "eve")
    archive.follow()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {text}"
    return client


def rows(answer):
    assert answer.mimetype == "text/csv", answer.text
    return list(csv.DictReader(io.StringIO(answer.text)))


def link(page, name):
    """The address that a link of a page leads to."""
    found = re.search(rf'href="([^"]+)">{name}', page)
    assert found, name
    return found[1].replace("&amp;", "&")


def test_pages_over_http(client, archive, ids):
    asked = {"actor": "legal", "action": ["show", "search"], "limit": 2}
    first = client.get("/v1/audit", query_string=asked).get_json()
    assert (first["total"], [each["action"] for each in first["entries"]]) == (
        3,
        ["search", "show"],
    )
    shown = first["entries"][1]
    assert (shown["actor_name"], shown["matter"], shown["purpose"], shown["records"]) == (
        "legal",
        "Smith",
        "matter:Smith",
        [str(ids[1])],
    )
    archive.follow()
    rest = client.get("/v1/audit", query_string=asked | {"cursor": first["cursor"]}).get_json()
    assert (rest["total"], rest["cursor"], len(rest["entries"])) == (3, None, 1)
    archive.follow()
    own = client.get("/v1/audit", query_string={"actor": "eve"}).get_json()["entries"]
    assert [(each["action"], each["total"], each["purpose"]) for each in own] == [
        ("audit", 3, "operations")
    ] * 2
    assert json.loads(own[0]["query"]) == {"actor": "legal", "action": ["show", "search"]}


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"actor": "nobody"}, 404),
        ({"record": "x"}, 400),
        ({"since": "2024-05-01"}, 400),
        ({"since": "0001-01-01T00:00:00+14:00"}, 200),
        ({"until": "9999-12-31T23:59:59-14:00"}, 200),
        ({"person": "ann"}, 400),
        ({"cursor": "x"}, 400),
        ({"misspelt": "x"}, 400),
        ({"as_of": 2**70}, 200),
    ],
)
def test_what_is_asked_wrongly_is_told(client, asked, status):
    answer = client.get("/v1/audit", query_string=asked)
    assert answer.status_code == status, answer.text
    assert "Value error" not in answer.text


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "0001-01-02T00:00:00+14:00"])
def test_a_review_of_a_time_that_nobody_can_go_back_from(client, moment):
    answer = client.get("/v1/audit/reports/access-review", query_string={"until": moment})
    assert answer.status_code == 400, answer.text


def test_exports_hold_the_same_and_no_formula(client):
    lines = client.get("/v1/audit/export?action=search&action=show")
    told = [json.loads(each) for each in lines.text.splitlines()]
    written = rows(client.get("/v1/audit/export?action=search&action=show&form=csv"))
    assert lines.headers["Muniment-Total"] == str(len(told)) == str(len(written)) == "4"
    assert [str(each["seq"]) for each in told] == [each["seq"] for each in written]
    assert told[-1]["query"] == FORMULA and written[-1]["query"] == f"'{FORMULA}"
    assert written[0]["matter"] == "Smith"
    newest = client.get("/v1/audit/export?action=search&action=show&order=newest")
    assert newest.text.splitlines() == lines.text.splitlines()[::-1]
    assert "attachment" in newest.headers["Content-Disposition"]


def test_who_saw(client, archive, ids):
    def saw(about):
        answer = client.get("/v1/audit/reports/who-saw", query_string={"about": about})
        assert answer.status_code == 200, answer.text
        return sorted(
            (each["actor_name"], each["purpose"], each["record"], each["times"])
            for each in answer.get_json()["seen"]
        )

    one, two = map(str, ids)
    herring = [("legal", "matter:Smith", one, 1), ("local", "operations", one, 1)]
    assert saw(one) == saw("ann") == saw("custodian:Ann") == herring
    assert saw("ann@example.com") == sorted([*herring, ("legal", "matter:Smith", two, 1)])
    asked = {"about": one, "form": "csv"}
    written = rows(client.get("/v1/audit/reports/who-saw", query_string=asked))
    assert {each["record"] for each in written} == {one} and len(written) == 2


def test_a_refusal_is_counted_apart(client, archive, made, ids):
    headers = {"Authorization": f"Bearer {made.administrator_token}"}
    at = f"/v1/interactions/{ids[0]}"
    asked = headers | {"Muniment-Purpose": "operations"}
    assert client.get(at, headers=asked).status_code == 403
    archive.follow()
    report = client.get(f"/v1/audit/reports/who-saw?about={ids[0]}").get_json()
    (tried,) = [each for each in report["seen"] if each["actor_name"] == "administrator"]
    assert (tried["times"], tried["refused"]) == (0, 1)


def test_access_review(client, archive, clock, ids):
    archive.administration.issue_token(
        LOCAL_ACTOR, "eve", expires_at=clock.now() + timedelta(days=300)
    )
    clock.move(days=100)
    archive.access.show(archive.users.meant("legal").actor(), FOR_OPERATIONS, ids[0])
    clock.move(seconds=1)
    archive.follow()
    report = client.get("/v1/audit/reports/access-review").get_json()
    reviewed = {each["name"]: each for each in report["users"]}
    assert set(reviewed) == {"administrator", "legal", "eve", "local"}
    legal, eve = reviewed["legal"], reviewed["eve"]
    assert (legal["reads"], legal["searches"], legal["records"]) == (1, 0, 1)
    assert legal["flags"] == ["token-without-end", "unused-token", "token-by-another"]
    assert eve["flags"] == [
        "dormant",
        "token-without-end",
        "unused-token",
        "token-by-another",
    ]
    assert [each["age_days"] for each in eve["tokens"]] == [100, 100]
    archive.follow()
    # The report before was an act of hers, by one of her tokens.
    again = client.get("/v1/audit/reports/access-review?dormant_days=1").get_json()
    (eve,) = [each for each in again["users"] if each["name"] == "eve"]
    assert "dormant" not in eve["flags"]
    assert [each["last_used"] is not None for each in eve["tokens"]] == [False, True]
    written = rows(client.get("/v1/audit/reports/access-review?form=csv"))
    assert [each["name"] for each in written] == [each["name"] for each in again["users"]]


def test_the_page_for_the_auditor(client, archive):
    text, _ = archive.administration.issue_token(LOCAL_ACTOR, "eve")
    del client.environ_base["HTTP_AUTHORIZATION"]
    client.post("/sign-in", data={"purpose": "compliance", "token": text}, headers=BROWSER)
    archive.follow()
    page = client.get("/audit?actor=legal&action=show", headers=BROWSER)
    assert "<strong>2</strong> entries" in page.text and "matter:Smith" in page.text
    address = link(page.text, "These entries as CSV")
    assert len(rows(client.get(address, headers=BROWSER))) == 2
    assert "herring" in client.get("/audit?words=herring", headers=BROWSER).text
    empty = client.get("/audit?since=2999-01-01&order=oldest", headers=BROWSER)
    assert empty.status_code == 200 and "Nothing is in the trail" in empty.text
    for wrong, status in (("record=x", 400), ("actor=nobody", 404), ("since=yesterday", 400)):
        answer = client.get(f"/audit?{wrong}", headers=BROWSER)
        assert answer.status_code == status and 'role="alert"' in answer.text
    hostile = client.get("/audit?words=%3Cscript%3E", headers=BROWSER)
    assert "<script" not in hostile.text


def test_the_page_goes_on(client, archive, monkeypatch):
    monkeypatch.setattr("api.console.auditing.PAGE_LENGTH", 3)
    text, _ = archive.administration.issue_token(LOCAL_ACTOR, "eve")
    del client.environ_base["HTTP_AUTHORIZATION"]
    client.post("/sign-in", data={"purpose": "compliance", "token": text}, headers=BROWSER)
    whole = client.get("/audit?actor=legal", headers=BROWSER).text
    assert "First page" not in whole and "Next page" not in whole
    page = client.get("/audit?order=oldest", headers=BROWSER).text
    second = client.get(link(page, "Next page"), headers=BROWSER).text
    assert "First page" in second
    numbers = [re.findall(r"<span>event ([\d,]+)</span>", each) for each in (page, second)]
    assert len(numbers[0]) == len(numbers[1]) == 3 and not set(numbers[0]) & set(numbers[1])


@pytest.fixture
def command(tmp_path, archive, monkeypatch, capfd):
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path / "home"))

    def command(*arguments, status=0):
        assert run(["audit", *arguments]) == status
        return capfd.readouterr().out

    return command


def test_the_command(command, archive, tmp_path):
    found = json.loads(command("--matter", "smith", "--json"))
    assert (found["total"], found["entries"][0]["actor_name"]) == (2, "legal")
    assert "matter:Smith" in command("--actor", "legal", "--purpose-kind", "matter")
    file = tmp_path / "trail.csv"
    told = json.loads(command("--export", str(file), "--refused", "--json"))
    assert told["total"] == 0 and file.stat().st_mode & 0o777 == 0o600
    command("--export", str(file), status=2)
    lines = tmp_path / "trail.ndjson"
    command("--export", str(lines), "--since", "2020-01-01")
    actions = {json.loads(each)["action"] for each in lines.read_text().splitlines()}
    assert {"show", "search", "user.registered", "audit", "audit.export"} <= actions
    command("--since", "yesterday", status=2)


def test_the_reports_command(command, archive, ids):
    one = str(ids[0])
    seen = json.loads(command("report", "--who-saw", "ann@example.com", "--json"))["seen"]
    assert {each["record"] for each in seen} == set(map(str, ids))
    assert one in command("report", "--who-saw", one)
    assert command("report", "--who-saw", one, "--csv").startswith('"record","actor"')
    review = json.loads(command("report", "--access-review", "--json"))
    assert [each["name"] for each in review["users"]][-1] == "local"
    assert "token-without-end" in command("report", "--access-review")
    command("report", status=2)
