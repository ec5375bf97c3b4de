"""Reading cases of erasure from their events."""

from uuid import UUID

from archive.catalog.cases import ErasureCases
from archive.events.erasure_events import ErasureOpened
from archive.events.event import Event
from archive.events.mapper import EventMapper
from archive.events.opener import Opener
from archive.events.pointers import PointerRecorder
from archive.opening import Archive
from policies.erasures.case import Case, evolve
from policies.requests.reading import CaseReader


class ErasureReader(CaseReader[Case]):
    """Reads cases of erasure."""

    opened = ErasureOpened

    def __init__(
        self, cases: ErasureCases, pointers: PointerRecorder, opener: Opener, mapper: EventMapper
    ) -> None:
        super().__init__(cases, pointers, opener, mapper)
        self._ordered = cases.ordered

    def evolve(self, case: Case | None, event: Event) -> Case:
        return evolve(case, event)

    def ordered(self) -> list[UUID]:
        """Return the cases that are to be carried out."""
        return self._ordered()


def case_reader(archive: Archive) -> ErasureReader:
    """Return what reads the cases of erasure of an archive."""
    return ErasureReader(archive.cases, archive.pointers, archive.opener, archive.mapper)
