"""The port to the events in SQL: which exist, in which order, and where each stands in the bucket.

A sequence number is given in the transaction that inserts the event, one commit after another, so
the numbers are dense and rise in the order of the commits: whoever has read up to a number will
never find an event at or below it that was not there before. Beside the events stands what has to
change in the same transaction: segments, commits and blobs. Every table can be derived from the
bucket again.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from eventsourcing.persistence import Tracking

from archive.errors import ConfigurationError, ConflictError, CorruptError, UnavailableError
from archive.events.custody import KeyCustody
from archive.events.packing import PackTable

if TYPE_CHECKING:
    from archive.events.restoration import PointerRestorer
from archive.sealing.relocation import DROPPED_SLOT

_POINTER = Struct(">B16sIQI32s")
_DIGEST_SIZE = 32
# The first version has no digest; it is still what is written where the digest is not known.
_WITHOUT_DIGEST, _WITH_DIGEST = 1, 2

EventKey = tuple[bytes, int]
"""What an event is one of: its stream's id as 16 bytes, and its version there."""
SqlRow = tuple[bytes, int, str, bytes]
"""An event as it stands in SQL: stream id, version, type and encoded pointer."""
SegmentRow = tuple[UUID, UUID]
"""A segment's id, and the id of the key object that holds its keys."""


class Pointer(NamedTuple):
    """Where one event's frame stands: segment, slot, byte span, and its leaf hash in the log.

    `digest` is the frame's SHA-256, from which the log's entry is made; None where it is not known,
    because the commit records, from which pointers are rebuilt, do not hold it.

    Like its row a named tuple, which is made in a third of the time that a frozen dataclass takes:
    whoever reads many records makes several of each.
    """

    segment_id: UUID
    slot: int
    offset: int
    length: int
    leaf_hash: bytes
    digest: bytes | None = None

    @property
    def is_dropped(self) -> bool:
        """Whether there is no frame any more, since its key was destroyed before it was packed."""
        return self.slot == DROPPED_SLOT

    def encode(self) -> bytes:
        """Return the 65 bytes, or 97 with a digest, that stand in SQL."""
        place = (self.segment_id.bytes, self.slot, self.offset, self.length)
        return encode_pointer(*place, self.leaf_hash, self.digest or b"")

    @classmethod
    def decode(cls, data: bytes) -> "Pointer":
        """Read what `encode` wrote; CorruptError for anything else."""
        digest = encoded_digest(data)
        version = _WITH_DIGEST if digest else _WITHOUT_DIGEST
        if len(data) < _POINTER.size or len(digest) not in (0, _DIGEST_SIZE) or data[0] != version:
            raise CorruptError("A pointer in the events table is not of a known form.")
        _, segment, slot, offset, length, leaf = _POINTER.unpack_from(data)
        return cls(_segment_id(segment), slot, offset, length, leaf, digest or None)


def encode_pointer(
    segment: bytes, slot: int, offset: int, length: int, leaf_hash: bytes, digest: bytes
) -> bytes:
    """Return what stands in SQL of a pointer with these fields.

    `segment` is the segment's id as 16 bytes; `digest` may be empty.
    """
    version = _WITH_DIGEST if digest else _WITHOUT_DIGEST
    return _POINTER.pack(version, segment, slot, offset, length, leaf_hash) + digest


def encoded_digest(data: bytes) -> bytes:
    """Return the digest that stands in an encoded pointer, empty if it has none.

    CorruptError if there are no bytes: SQLite takes a value of any type in any column.
    """
    if not isinstance(data, bytes):
        raise CorruptError("A pointer in the events table is not of a known form.")
    return data[_POINTER.size :]


@lru_cache(maxsize=1_024)
def _segment_id(data: bytes) -> UUID:
    # Thousands of events stand in one segment, and making an id takes longer than finding it.
    return UUID(bytes=data)


class PointerRow(NamedTuple):
    """One event as SQL knows it."""

    seq: int
    originator_id: UUID
    originator_version: int
    type: str
    pointer: Pointer


@dataclass(frozen=True, slots=True)
class BlobUse:
    """An event's reference to a blob; `new` says that this event's writer uploaded it."""

    blob_id: UUID
    digest: bytes
    sealed_size: int
    originator_id: UUID
    originator_version: int
    new: bool


@dataclass(frozen=True, slots=True)
class CommitRow:
    """One commit: the sequence numbers it covers and the id of its record in the bucket."""

    first_seq: int
    last_seq: int
    record_id: UUID


class GoneBackError(ConfigurationError):
    """The database holds less than a writer has seen in it: an older copy took its place."""

    def __init__(self, seen: int, last: int) -> None:
        super().__init__(
            f"The database stands at {last}, though it stood at {seen} before: an older copy of "
            "it took its place. Put the newer one back before anything is written."
        )


