"""The rows of events by their sequence numbers, many by one query."""

from collections.abc import Iterator, Sequence
from typing import Final

from archive.errors import CorruptError
from archive.events.pointers import PointerRecorder, PointerRow

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
