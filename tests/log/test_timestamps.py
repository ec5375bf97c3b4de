"""Timestamps on checkpoints, from an authority that is good, wrong, slow, or not there."""

import base64
import json
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from click.testing import CliRunner

from api.app import create_app
from api.cli import muniment
from archive.bucket.fake import FakeBucket
from archive.bucket.names import (
    LOG_TIMESTAMPS,
    checkpoint_name,
    parse_timestamp_name,
    timestamp_name,
)
from archive.bucket.port import LockMode, Retention
from archive.creating import create_archive
from archive.errors import CorruptError, NotFoundError, UnavailableError
from archive.locking.log import LogLocks
from archive.log.authority import LONGEST, ask
from archive.log.timestamps import APART, Timestamps
from archive.log.tokens import make_query, read_timestamp
from archive.opening import Archive, open_archive
from archive.settings import Settings
from policies.jobs import schedule_of
from tests.archive.house import capture, line
from tests.locking.clocks import SetClock
from tests.log.log_house import House, house_in
from tests.log.stamping import Authority, make_certificates, openssl, serving
from tests.verifying.verified import verified
from tests.waiting import PATIENCE

DOCS = Path(__file__).parents[2] / "docs"
NOTE = b"muniment.test\n1\nAAAA\n\n\xe2\x80\x94 muniment.test AAAA\n"
NOWHERE = "http://127.0.0.1:9/"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("authority")
    make_certificates(folder)
    return folder


@pytest.fixture
def authority(certificates: Path) -> Iterator[Authority]:
    with serving(certificates) as running:
        yield running


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_in(tmp_path, bucket=FakeBucket(SetClock(datetime.now(UTC)))) as opened:
        yield opened


def stamps(house: House, url: str | None, retention: Retention | None = None) -> Timestamps:
    return Timestamps(house.bucket, house.reader, house.clock, lambda _: retention, url)


def clock_of(house: House) -> SetClock:
    assert isinstance(house.bucket, FakeBucket)
    clock = house.bucket._clock
    assert isinstance(clock, SetClock)
    return clock


def names(house: House) -> list[str]:
    return list(house.bucket.names(LOG_TIMESTAMPS))


# What the authority answers


def test_a_timestamp_is_of_what_was_asked_and_says_when(authority: Authority) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    found = ask(authority.url, NOTE)
    assert found is not None
    data, timestamp = found
    assert read_timestamp(data) == timestamp
    assert before <= timestamp.time <= datetime.now(UTC)


def without_certificate(query: bytes) -> bytes:
    assert query[0] == 0x30 and query.endswith(b"\x01\x01\xff")
    return bytes([0x30, query[1] - 3]) + query[2:-3]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda authority, _: b"Good morning", "gave an answer that is not an answer as RFC 3161"),
        (lambda authority, _: b"", "gave an answer that is not an answer as RFC 3161"),
        (lambda authority, _: b"0\x05\x30\x03\x02\x01\x02", "that is a refusal, with the status 2"),
        (lambda authority, query: authority.reply(query)[:-9], "as RFC 3161"),
        (lambda authority, _: bytes(LONGEST + 1), "longer than 64 KiB"),
        (lambda authority, _: authority.reply(make_query(b"else").data), "of something else"),
        (lambda authority, _: authority.reply(make_query(NOTE).data), "another nonce"),
        (
            lambda authority, query: authority.reply(without_certificate(query)),
            "without its certificate",
        ),
    ],
)
def test_a_wrong_answer_is_named(
    authority: Authority, change: Callable[[Authority, bytes], bytes], said: str
) -> None:
    authority.answer = lambda query: change(authority, query)
    with pytest.raises(UnavailableError, match=said) as raised:
        ask(authority.url, NOTE)
    assert str(raised.value).startswith(f"The time-stamping authority at {authority.url} ")
    assert str(raised.value).endswith(".")


def test_an_http_failure_is_named(authority: Authority) -> None:
    authority.status = 503
    with pytest.raises(UnavailableError, match="answered with the HTTP status 503"):
        ask(authority.url, NOTE)
    with pytest.raises(UnavailableError, match="does not answer"):
        ask(NOWHERE, NOTE)
    with pytest.raises(UnavailableError, match="does not answer"):
        ask("http://127.0.0.1:port/", NOTE)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirect_is_followed(authority: Authority, tmp_path: Path, status: int) -> None:
    (tmp_path / "secret").write_text("of the machine")
    authority.status = status
    for location in (f"file://{tmp_path}/secret", authority.url):
        authority.location = location
        with pytest.raises(UnavailableError, match=f"the HTTP status {status}"):
            ask(authority.url, NOTE)
    assert authority.asked == 2


