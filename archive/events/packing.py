"""The port to what SQL says of packing: packs that are being made, and frames that change places.

A pack is in the table from before its first object is put until the last object of its sources is
gone, so that whoever finds it there can tell what a process that died has left: before its frames
have moved, a key object that nothing may keep; after, sources that must go.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from uuid import UUID

from archive.errors import ConflictError


class PackOvertakenError(ConflictError):
    """A pack can be made no more as it was begun: a source's keys changed, or it was called off."""

    def __init__(self) -> None:
        super().__init__("What was to be packed has changed meanwhile.")


@dataclass(frozen=True, slots=True)
class PackRow:
    """A pack that is not finished: the segments it takes from, and its relocation record.

    `record` is None until the frames have moved.
    """

    pack_id: UUID
    sources: tuple[UUID, ...]
    record: bytes | None


@dataclass(frozen=True, slots=True)
class PackMove:
    """What changes when frames move: their pointers, by sequence number, and the pack's keys.

    `keyring` is the number of the keyring that the pack's keys were sealed under.
    """

    keys_id: UUID
    pointers: Sequence[tuple[int, bytes]]
    record: bytes
    keyring: int


class HeldPack(ABC):
    """A pack and its sources, whose keys nobody else writes anew meanwhile.

    `row` is None for a pack that is not in the table any more. `keys` are the key objects of the
    sources that SQL knows.
    """

    row: PackRow | None
    keys: Mapping[UUID, UUID]

    @abstractmethod
    def move(self, move: PackMove) -> None:
        """Move the frames; the sources are then no segments any more. Durable when let go.

        Raises:
            PackOvertakenError: the pack was called off, or another keyring is in force; nothing
                is changed.
        """

    @abstractmethod
    def forget(self) -> None:
        """Take the pack out of the table."""


class PackTable(ABC):
    """What packing asks of SQL; errors as `PointerRecorder`'s."""

    @abstractmethod
    def begin_pack(self, pack_id: UUID, sources: Sequence[UUID]) -> None:
        """Note that a pack is being made; durable when it returns."""

    @abstractmethod
    def packs(self) -> list[PackRow]:
        """Return the packs that are not finished, in order of their ids."""

    @abstractmethod
    def held_pack(self, pack_id: UUID) -> AbstractContextManager[HeldPack]:
        """Hold a pack and its sources, waiting for whoever holds one of them now.

        As `KeyCustody.held_segment`, also in what a holder that stands still is told.
        """


def encode_sources(sources: Sequence[UUID]) -> bytes:
    """Return the bytes that stand for segments in SQL."""
    return b"".join(source.bytes for source in sources)


def decode_sources(data: bytes) -> tuple[UUID, ...]:
    """Read what `encode_sources` wrote."""
    return tuple(UUID(bytes=data[at : at + 16]) for at in range(0, len(data), 16))
