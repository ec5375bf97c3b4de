"""Placing a hold and condemning records exclude each other, on any database."""

import random
from collections.abc import Iterator
from pathlib import Path
from threading import Event as Signal
from threading import Thread
from typing import Any
from uuid import UUID

import pytest

from archive.creating import create_archive
from archive.errors import ConflictError, UnavailableError
from archive.events.hold_events import HoldsChecked
from archive.events.types import KeysCondemned
from archive.opening import Archive
from policies.holds.book import hold_reader
from tests.archive.house import capture, line
from tests.policies.holding import HoldGate, Script, list_scope, opened, query_scope, settings
from tests.waiting import PATIENCE

WHO: dict[str, Any] = {"actor": "local", "ground": "policy a, version 1"}


@pytest.fixture
def archive(tmp_path: Path, each_database: str | None) -> Iterator[Archive]:
    create_archive(settings(tmp_path, each_database))
    with opened(tmp_path, each_database) as archive:
        yield archive


@pytest.fixture
def script(archive: Archive) -> Script:
    return Script(archive)


@pytest.fixture
def gate(archive: Archive) -> HoldGate:
    return HoldGate(archive)


def test_a_hold_that_came_in_between_refuses_the_condemning(
    archive: Archive, script: Script, gate: HoldGate
) -> None:
    ids = capture(archive, line("1", "the fee"), line("2", "a letter"))
    archive.follow()
    check = gate.check(ids)
    script.place("fees", query_scope("fee"))
    before = archive.pointers.last_seq()
    with pytest.raises(ConflictError):
        archive.eraser.erase_records(check.free, seal=check.seal, **WHO)
    assert archive.pointers.last_seq() == before
    check = gate.check(ids)
    archive.eraser.erase_records(check.free, seal=check.seal, **WHO)
    archive.follow()
    assert [row.erased for row in archive.catalog.rows(ids).values()].count(True) == 1
    rows = archive.pointers.select_pointers(
        hold_reader(archive).stream, gt=None, lte=None, desc=False, limit=None
    )
    assert [row.type for row in rows] == ["hold.placed", "hold.checked"]
    (opened_row,) = archive.opener.open(rows[1:])
    event = archive.mapper.event(opened_row)
    assert isinstance(event, HoldsChecked)
    assert (event.records, event.held, event.by) == (1, 1, "local")


def test_a_condemning_that_came_first_makes_the_hold_read_again(
    archive: Archive, script: Script, gate: HoldGate
) -> None:
    ids = capture(archive, line("1"), line("2"))
    archive.follow()
    check = gate.check(ids[:1])
    late = gate.check(ids[1:])
    archive.eraser.erase_records(check.free, seal=check.seal, **WHO)
    with pytest.raises(ConflictError):
        archive.eraser.erase_records(late.free, seal=late.seal, **WHO)
    archive.follow()
    assert hold_reader(archive).read().newest == 1
    assert archive.records.load(ids[1]).interaction.id == ids[1]


def test_of_holds_and_batches_at_random_moments_none_loses_a_record(
    tmp_path: Path, each_database: str | None, archive: Archive
) -> None:
    """Two processes: one condemns record after record, the other lists them, one hold each."""
    ids = capture(archive, *(line(str(number)) for number in range(8)))
    archive.follow()
    answered: dict[UUID, int] = {}
    done = Signal()

    def purge() -> None:
        gate, left = HoldGate(archive), set(ids)
        while left and not done.is_set():
            for record_id in sorted(left):
                archive.follow()
                try:
                    check = gate.check([record_id])
                    if check.free:
                        archive.eraser.erase_records(check.free, seal=check.seal, **WHO)
                    left.discard(record_id)
                except (ConflictError, UnavailableError):
                    continue

    with opened(tmp_path, each_database) as other:
        purger = Thread(target=purge)
        purger.start()
        script = Script(other)
        for number, record_id in enumerate(random.Random(7).sample(ids, 3)):
            for _ in range(1000):
                try:
                    answered[record_id] = script.place(f"hold-{number}", list_scope(record_id))
                    break
                except ConflictError:
                    continue
        purger.join(PATIENCE)
        done.set()
        purger.join()
    condemned = {
        record_id: row.seq
        for row in archive.pointers.select_pointers_from(None, 10_000, topics=["keys.condemned"])
        for opened_row in archive.opener.open([row])
        for event in [archive.mapper.event(opened_row)]
        if isinstance(event, KeysCondemned)
        for record_id in event.records
    }
    assert len(answered) == 3
    assert condemned.keys() | answered.keys() == set(ids)
    for record_id, seq in answered.items():
        assert record_id not in condemned or condemned[record_id] < seq
        if record_id not in condemned:
            assert archive.records.load(record_id).interaction.id == record_id
