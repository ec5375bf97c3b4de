"""A whole archive in a temporary folder, as a command would open it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from archive.access.search_answers import SearchAnswer, SearchRequest
from archive.creating import NewArchive, create_archive
from archive.model.roles import LOCAL_ACTOR, Purpose
from archive.opening import Archive, open_archive
from archive.settings import Settings

OPERATIONS = Purpose("operations")


def settings(folder: Path) -> Settings:
    return Settings.load({"MUNIMENT_HOME": str(folder / "home")}, folder)


def create(folder: Path) -> NewArchive:
    return create_archive(settings(folder))


@contextmanager
def opened(folder: Path) -> Iterator[Archive]:
    with open_archive(settings(folder)) as archive:
        yield archive


def line(native_id: str, text: str = "Good morning", **changes: Any) -> bytes:
    document = {
        "source": "desk",
        "native_id": native_id,
        "channel": "chat",
        "occurred_at": "2024-05-01T09:00:00+02:00",
        "participants": [{"role": "author", "address": "ann@example.com", "name": "Ann Example"}],
        "text": text,
    }
    return json.dumps(document | changes).encode()


def capture(archive: Archive, *lines: bytes) -> list[UUID]:
    results = archive.intake.capture(LOCAL_ACTOR, lines)
    assert all(result.id is not None for result in results), results
    return [result.id for result in results if result.id is not None]


def search(archive: Archive, query: str, **changes: Any) -> SearchAnswer:
    request = SearchRequest.model_validate({"query": query} | changes)
    return archive.access.search(LOCAL_ACTOR, OPERATIONS, request)


def found(archive: Archive, query: str, **changes: Any) -> set[UUID]:
    return {result.id for result in search(archive, query, **changes).results}
