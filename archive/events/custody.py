"""The port to what SQL says of keys: which key object holds a segment's, and which keyring counts.

A segment's keys are written anew only by whoever holds the segment, so that two never do it at
once. Commits of new segments are not kept waiting by that.

Keyrings are numbered by claims. A claim gives a number that nobody had before and says which
keyring is in force; putting it in force succeeds only while no later claim was made. So of two
keyrings in the bucket the one with the higher number was derived from whatever was in force when
it was claimed, and one with a lower number never comes into force after that: a writer that was
held up can do no harm, however late its keyring arrives.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from uuid import UUID

from archive.errors import ConflictError


class SupersededKeyringError(ConflictError):
    """What is to be committed was sealed under a keyring that is not in force."""

    def __init__(self, number: int) -> None:
        super().__init__(f"Keyring {number} is in force; seal anew under it.")
        self.number = number


_MADE = re.compile(r"CREATE (?:TABLE|INDEX) IF NOT EXISTS (\w+)")


def names_made(statements: Iterable[str]) -> set[str]:
    """Return the names of the tables and indexes that statements make."""
    return {found[1] for found in map(_MADE.match, statements) if found}


@dataclass(frozen=True, slots=True)
class KeyringState:
    """The highest number claimed for a keyring, and the number of the one in force.

    Both are 0 where SQL was made anew.
    """

    claimed: int
    in_force: int


@dataclass(frozen=True, slots=True)
class CondemnedBlob:
    """A blob that no event refers to any more: its keyed digest and its id."""

    digest: bytes
    blob_id: UUID


class HeldSegment(ABC):
    """A segment whose keys nobody else writes anew meanwhile.

    `keys_id` is its key object as SQL has it, None where SQL knows of none.
    """

    keys_id: UUID | None

    @abstractmethod
    def name(self, keys_id: UUID) -> None:
        """Let SQL name another key object; durable when the segment is let go.

        NotFoundError if SQL does not know the segment any more, because it was packed.
        """


class KeyCustody(ABC):
    """What writing keys anew and destroying them asks of SQL; errors as `PointerRecorder`'s."""

    @abstractmethod
    def keys_of_each(self, segment_ids: Iterable[UUID]) -> dict[UUID, UUID]:
        """Return the ids of the key objects that now hold the keys of those that SQL knows."""

    def keys_of(self, segment_id: UUID) -> UUID | None:
        """Return the id of the key object that now holds the segment's keys."""
        return self.keys_of_each([segment_id]).get(segment_id)

    @abstractmethod
    def segments_after(self, segment_id: UUID | None, limit: int) -> list[tuple[UUID, UUID]]:
        """Return the next segments in order of id, each with its key object."""

    @abstractmethod
    def held_segment(self, segment_id: UUID) -> AbstractContextManager[HeldSegment]:
        """Hold a segment, waiting for whoever holds it now.

        On PostgreSQL a holder that stands still for a minute, or cannot be reached, loses it and
        is told by UnavailableError when it names a key object or lets go.
        """

    @abstractmethod
    def condemn_blobs(self, events: Sequence[tuple[UUID, int]]) -> None:
        """Forget what events, by stream and version, refer to; condemn blobs without references.

        A commit that reuses such a blob is refused from then on. Idempotent.
        """

    @abstractmethod
    def condemned_blobs(self) -> list[CondemnedBlob]:
        """Return the blobs that are condemned and not forgotten yet."""

    @abstractmethod
    def forget_blobs(self, blob_ids: Sequence[UUID]) -> None:
        """Forget condemned blobs, whose bytes are gone."""

    @abstractmethod
    def keyring_state(self) -> KeyringState:
        """Return which keyring is in force, and up to where numbers are claimed."""

    @abstractmethod
    def claim_keyring(self, above: int) -> KeyringState:
        """Claim a number for a new keyring, higher than all claimed before and than `above`."""

    @abstractmethod
    def put_in_force(self, number: int) -> bool:
        """Put a keyring in force, which stands in the bucket: commits need it from now on.

        False, and nothing is changed, where a later number has been claimed or is in force.
        Idempotent.
        """
