"""Reading streams of few events whole, where one that cannot be read must not hide the others."""

from collections.abc import Iterator, Sequence

from eventsourcing.persistence import MapperDeserialisationError

from archive.events.event import Event
from archive.events.mapper import EventMapper
from archive.events.opener import DamagedEvent, Opener
from archive.events.pointers import PointerRow


def read_each(
    rows: Sequence[PointerRow], opener: Opener, mapper: EventMapper
) -> Iterator[tuple[PointerRow, Event | None]]:
    """Yield each row with its event, in their order; None stands for one that cannot be read.

    One that has been erased is an `Erased`. Raises UnavailableError where the bucket does not
    answer.
    """
    for opened in opener.open_each(rows):
        event: Event | None = None
        if not isinstance(opened, DamagedEvent):
            try:
                event = mapper.event(opened)
            except MapperDeserialisationError:
                event = None
        yield opened.row, event
