"""What purges of the audit trail take from, put together from the parts of an archive."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from uuid import UUID

from archive.errors import CorruptError
from archive.opening import Archive
from policies.holds.book import hold_reader
from policies.holds.hold import HoldBook
from policies.holds.reach import Held, Holds
from policies.purging.issuing import Issuing
from policies.purging.reading import PurgeReader
from policies.records import Found, GovernedRecords, governed_records
from policies.trail.book import trail_reader
from policies.trail.entries import PurgeableEntries
from policies.trail.holding import EntryHolds

_PAGE = 500


def purgeable_entries(
    archive: Archive, reader: PurgeReader, issuing: Issuing, catch_up: Callable[[int], None]
) -> PurgeableEntries:
    """Return the entries of an archive's trail; `catch_up` waits for the catalog."""
    records = governed_records(archive)

    def holds_of(book: HoldBook) -> EntryHolds:
        return EntryHolds(book, partial(_held, records, book), partial(_names, archive))

    return PurgeableEntries(
        trail=trail_reader(archive),
        index=archive.trail_index,
        feed=archive.feed,
        holds=hold_reader(archive),
        holds_of=holds_of,
        reader=reader,
        issuing=issuing,
        eraser=archive.eraser,
        pointers=archive.pointers,
        clock=archive.clock,
        catch_up=catch_up,
    )


def _held(records: GovernedRecords, book: HoldBook, ids: Sequence[UUID]) -> Mapping[UUID, Held]:
    """Say what holds each record; one that is erased is held by what lists it alone."""
    holds, held = Holds(book), dict[UUID, Held]()
    for start in range(0, len(ids), _PAGE):
        page = ids[start : start + _PAGE]
        found: dict[UUID, Found] = {
            each.record.id: each
            for each in records.load_each(page)
            if not isinstance(each, CorruptError)
        }
        gone = records.erased([each for each in page if each not in found])
        for record_id in page:
            if record_id in gone:
                held[record_id] = holds.listed(record_id)
            else:
                held[record_id] = holds.held(record_id, found.get(record_id))
    return held


def _names(archive: Archive, ids: Iterable[str]) -> Mapping[str, str]:
    """Give the names of users; who acts without being one has none."""
    return archive.administration.names(each for each in ids if _is_user(each))


def _is_user(id: str) -> bool:
    try:
        UUID(id)
    except ValueError:
        return False
    return True
