"""Folding a stream of few events into what it tells, always as of now.

SQL says in one look which events there are; all are opened, since they are few. What is true
therefore never depends on how far a follower has come.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from archive.events.event import Event
from archive.events.mapper import EventMapper
from archive.events.opener import Opener
from archive.events.pointers import PointerRow
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
