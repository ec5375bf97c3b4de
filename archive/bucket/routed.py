"""One bucket made of two: keys in a bucket of their own, everything else in the other.

Keys that stand apart can be given to other people, other backups and another lock than the
ciphertext, and destroying a key then reaches every copy of it.
"""

import heapq
from collections.abc import Iterable, Iterator
from datetime import datetime

from archive.bucket.names import KEYS
from archive.bucket.port import Bucket, ObjectInfo, Retention, VersionInfo
from archive.bucket.rules import check_prefix


class RoutedBucket(Bucket):
    """Key objects (`keys/…`) are in `keys`, all other objects in `evidence`.

    Its time is that of `evidence`. Names of the other kind that stand in either are not seen.
    """

    def __init__(self, evidence: Bucket, keys: Bucket) -> None:
        self._evidence = evidence
        self._keys = keys
        self.at_once = max(evidence.at_once, keys.at_once)
        self.writes_at_once = max(evidence.writes_at_once, keys.writes_at_once)

    def _of(self, name: str) -> Bucket:
        return self._keys if name.startswith(KEYS) else self._evidence

    def has_strays(self) -> bool:
        """Say whether there are key objects in the bucket where none belong."""
        return next(iter(self._evidence.names(KEYS)), None) is not None

    def put(
        self,
        name: str,
        data: bytes | Iterable[bytes],
        *,
        retention: Retention | None = None,
        legal_hold: bool = False,
    ) -> str:
        return self._of(name).put(name, data, retention=retention, legal_hold=legal_hold)

    def get(self, name: str, *, version: str | None = None) -> bytes:
        return self._of(name).get(name, version=version)

    def get_range(
        self, name: str, offset: int, length: int, *, version: str | None = None
    ) -> bytes:
        return self._of(name).get_range(name, offset, length, version=version)

    def read(self, name: str, *, version: str | None = None) -> Iterator[bytes]:
        return self._of(name).read(name, version=version)

    def stat(self, name: str, *, version: str | None = None) -> ObjectInfo:
        return self._of(name).stat(name, version=version)

    def names(self, prefix: str, *, after: str = "") -> Iterator[str]:
        check_prefix(prefix)
        if prefix.startswith(KEYS):
            return self._keys.names(prefix, after=after)
        others = self._evidence.names(prefix, after=after)
        if not KEYS.startswith(prefix):
            return others
        return heapq.merge(
            (name for name in others if not name.startswith(KEYS)),
            self._keys.names(KEYS, after=after),
        )

    def versions(self, prefix: str) -> Iterator[VersionInfo]:
        check_prefix(prefix)
        if prefix.startswith(KEYS):
            return self._keys.versions(prefix)
        others = self._evidence.versions(prefix)
        if not KEYS.startswith(prefix):
            return others
        # Each name stands in one of the two only, so that the order within a name is kept.
        return heapq.merge(
            (each for each in others if not each.name.startswith(KEYS)),
            self._keys.versions(KEYS),
            key=lambda each: each.name,
        )

    def delete(self, name: str, *, version: str | None = None) -> None:
        self._of(name).delete(name, version=version)

    def extend_retention(self, name: str, version: str, retention: Retention) -> None:
        self._of(name).extend_retention(name, version, retention)

    def set_legal_hold(self, name: str, version: str, on: bool) -> None:
        self._of(name).set_legal_hold(name, version, on)

    def now(self) -> datetime:
        return self._evidence.now()

    def describe(self) -> str:
        return f"{self._evidence.describe()}, with its keys in {self._keys.describe()}"

    def check(self) -> tuple[str, ...]:
        return (
            *self._evidence.check(),
            *(f"The bucket of keys: {sentence}" for sentence in self._keys.check()),
        )
