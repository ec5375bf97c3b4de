"""Reading the retention events from their stream, always as of now."""

from archive.opening import Archive
from policies.folding import StreamReader
from policies.retention_events.event import EventBook, evolve, lose


class EventReader(StreamReader[EventBook]):
    """Reads all retention events."""

    name = "retention-events"

    def read(self) -> EventBook:
        """Return all retention events."""
        return self._folded(EventBook(), self._rows(), evolve, lose)


def event_reader(archive: Archive) -> EventReader:
    """Return what reads the retention events of an archive."""
    return EventReader(archive.pointers, archive.opener, archive.mapper, archive.identity)
