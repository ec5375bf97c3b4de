"""Reading what was put, whatever has been put over it since.

Nothing in the archive is ever written a second time under the same name, but whoever may write to
the bucket can do so, or hide a name behind a delete marker. Neither destroys the version before:
with a lock on it nobody can. So a reader that does not get what it expects looks at the others.
"""

from collections.abc import Callable, Iterator
from typing import TypeVar

from archive.bucket.port import Bucket
from archive.errors import CorruptError, NotFoundError

T = TypeVar("T")


def genuine(bucket: Bucket, name: str, read: Callable[[str | None], T]) -> T:
    """Return what `read` makes of the current version, or else of the newest that it takes.

    `read` gets a version's id, None for the current one, and raises `CorruptError` or
    `NotFoundError` for one that is not what it should be. Where it takes none, the error for the
    current version comes out.
    """
    try:
        return read(None)
    except (CorruptError, NotFoundError) as error:
        for version in others(bucket, name):
            try:
                return read(version)
            except (CorruptError, NotFoundError):
                continue
        raise error


def others(bucket: Bucket, name: str) -> Iterator[str]:
    """Yield the ids of the versions of a name that are not current, the newest first."""
    for each in bucket.versions(name):
        if each.name == name and not each.latest and not each.delete_marker:
            yield each.version
