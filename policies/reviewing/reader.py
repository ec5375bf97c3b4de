"""Reading dispositions from their events, always as of now.

SQL says which records stand in which, and is never believed beyond that. Events that were read are
kept, so that a disposition of many is not opened anew for each of its records.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from archive.catalog.dispositions import DispositionTable
from archive.errors import NotFoundError
from archive.events.identity import Identity
from archive.events.mapper import EventMapper
from archive.events.opener import Opener
from archive.events.pointers import PointerRecorder
from archive.opening import Archive
from policies.folding import fold
from policies.reviewing.disposition import Disposition, evolve, lose
from policies.reviewing.reviewed import Entry, Reviewed

_KEPT: Final = 64


class DispositionReader:
    """Reads dispositions, for one thread.

    Methods raise UnavailableError where the database or the bucket do not answer.
    """

    def __init__(
        self,
        table: DispositionTable,
        pointers: PointerRecorder,
        opener: Opener,
        mapper: EventMapper,
        identity: Identity,
    ) -> None:
        self._table = table
        self._pointers = pointers
        self._opener = opener
        self._mapper = mapper
        self._identity = identity
        self._known: dict[int, Disposition] = {}

    def unopened(self, number: int) -> Disposition:
        """Return the disposition that nothing has happened in yet."""
        return Disposition(number, self._identity.stream(f"disposition/{number}"))

    def read(self, number: int) -> Disposition:
        """Return a disposition as of now; NotFoundError if there is none of this number."""
        known = self._known.get(number) or self.unopened(number)
        rows = self._pointers.select_pointers(
            known.stream, gt=known.newest or None, lte=None, desc=False, limit=None
        )
        if not rows and not known.newest:
            raise NotFoundError(f"There is no disposition {number}.")
        if rows:
            opened_seq = known.opened_seq or rows[0].seq
            known = fold(known, rows, self._opener, self._mapper, evolve, lose)
            known = self._keep(replace(known, opened_seq=opened_seq))
        return known

    def of(self, ids: Sequence[UUID]) -> dict[UUID, Reviewed]:
        """Return what was decided of those of the records that stand in a disposition."""
        named = self._table.of(ids)
        numbers = {number for each in named.values() for number in each}
        read = {number: self.read(number) for number in sorted(numbers)}
        return {
            record_id: _reviewed(record_id, [read[number] for number in numbers])
            for record_id, numbers in named.items()
        }

    def _keep(self, disposition: Disposition) -> Disposition:
        if not disposition.unreadable:
            # What could not be read may be readable the next time.
            while len(self._known) >= _KEPT:
                self._known.pop(next(iter(self._known)), None)
            self._known[disposition.number] = disposition
        return disposition


def disposition_reader(archive: Archive) -> DispositionReader:
    """Return what reads the dispositions of an archive."""
    return DispositionReader(
        archive.dispositions, archive.pointers, archive.opener, archive.mapper, archive.identity
    )


def _reviewed(record_id: UUID, dispositions: Sequence[Disposition]) -> Reviewed:
    entries = tuple(
        Entry(each, each.items[record_id]) for each in dispositions if record_id in each.items
    )
    lost = any(each.unreadable or record_id not in each.items for each in dispositions)
    return Reviewed(record_id, entries, unreadable=lost)
