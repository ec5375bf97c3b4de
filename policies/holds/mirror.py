"""Holds shown in the bucket: the legal hold of every object that holds a held record.

It is a second safeguard, for whoever deletes in the bucket past the archive; what may be destroyed
never depends on it. A run that is cut off anywhere is repeated as a whole by the next one.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final
from uuid import UUID

from archive.catalog.catalog import Catalog
from archive.catalog.mirrored import MirrorBook, Mirrored
from archive.errors import CorruptError
from archive.events.pointers import PointerRecorder
from archive.events.types import (
    InteractionCaptured,
    InteractionRedacted,
    InteractionRevised,
    InteractionWithdrawn,
)
from archive.locking.records import RecordLocks
from archive.opening import Archive
from policies.holds.book import HoldReader, hold_reader
from policies.holds.hold import HoldBook
from policies.holds.reach import Held, Holds
from policies.records import Found, GovernedRecords, governed_records

_PAGE: Final = 500
_INTERACTION: Final = tuple(
    each.type
    for each in (
        InteractionCaptured,
        InteractionRevised,
        InteractionWithdrawn,
        InteractionRedacted,
    )
)

Stopped = Callable[[], bool]


class HoldMirror:
    """Places and lifts the bucket's legal holds. Only the leader does."""

    def __init__(
        self,
        holds: HoldReader,
        records: GovernedRecords,
        catalog: Catalog,
        pointers: PointerRecorder,
        locks: RecordLocks,
        book: MirrorBook,
        *,
        wanted: bool,
    ) -> None:
        self._holds = holds
        self._records = records
        self._catalog = catalog
        self._pointers = pointers
        self._locks = locks
        self._book = book
        self._wanted = wanted

    def run(self, stopped: Stopped = lambda: False) -> tuple[int, int]:
        """Bring the bucket up to the holds; say of how many objects a hold was placed, and lifted.

        Those are counted too that were so already, since nobody asks the bucket before.
        Where only new records came in, only these are looked at; where a hold changed, all are.
        Nothing is done unless it is `wanted`, or was done before. `stopped` is asked between pages.

        Raises:
            UnavailableError, ConflictError: bucket or database do not answer, or what holds the
                records kept changing; the next run begins again.
            CorruptError: an event of the holds cannot be read; nothing is lifted.
        """
        before = self._book.read()
        if not self._wanted and before is None:
            return 0, 0
        book, position = self._holds.read(), self._catalog.position()
        if book.unreadable:
            raise CorruptError(
                "An event of the holds cannot be read: the legal holds in the bucket stay as they "
                "are. Run muniment verify."
            )
        if position < book.changed or before == Mirrored(book.changed, position):
            return 0, 0
        if before is not None and before.changed == book.changed and before.seq <= position:
            count = self._hold_new(book, before.seq, position, stopped)
            lifted = 0
        else:
            count, lifted = self._compare(book, position, stopped)
        if not stopped():
            self._book.note(Mirrored(book.changed, position))
        return count, lifted

    def _hold_new(self, book: HoldBook, after: int, up_to: int, stopped: Stopped) -> int:
        """Hold what holds those records that have events after a position."""
        holds, count, start = Holds(book), 0, after
        while not stopped() and book.in_force():
            rows = self._pointers.select_pointers_from(
                start, _PAGE, up_to, _INTERACTION, inclusive_of_start=False
            )
            if not rows:
                break
            start = rows[-1].seq
            ids = list(dict.fromkeys(row.originator_id for row in rows))
            held = [each for each, found in self._judged(holds, ids) if _holds(found)]
            count += self._locks.hold(held)
        return count

    def _compare(self, book: HoldBook, up_to: int, stopped: Stopped) -> tuple[int, int]:
        """Look at every record: hold what a hold reaches, then lift what only ended ones did."""
        holds, needed, ended = Holds(book), set[str](), list[UUID]()
        count = lifted = 0
        if not book.holds:
            return 0, 0
        for page in self._records.pages_up_to(up_to):
            if stopped():
                return count, 0
            judged = self._judged(holds, page)
            held = [each for each, found in judged if _holds(found)]
            ended += [each for each, found in judged if not _holds(found) and found.released_at]
            names = self._locks.objects(held)
            if not names <= needed:
                count += self._locks.hold(held)
                needed |= self._locks.objects(held)
        for part in _parts(ended):
            if stopped() or self._holds.read().changed != book.changed:
                break
            lifted += self._locks.lift(part, needed)
        return count, lifted

    def _judged(self, holds: Holds, ids: Sequence[UUID]) -> list[tuple[UUID, Held]]:
        gone = self._records.erased(ids)
        left = [record_id for record_id in ids if record_id not in gone]
        found = [each for each in self._records.load_each(left) if isinstance(each, Found)]
        return list(holds.held_each(left, found).items())


def hold_mirror(archive: Archive) -> HoldMirror:
    """Return what shows the holds of an archive in its bucket, where that is under WORM."""
    return HoldMirror(
        hold_reader(archive),
        governed_records(archive),
        archive.catalog,
        archive.pointers,
        archive.record_locks,
        archive.mirror_book,
        wanted=archive.settings.worm is not None,
    )


def _holds(held: Held) -> bool:
    return bool(held.certain or held.uncertain)


def _parts(ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    for start in range(0, len(ids), _PAGE):
        yield ids[start : start + _PAGE]
