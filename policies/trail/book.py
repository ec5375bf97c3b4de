"""Reading how long the audit trail is kept, from the events, always as of now."""

from uuid import UUID

from archive.errors import CorruptError
from archive.events.identity import Identity
from archive.events.mapper import EventMapper
from archive.events.opener import Opener
from archive.events.pointers import PointerRecorder
from archive.opening import Archive
from policies.folding import fold
from policies.trail.keeping import TrailBook, evolve, lose


class TrailReader:
    """Reads all versions. Safe for threads: it keeps nothing.

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
        """The id of the one stream in which all versions stand."""
        return self._identity.stream("audit-retention")

    def read(self) -> TrailBook:
        """Return all versions."""
        rows = self._pointers.select_pointers(
            self.stream, gt=None, lte=None, desc=False, limit=None
        )
        return fold(TrailBook(), rows, self._opener, self._mapper, evolve, lose)

    def readable(self) -> TrailBook:
        """Return all versions; CorruptError where it is not known what was decided."""
        book = self.read()
        if book.unreadable:
            raise CorruptError(
                "An event about how long the audit trail is kept cannot be read: verify names it. "
                "No entry goes, and nothing is decided about them, until it can."
            )
        return book

    def newest(self) -> int:
        """Return the version of the newest event."""
        rows = self._pointers.select_pointers(self.stream, gt=None, lte=None, desc=True, limit=1)
        return rows[0].originator_version if rows else 0


def trail_reader(archive: Archive) -> TrailReader:
    """Return what reads how long an archive's trail is kept."""
    return TrailReader(archive.pointers, archive.opener, archive.mapper, archive.identity)
