"""What a hold comes too late for: records that are condemned (docs/holds.md, "The lock")."""

from collections.abc import Iterator, Sequence
from typing import Final
from uuid import UUID

from archive.catalog.catalog import Catalog
from archive.events.mapper import EventMapper
from archive.events.opener import DamagedEvent, Opener
from archive.events.pointers import PointerRecorder
from archive.events.records import Records
from archive.events.types import KeysCondemned, KeysDestroyed
from archive.opening import Archive
from policies.holds.reach import Reach
from policies.records import Found
from policies.scopes import Standing

_PAGE: Final = 1_000


class Lateness:
    """Finds the records that a scope comes too late for, from the events as they stand now."""

    def __init__(
        self,
        pointers: PointerRecorder,
        opener: Opener,
        mapper: EventMapper,
        records: Records,
        catalog: Catalog,
    ) -> None:
        self._pointers = pointers
        self._opener = opener
        self._mapper = mapper
        self._records = records
        self._catalog = catalog

    def condemned(self, reach: Reach) -> tuple[UUID, ...]:
        """Return the records of unfinished erasures that a scope reaches, or may have reached.

        Of a list, those that are erased too. Raises UnavailableError where database or bucket do
        not answer.
        """
        listed = self._catalog.rows(reach.records)
        late = {row.id for row in listed.values() if row.erased}
        unfinished = list(self._unfinished())
        # What is left of these says nothing of what is going.
        redacted = {record_id for each in unfinished for record_id in each.redacted}
        ids = sorted(redacted.union(*(each.records for each in unfinished)))
        for start in range(0, len(ids), _PAGE):
            page = ids[start : start + _PAGE]
            found = self._opened([each for each in page if each not in redacted])
            late |= {
                record_id
                for record_id in page
                if reach.standing(record_id, found.get(record_id)) is not Standing.OUT
            }
        return tuple(sorted(late))

    def _opened(self, ids: Sequence[UUID]) -> dict[UUID, Found]:
        """Return those whose keys are still there."""
        found: dict[UUID, Found] = {}
        known = self._catalog.known_as(self._catalog.rows(ids).values())
        for versions in self._records.versions_each(ids):
            if isinstance(versions, tuple):
                *earlier, record = [each.record() for each in versions]
                found[record.id] = Found(record, known.get(record.id, ()), tuple(earlier))
        return found

    def _unfinished(self) -> Iterator[KeysCondemned]:
        """Yield the erasures that are not done, and those that the catalog has not come to."""
        position = self._catalog.position()
        newer = self._pointers.select_pointers_from(
            position, _PAGE, topics=[KeysCondemned.type], inclusive_of_start=False
        )
        unfinished = self._catalog.unfinished_erasures()
        rows = self._pointers.select_pointers_of(unfinished)
        done = {row.originator_id for row in rows if row.type == KeysDestroyed.type}
        left = {
            row.seq: row
            for row in (*rows, *newer)
            if row.type == KeysCondemned.type and row.originator_id not in done
        }
        for opened in self._opener.open_each(list(left.values())):
            if not isinstance(opened, DamagedEvent):
                event = self._mapper.event(opened)
                if isinstance(event, KeysCondemned):
                    yield event


def lateness(archive: Archive) -> Lateness:
    """Return what finds what holds of an archive come too late for."""
    return Lateness(
        archive.pointers, archive.opener, archive.mapper, archive.records, archive.catalog
    )
