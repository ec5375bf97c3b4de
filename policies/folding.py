"""Folding a stream of few events into what it tells, always as of now.

SQL says in one look which events there are; all are opened, since they are few. What is true
therefore never depends on how far a follower has come.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar, Generic, TypeVar
from uuid import UUID

from archive.events.event import Event
from archive.events.identity import Identity
from archive.events.mapper import EventMapper
from archive.events.opener import Opener
from archive.events.pointers import PointerRecorder, PointerRow
from archive.events.reading import read_each

State = TypeVar("State")


def fold(
    state: State,
    rows: Sequence[PointerRow],
    opener: Opener,
    mapper: EventMapper,
    evolve: Callable[[State, Event], State],
    lose: Callable[[State, int], State],
) -> State:
    """Return the state after the events of rows; `lose` gets the version of each unreadable one.

    Raises UnavailableError where the bucket does not answer.
    """
    for row, event in read_each(rows, opener, mapper):
        # One that has been erased is not of the stream's types, which loses it too.
        state = lose(state, row.originator_version) if event is None else evolve(state, event)
    return state


class StreamReader(ABC, Generic[State]):
    """Reads what one stream of few events tells. Safe for threads: it keeps nothing.

    Methods raise UnavailableError where the database or the bucket do not answer.
    """

    name: ClassVar[str]

    def __init__(
        self, pointers: PointerRecorder, opener: Opener, mapper: EventMapper, identity: Identity
    ) -> None:
        self._pointers = pointers
        self._opener = opener
        self._mapper = mapper
        self._identity = identity

    @property
    def stream(self) -> UUID:
        """The id of the stream."""
        return self._identity.stream(self.name)

    def newest(self) -> int:
        """Return the version of its newest event; 0 while there is none."""
        rows = self._pointers.select_pointers(self.stream, gt=None, lte=None, desc=True, limit=1)
        return rows[0].originator_version if rows else 0

    @abstractmethod
    def read(self) -> State:
        """Return what it tells."""

    def _rows(self) -> Sequence[PointerRow]:
        return self._pointers.select_pointers(
            self.stream, gt=None, lte=None, desc=False, limit=None
        )

    def _folded(
        self,
        state: State,
        rows: Sequence[PointerRow],
        evolve: Callable[[State, Event], State],
        lose: Callable[[State, int], State],
    ) -> State:
        return fold(state, rows, self._opener, self._mapper, evolve, lose)
