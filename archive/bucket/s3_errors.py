"""What an S3 server or the way to it may answer, and which of our few kinds each comes to.

The one table from the server's codes to kinds stands here. A sentence names the object and what
to do, and never repeats what the server wrote: that may hold a key or a signature.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    SSLError,
    TokenRetrievalError,
)

from archive.errors import (
    ConfigurationError,
    CorruptError,
    MunimentError,
    NotFoundError,
    UnavailableError,
)

_RETRY_SECONDS = 2.0
_FULL_RETRY_SECONDS = 60.0

_ABSENT = "There is no {name} in the bucket."
_FORBIDDEN = "S3 forbids it: {action}. Allow it to the user whose key is in AWS_ACCESS_KEY_ID."
_KEY = "S3 does not take the key: check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
_TOKEN = "S3 says that the AWS session is over or not known: sign in again, or renew the token."
_REGION = "The bucket is in another region: set AWS_DEFAULT_REGION to the bucket's own."
_BUCKET = "There is no such bucket: make it with Object Lock, or correct MUNIMENT_BUCKET."
_SKEW = "This machine's clock and the S3 server's are too far apart: set the clock."
_NO_LOCK = "The bucket cannot lock objects: make one with Object Lock."
_CUT = "{name} ends before the range that was asked for: it was cut short."
_BUSY = "S3 is too busy or has failed: {action}."
_FULL = "S3 is full: {action}."
_DAMAGED = "What was sent arrived damaged: {action}."

_BY_CODE: Mapping[str, tuple[type[MunimentError], str]] = {
    "404": (NotFoundError, _ABSENT),
    "NoSuchKey": (NotFoundError, _ABSENT),
    "NoSuchVersion": (NotFoundError, _ABSENT),
    # A delete marker that is asked for by its version.
    "405": (NotFoundError, _ABSENT),
    "MethodNotAllowed": (NotFoundError, _ABSENT),
    "416": (CorruptError, _CUT),
    "InvalidRange": (CorruptError, _CUT),
    "403": (ConfigurationError, _FORBIDDEN),
    "AccessDenied": (ConfigurationError, _FORBIDDEN),
    "AllAccessDisabled": (ConfigurationError, _FORBIDDEN),
    "InvalidAccessKeyId": (ConfigurationError, _KEY),
    "SignatureDoesNotMatch": (ConfigurationError, _KEY),
    "ExpiredToken": (ConfigurationError, _TOKEN),
    "InvalidToken": (ConfigurationError, _TOKEN),
    "TokenRefreshRequired": (ConfigurationError, _TOKEN),
    "301": (ConfigurationError, _REGION),
    "PermanentRedirect": (ConfigurationError, _REGION),
    "AuthorizationHeaderMalformed": (ConfigurationError, _REGION),
    "IllegalLocationConstraintException": (ConfigurationError, _REGION),
    "NoSuchBucket": (ConfigurationError, _BUCKET),
    "InvalidBucketName": (ConfigurationError, _BUCKET),
    "RequestTimeTooSkewed": (ConfigurationError, _SKEW),
    "InvalidRequest": (ConfigurationError, _NO_LOCK),
    "ObjectLockConfigurationNotFoundError": (ConfigurationError, _NO_LOCK),
    "BadDigest": (UnavailableError, _DAMAGED),
    "XAmzContentSHA256Mismatch": (UnavailableError, _DAMAGED),
    "QuotaExceeded": (UnavailableError, _FULL),
    "InsufficientCapacity": (UnavailableError, _FULL),
    "507": (UnavailableError, _FULL),
}
_ABOUT_VERSION = frozenset({"InvalidArgument", "400"})
FORBIDDEN = frozenset({"403", "AccessDenied"})


@contextmanager
def answering(action: str, name: str, *, version: str | None = None) -> Iterator[None]:
    """Raise what goes wrong as one of our kinds; `action` says what was asked of the server."""
    try:
        yield
    except ClientError as error:
        raise _of_answer(error, action, name, version) from error
    except BotoCoreError as error:
        raise _of_way(error, action) from error


def code_of(error: ClientError) -> str:
    """Return the server's short name for what went wrong, or the HTTP status."""
    details: Mapping[str, Any] = error.response
    code = str(details.get("Error", {}).get("Code", ""))
    return code or str(details.get("ResponseMetadata", {}).get("HTTPStatusCode", ""))


def _of_answer(error: ClientError, action: str, name: str, version: str | None) -> MunimentError:
    code = code_of(error)
    if version is not None and code in _ABOUT_VERSION:
        # It is no version id of that server's making.
        return NotFoundError(_ABSENT.format(name=name))
    kind, sentence = _BY_CODE.get(code, (UnavailableError, _BUSY))
    text = sentence.format(name=name, action=action)
    if kind is UnavailableError:
        known = code in _BY_CODE
        wait = _FULL_RETRY_SECONDS if sentence is _FULL else _retry_after(error)
        return UnavailableError(text if known else f"{text[:-1]} ({code}).", retry_after=wait)
    return kind(text)


def _retry_after(error: ClientError) -> float:
    metadata: Mapping[str, Any] = error.response.get("ResponseMetadata", {})
    stated = metadata.get("HTTPHeaders", {}).get("retry-after", "")
    with suppress(ValueError):
        return min(max(float(stated), 1.0), _FULL_RETRY_SECONDS)
    return _RETRY_SECONDS


def _of_way(error: BotoCoreError, action: str) -> MunimentError:
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return ConfigurationError(
            "There is no key for S3: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give "
            "this machine a role."
        )
    if isinstance(error, TokenRetrievalError):
        return ConfigurationError(_TOKEN)
    if isinstance(error, SSLError):
        return ConfigurationError(
            "The S3 server's certificate does not check: name its authority in AWS_CA_BUNDLE."
        )
    if isinstance(error, ParamValidationError):
        return ConfigurationError(f"S3 cannot be asked that: {action}.")
    return UnavailableError(
        f"The S3 server does not answer: {action} ({type(error).__name__}).",
        retry_after=_RETRY_SECONDS,
    )