class BehindError(UnavailableError):
    """The database lacks commits that are in the bucket, and takes no others before them."""

    def __init__(self, last: int, awaited: int) -> None:
        super().__init__(
            f"The database stands at {last} and is being brought up to {awaited} from the bucket."
        )


class BlobCondemnedError(ConflictError):
    """A blob that an event wants to reuse is being destroyed; upload it anew."""

    def __init__(self, blob_id: UUID) -> None:
        super().__init__("A blob to be reused is being destroyed; upload it anew.")
        self.blob_id = blob_id


@dataclass(frozen=True, slots=True)
class PointerCommit:
    """What one commit writes.

    `segments` are the new segments, one for each lock class, each with the key object that holds
    its keys. `rows` are in the order of the events.
    `durable_commits` are earlier commits, by first sequence number, whose record is known to
    stand in the bucket by now: noting it here saves them a transaction of their own. `seen` is
    the newest sequence number that the writer knows of. `keyring` is the number of the keyring that
    the keys were sealed under.
    """

    segments: Sequence[SegmentRow]
    record_id: UUID
    rows: Sequence[SqlRow]
    blobs: Sequence[BlobUse] = ()
    trackings: Sequence[Tracking] = ()
    durable_commits: Sequence[int] = ()
    seen: int = 0
    keyring: int = 0


class PointerRecorder(KeyCustody, PackTable, ABC):
    """Events as pointers, and the rows that are written with them in one transaction.

    Safe for several threads, and for several processes, each with a recorder of its own over the
    same database. What a writing method has done is durable when it returns. A reading method
    gives one state of the database, never half of a commit.

    Every method raises UnavailableError when the database does not answer. A writing one may have
    taken effect all the same: a connection cut at the commit looks like one cut before it, and
    only reading back tells.
    """

    @abstractmethod
    def archive(self) -> UUID | None:
        """Return whose events these are; None where there are no tables yet."""

    @abstractmethod
    def create(self, archive_id: UUID) -> None:
        """Make the tables for an archive, and what older tables lack, unless it is there."""

    @abstractmethod
    def select_pointers(
        self, originator_id: UUID, *, gt: int | None, lte: int | None, desc: bool, limit: int | None
    ) -> list[PointerRow]:
        """Return one originator's events in order of version."""

    @abstractmethod
    def select_pointers_of(self, originator_ids: Iterable[UUID]) -> list[PointerRow]:
        """Return all events of several originators, by originator and version."""

    @abstractmethod
    def select_pointers_from(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> list[PointerRow]:
        """Return events in order of sequence number, as `select_notifications` does."""

    @abstractmethod
    def encoded_from(self, start: int, limit: int) -> dict[int, SqlRow]:
        """Return events from a sequence number on, by theirs, without looking into their pointers.

        This is for who compares all of them with what they must be.
        """

    @abstractmethod
    def existing(self, keys: Iterable[EventKey]) -> dict[EventKey, int]:
        """Return the sequence numbers of those events that exist."""

    @abstractmethod
    def write_commit(self, commit: PointerCommit) -> int:
        """Insert one commit in one transaction and return its first sequence number.

        Raises:
            ConflictError: an event exists already, or a tracking goes back; nothing is written.
            BlobCondemnedError: a blob to be reused is going away; nothing is written.
            SupersededKeyringError: another keyring is in force; nothing is written.
            GoneBackError: the database has gone back behind what the writer has seen.
            BehindError: the database lacks commits that it awaits from the bucket.
        """

    @abstractmethod
    def commits_not_durable(self) -> list[CommitRow]:
        """Return the commits whose record is not known to stand in the bucket, in order."""

    @abstractmethod
    def mark_durable(self, first_seqs: Sequence[int]) -> None:
        """Note of commits, by first sequence number, that their records stand in the bucket."""

    @abstractmethod
    def live_blob(self, digest: bytes) -> tuple[UUID, UUID, int] | None:
        """Return a blob with this keyed digest and one event that refers to it, if there is one."""

    @abstractmethod
    def blobs_of(self, originator_ids: Iterable[UUID]) -> list[tuple[bytes, UUID]]:
        """Return the blobs that any event of streams refers to: keyed digest, and id."""

    @abstractmethod
    def last_seq(self) -> int:
        """Return the newest sequence number, 0 for an empty archive."""

    @abstractmethod
    def restorer(self) -> "PointerRestorer":
        """Return what writes the same tables again from the bucket."""

    @abstractmethod
    def insert_tracking(self, tracking: Tracking) -> None:
        """Record how far an upstream application was processed; ConflictError if it goes back."""

    @abstractmethod
    def max_tracking_id(self, application_name: str) -> int | None:
        """Return how far an upstream application's events were processed."""

    @abstractmethod
    def close(self) -> None:
        """Let go of all connections."""
