"""Reading the matters from their events, as of now or of a sequence number.

SQL says in one look which events there are; what was read before is kept, so that only new ones are
opened. So a change counts from the moment its commit stands, on every host.
"""

from bisect import bisect_right
from dataclasses import replace
from threading import Lock

from archive.events.event import Event
from archive.events.identity import Identity
from archive.events.mapper import EventMapper
from archive.events.opener import Opener
from archive.events.pointers import PointerRecorder
from archive.events.reading import read_each
from archive.matters.matter import MatterBook, evolve, lose


class Matters:
    """Reads all matters. Safe for threads: events are read once, and looked for each time."""

    def __init__(
        self, pointers: PointerRecorder, opener: Opener, mapper: EventMapper, identity: Identity
    ) -> None:
        self._pointers = pointers
        self._opener = opener
        self._mapper = mapper
        self.stream = identity.stream("matters")
        """The id of the one stream in which all matters stand."""
        self._lock = Lock()
        self._seqs: list[int] = []
        self._events: list[Event | None] = []
        self._now = MatterBook()

    def read(self, as_of: int | None = None) -> MatterBook:
        """Return all matters as of a sequence number, or of now.

        Raises UnavailableError where the database or the bucket do not answer.
        """
        with self._lock:
            self._catch_up()
            count = len(self._seqs) if as_of is None else bisect_right(self._seqs, as_of)
            if count == len(self._seqs):
                return self._now
            book = MatterBook()
            for place in range(count):
                book = self._after(book, place)
            return book

    def _catch_up(self) -> None:
        rows = self._pointers.select_pointers(
            self.stream, gt=len(self._seqs) or None, lte=None, desc=False, limit=None
        )
        for row, event in read_each(rows, self._opener, self._mapper):
            self._seqs.append(row.seq)
            self._events.append(event)
            self._now = self._after(self._now, len(self._seqs) - 1)

    def _after(self, book: MatterBook, place: int) -> MatterBook:
        """Return the matters after the event at a place, which is None if it cannot be read."""
        event = self._events[place]
        # One that has been erased is not of the stream's types, which loses it too.
        book = lose(book, place + 1) if event is None else evolve(book, event)
        return replace(book, changed=self._seqs[place])
