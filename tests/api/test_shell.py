"""What every answer carries, whichever route it is of; and what stays out of every log line."""

import json
import logging
import sys
import threading

import pytest
from flask import Response, request, request_finished

from api import log
from api.app import create_app
from api.headers import SECURITY_HEADERS, STRICT_TRANSPORT
from archive.clock import SystemClock
from scripts.support import matrix
from tests.api.standin import LEGAL, interaction

SECRET = "Zq7secretX9"
PUBLIC = {"static", "published"}


def assert_hard(answer, endpoint):
    headers = answer.headers
    policy = dict(
        part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    allowed = set(" ".join(policy.values()).split())
    own = {"Content-Security-Policy", "Cache-Control"}
    if endpoint == "console.as_sent" and answer.status_code == 200:
        assert not {"allow-scripts", "allow-same-origin", "allow-forms"} & allowed
        own |= {"X-Frame-Options", "Referrer-Policy"}
    else:
        assert "'unsafe-inline'" not in allowed
        assert "sandbox" in policy or policy["frame-ancestors"] == "'none'"
    assert not {"'unsafe-eval'", "*", "http:", "https:"} & allowed
    for name in set(SECURITY_HEADERS) - own:
        assert headers[name] == SECURITY_HEADERS[name]
    if (endpoint or "").split(".")[0] not in PUBLIC or answer.status_code >= 400:
        assert headers["Cache-Control"] == "no-store"
    assert len(headers["X-Request-ID"]) == 36
    assert "Strict-Transport-Security" not in headers


def test_every_route_answers_behind_the_same_headers(tmp_path):
    checked: set[tuple[str, int]] = set()

    def finished(_: object, response: Response) -> None:
        assert_hard(response, request.endpoint)
        rule = request.url_rule
        checked.add((f"{request.method} {rule.rule if rule else None}", response.status_code))

    with matrix.world(tmp_path) as world, request_finished.connected_to(finished, world.app):
        rows = [row for row in matrix.rows() if row.case == matrix.ANY]
        for row in rows:
            for caller in (matrix.NOBODY, "legal"):
                world.ask(row, caller)
        world.app.test_client().get("/nowhere")
    asked = {f"{row.method} {row.route}" for row in rows}
    assert {name for name, _ in checked} == asked | {"GET None"}
    assert {200, 303, 401, 403} <= {status for _, status in checked}


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_browsers_that_came_over_https_are_told_to_stay_there(client, scheme):
    answer = client.get("/sign-in", headers={"X-Forwarded-Proto": scheme})
    expected = STRICT_TRANSPORT if scheme == "https" else None
    assert answer.headers.get("Strict-Transport-Security") == expected


def test_a_request_id_is_taken_from_our_own_proxies_alone(stand_in):
    for proxies, given, kept in (
        (0, "abc-1", False),
        (1, "abc-1", True),
        (1, "a" * 64, True),
        (1, "a" * 65, False),
        (1, "a b", False),
        (1, '"}{', False),
    ):
        client = create_app(lambda: stand_in, proxies=proxies).test_client()
        answer = client.get("/v1/search", headers={"X-Request-ID": given})
        assert (answer.headers["X-Request-ID"] == given) == kept
        assert answer.get_json()["request_id"] == answer.headers["X-Request-ID"]


def sent_everywhere(client, legal):
    """Put the secret wherever a caller can put one."""
    everywhere = {
        **legal,
        "X-Request-ID": SECRET,
        "X-Forwarded-For": SECRET,
        "User-Agent": SECRET,
        "Referer": f"http://{SECRET}/",
        "Idempotency-Key": SECRET,
        "Cookie": f"muniment_session={SECRET}; muniment_appearance={SECRET}; other={SECRET}",
        "Muniment-Purpose": f"matter:{SECRET}",
    }
    line = interaction(SECRET, subject=SECRET, text=SECRET, custodian=SECRET)
    asked = {"q": SECRET, "cursor": SECRET, SECRET: SECRET, "next": f"/{SECRET}"}
    for path in ("/v1/search", "/", f"/{SECRET}", f"/v1/users/{SECRET}", f"/log/tile/{SECRET}"):
        for method in ("GET", "POST", "DELETE", SECRET[:3].upper()):
            client.open(path, method=method, query_string=asked, headers=everywhere)
    client.get("/v1/search", headers={"Authorization": f"Bearer {SECRET}"})
    client.get("/v1/search", headers={**legal, "Muniment-Purpose": SECRET})
    client.post("/sign-in", data={"name": SECRET, "password": SECRET, "token": SECRET})
    for path in ("/v1/interactions", "/v1/interactions/bulk", "/v1/users", "/v1/tokens"):
        for body in (line, line[:-1], SECRET.encode(), json.dumps({SECRET: SECRET}).encode()):
            client.post(
                path, data=body, content_type="application/json", headers=everywhere
            ).get_data()


def test_no_secret_stands_in_a_log_line(client, legal, stand_in, caplog):
    with caplog.at_level(logging.DEBUG):
        sent_everywhere(client, legal)
        stand_in.fault = ValueError(SECRET)
        sent_everywhere(client, legal)
    own = [record for record in caplog.records if record.name == log.NAME]
    events = [json.loads(record.getMessage())["event"] for record in own]
    assert {"request", "failure"} <= set(events)
    assert SECRET not in caplog.text
    assert LEGAL not in caplog.text


def test_what_is_streamed_and_fails_is_logged_by_its_place(
    client, legal, capture, stand_in, caplog
):
    id = capture()
    stand_in._chunks = failing
    with caplog.at_level(logging.INFO), pytest.raises(ValueError, match=SECRET):
        client.get(f"/v1/interactions/{id}/original", headers=legal).get_data()
    line = json.loads(caplog.records[-1].getMessage())
    assert (line["event"], line["error"]) == ("failure", "ValueError")
    assert line["through"][-1].endswith("failing")
    assert SECRET not in caplog.text


def failing(raw):
    yield raw[:1]
    raise ValueError(SECRET)


@pytest.fixture
def logging_apart(monkeypatch):
    """Keep what a process sets for itself away from the tests' own."""
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    for name in (log.NAME, "_granian"):
        logger = logging.getLogger(name)
        for attribute in ("handlers", "propagate"):
            monkeypatch.setattr(logger, attribute, getattr(logger, attribute))
        monkeypatch.setattr(logger, "level", logger.level)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)


