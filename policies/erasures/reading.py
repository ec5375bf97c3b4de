"""Reading cases of erasure from their events, always as of now."""

from collections.abc import Iterator
from contextlib import suppress
from uuid import UUID

from eventsourcing.persistence import MapperDeserialisationError

from archive.catalog.cases import CaseCatalog
from archive.errors import CorruptError, NotFoundError
from archive.events.erasure_events import ErasureOpened
from archive.events.mapper import EventMapper
from archive.events.opener import DamagedEvent, Opener
from archive.events.pointers import PointerRecorder
from archive.opening import Archive
from policies.erasures.case import Case, evolve


class CaseReader:
    """Reads cases. Safe for threads: it keeps nothing.

    Methods raise CorruptError where an event cannot be read, and UnavailableError where bucket or
    database do not answer.
    """

    def __init__(
        self, cases: CaseCatalog, pointers: PointerRecorder, opener: Opener, mapper: EventMapper
    ) -> None:
        self._cases = cases
        self._pointers = pointers
        self._opener = opener
        self._mapper = mapper

    def case(self, case_id: UUID) -> Case:
        """Return a case; NotFoundError if there is none of this id."""
        rows = self._pointers.select_pointers(case_id, gt=None, lte=None, desc=False, limit=None)
        if not rows or rows[0].type != ErasureOpened.type:
            raise NotFoundError(f"There is no case {case_id}.")
        case: Case | None = None
        for opened in self._opener.open_each(rows):
            if isinstance(opened, DamagedEvent):
                raise CorruptError(f"An event of case {case_id} cannot be read: verify names it.")
            try:
                case = evolve(case, self._mapper.event(opened))
            except MapperDeserialisationError as error:
                raise CorruptError(f"An event of case {case_id} says nothing known.") from error
        if case is None:
            raise CorruptError(f"Case {case_id} is without its events.")
        return case

    def page(self, limit: int, before: int | None) -> list[tuple[UUID, int]]:
        """Return cases with the sequence numbers of their opening, the newest first."""
        return self._cases.page(limit, before=before)

    def open(self) -> Iterator[Case]:
        """Yield the cases that are not closed and can be read."""
        for case_id in self._cases.open():
            with suppress(CorruptError):
                yield self.case(case_id)

    def ordered(self) -> list[UUID]:
        """Return the cases that are to be carried out."""
        return self._cases.ordered()


def case_reader(archive: Archive) -> CaseReader:
    """Return what reads the cases of an archive."""
    return CaseReader(archive.cases, archive.pointers, archive.opener, archive.mapper)
