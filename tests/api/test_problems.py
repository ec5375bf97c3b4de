"""The one shape of every error, and the one table from kinds to statuses."""

import json
import logging
from http import HTTPStatus
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api import log, problems
from archive import errors
from archive.errors import ConfigurationError, InvalidError, MunimentError, UnavailableError
from archive.model.roles import PURPOSES
from tests.api.standin import LEGAL

MEMBERS = {"type", "title", "status", "detail", "request_id"}
SEARCH = "/v1/search"

EXPECTED = {
    "InvalidError": 400,
    "UnauthenticatedError": 401,
    "ForbiddenError": 403,
    "NotFoundError": 404,
    "ConflictError": 409,
    "GoneError": 410,
    "LockedError": 423,
    "ThrottledError": 429,
    "CorruptError": 500,
    "UnavailableError": 503,
    "ConfigurationError": 503,
    "SettingError": 503,
}


def assert_shape(answer, kind):
    assert answer.mimetype == problems.MEDIA_TYPE
    document = answer.get_json()
    assert set(document) >= MEMBERS
    assert document["type"] == f"urn:muniment:problem:{kind}"
    assert document["status"] == answer.status_code
    assert document["request_id"] == answer.headers["X-Request-ID"]
    assert answer.headers["Cache-Control"] == "no-store"
    return document


KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, MunimentError) and kind is not MunimentError
]


@pytest.mark.parametrize("fault", KINDS, ids=lambda fault: fault.__name__)
def test_every_kind_of_error_has_its_status(client, legal, stand_in, fault):
    stand_in.fault = fault("One sentence.")
    answer = client.get(SEARCH, headers=legal)
    assert answer.status_code == EXPECTED[fault.__name__]
    document = assert_shape(answer, problems.BY_ERROR[fault].name)
    assert document["detail"] == "One sentence."


def test_types_are_distinct():
    assert len({kind.uri for kind in problems.TYPES}) == len(problems.TYPES)


def test_a_query_error_points_at_its_column(client, legal):
    answer = client.get(SEARCH, query_string={"q": "fee AND (rebate"}, headers=legal)
    document = assert_shape(answer, "invalid-query")
    assert (answer.status_code, document["column"]) == (400, 9)


def test_a_wrong_cursor_is_an_invalid_request(client, legal):
    answer = client.get(SEARCH, query_string={"cursor": "zz"}, headers=legal)
    assert "column" not in assert_shape(answer, "invalid-request")


@pytest.mark.parametrize(
    "query",
    [
        *("limit=0", "limit=x", "limit=1001", "sort=up", "as_of=-1", "facets=perhaps", "Q=a"),
        *("q=a&q=b", "as_of=1&as_of=1"),
    ],
)
def test_parameters_out_of_form_are_named(client, legal, query):
    answer = client.get(f"{SEARCH}?{query}", headers=legal)
    document = assert_shape(answer, "invalid-request")
    assert answer.status_code == 400
    assert [fault["name"] for fault in document["errors"]] == [query.split("=")[0]]


@pytest.mark.parametrize("path", [f"{SEARCH}?q=caf%E9", "/?q=caf%E9", f"{SEARCH}?caf%E9=1"])
def test_an_address_that_is_not_utf_8_is_refused(client, legal, path):
    assert_shape(client.get(path, headers=legal), "invalid-request")
    assert client.get(f"{SEARCH}?q=caf%C3%A9", headers=legal).status_code == 200


def test_a_purpose_of_any_letters_is_percent_encoded(client, legal, stand_in):
    stated = quote("matter:Müller v. 李 at 5%", safe=": ")
    assert stated.startswith("matter:M%C3%BCller v. ")
    answer = client.get(SEARCH, headers=legal | {"Muniment-Purpose": stated})
    assert answer.status_code == 200
    assert stand_in.noted[-1] == ("search", "u2", "matter:Müller v. 李 at 5%")


@pytest.mark.parametrize("stated", ["matter:M%FCller", "matter:%C3"])
def test_a_purpose_that_is_not_utf_8_is_refused(client, legal, stated):
    answer = client.get(SEARCH, headers=legal | {"Muniment-Purpose": stated})
    document = assert_shape(answer, "invalid-request")
    assert [fault["name"] for fault in document["errors"]] == ["Muniment-Purpose"]


def test_an_emptied_purpose_is_answered_with_how_to_write_it(client, legal):
    answer = client.get(SEARCH, headers=legal | {"Muniment-Purpose": ""})
    assert "M%C3%BCller" in assert_shape(answer, "purpose-required")["detail"]


@pytest.mark.parametrize("stated", [None, "", "curiosity", "matter:a%0Ab", "matter:" + "x" * 201])
def test_a_read_without_a_known_purpose_lists_them(client, legal, stated):
    asked = {"Authorization": legal["Authorization"]}
    if stated is not None:
        asked["Muniment-Purpose"] = stated
    answer = client.get(SEARCH, headers=asked)
    document = assert_shape(answer, "purpose-required")
    assert document["purposes"] == list(PURPOSES)