def test_an_endless_answer_ends_and_so_does_waiting_when_stopped(authority: Authority) -> None:
    authority.endless = True
    with pytest.raises(UnavailableError, match=r"not answered within 0\.5 seconds"):
        ask(authority.url, NOTE, seconds=0.5)
    assert ask(authority.url, NOTE, stopped=lambda: True) is None


# Which checkpoint, and when


def test_the_newest_checkpoint_is_stamped_once_an_hour_at_most(
    house: House, authority: Authority
) -> None:
    timestamps = stamps(house, authority.url)
    assert timestamps.stamp() is None, "There is no checkpoint yet."
    log, clock = house.publisher(), clock_of(house)
    sizes = []
    for minutes in (0, 5, 60, 60):
        clock.go(minutes=minutes)
        house.commit(3)
        log.step()
        done = timestamps.stamp()
        if done is not None:
            sizes.append(done.size)
        assert timestamps.stamp() is None
    clock.go(days=1)
    assert timestamps.stamp() is None, "The newest checkpoint has one."
    assert sizes == [3, 9, 12] and authority.asked == 3
    found = [parse_timestamp_name(name) for name in names(house)]
    assert sorted(size for size, _ in found) == sizes
    assert all(checkpoint_name(*each) in house.objects() for each in found)
    assert timedelta(minutes=50) < APART < timedelta(hours=1)


def test_without_an_address_nobody_is_asked(house: House) -> None:
    house.commit(1)
    house.publisher().step()
    requests = len(house.objects())
    assert stamps(house, None).stamp() is None and len(house.objects()) == requests


def test_forged_names_keep_nothing_from_being_stamped(house: House, authority: Authority) -> None:
    house.commit(3)
    house.publisher().step()
    for name in (timestamp_name(99, bytes(32)), f"{LOG_TIMESTAMPS}x"):
        house.bucket.put(name, b"false")
    done = stamps(house, authority.url).stamp()
    assert done is not None and done.size == 3


def test_the_log_goes_on_while_the_authority_does_not_answer(house: House) -> None:
    log = house.publisher()
    for size in (1, 2):
        house.commit(1)
        assert log.step() == 1
        with pytest.raises(UnavailableError, match="does not answer"):
            stamps(house, NOWHERE).stamp()
        house.check(size)
    assert names(house) == []


def test_under_a_lock_the_timestamp_and_its_checkpoint_are_locked_and_prolonged(
    house: House, authority: Authority
) -> None:
    house.commit(3)
    house.publisher().step()
    until = clock_of(house).now() + timedelta(days=30)
    short = Retention(LockMode.COMPLIANCE, until)
    assert stamps(house, authority.url, short).stamp() is not None
    (name,) = names(house)
    pair = (name, checkpoint_name(*parse_timestamp_name(name)))
    assert [house.bucket.stat(each).retention for each in pair] == [short, short]
    longer = Retention(LockMode.COMPLIANCE, until + timedelta(days=30))
    LogLocks(house.bucket, house.clock, house.head.position, lambda _: longer).extend()
    assert [house.bucket.stat(each).retention for each in pair] == [longer, longer]


# In a whole archive


def settings_of(folder: Path, url: str) -> Settings:
    environ = {"MUNIMENT_HOME": str(folder / "home"), "MUNIMENT_TIMESTAMP_URL": url}
    return Settings.load(environ, folder)


def run_job(archive: Archive) -> str:
    (job,) = (each for each in schedule_of(archive, print)._jobs if each.name == "timestamp")
    assert job.every == timedelta(hours=1)
    return job.run(Event())


@pytest.fixture
def archive(tmp_path: Path, authority: Authority) -> Iterator[Archive]:
    settings = settings_of(tmp_path, authority.url)
    create_archive(settings)
    with open_archive(settings) as opened:
        capture(opened, line("1"))
        opened.publish()
        yield opened


