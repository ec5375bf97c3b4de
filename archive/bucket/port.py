"""The port to object storage: what the archive asks of a bucket, whoever keeps it.

The words are those of S3 with versioning and Object Lock: an object has a name and one or more
versions; deleting a name hides it behind a delete marker; only deleting a version destroys bytes,
and a retention or a legal hold forbids that.

Every implementation keeps these promises, and one contract suite holds all of them to it:

- **Durable and whole.** When a writing call returns, its effect survives a crash and a power cut.
  While it runs, readers see the state before or the state after, never a part.
- **Unsure after an error.** A writing call that raises `UnavailableError` may have taken effect.
  Repeating it is safe: deletes and locks are idempotent, and a repeated put adds a version with
  the same bytes.
- **Concurrent.** Calls may come from many threads and processes at once. Puts of one name are
  all kept, each as a version; the one that is published last is the current one.
- **Versioned.** Nothing but `delete` with a version ever destroys bytes.

Names are folders and a leaf joined by `/`, of ASCII letters, digits and `. _ = -`, so that every
filesystem, URL and object store carries them unchanged (`archive.bucket.rules`). No name may be
the folder of another (`a` beside `a/b`); a bucket may refuse that with `InvalidError`.

Times are kept to the second at least: a store that keeps no fractions rounds the end of a
retention up.

All methods raise `InvalidError` for a malformed name, prefix or argument, `UnavailableError` when
the store does not answer, is full or fails, and `ConfigurationError` when it refuses who asks or
what is set; what else they raise stands with each. Other kinds of error do not come out of a
bucket, except those of an iterable that was given to `put`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from archive.errors import InvalidError


class LockMode(StrEnum):
    """How hard a retention binds, from weak to strong, in the terms of S3 Object Lock."""

    GOVERNANCE = "governance"
    """A holder of a special permission of the store may lift it; this port offers no way to."""
    COMPLIANCE = "compliance"
    """Nobody may lift or shorten it before its time, not even the owner of the store."""


@dataclass(frozen=True, slots=True)
class Retention:
    """Until when a version must not be destroyed, and how hard that binds.

    Raises `InvalidError` for a time without a zone, which would mean another moment elsewhere.
    """

    mode: LockMode
    until: datetime

    def __post_init__(self) -> None:
        if self.until.tzinfo is None:
            raise InvalidError("A retention needs a time with a zone.")


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """One version of an object: its size in bytes, when it was put, and what protects it.

    An expired retention is still told; whether it binds is a question of the bucket's `now`.
    """

    name: str
    version: str
    size: int
    created: datetime
    retention: Retention | None
    legal_hold: bool


@dataclass(frozen=True, slots=True)
class VersionInfo:
    """One entry of a listing of versions: bytes that are kept, or a delete marker (size 0)."""

    name: str
    version: str
    size: int
    created: datetime
    latest: bool
    delete_marker: bool


class Bucket(ABC):
    """Object storage as the archive needs it; the module's text states the common promises."""

    at_once: int = 1
    """How many calls are better made at once than one after the other: more than one where each
    waits for an answer from elsewhere."""
    writes_at_once: int = 1
    """The same of calls that write, each of which may wait for a disk too."""

    @abstractmethod
    def put(
        self,
        name: str,
        data: bytes | Iterable[bytes],
        *,
        retention: Retention | None = None,
        legal_hold: bool = False,
    ) -> str:
        """Store `data` under `name` as a new current version and return the version's id.

        An iterable is streamed with flat memory; if it raises, nothing is stored and its error
        comes out unchanged. The locks are on the version from the moment that it is visible, or,
        for a body in parts on a server that cannot do that, when the call returns.
        Raises `InvalidError` when the retention has ended already.
        """

    @abstractmethod
    def get(self, name: str, *, version: str | None = None) -> bytes:
        """Return the bytes of the current version, or of `version`.

        Raises `NotFoundError` when there is none, or the name is hidden by a delete marker, and
        `CorruptError` when the store gives back, again and again, other bytes than were put.
        """

    @abstractmethod
    def get_range(
        self, name: str, offset: int, length: int, *, version: str | None = None
    ) -> bytes:
        """Return exactly `length` bytes from the 0-based `offset` on.

        Raises `NotFoundError` as `get` does, and `CorruptError` when the object ends before the
        range does: whoever asks knows from elsewhere how long it must be.
        """

    @abstractmethod
    def read(self, name: str, *, version: str | None = None) -> Iterator[bytes]:
        """Return the bytes as an iterator of chunks of about a mebibyte, with flat memory.

        Raises `NotFoundError` as `get` does, at once rather than at the first chunk, and
        `CorruptError` at the end when the bytes are not those that were put. What is being read
        stays readable to its end while others put a newer version or delete this one.
        """

    @abstractmethod
    def stat(self, name: str, *, version: str | None = None) -> ObjectInfo:
        """Return what is known of a version without reading it; raises as `get` does."""

    @abstractmethod
    def names(self, prefix: str, *, after: str = "") -> Iterator[str]:
        """Yield the visible names that begin with `prefix` and come after `after`, sorted.

        The order is that of code points over the whole name. A name that is put or deleted while
        the listing runs may or may not be in it; every other name is in it exactly once.
        """

    @abstractmethod
    def versions(self, prefix: str) -> Iterator[VersionInfo]:
        """Yield all versions and delete markers of the names that begin with `prefix`.

        Names are sorted as in `names`; of each name the newest comes first and alone is `latest`.
        """

    @abstractmethod
    def delete(self, name: str, *, version: str | None = None) -> None:
        """Hide the name behind a delete marker, or destroy one version (or marker) for good.

        Destroying the current version makes the one before it current again. Idempotent: what is
        not there, or hidden already, is no error. Raises `LockedError` when a retention that has
        not ended, or a legal hold, protects the version; a marker can always be placed.
        """

    @abstractmethod
    def extend_retention(self, name: str, version: str, retention: Retention) -> None:
        """Protect a version for longer, or harder. Idempotent.

        Raises `LockedError` when a retention in force would become shorter or weaker (some stores
        do not even weaken one that has ended),
        `InvalidError` when the new one has ended already, and `NotFoundError`.
        """

    @abstractmethod
    def set_legal_hold(self, name: str, version: str, on: bool) -> None:
        """Place or lift the legal hold of a version. Idempotent; raises `NotFoundError`."""

    @abstractmethod
    def now(self) -> datetime:
        """Return the bucket's own time, in UTC: the one by which it judges retentions."""

    @abstractmethod
    def describe(self) -> str:
        """Return where the bucket is, for people; never holds a secret."""

    @abstractmethod
    def check(self) -> tuple[str, ...]:
        """Return what the bucket can and cannot do, in sentences for people. Changes nothing.

        Raises `ConfigurationError` when an archive cannot stand on it, saying what to do.
        """
