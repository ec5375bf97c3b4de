"""Events as models: two boxes, upcasting, and the errors that the library's callers expect."""

from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import uuid4

import pytest
from eventsourcing.persistence import MapperDeserialisationError, StoredEvent

from archive.errors import InvalidError
from archive.events.mapper import EventMapper
from archive.events.types import (
    EVENT_TYPES,
    Erased,
    Event,
    InteractionCaptured,
    Part,
    TwoBoxes,
    is_erasable,
)
from archive.model.interaction import Channel, Content

NOW = datetime(2024, 5, 1, 9, 0, tzinfo=UTC)


def captured(**changes: Any) -> InteractionCaptured:
    content = Content(source="desk", native_id="1", channel=Channel.CHAT, text="hello")
    original = Part(media_type="text/plain", size=5, sha256="0" * 64)
    fields: dict[str, Any] = {"content": content, "original": original, "inline": b"hello"}
    return InteractionCaptured(
        originator_id=uuid4(), originator_version=1, recorded_at=NOW, **(fields | changes)
    )


class Renamed(Event):
    """An event type at its second version, where `title` was called `name`."""

    type: ClassVar[str] = "thing.renamed"
    class_version: ClassVar[int] = 2

    title: str

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        state["title"] = state.pop("name")


@pytest.mark.parametrize(
    "changes",
    [{}, {"custodian": "Bo"}, {"labels": {"a": "b"}}, {"blob_keys": {"x": "y"}}],
)
def test_what_is_written_is_read_back_and_custody_is_apart(changes: dict[str, Any]) -> None:
    mapper = EventMapper()
    event = captured(**changes)
    stored = mapper.to_stored_event(event)
    assert stored.topic == "interaction.captured"
    assert mapper.to_domain_event(stored) == event
    evidence, custody = TwoBoxes().split(stored.state)
    assert evidence.endswith(b"hello") and b"custodian" not in evidence
    assert custody == Event.custody_box(event)


def test_an_old_version_is_brought_forward() -> None:
    mapper = EventMapper({"thing.renamed": Renamed})
    old = b'{"recorded_at":"2024-05-01T09:00:00Z","name":"a"}'
    stored = StoredEvent(uuid4(), 1, "thing.renamed", TwoBoxes().join(old, b""))
    event = mapper.to_domain_event(stored)
    assert event.title == "a"
    again = mapper.to_stored_event(event)
    assert b'"class_version":2' in again.state
    assert mapper.to_domain_event(again) == event


@pytest.mark.parametrize(
    ("topic", "state"),
    [
        ("os:system", TwoBoxes().join(b"{}", b"")),
        ("interaction.captured", TwoBoxes().join(b"\0\0\0\2{}", b"{}")),
        ("interaction.captured", TwoBoxes().join(b"\0\0\0\2{]", b"")),
        ("interaction.captured", TwoBoxes().join(b"", b"")),
        ("interaction.captured", b"x"),
    ],
)
def test_what_is_no_event_is_the_librarys_error(topic: str, state: bytes) -> None:
    with pytest.raises(MapperDeserialisationError):
        EventMapper().to_domain_event(StoredEvent(uuid4(), 1, topic, state))


def test_no_state_is_an_erased_event() -> None:
    stored = StoredEvent(uuid4(), 3, "interaction.revised", b"")
    event = EventMapper().to_domain_event(stored)
    assert isinstance(event, Erased) and event.erased_type == "interaction.revised"


def test_only_types_in_the_table_are_written() -> None:
    renamed = Renamed(originator_id=uuid4(), originator_version=1, recorded_at=NOW, title="a")
    with pytest.raises(InvalidError):
        EventMapper().to_stored_event(renamed)
    assert all(name == cls.type for name, cls in EVENT_TYPES.items())


def test_only_records_and_what_was_looked_at_is_ever_erased() -> None:
    assert {name for name in EVENT_TYPES if is_erasable(name)} == {
        *("interaction.captured", "interaction.revised"),
        *("interaction.withdrawn", "interaction.redacted"),
        *("access.recorded", "session.began", "session.ended", "sign-in.refused"),
    }
