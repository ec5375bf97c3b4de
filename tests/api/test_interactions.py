"""One interaction over HTTP: capture, read, original, history."""

import base64
import gzip
import hashlib

import pytest

from api.app import create_app
from archive.errors import CorruptError, UnavailableError
from tests.api.standin import interaction

URL = "/v1/interactions"


def post(client, headers, body, **extra):
    return client.post(
        URL, data=body, content_type="application/json", headers={**headers, **extra}
    )


def test_capture_answers_201_then_200(client, legal):
    first = post(client, legal, interaction())
    again = post(client, legal, interaction())
    assert (first.status_code, first.json["status"]) == (201, "archived")
    assert (again.status_code, again.json["status"]) == (200, "already")
    assert first.json["id"] == again.json["id"]
    assert first.headers["Location"] == f"{URL}/{first.json['id']}"


def test_capture_of_something_erased_says_so(client, legal, stand_in, capture):
    id = capture()
    stand_in.erased = set(stand_in.records)
    answer = post(client, legal, interaction())
    assert (answer.status_code, answer.json["status"], answer.json["id"]) == (200, "erased", id)


def test_a_bad_interaction_is_a_problem_with_its_reason(client, legal):
    answer = post(client, legal, interaction(channel="pigeon"))
    assert answer.status_code == 422
    assert answer.json["type"] == "urn:muniment:problem:rejected-interaction"
    assert "channel" in answer.json["detail"]


def test_the_same_key_with_another_body_is_refused(client, legal):
    key = {"Idempotency-Key": "k-1"}
    assert post(client, legal, interaction("a"), **key).status_code == 201
    assert post(client, legal, interaction("a"), **key).status_code == 200
    other = post(client, legal, interaction("b"), **key)
    assert other.status_code == 409
    assert other.json["type"] == "urn:muniment:problem:idempotency-key-reused"


def test_a_key_holds_in_every_web_process(client, legal, stand_in):
    key = {"Idempotency-Key": "k-1"}
    other = create_app(lambda: stand_in).test_client()
    assert post(client, legal, interaction("a"), **key).status_code == 201
    assert post(other, legal, interaction("b"), **key).status_code == 409
    assert post(other, legal, interaction("a"), **key).status_code == 200


def test_a_key_is_free_again_after_a_refusal_or_a_failure(client, legal, stand_in):
    key = {"Idempotency-Key": "k-1"}
    assert post(client, legal, b"{}", **key).status_code == 422
    stand_in.fault = UnavailableError("The committer does not answer.")
    assert post(client, legal, interaction("a"), **key).status_code == 503
    stand_in.fault = None
    assert post(client, legal, interaction("b"), **key).status_code == 201


def test_keys_of_two_users_do_not_meet(client, legal, administrator):
    key = {"Idempotency-Key": "k-1"}
    assert post(client, legal, interaction("a"), **key).status_code == 201
    assert post(client, administrator, interaction("b"), **key).status_code == 201


@pytest.mark.parametrize("key", ["", "a b", "x" * 256])
def test_a_key_has_a_form(client, legal, key):
    answer = post(client, legal, interaction(), **{"Idempotency-Key": key})
    assert answer.status_code == 400


def test_another_media_type_is_refused(client, legal):
    answer = client.post(URL, data=interaction(), content_type="text/csv", headers=legal)
    assert (answer.status_code, answer.json["type"]) == (
        415,
        "urn:muniment:problem:unsupported-media-type",
    )


@pytest.mark.parametrize(
    ("path", "media_type"),
    [(URL, "application/json"), (f"{URL}/bulk", "application/x-ndjson")],
)
def test_a_packed_body_is_refused(client, legal, stand_in, path, media_type):
    def send(body, encoding):
        return client.post(
            path,
            data=body,
            content_type=media_type,
            headers={**legal, "Content-Encoding": encoding},
        )

    answer = send(gzip.compress(interaction()), "gzip")
    assert (answer.status_code, answer.json["type"]) == (
        415,
        "urn:muniment:problem:unsupported-media-type",
    )
    assert "Content-Encoding" in answer.json["detail"]
    assert stand_in.records == {}
    assert send(interaction(), "Identity").status_code in (200, 201)


def test_a_body_that_is_too_large_is_refused_unread(client, legal):
    answer = client.post(
        URL,
        environ_overrides={"CONTENT_LENGTH": str(64 * 1024 * 1024 + 1)},
        content_type="application/json",
        headers=legal,
    )
    assert (answer.status_code, answer.json["type"]) == (413, "urn:muniment:problem:too-large")


def test_show_gives_the_record_and_audits_the_purpose(client, legal, capture, stand_in):
    id = capture(text="Grüße")
    answer = client.get(f"{URL}/{id}", headers={**legal, "Muniment-Purpose": "matter:Smith"})
    assert answer.status_code == 200
    assert (answer.json["text"], answer.json["occurred_at"]) == ("Grüße", "2001-05-14T16:39:00Z")
    assert stand_in.noted == [("show", "u2", "matter:Smith")]


def test_original_gives_the_bytes_and_their_digest(client, legal, capture):
    body = interaction()
    answer = client.get(f"{URL}/{capture()}/original", headers=legal)
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    assert answer.data == body
    assert answer.headers["Repr-Digest"] == f"sha-256=:{digest}:"
    assert answer.headers["Content-Length"] == str(len(body))
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_an_original_that_fails_at_once_is_a_problem(client, legal, capture, stand_in, monkeypatch):
    def broken(raw):
        raise CorruptError("blobs/ab does not check.")
        yield b""

    id = capture()
    monkeypatch.setattr(stand_in, "_chunks", broken)
    answer = client.get(f"{URL}/{id}/original", headers=legal)
    assert (answer.status_code, answer.json["type"]) == (500, "urn:muniment:problem:corrupt")


def test_history_lists_events(client, legal, capture):
    id = capture()
    answer = client.get(f"{URL}/{id}/history", headers=legal)
    assert answer.json["id"] == id
    assert [event["type"] for event in answer.json["events"]] == ["captured"]


@pytest.mark.parametrize("what", ["", "/original"])
def test_an_erased_record_is_gone(client, legal, capture, stand_in, what):
    id = capture()
    stand_in.erased = set(stand_in.records)
    answer = client.get(f"{URL}/{id}{what}", headers=legal)
    assert (answer.status_code, answer.json["type"]) == (410, "urn:muniment:problem:gone")


@pytest.mark.parametrize("id", ["00000000-0000-8000-8000-000000000000", "not-an-id", "bulk"])
def test_what_is_not_there_is_not_found(client, legal, id):
    answer = client.get(f"{URL}/{id}", headers=legal)
    assert answer.status_code in (404, 405)
    assert answer.json["type"].startswith("urn:muniment:problem:")
