"""Records from their events: by id, many at once, at the newest or an earlier sequence number."""

import base64
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from eventsourcing.persistence import MapperDeserialisationError

from archive.errors import CorruptError, GoneError, NotFoundError
from archive.events.blobs import BlobStore
from archive.events.interaction import Interaction, evolve
from archive.events.mapper import EventMapper
from archive.events.opener import DamagedEvent, ErasedEvent, OpenedEvent, Opener
from archive.events.pointers import PointerRecorder, PointerRow
from archive.events.rows import since_redaction
from archive.events.types import Part
from archive.model.record import Record


@dataclass(frozen=True, slots=True)
class Loaded:
    """An interaction with the rows of its events, oldest first, and where it began.

    Of one that was redacted `rows` begin with that: nothing opens what stood before.
    """

    interaction: Interaction
    rows: tuple[PointerRow, ...]
    first_seq: int

    def record(self, *, duplicate: bool = False) -> Record:
        """Return it as a record; whether it is a duplicate, the catalog knows."""
        return self.interaction.record(
            seq=self.rows[-1].seq, first_seq=self.first_seq, duplicate=duplicate
        )


class Records:
    """Loads interactions and their bytes."""

    def __init__(
        self, pointers: PointerRecorder, opener: Opener, mapper: EventMapper, blobs: BlobStore
    ) -> None:
        self._pointers = pointers
        self._opener = opener
        self._mapper = mapper
        self._blobs = blobs

    def load(self, record_id: UUID, *, as_of: int | None = None) -> Loaded:
        """Return one interaction.

        Raises:
            NotFoundError: no such record, or none as of that sequence number.
            GoneError: it has been erased, or redacted after that sequence number.
            CorruptError: its stored bytes do not check.
        """
        for loaded in self.load_each([record_id], as_of=as_of):
            if isinstance(loaded, Loaded):
                return loaded
            raise loaded
        raise NotFoundError(f"There is no record {record_id}.")

    def load_each(
        self, ids: Sequence[UUID], *, as_of: int | None = None
    ) -> Iterator[Loaded | GoneError | CorruptError]:
        """Return those that exist, in the order asked for; errors stand in their place."""
        for found in self.versions_each(ids, as_of=as_of):
            yield found[-1] if isinstance(found, tuple) else found

    def versions_each(
        self, ids: Sequence[UUID], *, as_of: int | None = None
    ) -> Iterator[tuple[Loaded, ...] | GoneError | CorruptError]:
        """Return all versions of those that exist, oldest first; else as `load_each`."""
        found = [
            row
            for row in self._pointers.select_pointers_of(ids)
            if row.type.startswith("interaction.")
        ]
        began: dict[UUID, int] = {}
        streams: dict[UUID, list[PointerRow]] = {}
        for row in found:
            if as_of is None or row.seq <= as_of:
                began.setdefault(row.originator_id, row.seq)
        for row in since_redaction(found):
            if as_of is None or row.seq <= as_of:
                streams.setdefault(row.originator_id, []).append(row)
        rows = [row for record_id in ids for row in streams.get(record_id, ())]
        opened = iter(self._opener.open_each(rows))
        for record_id in ids:
            stream, first_seq = streams.get(record_id, ()), began.get(record_id)
            if stream and first_seq is not None:
                yield self._fold(stream, [next(opened) for _ in stream], first_seq)
            elif first_seq is not None:
                yield GoneError(f"Record {record_id} was redacted after event {as_of}.")

    def _fold(
        self,
        rows: Sequence[PointerRow],
        opened: Iterable[OpenedEvent | ErasedEvent | DamagedEvent],
        first_seq: int,
    ) -> tuple[Loaded, ...] | GoneError | CorruptError:
        interaction: Interaction | None = None
        versions: list[Loaded] = []
        for count, event in enumerate(opened, 1):
            if isinstance(event, DamagedEvent):
                return event.error
            try:
                interaction = evolve(interaction, self._mapper.event(event))
            except GoneError as error:
                return error
            except MapperDeserialisationError as error:
                return CorruptError(str(error))
            versions.append(Loaded(interaction, tuple(rows[:count]), first_seq))
        return tuple(versions) or CorruptError("A record without events.")

    def read_part(self, interaction: Interaction, part: Part) -> Iterator[bytes]:
        """Stream the bytes of a part; CorruptError if they do not check, GoneError if withheld."""
        captured = interaction.captured
        if part.blob is None:
            end = part.offset + part.size
            yield captured.inline[part.offset : end]
            return
        key = base64.b64decode(captured.blob_keys[str(part.blob.id)])
        yield from self._blobs.read(part.blob, key, interaction.id)
