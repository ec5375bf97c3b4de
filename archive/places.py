"""The bucket or buckets that an archive's settings name, opened and looked at before use."""

from pathlib import Path

from archive.bucket import open_bucket
from archive.bucket.names import COMMITS, KEYS
from archive.bucket.port import Bucket
from archive.bucket.routed import RoutedBucket
from archive.clock import Clock
from archive.errors import ConfigurationError
from archive.settings import Settings


def open_places(settings: Settings, clock: Clock) -> Bucket:
    """Open what `MUNIMENT_BUCKET` and `MUNIMENT_KEYS_BUCKET` name; errors as `open_bucket`."""
    return open_bucket(
        settings.bucket, clock, endpoint=settings.s3_endpoint, keys_url=settings.keys_bucket
    )


def check_new(bucket: Bucket) -> tuple[str, ...]:
    """Return what a bucket that is to become an archive can do and cannot.

    Raises:
        ConfigurationError: an archive cannot stand on it, or it is not empty.
    """
    sentences = bucket.check()
    if _first(bucket, "") is not None or _has_strays(bucket):
        raise ConfigurationError(f"{bucket.describe()} is not empty; an archive needs its own.")
    return sentences


def check_opened(bucket: Bucket) -> None:
    """See that the bucket of an archive can still do what it must, and holds the archive's keys.

    Raises:
        ConfigurationError: it cannot, or `MUNIMENT_KEYS_BUCKET` does not say where the keys are.
    """
    bucket.check()
    if _has_strays(bucket):
        raise ConfigurationError(
            "The keys of this archive stand in its own bucket: MUNIMENT_KEYS_BUCKET can be set "
            "for a new archive only. Leave it out."
        )
    if _first(bucket, KEYS) is None and _first(bucket, COMMITS) is not None:
        raise ConfigurationError(
            f"There are no keys in {bucket.describe()}: set MUNIMENT_KEYS_BUCKET as it was when "
            "the archive was made."
        )


def look(settings: Settings, clock: Clock) -> tuple[str, ...]:
    """Return what the bucket that the settings name can do and cannot, and make nothing.

    Raises as `open_bucket` and `Bucket.check` do.
    """
    for url in filter(None, (settings.bucket, settings.keys_bucket)):
        scheme, _, path = url.partition(":")
        if scheme == "file" and not Path(path.removeprefix("//")).expanduser().is_dir():
            return ("It is not made yet: muniment init makes it.", *lock_notes(settings))
    return (*open_places(settings, clock).check(), *lock_notes(settings))


def lock_notes(settings: Settings) -> tuple[str, ...]:
    """Return what the archive-wide lock means, in sentences for people; nothing without one."""
    if settings.worm is None:
        return ()
    sentences = [settings.worm.describe()]
    urls = (settings.bucket, settings.keys_bucket or settings.bucket)
    if any(url.startswith("file:") for url in urls):
        sentences.append(
            "A folder only emulates locks: whoever may write to the disk passes them. Use an S3 "
            "bucket with Object Lock where WORM is demanded."
        )
    return tuple(sentences)


def _first(bucket: Bucket, prefix: str) -> str | None:
    return next(iter(bucket.names(prefix)), None)


def _has_strays(bucket: Bucket) -> bool:
    return isinstance(bucket, RoutedBucket) and bucket.has_strays()
