"""The published log and its proofs through every door, over a real archive."""

import base64
import html
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient

from api.app import create_app
from api.cli import run
from archive.bucket.fake import FakeBucket
from archive.creating import NewArchive, create_archive
from archive.errors import CorruptError
from archive.events.opener import Opener
from archive.log.publisher import LogPublisher
from archive.model.roles import LOCAL_ACTOR
from archive.opening import Archive, open_archive
from archive.sealing.frame import open_evidence
from archive.settings import Settings
from tests.api.conftest import headers
from tests.api.standin import interaction
from tests.log.checking import check_log


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path / "home"))
    return Settings.load({"MUNIMENT_HOME": str(tmp_path / "home")}, tmp_path)


@pytest.fixture
def made(settings: Settings) -> NewArchive:
    return create_archive(settings)


@pytest.fixture
def archive(settings: Settings, made: NewArchive) -> Iterator[Archive]:
    with open_archive(settings) as opened:
        yield opened


@pytest.fixture
def client(archive: Archive) -> FlaskClient:
    return create_app(lambda: archive).test_client()


def capture(archive: Archive, *native_ids: str, **changes: object) -> list[UUID]:
    lines = [interaction(native_id, **changes) for native_id in native_ids]
    found = [result.id for result in archive.intake.capture(LOCAL_ACTOR, lines)]
    archive.follow()
    archive.publish()
    return [each for each in found if each is not None]


def test_the_whole_log_is_read_without_a_token(archive: Archive, client: FlaskClient) -> None:
    capture(archive, *map(str, range(300)))
    names = [
        str(path.relative_to(archive.settings.home / "bucket"))
        for path in (archive.settings.home / "bucket/log").rglob("*")
        if path.is_file()
    ]
    objects = {}
    for name in names:
        answer = client.get(f"/{name}")
        assert answer.status_code == 200, name
        objects[name] = answer.data
        is_tile = name.startswith("log/tile/")
        expected = "application/octet-stream" if is_tile else "text/plain; charset=utf-8"
        assert answer.headers["Content-Type"] == expected
        for_ever = is_tile or name.startswith("log/checkpoints/")
        assert ("immutable" in answer.headers["Cache-Control"]) == for_ever
    assert len(check_log(objects)) == archive.pointers.last_seq()


