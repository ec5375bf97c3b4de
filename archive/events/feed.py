"""Followers: what is derived from the events, kept up by one loop that opens each event once.

A follower keeps its position beside its own state and applies each event exactly once, in order.
An event that cannot be opened is fed as damaged: it stops nobody, and shows in the catalog.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from eventsourcing.persistence import MapperDeserialisationError

from archive.errors import CorruptError
from archive.events.mapper import EventMapper
from archive.events.opener import DamagedEvent, Opened, Opener
from archive.events.pointers import PointerRecorder, PointerRow
from archive.events.types import Event

FULL_BATCH = 1_000
_BYTES_PER_BATCH = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class FedEvent:
    """An event as followers get it."""

    row: PointerRow
    event: Event | DamagedEvent


class Follower(ABC):
    """Something derived from the events. One process at a time runs a follower."""

    name: str

    @abstractmethod
    def position(self) -> int:
        """Return the sequence number up to which everything has been applied and shows."""

    @abstractmethod
    def apply(self, events: Sequence[FedEvent], up_to: int) -> None:
        """Apply events after those applied before, in order, up to a sequence number."""

    def applied(self) -> int:
        """Return the sequence number up to which everything has been applied, shown or not."""
        return self.position()

    @abstractmethod
    def show(self) -> None:
        """Show everything that has been applied: nothing more is to be had for now."""


class Feed:
    """Feeds followers from the events."""

    def __init__(self, pointers: PointerRecorder, opener: Opener, mapper: EventMapper) -> None:
        self._pointers = pointers
        self._opener = opener
        self._mapper = mapper

    def step(self, followers: Sequence[Follower], up_to: int | None = None) -> int:
        """Feed the next batch to those followers that are behind; return its length, 0 at the end.

        Followers that stand at different places are fed what each of them still lacks. The end is
        the newest event, or the one that `up_to` names.
        """
        stands = {follower: follower.applied() for follower in followers}
        rows = self._next(min(stands.values()), up_to)
        if not rows:
            for follower in followers:
                follower.show()
            return 0
        events = [
            FedEvent(opened.row, self._event(opened)) for opened in self._opener.open_each(rows)
        ]
        last = rows[-1].seq
        for follower, position in stands.items():
            if position < last:
                follower.apply([fed for fed in events if fed.row.seq > position], last)
        return len(rows)

    def at(self, seqs: Sequence[int]) -> Iterator[FedEvent]:
        """Yield the events with these sequence numbers, in order, without those not there."""
        rows: list[PointerRow] = []
        # Numbers that follow one another are asked for together: they rise with their places.
        for _, run in groupby(enumerate(sorted(seqs)), lambda each: each[1] - each[0]):
            numbers = [seq for _, seq in run]
            rows += self._pointers.select_pointers_from(numbers[0], len(numbers), numbers[-1])
        for opened in self._opener.open_each(rows):
            yield FedEvent(opened.row, self._event(opened))

    def _next(self, position: int, up_to: int | None) -> list[PointerRow]:
        rows = self._pointers.select_pointers_from(
            position, FULL_BATCH, up_to, inclusive_of_start=False
        )
        size = 0
        for place, row in enumerate(rows):
            size += row.pointer.length
            if size > _BYTES_PER_BATCH:
                return rows[: place + 1]
        return rows

    def _event(self, opened: Opened) -> Event | DamagedEvent:
        if isinstance(opened, DamagedEvent):
            return opened
        try:
            return self._mapper.event(opened)
        except MapperDeserialisationError as error:
            return DamagedEvent(opened.row, CorruptError(str(error)))
