"""The doors over a real archive in a temporary folder: in by one, found and read by the others."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.app import create_app
from api.cli import run
from archive.creating import create_archive
from archive.opening import open_archive
from archive.settings import Settings
from tests.api.conftest import headers
from tests.api.standin import interaction

LETTER = (
    b"From ann@example.com Mon May 14 16:39:00 2001\n"
    b"From: Ann <ann@example.com>\nTo: bob@example.org\nSubject: Side letter\n"
    b"Message-ID: <a1@example.com>\nDate: Mon, 14 May 2001 16:39:00 +0000\n\n"
    b"The guarantee is in the side letter.\n\n"
)
ANSWER = (
    b"From bob@example.org Tue May 15 09:00:00 2001\n"
    b"From: bob@example.org\nTo: ann@example.com\nSubject: Re: Side letter\n"
    b"Message-ID: <b1@example.org>\nIn-Reply-To: <a1@example.com>\n"
    b"Date: Tue, 15 May 2001 09:00:00 +0000\n\nNo guarantee without a rebate.\n"
)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)


def environment(tmp_path):
    """Everything under the temporary folder, the index too, so that nothing stays behind."""
    return {
        "MUNIMENT_HOME": str(tmp_path / "home"),
        "MUNIMENT_INDEX_DIR": str(tmp_path / "index"),
        "MUNIMENT_INDEX_ON_DISK": "yes",
    }


def document(capfd):
    return json.loads(capfd.readouterr().out)


def call(capfd, *arguments, status=0):
    capfd.readouterr()
    assert run([*arguments, "--json"]) == status
    return document(capfd)


def test_mail_goes_in_and_is_found_and_read_again(home, tmp_path, capfd):
    mailbox = tmp_path / "box"
    mailbox.write_bytes(LETTER + ANSWER)
    made = call(capfd, "init")
    assert {"administrator_token", "legal_token", "recovery_code", "notes"} <= set(made)

    report = call(capfd, "import", str(mailbox), "--source", "mail")
    assert (report["seen"], report["archived"], report["exceptions"]) == (2, 2, [])
    again = call(capfd, "import", str(mailbox), "--source", "mail")
    assert (again["seen"], again["archived"], again["already"]) == (2, 0, 2)

    found = call(capfd, "search", "guarantee", "--sort", "date", "--facets")
    assert found["total"] == 2
    assert found["results"][0]["from"] == "ann@example.com"
    assert found["facets"]["channel"] == {"email": 2}
    assert call(capfd, "search", '"side letter" from:ann@example.com')["total"] == 1

    id = found["results"][0]["id"]
    assert "in the side letter" in call(capfd, "show", id)["text"]
    assert len(call(capfd, "history", id)["events"]) == 1
    assert run(["search", "guarantee AND (rebate"]) == 2
    assert run(["init"]) == 1


def test_slices_of_an_mbox_join_to_the_file(home, tmp_path, capfdbinary):
    mailbox = tmp_path / "box"
    mailbox.write_bytes(LETTER + ANSWER)
    assert run(["init"]) == 0
    assert run(["import", str(mailbox), "--source", "mail"]) == 0
    capfdbinary.readouterr()
    assert run(["search", "", "--sort", "date", "--json"]) == 0
    ids = [result["id"] for result in json.loads(capfdbinary.readouterr().out)["results"]]
    slices = []
    for id in ids:
        assert run(["show", id, "--original"]) == 0
        slices.append(capfdbinary.readouterr().out)
    assert b"".join(slices) == LETTER + ANSWER


def test_what_cannot_be_read_is_listed_and_leaves_with_1(home, tmp_path, capfd):
    lines = tmp_path / "lines.ndjson"
    lines.write_bytes(interaction("a") + b"\n" + interaction("b", channel="pigeon") + b"\n")
    assert run(["init"]) == 0
    report = call(capfd, "import", str(lines), "--source", "desk", status=1)
    assert (report["seen"], report["archived"], report["rejected"]) == (2, 1, 1)
    assert "channel" in report["exceptions"][0]["reason"]


def test_http_captures_finds_and_reads(tmp_path):
    settings = Settings.load(environment(tmp_path), tmp_path)
    made = create_archive(settings)
    with open_archive(settings) as archive:
        client = create_app(lambda: archive).test_client()
        legal = headers(made.legal_token)
        sent = client.post(
            "/v1/interactions",
            data=interaction("m1"),
            content_type="application/json",
            headers=legal,
        )
        assert sent.status_code == 201, sent.text
        many = client.post(
            "/v1/interactions/bulk",
            data=b"\n".join([interaction("m1"), b"{}", interaction("m2", subject="Other")]),
            content_type="application/x-ndjson",
            headers=legal,
        )
        results = [json.loads(line) for line in many.text.splitlines()]
        assert [result["status"] for result in results] == ["already", "rejected", "archived"]
        archive.wait_until_searchable(results[-1]["seq"])

        found = client.get("/v1/search?q=subject:other", headers=legal).get_json()
        assert [result["id"] for result in found["results"]] == [results[-1]["id"]]
        narrowed = client.get(
            "/v1/search?q=side&facets=true&filter=channel:email&filter=year:2001", headers=legal
        ).get_json()
        assert (narrowed["total"], narrowed["facets"]["year"]) == (2, {"2001": 2})
        assert "channel:email" in narrowed["query"]["parsed"]
        for refused in ("pigeon", "channel:pigeon", "colour:red"):
            asked = {"q": "side", "filter": refused}
            assert client.get("/v1/search", query_string=asked, headers=legal).status_code == 400
        place = sent.headers["Location"]
        assert client.get(place, headers=legal).get_json()["subject"] == "Side letter"
        assert client.get(f"{place}/original", headers=legal).data == interaction("m1")
        assert len(client.get(f"{place}/history", headers=legal).get_json()["events"]) == 1
        wrong = client.get("/v1/search?q=fee AND (x", headers=legal)
        assert wrong.get_json()["type"] == "urn:muniment:problem:invalid-query"
        assert client.get("/readyz", headers=legal).status_code == 200
        administrator = headers(made.administrator_token)
        assert client.get("/v1/search?q=x", headers=administrator).status_code == 403
        assert client.get("/metrics", headers=administrator).status_code == 200

        client.post("/sign-in", data={"token": made.legal_token, "purpose": "compliance"})
        page = client.get("/?q=side")
        assert page.status_code == 200
        assert "<mark>Side</mark>" in page.text or "<mark>side</mark>" in page.text


QUERY_TEXT = (
    'side "side letter" AND OR NOT ( ) - * ? ~1 w/3 pre/2 %2 : from: sent:2001.. sent>=2001-05 '
    "size>1kb has:attachment is:html-only"
)


def test_no_query_makes_a_500(tmp_path):
    settings_of_archive = Settings.load(environment(tmp_path), tmp_path)
    made = create_archive(settings_of_archive)
    with open_archive(settings_of_archive) as archive:
        client = create_app(lambda: archive).test_client()
        legal = headers(made.legal_token)
        archive.intake.capture(archive.entrance.by_token(made.legal_token), [interaction()])

        @settings(max_examples=40)
        @given(
            query=st.lists(
                st.sampled_from(QUERY_TEXT.split()) | st.text(max_size=4), max_size=6
            ).map(" ".join),
            cursor=st.none() | st.text(max_size=20),
            as_of=st.none() | st.integers(0, 2**80),
        )
        def answered(query, cursor, as_of):
            asked = {"q": query, "cursor": cursor, "as_of": as_of}
            answer = client.get(
                "/v1/search",
                query_string={name: value for name, value in asked.items() if value is not None},
                headers=legal,
            )
            assert answer.status_code in (200, 400), answer.text

        answered()