def test_an_outsider_checks_it_with_the_line_in_the_documents(
    archive: Archive, authority: Authority, tmp_path: Path
) -> None:
    said = run_job(archive)
    size = archive.log.newest().checkpoint.size
    assert said.startswith(f"The checkpoint of {size} entries has a timestamp of ")
    assert run_job(archive) == ""
    (name,) = archive.log._bucket.names(LOG_TIMESTAMPS)
    client = create_app(lambda: archive).test_client()
    answer = client.get(f"/{name}")
    assert (answer.status_code, answer.mimetype) == (200, "application/timestamp-reply")
    note = client.get(f"/{checkpoint_name(*parse_timestamp_name(name))}").data
    for wrong in ("x", name.removeprefix(LOG_TIMESTAMPS)[:-4], f"1-{'0' * 64}.tsr"):
        assert client.get(f"/{LOG_TIMESTAMPS}{wrong}").status_code == 404
    (tmp_path / "timestamp.tsr").write_bytes(answer.data)
    (tmp_path / "checkpoint").write_bytes(note)
    (tmp_path / "authority.pem").write_bytes(authority.root.read_bytes())
    (written,) = re.findall(
        r"^openssl (ts -verify .*)$", (DOCS / "evidence.md").read_text(encoding="utf-8"), re.M
    )
    words = shlex.split(written)
    assert "Verification: OK" in openssl(*words, cwd=tmp_path)
    (tmp_path / "checkpoint").write_bytes(note + b"\n")
    done = subprocess.run(["openssl", *words], cwd=tmp_path, capture_output=True, timeout=PATIENCE)
    assert done.returncode != 0


def test_the_command_writes_the_newest_and_says_when(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUNIMENT_HOME", str(archive.settings.home))
    out = tmp_path / "for" / "counsel"
    words = ["log", "timestamp", "--out", str(out)]
    none = CliRunner().invoke(muniment, words)
    assert isinstance(none.exception, NotFoundError)
    run_job(archive)
    size = archive.log.newest().checkpoint.size
    told = json.loads(CliRunner().invoke(muniment, [*words, "--json"]).stdout)
    assert told["size"] == size and told["checkpoint"].encode() == (out / "checkpoint").read_bytes()
    data = (out / "timestamp.tsr").read_bytes()
    assert base64.b64decode(told["timestamp"]) == data
    assert told["time"] == f"{read_timestamp(data).time:%Y-%m-%dT%H:%M:%SZ}"
    said = CliRunner().invoke(muniment, words[:2]).stdout
    assert said == f"{size} events were in the log at {told['time']}, as an authority says.\n"
    (name,) = archive.log._bucket.names(LOG_TIMESTAMPS)
    archive.log._bucket.put(name, ask_about_something_else(archive))
    wrong = CliRunner().invoke(muniment, words)
    assert isinstance(wrong.exception, CorruptError)
    assert "of something else than its checkpoint" in str(wrong.exception)


def ask_about_something_else(archive: Archive) -> bytes:
    assert archive.settings.timestamp_url is not None
    found = ask(archive.settings.timestamp_url, b"something else")
    assert found is not None
    return found[0]


def test_verify_names_what_is_wrong_with_timestamps(archive: Archive, tmp_path: Path) -> None:
    run_job(archive)
    bucket, home = archive.log._bucket, archive.settings.home
    (name,) = bucket.names(LOG_TIMESTAMPS)
    findings = verified(home)
    assert findings.faults == [] and findings.checked["timestamps"] == 1
    right = bucket.get(name)
    size, _ = parse_timestamp_name(name)
    capture(archive, line("2"))
    archive.publish()
    newest = archive.log.newest().checkpoint
    for wrong, data, kind, said in (
        (name, right[:-1], "timestamp", "is no timestamp"),
        (timestamp_name(newest.size, newest.root), right, "timestamp", "of something else than"),
        (timestamp_name(size, bytes(32)), right, "timestamp", "which is missing"),
        (f"{LOG_TIMESTAMPS}{size}", right, "name", "not the name of a timestamp"),
    ):
        version = bucket.put(wrong, data)
        (fault,) = verified(home, full=False).faults
        assert (fault.kind, fault.object) == (kind, wrong) and said in fault.message
        bucket.delete(wrong, version=version)
    assert verified(home, full=False).ok


def test_a_failure_is_said_and_stays_in_health_until_the_job_has_run(
    tmp_path: Path, authority: Authority
) -> None:
    create_archive(settings_of(tmp_path, NOWHERE))
    for url, held in ((NOWHERE, True), ("", False)):
        said: list[str] = []
        with open_archive(settings_of(tmp_path, url)) as archive:
            capture(archive, line("1"))
            assert archive.publish()
            schedule = schedule_of(archive, said.append)
            (job,) = (each for each in schedule._jobs if each.name == "timestamp")
            schedule._run(job, Event())
            notes = [note for note in archive.health().notes if "time-stamping" in note]
        assert len(notes) == held and len(said) == held
        assert all("The job timestamp failed: The time-stamping" in each for each in notes + said)
