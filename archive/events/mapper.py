"""Between events as models and events as the event library stores them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from eventsourcing.persistence import Mapper, MapperDeserialisationError, StoredEvent

from archive.errors import CorruptError, InvalidError
from archive.events.opener import ErasedEvent, OpenedEvent
from archive.events.types import EVENT_TYPES, Erased, Event, StateLayout, TwoBoxes


class EventMapper(Mapper[UUID]):
    """The library's mapper with a closed table in place of importable topics.

    Upcasting and `MapperDeserialisationError` work as in the library; a state that is empty,
    which is how the recorder hands out a frame whose key is gone, maps to `Erased`.
    """

    def __init__(
        self,
        types: Mapping[str, type[Event]] = EVENT_TYPES,
        layout: StateLayout | None = None,
    ) -> None:
        # The library's transcoder, compressor and cipher are not used: models serialise
        # themselves and the frame seals.
        self.types = types
        self.layout = layout or TwoBoxes()

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        """Return the event ready to be sealed; InvalidError for a type not in the table."""
        if self.types.get(getattr(domain_event, "type", "")) is not type(domain_event):
            raise InvalidError(f"{type(domain_event).__name__} is not an event type.")
        event: Event = domain_event
        return StoredEvent(
            originator_id=event.originator_id,
            originator_version=event.originator_version,
            topic=event.type,
            state=self.layout.join(event.evidence_box(), event.custody_box()),
        )

    def event(self, opened: OpenedEvent | ErasedEvent) -> Event:
        """Return an opened event as its model; errors as in `to_domain_event`."""
        row = opened.row
        if isinstance(opened, ErasedEvent):
            return _erased(row.originator_id, row.originator_version, row.type)
        return self._read(
            row.originator_id, row.originator_version, row.type, opened.evidence, opened.custody
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        """Return the event as its model.

        Raises:
            MapperDeserialisationError: the type is unknown, or the state is not of its form.
        """
        originator_id = UUID(str(stored_event.originator_id))
        version = stored_event.originator_version
        if not stored_event.state:
            return _erased(originator_id, version, stored_event.topic)
        try:
            boxes = self.layout.split(stored_event.state)
        except CorruptError as error:
            raise MapperDeserialisationError(str(error)) from error
        return self._read(originator_id, version, stored_event.topic, *boxes)

    def _read(
        self, originator_id: UUID, version: int, event_type: str, evidence: bytes, custody: bytes
    ) -> Event:
        try:
            cls = self.types[event_type]
            fields = cls.fields_of(evidence, custody)
            from_version = fields.pop("class_version", 1)
            while from_version < cls.class_version:
                getattr(cls, f"upcast_v{from_version}_v{from_version + 1}")(fields)
                from_version += 1
            fields["originator_id"] = originator_id
            fields["originator_version"] = version
            return cls.model_validate(fields)
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            # The library's callers expect this one error; the text holds no content.
            raise MapperDeserialisationError(
                f"Event {originator_id} version {version} of type {event_type!r} "
                f"cannot be read: {type(error).__name__}"
            ) from error


def _erased(originator_id: UUID, version: int, event_type: str) -> Erased:
    return Erased(originator_id=originator_id, originator_version=version, erased_type=event_type)
