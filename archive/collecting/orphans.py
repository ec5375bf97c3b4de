"""Finding orphans: objects that are old enough to be named by something, and are named by nothing.

What SQL knows is no orphan. What SQL does not know is one only if the bucket says so too: no commit
record names the segment, and no event of the time when a blob was uploaded refers to it. A blob
that is not referred to within an hour of its upload never is, because committers refuse it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, islice
from typing import Final, TypeVar
from uuid import UUID

from archive.bucket.names import (
    BLOBS,
    KEYS,
    SEGMENTS,
    parse_blob_name,
    parse_keys_name,
    parse_segment_name,
)
from archive.bucket.port import Bucket, VersionInfo
from archive.clock import uuid7_time
from archive.errors import InvalidError
from archive.events.pointers import PointerRecorder

OLD_ENOUGH: Final = timedelta(days=1)
_NAMES_AT_ONCE = 1_000

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Orphan:
    """One name that nothing needs: all its versions, the bytes in them, and when it was put.

    `of` is the id of the segment, for segments and key objects, or of the blob.
    """

    name: str
    of: UUID
    versions: tuple[str, ...]
    size: int
    created: datetime

    @property
    def is_blob(self) -> bool:
        """Whether it is a blob, and not a segment or the keys of one."""
        return self.name.startswith(BLOBS)


class Listing:
    """Lists what the bucket holds and SQL does not know. `looked_at` counts names."""

    def __init__(self, bucket: Bucket, pointers: PointerRecorder) -> None:
        self._bucket = bucket
        self._pointers = pointers
        self.looked_at = 0

    def unknown(self) -> Iterator[Orphan]:
        """Yield what is older than a day and unknown, keys before their segments.

        Names that are not of the archive's forms are somebody else's, and are passed over.
        """
        before = self._bucket.now() - OLD_ENOUGH

        def segments(ids: Sequence[UUID]) -> set[UUID]:
            return set(self._pointers.keys_of_each(ids))

        yield from self._of(KEYS, lambda name: parse_keys_name(name)[0], segments, before)
        yield from self._of(SEGMENTS, parse_segment_name, segments, before)
        known_blobs = self._pointers.restorer().known_blobs
        yield from self._of(BLOBS, lambda name: parse_blob_name(name)[1], known_blobs, before)

    def _of(
        self,
        prefix: str,
        id_of: Callable[[str], UUID],
        known: Callable[[Sequence[UUID]], set[UUID]],
        before: datetime,
    ) -> Iterator[Orphan]:
        for page in _pages(self._old(prefix, id_of, before)):
            there = known([each.of for each in page])
            yield from (each for each in page if each.of not in there)

    def _old(self, prefix: str, id_of: Callable[[str], UUID], before: datetime) -> Iterator[Orphan]:
        for name, versions in groupby(self._bucket.versions(prefix), lambda each: each.name):
            self.looked_at += 1
            try:
                found = _orphan(name, id_of(name), list(versions))
            except InvalidError:
                continue
            # By the bucket's clock and by the writer's.
            if found.created < before and uuid7_time(found.of) < before:
                yield found


def _orphan(name: str, of: UUID, versions: Sequence[VersionInfo]) -> Orphan:
    return Orphan(
        name=name,
        of=of,
        versions=tuple(each.version for each in versions),
        size=sum(each.size for each in versions),
        created=max(each.created for each in versions),
    )


def _pages(items: Iterable[_T]) -> Iterator[list[_T]]:
    iterator = iter(items)
    while page := list(islice(iterator, _NAMES_AT_ONCE)):
        yield page
