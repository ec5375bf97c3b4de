"""How much may be asked, how often, and how much at once."""

import io
import threading
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.app import BODY_LIMIT, HEADERS_LIMIT, create_app
from api.bodies import PIECE_BYTES, Body
from api.rates import FORMS_AT_ONCE, STREAMS_AT_ONCE, Rate
from archive.clock import SystemClock
from tests.api.standin import interaction
from tests.waiting import PATIENCE, until

SEARCH = "/v1/search"
STRANGERS = 50


class Stopped(SystemClock):
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)


@pytest.fixture
def clock():
    return Stopped()


@pytest.fixture
def limited(stand_in, clock, monkeypatch):
    """An application that lets each user ask ten times a minute, and strangers fifty times."""
    monkeypatch.setattr("api.rates.STRANGERS_A_MINUTE", STRANGERS)
    monkeypatch.setattr("api.admission.SIGN_IN_WEIGHT", 10)
    return create_app(lambda: stand_in, clock=clock, rate_limit=10)


def kind(answer):
    return (answer.status_code, answer.get_json()["type"].rpartition(":")[2])


def test_a_user_who_asks_too_often_is_told_when_to_come_again(limited, clock, legal):
    client = limited.test_client()
    assert {client.get(SEARCH, headers=legal).status_code for _ in range(10)} == {200}
    refused = client.get(SEARCH, headers=legal)
    assert kind(refused) == (429, "too-many-requests")
    assert refused.headers["Retry-After"] == "6"
    clock.seconds += 5.9
    assert client.get(SEARCH, headers=legal).status_code == 429
    clock.seconds += 0.2
    assert client.get(SEARCH, headers=legal).status_code == 200
    assert client.get(SEARCH, headers=legal).status_code == 429


def test_one_user_does_not_use_up_what_another_may_ask(limited, legal, administrator):
    client = limited.test_client()
    for _ in range(12):
        client.get(SEARCH, headers=legal)
    assert client.get("/readyz", headers=legal).status_code == 429
    assert client.get("/readyz", headers=administrator).status_code == 200


def test_what_must_be_kept_is_taken_however_often_it_comes(limited, legal):
    client = limited.test_client()
    for number in range(30):
        sent = {"data": interaction(f"m{number}"), "headers": legal}
        one = client.post("/v1/interactions", content_type="application/json", **sent)
        many = client.post("/v1/interactions/bulk", content_type="application/x-ndjson", **sent)
        assert (one.status_code, many.status_code) == (201, 200)
        assert many.text.count("already") == 1


def test_no_limit_is_none(stand_in, clock, legal):
    client = create_app(lambda: stand_in, clock=clock, rate_limit=0).test_client()
    assert {client.get(SEARCH, headers=legal).status_code for _ in range(100)} == {200}


def test_strangers_are_counted_by_address_and_those_who_are_known_are_not(
    limited, clock, administrator
):
    client = limited.test_client()
    answers = [client.get(SEARCH).status_code for _ in range(STRANGERS + 1)]
    assert answers == [401] * STRANGERS + [429]
    assert kind(client.get("/log/checkpoint")) == (429, "too-many-requests")
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz", headers=administrator).status_code == 200
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    assert client.get(SEARCH, environ_overrides=elsewhere).status_code == 401


def test_the_addresses_of_one_network_are_one(limited):
    client = limited.test_client()
    for number in range(STRANGERS):
        client.get(SEARCH, environ_overrides={"REMOTE_ADDR": f"2001:db8::{number:x}"})
    answers = [
        client.get(SEARCH, environ_overrides={"REMOTE_ADDR": address}).status_code
        for address in ("2001:db8::ffff:1", "2001:db8:0:1::1")
    ]
    assert answers == [429, 401]


