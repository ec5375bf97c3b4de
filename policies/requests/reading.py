"""Reading cases from their events, always as of now."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import suppress
from typing import ClassVar, Generic
from uuid import UUID

from eventsourcing.persistence import MapperDeserialisationError

from archive.catalog.cases import CaseCatalog
from archive.errors import CorruptError, NotFoundError
from archive.events.case_events import CaseOpened
from archive.events.event import Event
from archive.events.mapper import EventMapper
from archive.events.opener import DamagedEvent, Opener
from archive.events.pointers import PointerRecorder
from policies.requests.case import CaseT


class CaseReader(ABC, Generic[CaseT]):
    """Reads cases of one kind. Safe for threads: it keeps nothing.

    `opened` is the event that every case begins with. Methods raise CorruptError where an event
    cannot be read, and UnavailableError where bucket or database do not answer.
    """

    opened: ClassVar[type[CaseOpened]]

    def __init__(
        self, cases: CaseCatalog, pointers: PointerRecorder, opener: Opener, mapper: EventMapper
    ) -> None:
        self._cases = cases
        self._pointers = pointers
        self._opener = opener
        self._mapper = mapper

    @abstractmethod
    def evolve(self, case: CaseT | None, event: Event) -> CaseT:
        """Return the case after the next event of its stream; CorruptError for a strange one."""

    def case(self, case_id: UUID, as_of: int | None = None) -> CaseT:
        """Return a case, as of a sequence number; NotFoundError if there is none of this id."""
        rows = [
            row
            for row in self._pointers.select_pointers(
                case_id, gt=None, lte=None, desc=False, limit=None
            )
            if as_of is None or row.seq <= as_of
        ]
        if not rows or rows[0].type != self.opened.type:
            raise NotFoundError(f"There is no case {case_id}.")
        case: CaseT | None = None
        for opened in self._opener.open_each(rows):
            if isinstance(opened, DamagedEvent):
                raise CorruptError(f"An event of case {case_id} cannot be read: verify names it.")
            try:
                case = self.evolve(case, self._mapper.event(opened))
            except MapperDeserialisationError as error:
                raise CorruptError(f"An event of case {case_id} says nothing known.") from error
        if case is None:
            raise CorruptError(f"Case {case_id} is without its events.")
        return case

    def page(self, limit: int, before: int | None) -> list[tuple[UUID, int]]:
        """Return cases with the sequence numbers of their opening, the newest first."""
        return self._cases.page(limit, before=before)

    def unanswered(self) -> list[UUID]:
        """Return the cases that are not closed, the oldest first."""
        return self._cases.open()

    def open(self) -> Iterator[CaseT]:
        """Yield the cases that are not closed and can be read."""
        for case_id in self.unanswered():
            with suppress(CorruptError):
                yield self.case(case_id)
