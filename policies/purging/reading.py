"""Reading purges, what they condemned, and certificates, from their events."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from archive.errors import CorruptError, NotFoundError
from archive.events.event import Event
from archive.events.mapper import EventMapper
from archive.events.opener import ErasedEvent, Opener
from archive.events.pointers import PointerRecorder, PointerRow
from archive.events.purge_events import (
    AUDIT_TRAIL,
    CertificateIssued,
    CertificateSupplemented,
    PurgedKind,
    PurgePlanned,
)
from archive.events.rows import rows_at
from archive.events.types import KeysCondemned, KeysDestroyed
from policies.purging.purge import Purge, folded


@dataclass(frozen=True, slots=True)
class Destruction:
    """An erasure of a purge: what was condemned, and that it is destroyed, None while it is not."""

    condemned: KeysCondemned
    destroyed: KeysDestroyed | None


@dataclass(frozen=True, slots=True)
class Traces:
    """What is left of what was destroyed.

    `leaves` are the leaf hashes of condemned events, in the order of the log. `latecomers` are
    events of the same records that came in while these were condemned: nobody looked at them. What
    a redaction destroyed of a record before is none of them.
    """

    leaves: list[bytes]
    latecomers: list[PointerRow]


class PurgeReader:
    """Reads streams of purges. Safe for threads: it keeps nothing.

    Methods raise CorruptError where an event cannot be read, and UnavailableError where bucket or
    database do not answer.
    """

    def __init__(self, pointers: PointerRecorder, opener: Opener, mapper: EventMapper) -> None:
        self._pointers = pointers
        self._opener = opener
        self._mapper = mapper

    def purge(self, purge_id: UUID) -> Purge:
        """Return a purge as of now; NotFoundError if there is none of this id."""
        events = self._events(purge_id, PurgePlanned)
        if not events:
            raise NotFoundError(f"There is no purge {purge_id}.")
        return folded(events)

    def destructions(self, erasures: Iterable[UUID]) -> list[Destruction]:
        """Return erasures by their ids, in order."""
        found: list[Destruction] = []
        for erasure in erasures:
            condemned: KeysCondemned | None = None
            destroyed: KeysDestroyed | None = None
            for event in self._events(erasure, KeysCondemned):
                if isinstance(event, KeysCondemned):
                    condemned = event
                elif isinstance(event, KeysDestroyed):
                    destroyed = event
            if condemned is None:
                raise CorruptError(f"Erasure {erasure} cannot be read: verify names it.")
            found.append(Destruction(condemned, destroyed))
        return found

    def traces(self, destructions: Iterable[Destruction]) -> Traces:
        """Return what is known of destroyed events, and of others of the same records."""
        leaves: dict[int, bytes] = {}
        latecomers: list[PointerRow] = []
        for condemned in (each.condemned for each in destructions):
            wanted, begun = set(condemned.events), set[UUID]()
            for row in self._pointers.select_pointers_of(condemned.records):
                if row.seq in wanted:
                    leaves[row.seq] = row.pointer.leaf_hash
                    begun.add(row.originator_id)
                elif row.originator_id in begun and row.type.startswith("interaction."):
                    latecomers.append(row)
            others = [seq for seq in condemned.events if seq not in leaves]
            for row in rows_at(self._pointers, others):
                leaves[row.seq] = row.pointer.leaf_hash
        return Traces([leaves[seq] for seq in sorted(leaves)], latecomers)

    def not_erased(self, rows: Sequence[PointerRow]) -> list[PointerRow]:
        """Return those of the events whose keys may be there still."""
        opened = self._opener.open_each(rows)
        return [each.row for each in opened if not isinstance(each, ErasedEvent)]

    def gone(self, destructions: Iterable[Destruction], of: PurgedKind = "records") -> int:
        """Return how many records, or entries, erasures have destroyed, or redacted, for sure."""
        done = [each.condemned for each in destructions if each.destroyed]
        if of == AUDIT_TRAIL:
            return sum(len(each.events) for each in done)
        return sum(len(each.records) + len(each.redacted) for each in done)

    def certificate(self, certificate_id: UUID) -> CertificateIssued:
        """Return a certificate's event; NotFoundError if there is none of this id."""
        for event in self._events(certificate_id, CertificateIssued):
            if isinstance(event, CertificateIssued):
                return event
        raise NotFoundError(f"There is no certificate {certificate_id}.")

    def supplement(self, certificate_id: UUID) -> CertificateSupplemented | None:
        """Return what was added to a certificate later, None while nothing was."""
        events = self._events(certificate_id, CertificateIssued)
        return next((each for each in events if isinstance(each, CertificateSupplemented)), None)

    def _events(self, stream: UUID, begins: type[Event]) -> list[Event]:
        """Return a stream's events; none where it begins with another kind, and so is another's."""
        rows = self._pointers.select_pointers(stream, gt=None, lte=None, desc=False, limit=None)
        if not rows or rows[0].type != begins.type:
            return []
        return [self._mapper.event(opened) for opened in self._opener.open(rows)]
