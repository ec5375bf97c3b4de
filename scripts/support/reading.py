"""Reading all of an archive in this process, its events and its records.

This module needs the project's own Python, so it is imported where it is used, after `main` has
seen to that.
"""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from uuid import UUID

from archive.access.search_answers import SearchRequest, SearchResult
from archive.errors import CorruptError
from archive.events.opener import OpenedEvent
from archive.keks import named_kek
from archive.key_changes import KeyChanges
from archive.model.roles import LOCAL_ACTOR, Purpose
from archive.opening import Archive, open_archive
from archive.sealing.commit import decode_commit_record
from archive.sealing.keys import open_keys
from archive.sealing.segment import parse_segment
from archive.settings import Settings
from scripts.support.home import Home
from scripts.support.objects import kind_of

PURPOSE = Purpose("operations")


def opened(home: Home) -> AbstractContextManager[Archive]:
    """Open the archive of a home folder, as a process does when it starts."""
    settings = {"MUNIMENT_HOME": str(home.path), **home.place.settings}
    return open_archive(Settings.load(settings, home.path))


def delete_snapshots(home: Home) -> None:
    """Delete everything that is kept of the index, in all versions."""
    with opened(home) as archive:
        for generation_id in archive.snapshots.generations():
            archive.snapshots.destroy(generation_id)


def rotate(archive: Archive) -> None:
    """Rotate the key-encryption key, as `muniment keys rotate` does."""
    kek = named_kek(archive.settings.kek, {})
    KeyChanges(archive, kek, {}, actor=LOCAL_ACTOR.id, announce=lambda *_: None).rotate()


def events(archive: Archive) -> Iterator[tuple[int, tuple[bytes, bytes] | None]]:
    """Yield each event's number and plaintext, None where it cannot be read."""
    for event in archive.opener.open_each(archive.pointers.select_pointers_from(None, 10_000)):
        plain = (event.evidence, event.custody) if isinstance(event, OpenedEvent) else None
        yield event.row.seq, plain


def originals(archive: Archive, ids: Iterable[UUID]) -> Iterator[tuple[UUID, bytes | CorruptError]]:
    """Yield each record's original, or the error that says why it cannot be read."""
    for record_id in ids:
        try:
            original = archive.access.original(LOCAL_ACTOR, PURPOSE, record_id)
            yield record_id, b"".join(original.chunks)
        except CorruptError as error:
            yield record_id, error


def results(archive: Archive, query: str) -> Iterator[SearchResult]:
    """Yield all that a search finds, page by page."""
    request = SearchRequest(query=query, limit=1000)
    while True:
        page = archive.access.search(LOCAL_ACTOR, PURPOSE, request)
        yield from page.results
        if page.cursor is None:
            return
        request = request.model_copy(update={"cursor": page.cursor})


def figures(archive: Archive) -> tuple[int, int] | str:
    """Return how many records a search finds and how many it could not search, or its error."""
    request = SearchRequest(query="", count=True)
    try:
        answer = archive.access.search(LOCAL_ACTOR, PURPOSE, request)
    except CorruptError as error:
        return f"nothing: {error}"
    return answer.total, answer.unsearchable


def defect(archive: Archive, name: str, data: bytes) -> str | None:
    """Say what is wrong with an object as a whole, if it is of a kind that is read as a whole."""
    try:
        match kind_of(name):
            case "segment":
                parse_segment(data)
            case "key object":
                open_keys(data, archive.keyring)
            case "commit record":
                decode_commit_record(data, archive.keyring.derive("commit-record"))
    except CorruptError as error:
        return str(error)
    return None
