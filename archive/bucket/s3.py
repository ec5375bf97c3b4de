"""A bucket on an S3 server: versions and Object Lock are the server's own.

Bodies are checked on both ways: the server compares what arrives with the SHA-256 that the request
is signed over, and what it gives back is compared with the SHA-256 that was stored beside the
object, where its body was known as a whole when it was put. Pure WORM rests on the server: what
this module refuses beforehand, it would refuse too.
"""

import base64
import hashlib
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from archive.bucket import s3_check, s3_listing
from archive.bucket.port import Bucket, LockMode, ObjectInfo, Retention, VersionInfo
from archive.bucket.rules import (
    check_destroyable,
    check_extension,
    check_name,
    check_not_ended,
    check_prefix,
    check_range,
    whole_range,
)
from archive.bucket.s3_connection import Connection
from archive.bucket.s3_errors import FORBIDDEN, answering, code_of
from archive.bucket.s3_upload import parts_of, upload, version_of
from archive.clock import Clock
from archive.digested import digested
from archive.errors import (
    ConfigurationError,
    CorruptError,
    InvalidError,
    LockedError,
    NotFoundError,
)

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_VERSION = re.compile(r"[!-~]{1,1024}")
_CHUNK = 1 << 20
_WHOLE = 64 * 1024 * 1024
_ATTEMPTS = 3
_SHA256 = "sha256"
_MODES = {"GOVERNANCE": LockMode.GOVERNANCE, "COMPLIANCE": LockMode.COMPLIANCE}


