"""What an S3 bucket can and cannot do, asked before an archive relies on it.

Two or three requests. What would break a promise later is refused at once, with the way to mend
it: a bucket that keeps no versions, one that cannot lock, and one that locks by itself whatever is
put into it, since then no key could be destroyed.
"""

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from archive.bucket.s3_connection import Connection
from archive.bucket.s3_errors import answering, code_of
from archive.errors import ConfigurationError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_TOLD_SECONDS = 2.0
_HOW = (
    "Make a bucket of its own for the archive, with Object Lock on (which keeps versions too) and "
    "without a default retention."
)


def check(connection: Connection, bucket: str, where: str) -> tuple[str, ...]:
    """Return sentences on what the bucket can do and cannot.

    Raises:
        ConfigurationError: no archive can stand on it; the message says what to do.
        UnavailableError: the server does not answer.
    """
    client = connection.client
    with answering(f"asking {where} whether it keeps versions", bucket):
        versioning = client.get_bucket_versioning(Bucket=bucket)
    if versioning.get("Status") != "Enabled":
        raise ConfigurationError(f"{where} does not keep versions of its objects. {_HOW}")
    lock = _lock(client, bucket, where)
    if lock.get("ObjectLockEnabled") != "Enabled":
        raise ConfigurationError(f"{where} cannot lock objects. {_HOW}")
    if lock.get("Rule", {}).get("DefaultRetention"):
        raise ConfigurationError(
            f"{where} locks everything by itself (a default retention): keys could not be "
            "destroyed when they must be. Remove the default retention from the bucket."
        )
    with answering(f"asking {where} for its time", bucket):
        skew = connection.skew().total_seconds()
    sentences = [
        "It keeps every version of an object.",
        "It can lock objects (Object Lock: governance, compliance, legal hold).",
        "It has no default retention.",
    ]
    if versioning.get("MFADelete") == "Enabled":
        sentences.append("It cannot destroy a version without a second factor (MFA delete).")
    if abs(skew) >= _TOLD_SECONDS:
        way = "ahead of" if skew > 0 else "behind"
        sentences.append(f"Its clock is {abs(skew):.0f} s {way} this machine's: set one of them.")
    else:
        sentences.append("Its clock agrees with this machine's.")
    return tuple(sentences)


def _lock(client: "S3Client", bucket: str, where: str) -> Any:
    with answering(f"asking {where} whether it can lock", bucket):
        try:
            return client.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
        except ClientError as error:
            if code_of(error) == "ObjectLockConfigurationNotFoundError":
                return {}
            raise
