"""The lock that placing a hold and condemning records share (docs/holds.md, "The lock").

It is the next version of the holds' stream. Whoever changes a hold writes it, and whoever condemns
records writes it in the same commit as `keys.condemned`. So of two only one succeeds, and the other
reads the holds again. Nobody waits, nobody can hold it and stand still, and a process that dies
leaves nothing behind.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from archive.catalog.catalog import Catalog
from archive.errors import ConflictError, UnavailableError
from archive.events.event import Event
from archive.events.hold_events import HoldsChecked
from archive.events.types import KeysCondemned
from archive.opening import Archive
from policies.holds.book import HoldReader, hold_reader
from policies.holds.reach import Held, Holds
from policies.records import Found, GovernedRecords


@dataclass(frozen=True, slots=True)
class HoldCheck:
    """What holds each record that was asked about, as of version `as_of` of the holds' stream.

    `events` are the sequence numbers of the records' events that were looked at.
    """

    stream: UUID
    as_of: int
    held: Mapping[UUID, Held]
    events: frozenset[int]

    @property
    def free(self) -> tuple[UUID, ...]:
        """The records that nothing holds, in the order asked for; only these may be destroyed."""
        return tuple(record_id for record_id, held in self.held.items() if held.free)

    def seal(self, condemned: KeysCondemned) -> Sequence[Event]:
        """Return what must be committed with `condemned`, or neither.

        If a hold was placed, changed or released since, that commit is refused with ConflictError:
        check again.

        Raises ConflictError where something is condemned that was not found free: an event of a
        record came in since, say.
        """
        free = set(self.free)
        if not free.issuperset(condemned.records) or not self.events.issuperset(condemned.events):
            raise ConflictError("Not all that is to be destroyed was found free of holds.")
        return [
            HoldsChecked(
                originator_id=self.stream,
                originator_version=self.as_of + 1,
                recorded_at=condemned.recorded_at,
                by=condemned.actor,
                erasure=condemned.originator_id,
                records=len(condemned.records),
                held=len(self.held) - len(free),
            )
        ]


class HoldGate:
    """Asks, before records are destroyed, which of them are held."""

    def __init__(self, holds: HoldReader, records: GovernedRecords, catalog: Catalog) -> None:
        self._holds = holds
        self._records = records
        self._catalog = catalog

    def check(self, ids: Sequence[UUID]) -> HoldCheck:
        """Return what holds records, as of the newest event; all versions of each are opened.

        What cannot be opened is held by every hold that would have to look into it. Where an event
        of the holds cannot be read, everything is held.

        Raises:
            UnavailableError: database or bucket do not answer, or the catalog has not come to the
                newest change of a hold, so that conversations may be older than it.
        """
        book = self._holds.read()
        if self._catalog.position() < book.changed:
            raise UnavailableError(
                "The catalog has not come to the newest change of a hold: try again."
            )
        found = [each for each in self._records.load_each(ids) if isinstance(each, Found)]
        return HoldCheck(
            stream=self._holds.stream,
            as_of=book.newest,
            held=Holds(book).held_each(ids, found),
            events=frozenset(seq for each in found for seq in each.events),
        )


def hold_gate(archive: Archive) -> HoldGate:
    """Return what says which records of an archive are held."""
    records = GovernedRecords(archive.catalog, archive.records)
    return HoldGate(hold_reader(archive), records, archive.catalog)