def test_signing_in_counts_for_more(limited):
    client = limited.test_client()
    form = {"token": "none", "purpose": "compliance"}
    answers = [client.post("/sign-in", data=form).status_code for _ in range(STRANGERS // 10 + 1)]
    assert set(answers[:-1]) == {401}
    assert answers[-1] == 429


def test_a_browser_is_told_on_a_page(limited, legal):
    client = limited.test_client()
    for _ in range(10):
        client.get("/docs", headers=legal)
    answer = client.get("/docs", headers={**legal, "Accept": "text/html"})
    assert (answer.status_code, answer.mimetype) == (429, "text/html")


@settings(max_examples=50)
@given(
    st.lists(st.tuples(st.floats(0, 30), st.integers(1, 5)), max_size=60),
    st.integers(1, 40),
)
def test_no_caller_has_more_than_twice_the_rate_in_any_minute(asked, a_minute):
    clock = Stopped()
    rate = Rate(clock, a_minute)
    taken = []
    for pause, weight in asked:
        clock.seconds += pause
        wait = rate.count("ann", weight)
        if wait == 0:
            taken.append((clock.seconds, weight))
        elif weight <= a_minute:
            clock.seconds += wait + 1e-6
            assert rate.count("ann", weight) == 0
            taken.append((clock.seconds, weight))
    for start, _ in taken:
        within = sum(weight for at, weight in taken if start <= at < start + 60)
        assert within <= 2 * a_minute + 1


class Stalled:
    """A body of which no more comes, until its connection is cut."""

    def __init__(self, begins: bytes = b"") -> None:
        self._begins = begins
        self.cut = threading.Event()

    def read(self, size: int, /) -> bytes:
        self.cut.wait(PATIENCE)
        return self._begins


def test_slow_forms_keep_only_other_forms_waiting(app, legal):
    stalled = [Stalled(b"purpose=x") for _ in range(FORMS_AT_ONCE)]

    def send(body: Stalled) -> None:
        app.test_client().post(
            "/sign-in",
            content_type="application/x-www-form-urlencoded",
            environ_overrides={"wsgi.input": body, "CONTENT_LENGTH": "9"},
        )

    senders = [threading.Thread(target=send, args=(body,)) for body in stalled]
    for sender in senders:
        sender.start()
    until(lambda: not app.extensions["muniment"].limits.forms._free._value)
    assert kind(app.test_client().post("/sign-in", data={"token": "x"})) == (503, "unavailable")
    assert app.test_client().get(SEARCH, headers=legal).status_code == 200
    for body in stalled:
        body.cut.set()
    for sender in senders:
        sender.join()
    answer = app.test_client().post("/sign-in", data={"token": "x", "purpose": "compliance"})
    assert answer.status_code == 401


@pytest.mark.parametrize("path", ["/v1/interactions", "/v1/interactions/bulk"])
def test_half_a_body_does_not_pass_for_a_whole_one(client, legal, stand_in, path):
    line = interaction("m1")
    answer = client.post(
        path,
        data=line,
        content_type="application/json",
        headers=legal,
        environ_overrides={"CONTENT_LENGTH": str(len(line) + 1)},
    )
    assert answer.status_code == 400
    assert stand_in.records == {}


@settings(max_examples=30)
@given(st.binary(max_size=3 * PIECE_BYTES), st.integers(1, 2 * PIECE_BYTES))
def test_a_body_is_read_as_it_was_sent(sent, size):
    assert Body(io.BytesIO(sent), len(sent)).read() == sent
    body, pieces = Body(io.BytesIO(sent), None), []
    while piece := body.read(size):
        assert len(piece) <= min(size, PIECE_BYTES)
        pieces.append(piece)
    assert b"".join(pieces) == sent


def test_bulk_uploads_leave_threads_to_others(app, client, legal):
    streams = app.extensions["muniment"].limits.streams
    sent = {
        "data": interaction(),
        "content_type": "application/x-ndjson",
        "headers": legal,
    }
    held = [streams.taken() for _ in range(STREAMS_AT_ONCE)]
    for place in held:
        place.__enter__()
    refused = client.post("/v1/interactions/bulk", **sent)
    assert kind(refused) == (503, "unavailable")
    assert "Retry-After" in refused.headers
    held[0].__exit__(None, None, None)
    for _ in range(3):
        assert client.post("/v1/interactions/bulk", **sent).text


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/v1/users"), ("POST", "/v1/tokens"), ("POST", "/purpose"), ("POST", "/sign-in")],
)
def test_only_captures_may_be_large(client, administrator, method, path):
    answer = client.open(
        path,
        method=method,
        data=b"x" * (BODY_LIMIT + 1),
        content_type="application/json",
        headers=administrator,
    )
    # Without a session a form is refused before it is read.
    assert answer.status_code == (401 if path == "/purpose" else 413)


def in_chunks(body: bytes) -> dict[str, object]:
    """Give a body as the web server does where nobody says its length."""
    return {
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "HTTP_TRANSFER_ENCODING": "chunked",
    }


@pytest.mark.parametrize(("length", "status"), [(4_096, 201), (4_097, 413), (400_000, 413)])
def test_a_body_in_chunks_is_not_cut_at_its_limit(
    client, legal, stand_in, monkeypatch, length, status
):
    monkeypatch.setattr("api.app.CAPTURE_LIMIT", 4_096)
    answer = client.post(
        "/v1/interactions",
        content_type="application/json",
        headers=legal,
        # What is cut off would not be missed.
        environ_overrides=in_chunks(interaction("m1").ljust(length)),
    )
    assert answer.status_code == status
    assert len(stand_in.records) == (status == 201)


def test_a_form_in_chunks_is_not_cut_at_its_limit(client):
    answer = client.post(
        "/sign-in",
        content_type="application/x-www-form-urlencoded",
        environ_overrides=in_chunks(b"token=x&purpose=compliance".ljust(BODY_LIMIT + 1)),
    )
    assert answer.status_code == 413


def test_every_operation_says_that_it_may_be_asked_too_often(client, legal):
    document = client.get("/openapi.json", headers=legal).get_json()
    for methods in document["paths"].values():
        for operation in methods.values():
            assert "429" in operation["responses"]


@pytest.mark.parametrize("path", ["/v1/search", "/sign-in", "/nowhere"])
def test_headers_that_are_too_large_are_refused(client, legal, path):
    large = {**legal, "X-Large": "a" * HEADERS_LIMIT}
    assert client.get(path, headers=large).status_code == 431
    usual = {**legal, "X-Large": "a" * (HEADERS_LIMIT // 2)}
    assert client.get(path, headers=usual).status_code in (200, 404)