class S3Bucket(Bucket):
    """The objects of `bucket` whose keys begin with `prefix` and a slash, or all of them.

    `endpoint` is the server's URL, or None for Amazon's. Nothing is asked of the server before
    the first call. Raises `ConfigurationError` for what cannot be a bucket or a prefix.
    """

    at_once = 8
    writes_at_once = 8

    def __init__(
        self, bucket: str, prefix: str, clock: Clock, *, endpoint: str | None = None
    ) -> None:
        if not _BUCKET.fullmatch(bucket):
            raise ConfigurationError(
                "What stands after s3:// cannot name a bucket: it needs 3 to 63 lower-case "
                "letters, digits, - and dots. Keys belong in AWS_*."
            )
        try:
            if prefix:
                check_name(prefix)
        except InvalidError as error:
            raise ConfigurationError(
                "What stands after the bucket's name cannot begin the names of objects: use "
                "letters, digits and . _ = - joined by single slashes."
            ) from error
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._connection = Connection(bucket, clock, endpoint)

    def now(self) -> datetime:
        with answering("asking for its time", self._bucket):
            return self._connection.now()

    def describe(self) -> str:
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    def check(self) -> tuple[str, ...]:
        return s3_check.check(self._connection, self._bucket, self.describe())

    # Writing

    def put(
        self,
        name: str,
        data: bytes | Iterable[bytes],
        *,
        retention: Retention | None = None,
        legal_hold: bool = False,
    ) -> str:
        check_name(name)
        if retention is not None:
            check_not_ended(retention, self.now())
        options = _locks(retention, legal_hold)
        if isinstance(data, bytes) and len(data) <= _WHOLE:
            return self._put_whole(name, data, options)
        parts = parts_of((data,) if isinstance(data, bytes) else data)
        first, second = next(parts), next(parts, None)
        if second is None:
            return self._put_whole(name, first, options)
        several = itertools.chain((first, second), parts)
        del data, first, second
        version = upload(self._connection.client, self._place(name), several, options)
        # Some servers, Ceph 16 among them, forget during an upload in parts what is to be locked.
        if retention is not None:
            self.extend_retention(name, version, retention)
        if legal_hold:
            self.set_legal_hold(name, version, True)
        return version

    def _put_whole(self, name: str, body: bytes, options: Mapping[str, Any]) -> str:
        digest = hashlib.sha256(body)
        with answering(f"put of {name}", name):
            answer = self._connection.client.put_object(
                **self._place(name),
                Body=body,
                ChecksumSHA256=base64.b64encode(digest.digest()).decode(),
                **(dict(options) | {"Metadata": {_SHA256: digest.hexdigest()}}),
            )
        return version_of(answer)

    # Reading

    def get(self, name: str, *, version: str | None = None) -> bytes:
        return self._read_whole(name, version, None)

    def get_range(
        self, name: str, offset: int, length: int, *, version: str | None = None
    ) -> bytes:
        check_range(offset, length)
        if length == 0:
            self.stat(name, version=version)
            return b""
        found = self._read_whole(name, version, f"bytes={offset}-{offset + length - 1}")
        return whole_range(name, offset, length, found)

    def _read_whole(self, name: str, version: str | None, span: str | None) -> bytes:
        """Read all at once; what breaks off or does not check is asked for again."""
        attempt = 1
        while True:
            answer = self._get(name, version, span)
            try:
                with answering(f"get of {name}", name), closing(answer["Body"]) as body:
                    data = body.read()
            except Exception:
                if attempt == _ATTEMPTS:
                    raise
            else:
                stored = answer["Metadata"].get(_SHA256) if span is None else None
                if stored in (None, hashlib.sha256(data).hexdigest()):
                    return data
                if attempt == _ATTEMPTS:
                    raise CorruptError(f"{name} comes back with other bytes than were stored.")
            attempt += 1

    def read(self, name: str, *, version: str | None = None) -> Iterator[bytes]:
        answer = self._get(name, version, None)
        size, stored = answer["ContentLength"], answer["Metadata"].get(_SHA256)
        problem = f"{name} comes back with other bytes than were stored."
        return digested(self._chunks(name, answer), size, stored, problem)

    def _chunks(self, name: str, answer: "GetObjectOutputTypeDef") -> Iterator[bytes]:
        size, version = answer["ContentLength"], version_of(answer)
        place = broken = 0
        body: StreamingBody = answer["Body"]
        while place < size:
            try:
                with answering(f"get of {name}", name):
                    chunk = body.read(_CHUNK)
            except Exception:
                broken += 1
                if broken == _ATTEMPTS:
                    raise
                body.close()
                body = self._get(name, version, f"bytes={place}-")["Body"]
                continue
            if not chunk:
                break
            place += len(chunk)
            yield chunk
        body.close()

    def _get(self, name: str, version: str | None, span: str | None) -> "GetObjectOutputTypeDef":
        options = {} if span is None else {"Range": span}
        with answering(f"get of {name}", name, version=version):
            return self._connection.client.get_object(
                **self._place_of(name, version),
                **options,  # type: ignore[arg-type]
            )

    def stat(self, name: str, *, version: str | None = None) -> ObjectInfo:
        with answering(f"stat of {name}", name, version=version):
            answer = self._connection.client.head_object(**self._place_of(name, version))
        retention = None
        if "ObjectLockMode" in answer:
            until = answer["ObjectLockRetainUntilDate"].astimezone(UTC)
            retention = Retention(_MODES[answer["ObjectLockMode"]], until)
        return ObjectInfo(
            name=name,
            version=version_of(answer),
            size=answer["ContentLength"],
            created=answer["LastModified"].astimezone(UTC),
            retention=retention,
            legal_hold=answer.get("ObjectLockLegalHoldStatus") == "ON",
        )

    # Listing

    def names(self, prefix: str, *, after: str = "") -> Iterator[str]:
        check_prefix(prefix)
        found = s3_listing.names(
            self._connection.client,
            self._bucket,
            self._prefix + prefix,
            self._prefix + after if after else "",
        )
        return (key[len(self._prefix) :] for key in found)

    def versions(self, prefix: str) -> Iterator[VersionInfo]:
        check_prefix(prefix)
        return s3_listing.versions(self._connection.client, self._bucket, self._prefix, prefix)

    # Destroying and locking

    def delete(self, name: str, *, version: str | None = None) -> None:
        with suppress(NotFoundError):
            if version is None:
                # Hiding what is not there, or hidden already, would leave one more marker.
                self.stat(name)
            self._delete(name, version)

    def _delete(self, name: str, version: str | None) -> None:
        with answering(f"delete of {name}", name, version=version):
            try:
                self._connection.client.delete_object(**self._place_of(name, version))
            except ClientError as error:
                if version is not None and code_of(error) in FORBIDDEN:
                    info = self.stat(name, version=version)
                    check_destroyable(name, info.retention, info.legal_hold, self.now())
                raise

    def extend_retention(self, name: str, version: str, retention: Retention) -> None:
        old = self.stat(name, version=version).retention
        new = Retention(retention.mode, _whole_second(retention.until))
        check_extension(name, old, new, self.now())
        if new == old:
            return
        hardens = old is not None and (old.mode, new.mode) == (
            LockMode.GOVERNANCE,
            LockMode.COMPLIANCE,
        )
        with answering(f"lock of {name}", name, version=version):
            try:
                self._connection.client.put_object_retention(
                    **self._place_of(name, version),
                    Retention={
                        "Mode": "COMPLIANCE" if new.mode is LockMode.COMPLIANCE else "GOVERNANCE",
                        "RetainUntilDate": new.until,
                    },
                    # Servers ask for this whenever a governance retention changes its mode; here
                    # it was just seen that the new one is harder, and ends no earlier.
                    BypassGovernanceRetention=hardens,
                )
            except ClientError as error:
                if code_of(error) in FORBIDDEN:
                    self._explain_refusal(name, version, new)
                raise

    def _explain_refusal(self, name: str, version: str, wanted: Retention) -> None:
        """Raise `LockedError` if a lock on the version is why its retention was not changed."""
        latest = self.stat(name, version=version).retention
        # Somebody else may have locked it for longer just now.
        check_extension(name, latest, wanted, self.now())
        if latest is not None and latest.mode is not wanted.mode:
            raise LockedError(f"{name} was under {latest.mode} retention, which S3 never weakens.")

    def set_legal_hold(self, name: str, version: str, on: bool) -> None:
        place = self._place_of(name, version)
        with answering(f"legal hold of {name}", name, version=version):
            self._connection.client.put_object_legal_hold(
                **place, LegalHold={"Status": "ON" if on else "OFF"}
            )

    # Places

    def _place(self, name: str) -> dict[str, Any]:
        return {"Bucket": self._bucket, "Key": self._prefix + name}

    def _place_of(self, name: str, version: str | None) -> dict[str, Any]:
        """Raises `NotFoundError` for what no server would give as a version id."""
        check_name(name)
        if version is None:
            return self._place(name)
        if not _VERSION.fullmatch(version):
            raise NotFoundError(f"There is no {name} in the bucket.")
        return self._place(name) | {"VersionId": version}


def _locks(retention: Retention | None, legal_hold: bool) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if retention is not None:
        options["ObjectLockMode"] = retention.mode.upper()
        options["ObjectLockRetainUntilDate"] = _whole_second(retention.until)
    if legal_hold:
        options["ObjectLockLegalHoldStatus"] = "ON"
    return options


def _whole_second(moment: datetime) -> datetime:
    """Round up to what every server keeps, so that no lock is shorter than was asked for."""
    whole = moment.astimezone(UTC).replace(microsecond=0)
    return whole if whole == moment else whole + timedelta(seconds=1)
