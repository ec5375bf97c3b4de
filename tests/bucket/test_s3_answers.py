"""What comes out of an S3 bucket when the server, or the way to it, does not do as it should."""

import hashlib
import multiprocessing
import os
import re
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from archive.bucket import LockMode, Retention
from archive.bucket.s3 import S3Bucket
from archive.clock import SystemClock
from archive.errors import (
    ConfigurationError,
    CorruptError,
    LockedError,
    MunimentError,
    NotFoundError,
    UnavailableError,
)
from tests.bucket.canned import Answer, Server, error, serving
from tests.waiting import PATIENCE

BODY = bytes(range(256)) * 10_000
STORED = {"x-amz-version-id": "v1", "x-amz-meta-sha256": hashlib.sha256(BODY).hexdigest()}
VERSIONED = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
LOCKING = (
    b"<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>%b"
    b"</ObjectLockConfiguration>"
)
DEFAULT = b"<Rule><DefaultRetention><Mode>GOVERNANCE</Mode><Days>1</Days></DefaultRetention></Rule>"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AK")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush-hush")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    # Pauses between attempts are botocore's own and random; tests need not sit them out.
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    with serving() as found:
        yield found


@pytest.fixture
def bucket(server: Server) -> S3Bucket:
    return S3Bucket("bucket", "prefix", SystemClock(), endpoint=server.endpoint)


@pytest.mark.parametrize(
    ("code", "status", "kind", "said"),
    [
        ("NoSuchKey", 404, NotFoundError, "no a/b"),
        ("NoSuchBucket", 404, ConfigurationError, "no such bucket"),
        ("AccessDenied", 403, ConfigurationError, "forbids"),
        ("InvalidAccessKeyId", 403, ConfigurationError, "AWS_SECRET_ACCESS_KEY"),
        ("SignatureDoesNotMatch", 403, ConfigurationError, "AWS_SECRET_ACCESS_KEY"),
        ("ExpiredToken", 400, ConfigurationError, "sign in again"),
        ("AuthorizationHeaderMalformed", 400, ConfigurationError, "AWS_DEFAULT_REGION"),
        ("PermanentRedirect", 301, ConfigurationError, "AWS_DEFAULT_REGION"),
        ("RequestTimeTooSkewed", 403, ConfigurationError, "clock"),
        ("QuotaExceeded", 403, UnavailableError, "full"),
        ("NeverHeardOf", 418, UnavailableError, "NeverHeardOf"),
    ],
)
def test_each_refusal_says_what_to_do_and_no_secret(
    bucket: S3Bucket, server: Server, code: str, status: int, kind: type[MunimentError], said: str
) -> None:
    server.answers += [error(code, status)] * 3
    with pytest.raises(kind, match=said) as raised:
        bucket.get("a/b")
    assert "hush" not in str(raised.value) and "AK" not in str(raised.value).split()


def test_a_busy_server_is_asked_three_times_and_says_when_to_come_again(
    bucket: S3Bucket, server: Server
) -> None:
    server.answers += [error("SlowDown", 503, Retry_After="7")] * 4
    with pytest.raises(UnavailableError) as raised:
        bucket.put("a/b", b"x")
    assert raised.value.retry_after == 7
    assert len(server.asked) == 3
    server.answers[:] = [error("SlowDown", 503), Answer(headers=STORED)]
    assert bucket.put("a/b", b"x") == "v1"


def test_a_server_that_is_away_is_told(bucket: S3Bucket) -> None:
    with socket.socket() as deaf:
        # It is taken, so that nobody else listens there, and does not listen itself.
        deaf.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        with pytest.raises(UnavailableError, match="does not answer"):
            S3Bucket("bucket", "", SystemClock(), endpoint=nobody).get("a/b")


