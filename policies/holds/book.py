"""Reading the holds from their events, always as of now.

Of the many looks at the holds (`hold.checked`) only the places in the stream count here, so they
are not opened.
"""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from archive.events.hold_events import HoldsChecked
from archive.events.identity import Identity
from archive.events.mapper import EventMapper
from archive.events.opener import Opener
from archive.events.pointers import PointerRecorder
from archive.model.person import KnownPerson
from archive.opening import Archive
from archive.people.directory import People
from policies.folding import StreamReader
from policies.holds.hold import HoldBook, evolve, lose


class HoldReader(StreamReader[HoldBook]):
    """Reads all holds."""

    name = "holds"

    def __init__(
        self,
        pointers: PointerRecorder,
        opener: Opener,
        mapper: EventMapper,
        identity: Identity,
        people: People,
    ) -> None:
        super().__init__(pointers, opener, mapper, identity)
        self._people = people

    def read(self, as_of: int | None = None) -> HoldBook:
        """Return all holds, as of a sequence number or of now."""
        rows = [row for row in self._rows() if as_of is None or row.seq <= as_of]
        changes = [row for row in rows if row.type != HoldsChecked.type]
        book = self._folded(HoldBook(), changes, evolve, lose)
        seqs = {row.originator_version: row.seq for row in changes}
        book = self._acquainted(book, seqs, as_of)
        return replace(
            book,
            newest=rows[-1].originator_version if rows else 0,
            changed=changes[-1].seq if changes else 0,
        )

    def changed(self) -> int:
        """Return the sequence number of the newest event by which a hold changed, else 0."""
        changes = (row.seq for row in self._rows() if row.type != HoldsChecked.type)
        return max(changes, default=0)

    @property
    def people_stream(self) -> UUID:
        """The id of the stream of the directory of people."""
        return self._people.stream

    def known(self, as_of: int | None = None) -> tuple[KnownPerson, ...]:
        """Return everybody in the directory of people, as of a sequence number or of now."""
        return tuple(self._people.directory(as_of).people.values())

    def _acquainted(self, book: HoldBook, seqs: Mapping[int, int], as_of: int | None) -> HoldBook:
        """Tell each scope whom it may name; `seqs` are of the stream's versions."""
        versions = sorted({each.version for hold in book.holds.values() for each in hold.reached})
        if not versions:
            return book
        # In this order each directory goes on from the one before it.
        then = {version: self.known(seqs[version]) for version in versions}
        directory = self._people.directory(as_of)
        now = tuple(directory.people.values())
        holds = {
            name: replace(
                hold,
                reached=tuple(
                    replace(each, known=tuple(dict.fromkeys((then[each.version], now))))
                    for each in hold.reached
                ),
            )
            for name, hold in book.holds.items()
        }
        return replace(book, holds=holds, people_unreadable=directory.unreadable)


def hold_reader(archive: Archive) -> HoldReader:
    """Return what reads the holds of an archive."""
    return HoldReader(
        archive.pointers, archive.opener, archive.mapper, archive.identity, archive.people
    )
