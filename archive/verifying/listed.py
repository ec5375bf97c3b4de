"""Listings held small: sorted ids of fixed length, a value and a mark each, and no objects.

An archive of millions of segments is listed once and looked up in any order.
"""

from bisect import bisect_left
from collections.abc import Iterator
from itertools import groupby

from archive.bucket.port import Bucket, VersionInfo


class Listed:
    """Ids in rising order, each with a value of fixed length; what was met can be marked."""

    def __init__(self, id_size: int, value_size: int) -> None:
        self._id_size = id_size
        self._value_size = value_size
        self._ids = bytearray()
        self._values = bytearray()
        self._marks = bytearray()

    def __len__(self) -> int:
        return len(self._marks)

    @property
    def last(self) -> bytes | None:
        """The id that was added last."""
        return self._id(len(self) - 1) if self._marks else None

    @property
    def last_value(self) -> bytes:
        """The value of the id that was added last."""
        return self._value(len(self) - 1)

    def add(self, id: bytes, value: bytes) -> None:
        """Append an id, which must be larger than all before."""
        self._ids += id
        self._values += value
        self._marks.append(0)

    def take(self, id: bytes) -> tuple[bytes, bool] | None:
        """Mark an id; return its value and whether it was marked before, None if it is unknown."""
        place = bisect_left(range(len(self)), id, key=self._id)
        if place == len(self) or self._id(place) != id:
            return None
        marked, self._marks[place] = bool(self._marks[place]), 1
        return self._value(place), marked

    def unmarked(self) -> Iterator[tuple[bytes, bytes]]:
        """Give the ids that were never taken, with their values."""
        place = self._marks.find(0)
        while place >= 0:
            yield self._id(place), self._value(place)
            place = self._marks.find(0, place + 1)

    def _id(self, place: int) -> bytes:
        start = place * self._id_size
        return bytes(self._ids[start : start + self._id_size])

    def _value(self, place: int) -> bytes:
        start = place * self._value_size
        return bytes(self._values[start : start + self._value_size])


def by_name(bucket: Bucket, prefix: str) -> Iterator[tuple[str, list[VersionInfo]]]:
    """Give each name that has a version, hidden ones too, with its versions, newest first."""
    for name, versions in groupby(bucket.versions(prefix), key=lambda each: each.name):
        held = list(versions)
        if not all(each.delete_marker for each in held):
            yield name, held