@pytest.mark.usefixtures("logging_apart")
def test_a_web_process_writes_json_lines_whoever_speaks(capsys):
    clock = SystemClock()
    log.to_standard_error(clock)
    log.write(clock, logging.INFO, "request", route="/")
    try:
        failing(b"x").throw(ValueError(SECRET))
    except ValueError:
        logging.getLogger("some.library").exception("It read %s", SECRET)
        logging.getLogger("_granian.wsgi").error(
            "The application raised an exception\nTraceback: ValueError: %s", SECRET
        )
    out, err = capsys.readouterr()
    lines = [json.loads(line) for line in err.splitlines()]
    assert [line["event"] for line in lines] == ["request", "log", "log"]
    assert lines[1]["error"] == "ValueError"
    assert lines[2]["message"] == "The application raised an exception"
    assert SECRET not in out + err


@pytest.mark.usefixtures("logging_apart")
def test_a_process_that_ends_by_an_exception_says_where_and_not_what(capsys):
    log.without_values()
    thread = threading.Thread(target=lambda: list(failing(b"x")))
    thread.start()
    thread.join()
    try:
        list(failing(b"x"))
    except ValueError as error:
        sys.excepthook(ValueError, error, error.__traceback__)
    out, err = capsys.readouterr()
    lines = [json.loads(line) for line in err.splitlines()]
    assert [line["error"] for line in lines] == ["ValueError", "ValueError"]
    assert all(line["through"][-1].endswith("failing") for line in lines)
    assert SECRET not in out + err
