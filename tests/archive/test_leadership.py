"""One process leads, the next takes over, and one that was deposed writes nothing."""

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread

import psycopg
import pytest

from archive.creating import create_archive
from archive.errors import UnavailableError
from archive.leadership import DeposedError, FileLeadership, Leadership
from archive.leadership_postgres import PostgresLeadership
from archive.leading import lead
from archive.opening import open_archive
from archive.postgres import Server
from tests.archive.house import capture, found, line
from tests.archive.test_postgres import host
from tests.waiting import PATIENCE, until

Claim = Callable[[], Leadership]


@pytest.fixture
def claim(tmp_path: Path, each_database: str | None) -> Iterator[Claim]:
    """Makes claims of several processes on one archive."""
    claims: list[Leadership] = []
    if each_database is not None:
        create_archive(host(tmp_path, "one", each_database))

    def one() -> Leadership:
        claims.append(
            FileLeadership(tmp_path / "leader.lock")
            if each_database is None
            else PostgresLeadership(Server(each_database))
        )
        return claims[-1]

    yield one
    for each in claims:
        each.release()


def test_one_leads_until_it_lets_go(claim: Claim) -> None:
    first, second = claim(), claim()
    assert first.acquire() and first.acquire()
    assert not second.acquire()
    first.release()
    assert second.acquire()
    assert not first.acquire()


def cut(url: str) -> None:
    """End the connection that holds the leader's lock, as a network or an operator would."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
        )


def test_a_cut_connection_is_leadership_lost(tmp_path: Path, database_url: str) -> None:
    create_archive(host(tmp_path, "one", database_url))
    server = Server(database_url)
    first, second = PostgresLeadership(server), PostgresLeadership(server)
    engine = server.engine()
    assert first.acquire()
    cut(database_url)
    until(second.acquire)
    with pytest.raises(DeposedError), engine.begin() as connection:
        first.fence(connection)
    assert not first.acquire()
    with engine.begin() as connection:
        second.fence(connection)
    first.release()
    second.release()
    engine.dispose()


def test_a_leader_that_stands_still_is_succeeded(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_archive(host(tmp_path, "one", database_url))
    server = Server(database_url)
    monkeypatch.setattr("archive.leadership_postgres._BEAT_SECONDS", 3600.0)
    still, next_one = PostgresLeadership(server), PostgresLeadership(server)
    with monkeypatch.context() as patch:
        patch.setattr("archive.leadership_postgres._SILENCE", "1s")
        assert still.acquire()
    # The successor's own connection may stand still, on a busy machine, for longer than that.
    monkeypatch.setattr("archive.leadership_postgres._SILENCE", "1h")
    until(next_one.acquire)
    still.release()
    next_one.release()


def test_a_new_leader_waits_for_the_last_write_of_the_old_one(
    tmp_path: Path, database_url: str
) -> None:
    create_archive(host(tmp_path, "one", database_url))
    server = Server(database_url)
    old, new = PostgresLeadership(server), PostgresLeadership(server)
    engine = server.engine()
    assert old.acquire()
    taken = Event()

    def take_over() -> None:
        until(new.acquire)
        taken.set()

    with engine.begin() as connection:
        old.fence(connection)
        cut(database_url)
        successor = Thread(target=take_over)
        successor.start()
        assert not taken.wait(0.5), "the old leader's transaction was still open"
    assert taken.wait(PATIENCE)
    successor.join()
    old.release()
    new.release()
    engine.dispose()


def test_a_deposed_leader_cannot_write_the_catalog(tmp_path: Path, database_url: str) -> None:
    settings = host(tmp_path, "one", database_url)
    create_archive(settings)
    with open_archive(settings) as archive:
        capture(archive, line("1"))
        assert archive.leadership.acquire()
        usurper = PostgresLeadership(Server(database_url))
        before = archive.catalog.position()
        cut(database_url)
        until(usurper.acquire)
        with pytest.raises(DeposedError):
            archive.feed.step([archive.catalog_follower])
        assert archive.catalog.position() == before
        usurper.release()


def test_who_leads_cannot_be_found_out_without_a_server() -> None:
    with pytest.raises(UnavailableError, match="does not answer"):
        PostgresLeadership(Server("postgresql://x@127.0.0.1:1/x")).acquire()


def test_the_other_hosts_worker_takes_over(tmp_path: Path, database_url: str) -> None:
    hosts = [host(tmp_path, name, database_url) for name in ("one", "two")]
    create_archive(hosts[0])
    with open_archive(hosts[0]) as one, open_archive(hosts[1]) as two:
        stops = [Event(), Event()]
        workers = [
            Thread(target=lead, args=(archive, stop))
            for archive, stop in zip((one, two), stops, strict=True)
        ]
        workers[0].start()
        (first,) = capture(one, line("1"))
        until(lambda: one.catalog.position() >= one.pointers.last_seq())
        workers[1].start()
        stops[0].set()
        workers[0].join()
        (second,) = capture(two, line("2"))
        until(lambda: two.catalog.position() >= two.pointers.last_seq())
        stops[1].set()
        workers[1].join()
        assert found(one, "") == found(two, "") == {first, second}
