"""An archive over PostgreSQL: made, opened by several hosts, refused where it does not belong."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from archive.creating import create_archive
from archive.errors import ConfigurationError, UnavailableError
from archive.model.roles import LOCAL_ACTOR
from archive.opening import Archive, open_archive
from archive.postgres import Server
from archive.settings import Settings
from scripts.support.postgres import PASSWORD, Postgres
from tests.archive.house import capture, found, line, search
from tests.policies.test_restricted import MAIA, restricting


def host(folder: Path, name: str, url: str) -> Settings:
    """The settings of one host: a home of its own, and bucket, key and database of all."""
    environ = {
        "MUNIMENT_HOME": str(folder / name),
        "MUNIMENT_BUCKET": f"file:{folder / 'bucket'}",
        "MUNIMENT_KEK": f"file:{folder / 'kek.key'}",
        "MUNIMENT_DATABASE_URL": url,
    }
    return Settings.load(environ, folder)


@contextmanager
def two_hosts(folder: Path, url: str) -> Iterator[tuple[Archive, Archive]]:
    """An archive that two hosts have open, each with a committer of its own."""
    create_archive(host(folder, "one", url))
    with (
        open_archive(host(folder, "one", url)) as one,
        open_archive(host(folder, "two", url)) as two,
    ):
        assert one.committing and two.committing
        yield one, two


def test_what_one_host_captures_the_other_finds(tmp_path: Path, database_url: str) -> None:
    with two_hosts(tmp_path, database_url) as (one, two):
        (first,) = capture(one, line("1", "a herring"))
        (second,) = capture(two, line("2", "a mackerel"))
        assert found(one, "herring OR mackerel") == {first, second}
        assert found(two, "herring OR mackerel") == {first, second}


def test_what_a_case_restricts_no_host_finds(tmp_path: Path, database_url: str) -> None:
    with two_hosts(tmp_path, database_url) as (one, two):
        capture(one, line("1", "a herring", participants=MAIA))
        (open_to_all,) = capture(one, line("2", "a herring"))
        restricting(one)
        assert found(one, "herring") == found(two, "herring") == {open_to_all}


def test_the_same_capture_on_two_hosts_is_one_record(tmp_path: Path, database_url: str) -> None:
    with two_hosts(tmp_path, database_url) as (one, two):
        (there,) = one.intake.capture(LOCAL_ACTOR, [line("1")])
        again, other = two.intake.capture(LOCAL_ACTOR, [line("1"), line("2")])
        assert (there.status, again.status, other.status) == ("archived", "already", "archived")
        assert again.id == there.id
        assert search(two, "").total == 2


def test_an_index_learns_of_conversations_that_another_host_joined(
    tmp_path: Path, database_url: str
) -> None:
    with two_hosts(tmp_path, database_url) as (one, two):
        (first,) = capture(one, line("1", conversation="red"))
        (second,) = capture(one, line("2", conversation="blue"))
        # Both are in the index of the second host before the third joins them.
        assert found(two, "") == {first, second}
        (third,) = capture(one, line("3", conversation="red", in_reply_to="2"))
        one.follow()
        conversation = one.catalog.rows([second])[second].conversation
        assert conversation == first
        for archive in (one, two):
            assert found(archive, f"conversation:{first}") == {first, second, third}


def test_an_index_goes_as_far_as_the_catalog_that_another_host_keeps(
    tmp_path: Path, database_url: str
) -> None:
    with two_hosts(tmp_path, database_url) as (leader, other):
        assert leader.leadership.acquire()

        def keep_catalog() -> None:
            while leader.feed.step([leader.catalog_follower]):
                pass

        (first,) = capture(leader, line("1", conversation="red"))
        (second,) = capture(other, line("2", conversation="blue"))
        keep_catalog()
        assert found(other, "") == {first, second}
        (third,) = capture(other, line("3", conversation="red", in_reply_to="2"))
        assert not other.follow()
        assert found(other, "") == {first, second}
        keep_catalog()
        assert found(other, f"conversation:{first}") == {first, second, third}


def test_a_database_holds_one_archive(tmp_path: Path, database_url: str) -> None:
    create_archive(host(tmp_path, "one", database_url))
    (tmp_path / "elsewhere").mkdir()
    with pytest.raises(ConfigurationError, match="holds archive"):
        create_archive(host(tmp_path / "elsewhere", "one", database_url))
    assert not (tmp_path / "elsewhere" / "kek.key").exists()


def test_a_database_of_another_archive_is_refused(tmp_path: Path, postgres: Postgres) -> None:
    mine, theirs = postgres.fresh_url(), postgres.fresh_url()
    (tmp_path / "elsewhere").mkdir()
    create_archive(host(tmp_path, "one", mine))
    create_archive(host(tmp_path / "elsewhere", "one", theirs))
    with (
        pytest.raises(ConfigurationError, match="belongs to archive"),
        open_archive(host(tmp_path, "one", theirs)),
    ):
        pass


def test_an_empty_database_beside_a_full_bucket_is_refused(
    tmp_path: Path, postgres: Postgres
) -> None:
    create_archive(host(tmp_path, "one", postgres.fresh_url()))
    empty = host(tmp_path, "one", postgres.fresh_url())
    for commits in (True, False):
        with (
            pytest.raises(ConfigurationError, match="is empty, but the bucket holds commits"),
            open_archive(empty, commits=commits),
        ):
            pass


def test_a_lost_sqlite_file_is_refused_and_not_made_anew(tmp_path: Path) -> None:
    settings = Settings.load({"MUNIMENT_HOME": str(tmp_path / "home")}, tmp_path)
    create_archive(settings)
    for path in settings.home.glob("events.db*"):
        path.unlink()
    with (
        pytest.raises(ConfigurationError, match="is empty, but the bucket holds commits"),
        open_archive(settings),
    ):
        pass


def test_one_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    url = "postgresql://muniment:s3cret@127.0.0.1:1/archive"
    with pytest.raises(UnavailableError, match=r"database archive at .* does not answer") as raised:
        create_archive(host(tmp_path, "one", url))
    assert "s3cret" not in str(raised.value) + repr(raised.value.__cause__)
    assert "s3cret" not in repr(host(tmp_path, "one", url))


def test_a_wrong_password_is_not_repeated(tmp_path: Path, database_url: str) -> None:
    wrong = database_url.replace("muniment:", "muniment:not-", 1)
    with pytest.raises(UnavailableError, match="password authentication failed") as raised:
        create_archive(host(tmp_path, "one", wrong))
    assert PASSWORD not in str(raised.value) and "not-" not in str(raised.value)


def test_a_server_that_goes_and_comes_back(tmp_path: Path) -> None:
    with Postgres(durable=False) as server:
        settings = host(tmp_path, "one", server.fresh_url())
        create_archive(settings)
        with open_archive(settings) as archive:
            capture(archive, line("1"))
            server.stop()
            with pytest.raises(UnavailableError, match="does not answer"):
                archive.intake.capture(LOCAL_ACTOR, [line("2")])
            with pytest.raises(UnavailableError):
                search(archive, "")
            assert not archive.health().ready
            server.start()
            capture(archive, line("2"))
            assert search(archive, "").total == 2
            assert archive.health().ready


def test_a_server_with_other_defaults_serves_as_well(tmp_path: Path, database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        name = connection.info.dbname
        for setting in (
            "default_transaction_isolation = 'serializable'",
            "synchronous_commit = 'off'",
            "search_path = 'public'",
        ):
            connection.execute(f"ALTER DATABASE {name} SET {setting}".encode())
    with two_hosts(tmp_path, database_url) as hosts, ThreadPoolExecutor(2) as pool:
        lines = [[line(f"{host}-{number}") for number in range(30)] for host in range(2)]

        def send(host: int) -> None:
            for each in lines[host]:
                capture(hosts[host], each)

        list(pool.map(send, range(2)))
        assert search(hosts[0], "").total == 60
    with Server(database_url).connect() as connection:
        assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)
