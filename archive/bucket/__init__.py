"""Object storage: the port, and the buckets that keep its contract."""

from pathlib import Path

from archive.bucket.folder import FolderBucket
from archive.bucket.port import Bucket, LockMode, ObjectInfo, Retention, VersionInfo
from archive.bucket.routed import RoutedBucket
from archive.clock import Clock
from archive.errors import SettingError

__all__ = [
    "Bucket",
    "LockMode",
    "ObjectInfo",
    "Retention",
    "VersionInfo",
    "open_bucket",
]


def open_bucket(
    url: str, clock: Clock, *, endpoint: str | None = None, keys_url: str | None = None
) -> Bucket:
    """Open the bucket that settings name: `file:PATH` or `s3://BUCKET/PREFIX`.

    A path is relative to the current folder. `endpoint` is the S3 server's URL, or None for
    Amazon's. With `keys_url`, which has the same forms, key objects are in that bucket.

    Raises `SettingError` when a form is not known, `ConfigurationError` when a bucket cannot be
    opened. The message does not repeat the setting, which could hold a secret.
    """
    bucket = _open(url, clock, endpoint, "MUNIMENT_BUCKET")
    if keys_url is None:
        return bucket
    if keys_url == url:
        raise SettingError(
            "MUNIMENT_KEYS_BUCKET names the archive's own bucket: leave it out, or name another."
        )
    return RoutedBucket(bucket, _open(keys_url, clock, endpoint, "MUNIMENT_KEYS_BUCKET"))


def _open(url: str, clock: Clock, endpoint: str | None, setting: str) -> Bucket:
    scheme, _, rest = url.partition(":")
    if scheme == "file" and rest and (not rest.startswith("//") or rest.startswith("///")):
        path = rest[2:] if rest.startswith("//") else rest
        return FolderBucket(Path(path).expanduser(), clock)
    if scheme == "s3" and rest.startswith("//"):
        # boto3 takes a while to load, which an archive in a folder need not wait for.
        from archive.bucket.s3 import S3Bucket

        name, _, prefix = rest[2:].partition("/")
        return S3Bucket(name, prefix.rstrip("/"), clock, endpoint=endpoint)
    raise SettingError(
        f"{setting} must be file:PATH (a folder on this machine) or s3://BUCKET/PREFIX."
    )
