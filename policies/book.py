"""Reading the policies from their events, always as of now.

SQL says in one look which events there are; all are opened, since they are few. What is in force
therefore never depends on how far a follower has come.
"""

from uuid import UUID

from eventsourcing.persistence import MapperDeserialisationError

from archive.events.identity import Identity
from archive.events.mapper import EventMapper
from archive.events.opener import DamagedEvent, Opener
from archive.events.pointers import PointerRecorder
from policies.policy import Book, evolve, lose


class PolicyBook:
    """Reads all policies. Safe for threads: it keeps nothing."""

    def __init__(
        self, pointers: PointerRecorder, opener: Opener, mapper: EventMapper, identity: Identity
    ) -> None:
        self._pointers = pointers
        self._opener = opener
        self._mapper = mapper
        self._identity = identity

    @property
    def stream(self) -> UUID:
        """The id of the one stream in which all policies stand."""
        return self._identity.stream("policies")

    def read(self) -> Book:
        """Return all policies; UnavailableError where the database or the bucket do not answer."""
        rows = self._pointers.select_pointers(
            self.stream, gt=None, lte=None, desc=False, limit=None
        )
        book = Book()
        for opened in self._opener.open_each(rows):
            version = opened.row.originator_version
            if isinstance(opened, DamagedEvent):
                book = lose(book, version)
                continue
            try:
                # One that has been erased is not of the policies' types, which loses it too.
                book = evolve(book, self._mapper.event(opened))
            except MapperDeserialisationError:
                book = lose(book, version)
        return book
