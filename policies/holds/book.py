"""Reading the holds from their events, always as of now.

Of the many looks at the holds (`hold.checked`) only the places in the stream count here, so they
are not opened.
"""

from dataclasses import replace
from uuid import UUID

from archive.events.hold_events import HoldsChecked
from archive.events.identity import Identity
from archive.events.mapper import EventMapper
from archive.events.opener import Opener
from archive.events.pointers import PointerRecorder
from archive.opening import Archive
from policies.folding import fold
from policies.holds.hold import HoldBook, evolve, lose


class HoldReader:
    """Reads all holds. Safe for threads: it keeps nothing."""

    def __init__(
        self, pointers: PointerRecorder, opener: Opener, mapper: EventMapper, identity: Identity
    ) -> None:
        self._pointers = pointers
        self._opener = opener
        self._mapper = mapper
        self._identity = identity

    @property
    def stream(self) -> UUID:
        """The id of the one stream in which all holds stand."""
        return self._identity.stream("holds")

    def read(self) -> HoldBook:
        """Return all holds; UnavailableError where the database or the bucket do not answer."""
        rows = self._pointers.select_pointers(
            self.stream, gt=None, lte=None, desc=False, limit=None
        )
        changes = [row for row in rows if row.type != HoldsChecked.type]
        book = fold(HoldBook(), changes, self._opener, self._mapper, evolve, lose)
        return replace(
            book,
            newest=rows[-1].originator_version if rows else 0,
            changed=changes[-1].seq if changes else 0,
        )


def hold_reader(archive: Archive) -> HoldReader:
    """Return what reads the holds of an archive."""
    return HoldReader(archive.pointers, archive.opener, archive.mapper, archive.identity)
