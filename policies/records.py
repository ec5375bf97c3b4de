"""Which policies govern a record: its dates, and the scopes that it stands in."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple
from uuid import UUID

from archive.catalog.catalog import Catalog
from archive.errors import CorruptError, GoneError, NotFoundError
from archive.events.pointers import PointerRow
from archive.events.policy_events import Terms
from archive.events.records import Loaded, Records
from archive.model.record import Record
from archive.opening import Archive
from archive.query.attributes import Known
from archive.query.scopes import read_scope
from archive.query.tree import Node
from policies.evaluation import Governing, Start, counted_from
from policies.policy import Version
from policies.reviewing.reader import DispositionReader, disposition_reader
from policies.reviewing.reviewed import NOT_REVIEWED, Reviewed
from policies.scopes import Standing, standing

_PAGE: Final = 500


class Found(NamedTuple):
    """A record with its archive's own conversation: by which ids that is known.

    `earlier` are the versions before the one that is shown, oldest first, `rows` those of all its
    events, and `reviewed` what disposition reviews decided of it.
    """

    record: Record
    conversation: Known
    earlier: tuple[Record, ...] = ()
    rows: tuple[PointerRow, ...] = ()
    reviewed: Reviewed = NOT_REVIEWED

    @property
    def versions(self) -> tuple[Record, ...]:
        """All its versions, oldest first."""
        return (*self.earlier, self.record)

    def standing(self, scope: Node) -> Standing:
        """Return whether any of its versions stands in a scope."""
        return max(standing(scope, each, self.conversation) for each in self.versions)

    @property
    def size(self) -> int:
        """The bytes of the originals that are kept of all its versions."""
        # A version that was taken back at the source repeats the one before it.
        return sum(
            each.size for each in self.versions if not each.deleted and each.redacted is None
        )


@dataclass(frozen=True, slots=True)
class Scoped:
    """A version of a policy with its scope as a tree."""

    version: int
    terms: Terms
    scope: Node

    @classmethod
    def of(cls, version: int, terms: Terms) -> "Scoped":
        """Parse the scope, which is in its canonical form."""
        return cls(version, terms, read_scope(terms.scope))

    def governs(
        self,
        found: Found,
        started: Callable[[str, Found], Start | None],
        *,
        labelled: bool = False,
    ) -> Iterator[Governing]:
        """Yield it as what governs each version of a record that is in the scope, the newest first.

        Earlier versions count for a minimum alone, so that nobody shortens it by editing. `started`
        gives what starts the clock of a version that starts at an event of a name. A record that is
        `labelled` so is governed wherever it stands.
        """
        newest = self._governs(found, started, labelled=labelled)
        if newest is not None:
            yield newest
        for record in found.earlier if self.terms.minimum is not None else ():
            one = self._governs(found._replace(record=record), started, labelled=labelled)
            if one is not None:
                claimed, _ = counted_from(record.content.occurred_at, record.captured_at)
                yield one._replace(earlier_from=claimed)

    def _governs(
        self, found: Found, started: Callable[[str, Found], Start | None], *, labelled: bool
    ) -> Governing | None:
        """Return it as what governs the version that is shown, None where that is not in scope."""
        where = Standing.IN if labelled else standing(self.scope, found.record, found.conversation)
        if where is Standing.OUT:
            return None
        event = self.terms.event
        start = started(event, found) if event is not None else None
        return Governing(self.version, self.terms, certain=where is Standing.IN, start=start)


class GovernedRecords:
    """Opens records for policies to be held against them."""

    def __init__(self, catalog: Catalog, records: Records, dispositions: DispositionReader) -> None:
        self._catalog = catalog
        self._records = records
        self._dispositions = dispositions

    def load(self, record_id: UUID) -> Found:
        """Return a record; NotFoundError, GoneError and CorruptError as in `Records.load`."""
        row = self._catalog.rows([record_id]).get(record_id)
        if row is not None and row.erased:
            raise GoneError(f"Record {record_id} has been erased.")
        for found in self._records.versions_each([record_id]):
            if not isinstance(found, tuple):
                raise found
            duplicate = record_id in self._catalog.duplicates([record_id])
            reviewed = self._dispositions.of([record_id]).get(record_id, NOT_REVIEWED)
            known = self._catalog.known_as([row] if row else []).get(record_id, ())
            return _found(found, known, reviewed, duplicate=duplicate)
        raise NotFoundError(f"There is no record {record_id}.")

    def restricted_by(self, record_id: UUID) -> tuple[UUID, ...]:
        """Return the cases of erasure that restrict a record now."""
        return tuple(sorted(self._catalog.restricted_by(record_id)))

    def erased(self, ids: Sequence[UUID]) -> set[UUID]:
        """Return those of the records that the catalog knows to be erased."""
        return self._catalog.erased(ids)

    def moved(self, after: int, up_to: int) -> set[UUID]:
        """Return the records that moved to another conversation between two positions."""
        return self._catalog.rethreaded(after, up_to)

    def load_each(self, ids: Sequence[UUID]) -> Iterator[Found | CorruptError]:
        """Return those that exist and are not erased; errors stand in place of damaged ones."""
        rows = self._catalog.rows(ids)
        known = self._catalog.known_as(rows.values())
        duplicates = self._catalog.duplicates(ids)
        reviewed = self._dispositions.of(ids)
        for found in self._records.versions_each(ids):
            if isinstance(found, CorruptError):
                yield found
            elif isinstance(found, tuple):
                record_id = found[-1].interaction.id
                row = rows.get(record_id)
                if row is None or not row.erased:
                    decided = reviewed.get(record_id, NOT_REVIEWED)
                    yield _found(
                        found,
                        known.get(record_id, ()),
                        decided,
                        duplicate=record_id in duplicates,
                    )

    def each_up_to(self, as_of: int) -> Iterator[Found | CorruptError]:
        """Return all that began up to a sequence number, in order of capture, as `load_each`.

        They are read a page at a time, so that memory does not grow with their number.
        """
        for ids in self.pages_up_to(as_of):
            yield from self.load_each(ids)

    def pages_up_to(self, as_of: int) -> Iterator[list[UUID]]:
        """Return the ids of all that began up to a sequence number, some hundreds at a time."""
        return self.pages_between(1, as_of)

    def pages_between(self, first: int, last: int) -> Iterator[list[UUID]]:
        """Return the ids of those that began between two sequence numbers, both included."""
        for start in range(first, last + 1, _PAGE):
            page = self._catalog.captured_between(start, min(start + _PAGE - 1, last))
            yield [UUID(bytes=each.id) for each in sorted(page, key=lambda each: each.first_seq)]


def governed_records(archive: Archive) -> GovernedRecords:
    """Return what opens the records of an archive for policies."""
    return GovernedRecords(archive.catalog, archive.records, disposition_reader(archive))


def _found(
    versions: Sequence[Loaded], conversation: Known, reviewed: Reviewed, *, duplicate: bool
) -> Found:
    *earlier, record = [each.record(duplicate=duplicate) for each in versions]
    if reviewed.record is not None:
        reviewed = replace(reviewed, version_seq=record.seq)
    return Found(record, conversation, tuple(earlier), versions[-1].rows, reviewed)


def scoped(in_force: Mapping[str, Version]) -> dict[str, Scoped]:
    """Return the versions in force with their scopes, by the policy's name."""
    return {
        name: Scoped.of(version.number, version.terms)
        for name, version in in_force.items()
        if version.terms is not None
    }
