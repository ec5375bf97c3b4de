"""Idempotency keys that several processes bind, at once and one after the other."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from archive.capture.request_keys import RequestKeys
from archive.catalog.tables import request_keys
from archive.creating import create_archive
from archive.opening import Archive, open_archive
from archive.settings import Settings
from tests.bucket.doubles import ManualClock


@pytest.fixture
def archive(tmp_path: Path, each_database: str | None) -> Iterator[Archive]:
    chosen = {"MUNIMENT_DATABASE_URL": each_database} if each_database else {}
    settings = Settings.load({"MUNIMENT_HOME": str(tmp_path / "home"), **chosen}, tmp_path)
    create_archive(settings)
    with open_archive(settings) as opened:
        yield opened


@contextmanager
def another_process(archive: Archive, clock: ManualClock | None = None) -> Iterator[RequestKeys]:
    engine = archive.database.catalog()
    yield RequestKeys(engine, archive.identity, clock or archive.clock)
    engine.dispose()


def test_of_two_bodies_at_once_one_has_the_key(archive: Archive) -> None:
    with another_process(archive) as other, ThreadPoolExecutor(8) as pool:
        for key in map(str, range(10)):
            asked = [
                (pool.submit(keys.bind, "u", key, body), body)
                for body in ("a", "b", "b", "a")
                for keys in (archive.request_keys, other)
            ]
            assert len({body for bound, body in asked if bound.result()}) == 1


def test_a_key_is_free_when_the_last_request_with_it_has_failed(archive: Archive) -> None:
    keys = archive.request_keys
    assert keys.bind("u", "k", "a")
    assert keys.bind("u", "k", "a")
    keys.give_back("u", "k")
    assert not keys.bind("u", "k", "b")
    keys.give_back("u", "k")
    assert keys.bind("u", "k", "b")


def test_a_key_is_forgotten_a_day_after_it_came_last(archive: Archive) -> None:
    clock = ManualClock()
    with another_process(archive, clock) as keys:
        assert keys.bind("u", "k", "a")
        clock.move(hours=24)
        assert not keys.bind("u", "k", "b")
        assert keys.bind("u", "k", "a")
        clock.move(hours=24, seconds=1)
        assert keys.bind("u", "other", "b")
        with archive.database.catalog().connect() as connection:
            assert len(connection.execute(select(request_keys)).all()) == 1
        assert keys.bind("u", "k", "b")
