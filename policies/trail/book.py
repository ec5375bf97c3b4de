"""Reading how long the audit trail is kept, from the events, always as of now."""

from archive.errors import CorruptError
from archive.opening import Archive
from policies.folding import StreamReader
from policies.trail.keeping import TrailBook, evolve, lose


class TrailReader(StreamReader[TrailBook]):
    """Reads all versions."""

    name = "audit-retention"

    def read(self) -> TrailBook:
        """Return all versions."""
        return self._folded(TrailBook(), self._rows(), evolve, lose)

    def readable(self) -> TrailBook:
        """Return all versions; CorruptError where it is not known what was decided."""
        book = self.read()
        if book.unreadable:
            raise CorruptError(
                "An event about how long the audit trail is kept cannot be read: verify names it. "
                "No entry goes, and nothing is decided about them, until it can."
            )
        return book


def trail_reader(archive: Archive) -> TrailReader:
    """Return what reads how long an archive's trail is kept."""
    return TrailReader(archive.pointers, archive.opener, archive.mapper, archive.identity)
