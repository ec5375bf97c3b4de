"""An erased record is gone from reading, searching, snapshots and the index, over both doors."""

from base64 import b64decode, b64encode
from pathlib import Path
from threading import Event, Thread
from typing import Any
from uuid import UUID

import pytest

from archive.errors import GoneError
from archive.leading import lead
from archive.model.roles import LOCAL_ACTOR
from archive.opening import Archive
from tests.archive.house import OPERATIONS, capture, create, found, line, opened
from tests.waiting import until

WHO: dict[str, Any] = {"actor": "local", "ground": "case 12"}


def erase(archive: Archive, *ids: UUID) -> None:
    archive.eraser.erase_records(ids, **WHO)


def test_a_record_with_its_revisions_is_gone_and_its_neighbour_is_not(tmp_path: Path) -> None:
    create(tmp_path)
    with opened(tmp_path) as archive:
        gone, kept = capture(archive, line("1", "Good morning Xanthippe"), line("2"))
        capture(archive, line("1", "Good evening Xanthippe"))
        assert found(archive, "xanthippe") == {gone}
        erase(archive, gone)
        assert found(archive, "xanthippe") == set()
        assert found(archive, "morning") == {kept}
        with pytest.raises(GoneError):
            archive.access.show(LOCAL_ACTOR, OPERATIONS, gone)
        with pytest.raises(GoneError):
            archive.access.show(LOCAL_ACTOR, OPERATIONS, gone, as_of=archive.pointers.last_seq())
        assert archive.access.show(LOCAL_ACTOR, OPERATIONS, kept).text == "Good morning"
        again = archive.intake.capture(LOCAL_ACTOR, [line("1", "Good morning Xanthippe")])
        assert [result.status for result in again] == ["erased"]
        history = archive.access.history(LOCAL_ACTOR, OPERATIONS, gone)
        assert [event.recorded_at for event in history.events] == [None, None]
    with opened(tmp_path) as archive:
        assert found(archive, "xanthippe") == set()
        assert archive.catalog.unfinished_erasures() == []
        assert archive.catalog.newest_touched_epoch() == 1


def test_a_large_original_goes_with_its_blob(tmp_path: Path) -> None:
    create(tmp_path)
    with opened(tmp_path) as archive:
        (gone,) = capture(archive, line("1", "word " * 40_000))
        erase(archive, gone)
        assert not list((tmp_path / "home" / "bucket" / "blobs").rglob("*-*-7*"))


def test_an_edit_that_was_to_share_a_blob_is_archived_though_the_blob_is_erased(
    tmp_path: Path,
) -> None:
    create(tmp_path)
    shared = b64encode(b"side letter " * 10_000).decode()
    with opened(tmp_path) as archive:
        edited, gone = capture(archive, line("1"), line("2", original=shared))
        read = archive.intake.read(LOCAL_ACTOR, [line("1", "Good evening", original=shared)])
        erase(archive, gone)
        archive.intake.commit(read)
        assert archive.access.show(LOCAL_ACTOR, OPERATIONS, edited).text == "Good evening"
        original = archive.access.original(LOCAL_ACTOR, OPERATIONS, edited)
        assert b"".join(original.chunks) == b64decode(shared)


def test_the_worker_builds_an_index_without_its_words(tmp_path: Path) -> None:
    create(tmp_path)
    with opened(tmp_path) as archive, opened(tmp_path) as other:
        gone, *_ = capture(archive, *(line(str(n), f"Good morning {n}") for n in range(1200)))
        said: list[str] = []
        stop = Event()
        worker = Thread(target=lead, args=(other, stop, said.append))
        worker.start()
        try:
            archive.wait_until_searchable(archive.pointers.last_seq())
            erase(archive, gone)
            until(lambda: said.count("The index is built from the first event on.") > 1)
        finally:
            stop.set()
            worker.join()
        assert said == ["The index is built from the first event on."] * 2
        assert gone not in found(archive, "morning", limit=1000)
