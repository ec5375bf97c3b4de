"""Object storage: the port, and the buckets that keep its contract."""

from pathlib import Path

from archive.bucket.folder import FolderBucket
from archive.bucket.port import (
    Bucket,
    LockMode,
    ObjectInfo,
    Retention,
    VersionInfo,
)
from archive.clock import Clock
from archive.errors import ConfigurationError

__all__ = [
    "Bucket",
    "LockMode",
    "ObjectInfo",
    "Retention",
    "VersionInfo",
    "open_bucket",
]


def open_bucket(url: str, clock: Clock) -> Bucket:
    """Open the bucket that a setting names: `file:PATH`, relative to the current folder.

    Raises `ConfigurationError` when the form is not known or the bucket cannot be opened. The
    message does not repeat the setting, which could hold a secret.
    """
    scheme, _, rest = url.partition(":")
    if scheme == "file" and rest and (not rest.startswith("//") or rest.startswith("///")):
        path = rest[2:] if rest.startswith("//") else rest
        return FolderBucket(Path(path).expanduser(), clock)
    if scheme == "s3":
        raise ConfigurationError("S3 is not available yet in this version: use file:PATH.")
    raise ConfigurationError(
        "The bucket must be file:PATH (a folder on this machine) or s3://BUCKET/PREFIX."
    )
