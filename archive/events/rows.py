"""The rows of events by their sequence numbers, many by one query; and those that still count."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from uuid import UUID

from archive.errors import CorruptError
from archive.events.pointers import PointerRecorder, PointerRow
from archive.events.types import InteractionRedacted

_PER_QUERY: Final = 1_000
_FAR_APART: Final = 100
_PAGE: Final = 5_000


def rows_at(pointers: PointerRecorder, seqs: Sequence[int]) -> Iterator[PointerRow]:
    """Yield the rows of events, in order.

    Raises CorruptError where the database does not know one of them, and UnavailableError.
    """
    wanted = sorted(seqs)
    start = 0
    while start < len(wanted):
        end = start + 1
        while (
            end < len(wanted)
            and wanted[end] - wanted[end - 1] < _FAR_APART
            and wanted[end] - wanted[start] < _PER_QUERY
        ):
            end += 1
        asked = set(wanted[start:end])
        found = pointers.select_pointers_from(wanted[start], _PER_QUERY, wanted[end - 1])
        known = [row for row in found if row.seq in asked]
        if len(known) < len(asked):
            raise CorruptError("The database does not know all of the condemned events.")
        yield from known
        start = end


def rows_after(pointers: PointerRecorder, seq: int) -> Iterator[PointerRow]:
    """Yield the rows of all events after a sequence number; UnavailableError as above."""
    while page := pointers.select_pointers_from(seq, _PAGE, inclusive_of_start=False):
        yield from page
        seq = page[-1].seq


def since_redaction(rows: Iterable[PointerRow]) -> list[PointerRow]:
    """Return rows of streams without what stood before the last redaction of each.

    The rows of a stream must come in the order of its versions. What stood before is gone, though
    its keys may be there for a moment yet.
    """
    streams: dict[UUID, list[PointerRow]] = {}
    for row in rows:
        if row.type == InteractionRedacted.type:
            streams[row.originator_id] = []
        streams.setdefault(row.originator_id, []).append(row)
    return [row for stream in streams.values() for row in stream]
