"""Reading the retention events from their stream, always as of now."""

from uuid import UUID

from archive.events.identity import Identity
from archive.events.mapper import EventMapper
from archive.events.opener import Opener
from archive.events.pointers import PointerRecorder
from archive.opening import Archive
from policies.folding import fold
from policies.retention_events.event import EventBook, evolve, lose


class EventReader:
    """Reads all retention events. Safe for threads: it keeps nothing.

    Methods raise UnavailableError where the database or the bucket do not answer.
    """

    def __init__(
        self, pointers: PointerRecorder, opener: Opener, mapper: EventMapper, identity: Identity
    ) -> None:
        self._pointers = pointers
        self._opener = opener
        self._mapper = mapper
        self._identity = identity

    @property
    def stream(self) -> UUID:
        """The id of the one stream in which all retention events stand."""
        return self._identity.stream("retention-events")

    def newest(self) -> int:
        """Return the version of the newest event of the stream."""
        rows = self._pointers.select_pointers(self.stream, gt=None, lte=None, desc=True, limit=1)
        return rows[0].originator_version if rows else 0

    def read(self) -> EventBook:
        """Return all retention events."""
        rows = self._pointers.select_pointers(
            self.stream, gt=None, lte=None, desc=False, limit=None
        )
        return fold(EventBook(), rows, self._opener, self._mapper, evolve, lose)


def event_reader(archive: Archive) -> EventReader:
    """Return what reads the retention events of an archive."""
    return EventReader(archive.pointers, archive.opener, archive.mapper, archive.identity)