@pytest.mark.parametrize(
    "path",
    [
        *("tile/0/0", "tile/0/000.p/256", "tile/64/000", "tile/../checkpoint", "tile/0/x000/000"),
        *("checkpoints/1", f"checkpoints/01-{'a' * 64}", "checkpoints/..", "tile/entries/00"),
    ],
)
def test_a_name_that_is_none_reads_nothing(
    archive: Archive, client: FlaskClient, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = FakeBucket(archive.clock)
    monkeypatch.setattr(archive.log, "_bucket", bucket)
    answer = client.get(f"/log/{path}")
    assert answer.status_code in (401, 404) and not bucket.requests
    assert answer.mimetype == "application/problem+json"


def test_what_is_not_there_is_a_problem(client: FlaskClient) -> None:
    for path in ("tile/0/999", "tile/0/000.p/77", f"checkpoints/1-{'a' * 64}", "tile/entries/999"):
        answer = client.get(f"/log/{path}")
        assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def proof_of(client: FlaskClient, made: NewArchive, id: object, **query: Any) -> dict[str, Any]:
    answer = client.get(
        f"/v1/interactions/{id}/proof", headers=headers(made.legal_token), query_string=query
    )
    assert answer.status_code == 200, answer.text
    return cast(dict[str, Any], answer.get_json())


def test_a_proof_says_where_and_opens_the_evidence(
    archive: Archive, client: FlaskClient, made: NewArchive
) -> None:
    first, _ = capture(archive, "a", "b")
    capture(archive, "a", text="edited")
    proof = proof_of(client, made, first)
    evidence = proof["evidence"]
    assert (evidence["record"], evidence["version"]) == (str(first), 2)
    assert proof["index"] == evidence["seq"] - 1 < proof["size"]
    assert proof["tlog_proof"].startswith(f"c2sp.org/tlog-proof@v1\nindex {proof['index']}\n")
    assert proof["tlog_proof"].endswith(f"\n\n{proof['checkpoint']}")
    assert evidence["log_key"] == client.get("/log/vkey").text.strip()
    older = proof_of(client, made, first, version=1)
    assert older["evidence"]["version"] == 1 and older["index"] < proof["index"]
    frame = base64.b64decode(evidence["frame"])
    assert b"edited" in open_evidence(frame, base64.b64decode(evidence["subkey"]))


def test_a_proof_is_a_read_of_content(
    archive: Archive, client: FlaskClient, made: NewArchive
) -> None:
    (id,) = capture(archive, "a")
    url = f"/v1/interactions/{id}/proof"
    assert client.get(url).status_code == 401
    assert client.get(url, headers=headers(made.legal_token, None)).status_code == 400
    before = archive.pointers.last_seq()
    assert client.get(url, headers=headers(made.administrator_token)).status_code == 403
    assert client.get(url, headers=headers(made.legal_token)).status_code == 200
    assert archive.pointers.last_seq() == before + 2, "the refusal and the read are audited"
    other = f"/v1/interactions/{uuid4()}/proof"
    assert client.get(other, headers=headers(made.legal_token)).status_code == 404
    missing = client.get(url, headers=headers(made.legal_token), query_string={"version": 7})
    assert missing.status_code == 404


def test_an_erased_record_is_still_proved(
    archive: Archive, client: FlaskClient, made: NewArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    (id,) = capture(archive, "a")
    with_evidence = proof_of(client, made, id)
    monkeypatch.setattr(Opener, "evidence", lambda self, row: None)
    assert proof_of(client, made, id) == with_evidence | {"evidence": None}


def test_a_changed_tile_proves_nothing(
    archive: Archive, client: FlaskClient, made: NewArchive
) -> None:
    (id,) = capture(archive, "a")
    size = archive.log.newest().checkpoint.size
    path = archive.settings.home / f"bucket/log/tile/0/000.p/{size}"
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data[:31] + bytes([data[31] ^ 1]) + data[32:])
    answer = client.get(f"/v1/interactions/{id}/proof", headers=headers(made.legal_token))
    assert answer.status_code == 500
    assert answer.get_json()["type"] == "urn:muniment:problem:corrupt"


def test_a_proof_waits_for_the_log_and_then_says_so(
    archive: Archive, client: FlaskClient, made: NewArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.access.proofs._PATIENCE_SECONDS", 0.2)
    archive.intake.capture(LOCAL_ACTOR, [interaction("late")])
    (id,) = (
        row.originator_id
        for row in archive.pointers.select_pointers_from(archive.pointers.last_seq(), 1)
    )
    answer = client.get(f"/v1/interactions/{id}/proof", headers=headers(made.legal_token))
    assert answer.status_code == 503 and "not in it yet" in answer.get_json()["detail"]
    archive.publish()
    assert proof_of(client, made, id)["evidence"]["record"] == str(id)


def test_consistency_between_any_two_sizes(
    archive: Archive, client: FlaskClient, made: NewArchive
) -> None:
    capture(archive, *map(str, range(40)))
    url, legal = "/v1/log/consistency", headers(made.legal_token, None)
    size = archive.log.newest().checkpoint.size
    for first in (0, 1, 7, size):
        for second in (first, size - 1 if first < size else size, size):
            answer = client.get(url, headers=legal, query_string={"first": first, "second": second})
            assert answer.status_code == 200
            assert answer.get_json()["first"] == first and answer.get_json()["second"] == second
    for wrong in ((2, 1), (0, size + 1), (-1, 3), ("x", 3)):
        query = dict(zip(("first", "second"), wrong, strict=True))
        assert client.get(url, headers=legal, query_string=query).status_code == 400, wrong
    assert client.get(f"{url}?first=0&second=1").status_code == 401


def test_the_command_line_proves_and_gives_checkpoints(
    settings: Settings, made: NewArchive, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "lines.ndjson").write_bytes(interaction("a") + b"\n" + interaction("b") + b"\n")

    def call(*arguments: str, status: int = 0) -> str:
        capfd.readouterr()
        assert run(arguments) == status
        return capfd.readouterr().out

    call("import", str(tmp_path / "lines.ndjson"), "--source", "desk")
    with open_archive(settings) as archive:
        assert archive.log.newest().checkpoint.size == archive.pointers.last_seq()
    found = json.loads(call("search", "", "--json"))["results"]
    proof = json.loads(call("prove", found[0]["id"], "--json"))
    assert proof["evidence"]["record"] == found[0]["id"]
    # The search has left an audit event, which the log has to cover too.
    assert proof["size"] > found[0]["seq"]
    assert call("prove", found[0]["id"], "--version", "1").startswith("c2sp.org/tlog-proof@v1\n")
    call("prove", found[0]["id"], "--version", "9", status=1)
    bundle, key, kept = (tmp_path / name for name in ("bundle.json", "key", "kept"))
    bundle.write_text(json.dumps(proof))
    key.write_text(call("log", "vkey"))
    kept.write_text(proof["checkpoint"])
    verifier = Path(__file__).parents[2] / "scripts/verify_evidence.py"
    options = ["--log-key", str(key), "--checkpoint", str(kept)]
    subprocess.run([sys.executable, verifier, bundle, *options], check=True)
    note = call("checkpoint")
    told = json.loads(call("checkpoint", "--json"))
    assert told["checkpoint"] == note and told["size"] > proof["size"]
    assert note.startswith(f"{told['origin']}\n{told['size']}\n{told['root']}\n\n— ")
    assert call("log", "vkey").strip() == json.loads(call("log", "vkey", "--json"))["vkey"]
    call("log", status=2)


def test_health_tells_of_the_log(
    archive: Archive, client: FlaskClient, made: NewArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.intake.capture(LOCAL_ACTOR, [interaction("late")])
    legal = headers(made.administrator_token, None)

    def state() -> dict[str, Any]:
        followers = client.get("/readyz", headers=legal).get_json()["followers"]
        (found,) = (each for each in followers if each["name"] == "log")
        return cast(dict[str, Any], found)

    lag = state()["lag"]
    assert lag > 0
    assert (
        f'muniment_follower_lag_events{{follower="log"}} {lag}'
        in client.get("/metrics", headers=legal).text
    )
    archive.publish()
    assert state() == {"name": "log", "position": archive.pointers.last_seq(), "lag": 0}
    assert archive.leadership.acquire()
    archive.log_head.note_stopped()
    archive.leadership.release()
    assert "log has stopped" in client.get("/readyz", headers=legal).get_json()["notes"][-1]


def test_the_console_shows_the_log_and_gives_proofs(
    archive: Archive, client: FlaskClient, made: NewArchive
) -> None:
    (id,) = capture(archive, "a")
    capture(archive, "a", text="edited")
    assert client.get("/log").status_code == 401
    form = {"token": made.legal_token, "purpose": "compliance", "next": "/"}
    same = {"Sec-Fetch-Site": "same-origin"}
    assert client.post("/sign-in", data=form, headers=same).status_code == 303
    page = client.get("/log").text
    newest = archive.log.newest()
    assert str(archive.log.verifier) in html.unescape(page)
    assert newest.note in html.unescape(page)
    record = client.get(f"/interactions/{id}").text
    proof = client.get(f"/interactions/{id}/proof")
    assert proof.headers["Content-Disposition"] == f"attachment; filename={id}.proof.json"
    told = proof.get_json()
    assert f"<dd>{told['index']}, counted from 0</dd>" in record
    assert base64.b64decode(told["leaf_hash"]).hex() in record
    older = client.get(f"/interactions/{id}/proof?number=1").get_json()
    assert (older["evidence"]["version"], told["evidence"]["version"]) == (1, 2)
    assert client.get(f"/interactions/{id}/proof?number=x").status_code == 400


def test_a_log_that_fails_takes_nobodys_report_or_tokens(
    settings: Settings, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    def failing(self: LogPublisher) -> int:
        raise CorruptError("A fork.")

    monkeypatch.setattr(LogPublisher, "step", failing)
    assert run(["init", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["recovery_code"]
    (tmp_path / "lines.ndjson").write_bytes(interaction("a") + b"\n")
    assert run(["import", str(tmp_path / "lines.ndjson"), "--source", "desk", "--json"]) == 0
    written = capfd.readouterr()
    assert json.loads(written.out)["archived"] == 1
    assert "The log is not up to date: A fork." in written.err