@pytest.mark.parametrize("stated", ["", "Basic dTpw", "Bearer", "Bearer nobody", LEGAL])
@pytest.mark.parametrize("path", [SEARCH, "/readyz", "/metrics", "/openapi.json", "/docs", "/no"])
def test_nothing_answers_without_a_token(client, path, stated):
    answer = client.get(path, headers={"Authorization": stated} if stated else {})
    assert_shape(answer, "unauthenticated")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_role_without_the_right_is_forbidden(client, administrator):
    assert_shape(client.get(SEARCH, headers=administrator), "forbidden")


def test_a_purpose_that_is_not_the_role_s_is_forbidden(client, legal):
    answer = client.get(SEARCH, headers={**legal, "Muniment-Purpose": "training"})
    assert_shape(answer, "forbidden")


def test_a_method_that_is_not_there_names_those_that_are(client, legal):
    answer = client.delete(SEARCH, headers=legal)
    assert_shape(answer, "method-not-allowed")
    assert "GET" in answer.headers["Allow"]


def test_unavailable_says_when_to_come_again(client, legal, stand_in):
    stand_in.fault = UnavailableError("The committer does not answer.", retry_after=2.2)
    assert client.get(SEARCH, headers=legal).headers["Retry-After"] == "3"


def test_an_archive_that_cannot_be_opened_is_unavailable_but_alive(legal):
    from api.app import create_app

    def closed():
        raise ConfigurationError("There is no archive here.")

    client = create_app(closed).test_client()
    assert_shape(client.get(SEARCH, headers=legal), "unavailable")
    assert client.get("/healthz").status_code == 200


def test_a_defect_is_told_without_details_and_logged_without_content(
    client, legal, stand_in, caplog
):
    stand_in.fault = ValueError("what was being read")
    with caplog.at_level(logging.INFO, logger=log.NAME):
        answer = client.get(SEARCH, query_string={"q": "privateword"}, headers=legal)
    document = assert_shape(answer, "internal")
    assert answer.status_code == 500
    lines = [json.loads(record.getMessage()) for record in caplog.records]
    failure = next(line for line in lines if line["event"] == "failure")
    assert failure["request_id"] == document["request_id"]
    assert failure["error"] == "ValueError"
    for secret in ("what was being read", "privateword", LEGAL):
        assert secret not in answer.text + caplog.text


def test_a_request_is_logged_by_route_not_by_path(client, legal, caplog, capture):
    id = capture()
    with caplog.at_level(logging.INFO, logger=log.NAME):
        client.get(f"/v1/interactions/{id}", headers=legal)
    line = json.loads(caplog.records[-1].getMessage())
    assert (line["route"], line["status"], line["actor"]) == (
        "/v1/interactions/<uuid:id>",
        200,
        "u2",
    )


def test_a_browser_gets_a_page(client, legal):
    answer = client.get("/no-such-page", headers={**legal, "Accept": "text/html,*/*;q=0.8"})
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert answer.headers["X-Request-ID"] in answer.text


def test_the_api_answers_a_browser_in_its_own_form(client, legal):
    answer = client.get("/v1/none", headers={**legal, "Accept": "text/html"})
    assert_shape(answer, "not-found")


def test_every_answer_has_the_security_headers(client, legal):
    for path in ("/healthz", "/sign-in", SEARCH, "/none", "/static/console.css"):
        answer = client.get(path, headers=legal)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"


STRANGE = st.text(st.characters(codec="utf-8"), max_size=60)


@settings(max_examples=60)
@given(
    query=st.dictionaries(
        st.sampled_from(["q", "limit", "cursor", "sort", "as_of", "facets", "count", "x"]), STRANGE
    )
)
def test_no_query_string_makes_a_500(client, legal, query):
    answer = client.get(SEARCH, query_string=query, headers=legal)
    assert answer.status_code in (200, 400)


@settings(max_examples=60)
@given(
    body=st.binary(max_size=200),
    path=st.sampled_from(["/v1/interactions", "/v1/interactions/bulk"]),
    media_type=st.sampled_from(["application/json", "application/x-ndjson", "text/plain", ""]),
)
def test_no_body_makes_a_500(client, legal, body, path, media_type):
    answer = client.post(path, data=body, content_type=media_type, headers=legal)
    assert answer.status_code < 500


@settings(max_examples=60)
@given(
    path=STRANGE,
    raw=st.binary(max_size=30).map(lambda value: value.decode("latin-1")),
    method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"]),
    accept=st.sampled_from(["text/html", "*/*", "", "q=;"]),
)
def test_no_path_or_header_makes_a_500(client, path, raw, method, accept):
    value = raw.replace("\n", " ").replace("\r", " ")
    headers = {"Accept": accept, "Authorization": value, "Cookie": f"muniment_session={value}"}
    for token in (None, f"Bearer {LEGAL}"):
        asked = headers if token is None else {**headers, "Authorization": token}
        # As a server gives it: the client would take a second slash for a host's name.
        raw_path = f"/{path}".encode().decode("latin-1")
        answer = client.open(
            "/", method=method, headers=asked, environ_overrides={"PATH_INFO": raw_path}
        )
        assert answer.status_code < 500


def test_statuses_are_of_http():
    assert all(HTTPStatus(kind.status) for kind in problems.TYPES)


def test_an_invalid_error_of_column_nought_still_points_at_one():
    assert problems.of_error(InvalidError("Empty.", column=0)).column == 1
