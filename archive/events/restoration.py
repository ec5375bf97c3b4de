"""The port to writing SQL again from the bucket: for an empty database, or one that is behind.

It writes the tables that `PointerRecorder` keeps, in the same database. Commits of before come
back with their own sequence numbers; meanwhile the database takes no new ones, which would get
numbers that are taken.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from archive.events.pointers import BlobUse, CommitRow

RestoredRow = tuple[int, bytes, int, str, bytes]
"""An event's sequence number, stream id, version, type and encoded pointer."""
KeysRow = tuple[UUID, UUID]
"""A segment's id, and the id of the key object that holds its keys."""


@dataclass(frozen=True, slots=True)
class Restoration:
    """Some commits in their order, as their records in the bucket tell them.

    `after` is the sequence number at which the database must stand. `unopened` are events, by
    sequence number, that cannot be opened, so that nobody knows which blobs they refer to.
    """

    after: int
    commits: Sequence[CommitRow]
    rows: Sequence[RestoredRow]
    segments: Sequence[KeysRow]
    blobs: Sequence[BlobUse] = ()
    unopened: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class RenewedKeys:
    """A segment, the key object that SQL names, and the one that took its place."""

    segment_id: UUID
    was: UUID
    now: UUID


@dataclass(frozen=True, slots=True)
class RelocatedFrames:
    """Known events whose frames have been packed: their pointers now, by sequence number.

    `sources` are the segments that they were in, `packs` those that they are in.
    """

    pointers: Sequence[tuple[int, bytes]]
    sources: Sequence[UUID]
    packs: Sequence[KeysRow]


class PointerRestorer(ABC):
    """Writes pointers again. Threads, processes, durability and errors as in `PointerRecorder`."""

    @abstractmethod
    def await_seq(self, seq: int) -> None:
        """Take no commit any more before the events reach a sequence number."""

    @abstractmethod
    def awaited_seq(self) -> int:
        """Return the sequence number that the events must reach before a commit is taken."""

    @abstractmethod
    def clear(self, seq: int) -> None:
        """Empty all that can be had from the bucket, in one transaction, and await `seq`.

        Only `tracking`, which tells of other applications, is left as it is.
        """

    @abstractmethod
    def restore(self, restoration: Restoration) -> None:
        """Insert commits whose records stand, in one transaction.

        Raises:
            ConflictError: the database stands elsewhere; nothing is written.
        """

    @abstractmethod
    def last_commit(self) -> CommitRow | None:
        """Return the newest commit, None for an empty archive."""

    @abstractmethod
    def renew_keys(self, segments: Sequence[RenewedKeys]) -> None:
        """Name other key objects of segments, of those where SQL still names what it did."""

    @abstractmethod
    def relocate(self, relocated: RelocatedFrames) -> None:
        """Note where known events' frames stand now, in one transaction. Idempotent."""

    @abstractmethod
    def known_blobs(self, blob_ids: Sequence[UUID]) -> set[UUID]:
        """Return those of the blobs that are known."""

    @abstractmethod
    def unopened(self) -> list[int]:
        """Return the events whose blobs are not known, by sequence number."""

    @abstractmethod
    def note_blobs(self, seqs: Sequence[int], blobs: Sequence[BlobUse]) -> None:
        """Note the blobs of events that could not be opened before, and that they could now."""