def test_without_a_key_it_is_said_which_is_missing(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(ConfigurationError, match="AWS_ACCESS_KEY_ID"):
        S3Bucket("bucket", "", SystemClock(), endpoint=server.endpoint).get("a/b")


def test_other_bytes_than_were_stored_are_asked_for_again_and_then_told(
    bucket: S3Bucket, server: Server
) -> None:
    good, bad = Answer(200, BODY, STORED), Answer(200, b"!" + BODY[1:], STORED)
    server.answers += [bad, good]
    assert bucket.get("a/b") == BODY
    server.answers += [bad] * 3
    with pytest.raises(CorruptError, match="a/b"):
        bucket.get("a/b")
    server.answers += [bad]
    given: list[bytes] = []
    with pytest.raises(CorruptError, match="a/b"):
        given.extend(bucket.read("a/b"))
    assert sum(map(len, given)) < len(BODY)


def test_a_connection_that_breaks_is_taken_up_where_it_broke(
    bucket: S3Bucket, server: Server
) -> None:
    server.answers += [
        Answer(200, BODY, STORED, cut=len(BODY) - (2 << 20)),
        Answer(206, BODY[2 << 20 :], STORED),
    ]
    assert b"".join(bucket.read("a/b")) == BODY
    method, path, span = server.asked[-1]
    assert (method, span) == ("GET", f"bytes={2 << 20}-") and "versionId=v1" in path
    server.answers += [Answer(200, BODY, STORED, cut=1), Answer(200, BODY, STORED)]
    assert bucket.get("a/b") == BODY
    server.answers += [Answer(200, BODY, STORED, cut=1)] * 3
    with pytest.raises(UnavailableError):
        bucket.get("a/b")


def test_parts_are_taken_back_when_one_fails(bucket: S3Bucket, server: Server) -> None:
    begun = (
        b"<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>"
    )
    server.answers += [Answer(200, begun), *[error("AccessDenied", 403)] * 2, Answer(204)]

    def pieces() -> Iterator[bytes]:
        yield bytes(17 << 20)
        while len(server.asked) < 3:
            yield b""
        raise RuntimeError("the body ends badly")

    with pytest.raises(RuntimeError, match="ends badly"):
        bucket.put("a/b", pieces())
    assert [(method, "uploadId=u1" in path) for method, path, _ in server.asked] == [
        ("POST", False),
        ("PUT", True),
        ("PUT", True),
        ("DELETE", True),
    ]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([Answer(200, b"<VersioningConfiguration/>")], "does not keep versions"),
        (
            [Answer(200, VERSIONED.replace(b"Enabled", b"Suspended"))],
            "does not keep versions",
        ),
        (
            [Answer(200, VERSIONED), error("ObjectLockConfigurationNotFoundError", 404)],
            "cannot lock",
        ),
        ([Answer(200, VERSIONED), Answer(200, LOCKING % DEFAULT)], "default retention"),
    ],
)
def test_a_bucket_that_breaks_promises_is_refused(
    bucket: S3Bucket, server: Server, answers: list[Answer], said: str
) -> None:
    server.answers += answers
    with pytest.raises(ConfigurationError, match=said):
        bucket.check()


def test_the_check_tells_of_clocks_and_second_factors(bucket: S3Bucket, server: Server) -> None:
    mfa = VERSIONED.replace(b"</Status>", b"</Status><MfaDelete>Enabled</MfaDelete>")
    server.answers += [Answer(200, mfa), Answer(200, LOCKING % b""), Answer()]
    began = datetime.now(UTC)
    server.time = began - timedelta(minutes=5)
    told = " ".join(bucket.check())
    behind = re.search(r"(\d+) s behind", told)
    assert "second factor" in told
    difference = (datetime.now(UTC) - bucket.now()).total_seconds()
    # The server tells whole seconds, and its clock stands while this test runs.
    most = 302 + (datetime.now(UTC) - began).total_seconds()
    assert behind and 298 <= int(behind[1]) <= most
    assert 297 < difference < most


def test_a_refused_deletion_says_which_lock(bucket: S3Bucket, server: Server) -> None:
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=9)
    locked = {
        "x-amz-version-id": "v1",
        "x-amz-object-lock-mode": "COMPLIANCE",
        "x-amz-object-lock-retain-until-date": until.isoformat(),
    }
    server.answers += [error("AccessDenied", 403), Answer(200, b"", locked), Answer()]
    with pytest.raises(LockedError, match="compliance"):
        bucket.delete("a/b", version="v1")
    # Refused for another reason: the key may not.
    server.answers += [error("AccessDenied", 403), Answer(200, b"", STORED)]
    with pytest.raises(ConfigurationError, match="forbids"):
        bucket.delete("a/b", version="v1")


def test_a_lock_is_never_shorter_than_asked(bucket: S3Bucket, server: Server) -> None:
    server.answers += [Answer(), Answer(headers=STORED), Answer()]
    until = datetime.now(UTC).replace(microsecond=1) + timedelta(days=9)
    asked = Retention(LockMode.GOVERNANCE, until)
    held = {
        "x-amz-version-id": "v1",
        "x-amz-object-lock-mode": "GOVERNANCE",
        "x-amz-object-lock-retain-until-date": (
            until.replace(microsecond=0) + timedelta(seconds=1)
        ).isoformat(),
    }
    bucket.put("a/b", b"", retention=asked)
    server.answers[:] = [Answer(200, b"", held)]
    count = len(server.asked)
    bucket.extend_retention("a/b", "v1", asked)
    assert len(server.asked) == count + 1, "a lock that stands already was set again"


def test_a_forked_process_makes_a_way_of_its_own(bucket: S3Bucket, server: Server) -> None:
    connections = server.connections
    server.answers += [Answer(200, BODY, STORED)] * 3
    assert bucket.get("a/b") == BODY
    assert server.connections - connections == 1
    child = multiprocessing.get_context("fork").Process(target=bucket.get, args=("a/b",))
    child.start()
    child.join(PATIENCE)
    assert child.exitcode == 0
    assert bucket.get("a/b") == BODY
    # The parent went on over its own connection, which the child left alone.
    assert server.connections - connections == 2
