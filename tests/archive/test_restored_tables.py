"""What is restored from the bucket is what was there: every table, row and column."""

import shutil
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from uuid import uuid4

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.bucket.fake import FakeBucket
from archive.clock import SystemClock
from archive.database import open_database
from archive.errors import ConfigurationError, ConflictError, CorruptError, UnavailableError
from archive.events.pointers import BehindError, PointerCommit, PointerRecorder
from archive.events.restoration import Restoration
from archive.events.restoring import Restorer
from archive.model.roles import LOCAL_ACTOR
from archive.sealing.keyring import Keyring
from archive.settings import Settings
from scripts.support.postgres import Postgres
from tests.archive import histories
from tests.archive.house import line


@pytest.fixture
def keyring() -> Keyring:
    return Keyring.generate(uuid4(), SystemClock())


@pytest.fixture
def bucket() -> FakeBucket:
    return FakeBucket(SystemClock())


def nothing(_: int) -> None:
    pass


def restore(of: Settings, bucket: FakeBucket, keyring: Keyring, *, incomplete: bool = False):
    """Restore into the empty database that the settings name."""
    database = open_database(of)
    database.pointers.create(keyring.archive_id)
    faults = Restorer(database.pointers, bucket, keyring).restore(nothing, incomplete=incomplete)
    database.close()
    return faults


@settings(max_examples=8)
@given(st.integers(0, 2**32))
def test_any_history_comes_back_as_it_was(seed: int) -> None:
    keyring, bucket = Keyring.generate(uuid4(), SystemClock()), FakeBucket(SystemClock())
    with TemporaryDirectory() as name:
        folder = Path(name)
        lived = histories.settings(folder, "lived", None)
        histories.live(Random(seed), [lived], bucket, keyring)
        again = histories.settings(folder, "again", None)
        restore(again, bucket, keyring)
        assert histories.rows(again) == histories.rows(lived)


@pytest.mark.parametrize("seed", range(2))
def test_any_history_of_several_hosts_comes_back_as_it_was(
    tmp_path: Path, postgres: Postgres, bucket: FakeBucket, keyring: Keyring, seed: int
) -> None:
    url = postgres.fresh_url()
    hosts = [histories.settings(tmp_path, name, url) for name in ("one", "two")]
    histories.live(Random(seed), hosts, bucket, keyring)
    for other in (postgres.fresh_url(), None):
        again = histories.settings(tmp_path, "again", other)
        restore(again, bucket, keyring)
        assert histories.rows(again) == histories.rows(hosts[0])


@pytest.fixture
def lived(
    tmp_path: Path, bucket: FakeBucket, keyring: Keyring, each_database: str | None
) -> Settings:
    """An archive with some history, over either database."""
    of = histories.settings(tmp_path, "lived", each_database)
    histories.live(Random(7), [of], bucket, keyring)
    return of


@pytest.fixture
def again(tmp_path: Path, each_database: str | None, request: pytest.FixtureRequest) -> Settings:
    """Settings that name an empty database of the same kind."""
    url = request.getfixturevalue("postgres").fresh_url() if each_database else None
    return histories.settings(tmp_path, "again", url)


class Killed(BaseException):
    pass


def test_killed_at_any_batch_it_goes_on_to_the_same(
    lived: Settings,
    again: Settings,
    bucket: FakeBucket,
    keyring: Keyring,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("archive.events.restoring._EVENTS_PER_BATCH", 3)
    kills = 0
    while True:
        database = open_database(again)
        database.pointers.create(keyring.archive_id)

        def advance(seq: int) -> None:
            raise Killed

        try:
            Restorer(database.pointers, bucket, keyring).restore(advance, incomplete=False)
            break
        except Killed:
            kills += 1
        finally:
            database.close()
    assert kills > 3
    assert histories.rows(again) == histories.rows(lived)


def test_two_that_restore_at_once_insert_everything_once(
    lived: Settings,
    again: Settings,
    bucket: FakeBucket,
    keyring: Keyring,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("archive.events.restoring._EVENTS_PER_BATCH", 3)
    one, two = open_database(again), open_database(again)
    one.pointers.create(keyring.archive_id)
    other = Restorer(two.pointers, bucket, keyring)
    turns = iter([lambda: other.restore(nothing, incomplete=False)])

    def advance(seq: int) -> None:
        next(turns, lambda: None)()

    Restorer(one.pointers, bucket, keyring).restore(advance, incomplete=False)
    one.close()
    two.close()
    assert histories.rows(again) == histories.rows(lived)


def capture(of: Settings, bucket: FakeBucket, keyring: Keyring, *numbers: int) -> None:
    with histories.station(of, bucket, keyring) as station:
        station.intake.capture(LOCAL_ACTOR, [line(str(number)) for number in numbers])


def test_an_old_copy_catches_up_before_it_takes_anything(
    tmp_path: Path, bucket: FakeBucket, keyring: Keyring
) -> None:
    of = histories.settings(tmp_path, "home", None)
    capture(of, bucket, keyring, 1, 2)
    shutil.copytree(of.home, tmp_path / "copy")
    capture(of, bucket, keyring, 3, 4)
    capture(of, bucket, keyring, 5)
    before = histories.rows(of)
    shutil.rmtree(of.home)
    (tmp_path / "copy").rename(of.home)
    with histories.station(of, bucket, keyring) as station:
        again = station.intake.capture(LOCAL_ACTOR, [line(str(n)) for n in range(1, 8)])
    assert [each.status for each in again] == ["already"] * 5 + ["archived"] * 2
    after = histories.rows(of)
    for table in ("stored_events", "commits", "segments"):
        assert set(before[table]) <= set(after[table])
    seqs = [row[0] for row in after["stored_events"]]
    assert seqs == list(range(1, len(seqs) + 1))
    capture(histories.settings(tmp_path, "copy", None), FakeBucket(SystemClock()), keyring)


def test_a_standby_that_is_behind_is_caught_up_by_a_running_committer(
    tmp_path: Path, database_url: str, bucket: FakeBucket, keyring: Keyring
) -> None:
    of = histories.settings(tmp_path, "home", database_url)
    with histories.station(of, bucket, keyring) as station:
        for number in range(4):
            station.intake.capture(LOCAL_ACTOR, [line(str(number))])
        before = histories.rows(of)
        forget(database_url, after=2)
        results = station.intake.capture(LOCAL_ACTOR, [line("3"), line("9")])
        assert [each.status for each in results] == ["already", "archived"]
    after = histories.rows(of)
    assert set(before["stored_events"]) < set(after["stored_events"])
    assert [row[0] for row in after["stored_events"]] == list(
        range(1, len(before["stored_events"]) + 2)
    )


def forget(url: str, after: int) -> None:
    """Take the database back, as a standby that lacks the last commits."""
    with psycopg.connect(url, options="-c search_path=muniment") as other:
        other.execute("DELETE FROM stored_events WHERE seq > %s", (after,))
        other.execute("DELETE FROM commits WHERE last_seq > %s", (after,))
        other.execute("UPDATE archive SET last_seq = %s", (after,))


def test_nothing_is_committed_before_the_database_is_complete(
    lived: Settings, again: Settings, bucket: FakeBucket, keyring: Keyring
) -> None:
    database = open_database(again)
    pointers: PointerRecorder = database.pointers
    pointers.create(keyring.archive_id)
    pointers.restorer().await_seq(3)
    with pytest.raises(BehindError, match="stands at 0"):
        pointers.write_commit(
            PointerCommit(
                segments=[(uuid4(), uuid4())],
                record_id=uuid4(),
                rows=[(uuid4().bytes, 1, "user.registered", bytes(65))],
            )
        )
    assert pointers.last_seq() == 0 and pointers.restorer().awaited_seq() == 3
    database.close()


def delete(bucket: FakeBucket, name: str) -> None:
    for version in list(bucket.versions(name)):
        bucket.delete(name, version=version.version)


def test_a_missing_record_is_named_and_nothing_after_it_is_restored(
    lived: Settings, again: Settings, bucket: FakeBucket, keyring: Keyring
) -> None:
    everything = histories.rows(lived)["stored_events"]
    names = list(bucket.names("commits/"))
    delete(bucket, names[2])
    first = int(names[2].split("/")[1][:20])
    last = int(names[3].split("/")[1][:20]) - 1
    missing = f"{first} to {last}" if first < last else f"{first}"
    with pytest.raises(ConfigurationError, match=f"No commit record holds event {missing}."):
        restore(again, bucket, keyring)
    assert histories.rows(again)["stored_events"] == everything[: first - 1]
    faults = restore(again, bucket, keyring, incomplete=True)
    assert faults.missing == [(first, last)]
    assert histories.rows(again)["stored_events"] == [
        row for row in everything if not first <= row[0] <= last
    ]


def test_a_record_that_was_overwritten_is_read_in_its_older_version(
    lived: Settings, again: Settings, bucket: FakeBucket, keyring: Keyring
) -> None:
    name = list(bucket.names("commits/"))[1]
    data = bytearray(bucket.get(name))
    data[60] ^= 1
    bucket.put(name, bytes(data))
    restore(again, bucket, keyring)
    assert histories.rows(again) == histories.rows(lived)


def test_what_somebody_hid_is_found(
    lived: Settings, again: Settings, bucket: FakeBucket, keyring: Keyring
) -> None:
    records, keys = list(bucket.names("commits/")), list(bucket.names("keys/"))
    for name in (records[1], records[-1], keys[0], keys[-1]):
        bucket.delete(name)
    restore(again, bucket, keyring)
    assert histories.rows(again) == histories.rows(lived)


def test_a_damaged_newest_record_is_never_passed_over(
    lived: Settings, again: Settings, bucket: FakeBucket, keyring: Keyring
) -> None:
    name = list(bucket.names("commits/"))[-1]
    data = bytearray(bucket.get(name))
    data[60] ^= 1
    delete(bucket, name)
    bucket.put(name, bytes(data))
    for incomplete in (False, True):
        with pytest.raises(ConfigurationError, match=f"{name} cannot be read"):
            restore(again, bucket, keyring, incomplete=incomplete)


def test_two_histories_are_told_and_not_mixed(
    tmp_path: Path, bucket: FakeBucket, keyring: Keyring
) -> None:
    of = histories.settings(tmp_path, "home", None)
    capture(of, bucket, keyring, 1)
    shutil.copytree(of.home, tmp_path / "copy")
    other = FakeBucket(SystemClock())
    for name in bucket.names(""):
        other.put(name, bucket.get(name))
    capture(of, bucket, keyring, 2)
    capture(histories.settings(tmp_path, "copy", None), other, keyring, 3)
    for name in other.names("commits/"):
        bucket.put(name, other.get(name))
    with pytest.raises(CorruptError, match="two histories"):
        restore(histories.settings(tmp_path, "again", None), bucket, keyring)


def test_an_event_that_cannot_be_opened_is_remembered(
    tmp_path: Path, bucket: FakeBucket, keyring: Keyring
) -> None:
    of = histories.settings(tmp_path, "home", None)
    capture(of, bucket, keyring, 1, 2)
    segments = list(bucket.names("segments/"))
    kept = {name: bucket.get(name) for name in segments}
    delete(bucket, segments[-1])
    again = histories.settings(tmp_path, "again", None)
    restore(again, bucket, keyring)
    before, after = histories.rows(of), histories.rows(again)
    lost = [(row[0],) for row in before["stored_events"] if row[3] == "interaction.captured"]
    assert after["unopened"] == lost
    assert [row[:4] for row in after["stored_events"]] == [
        row[:4] for row in before["stored_events"]
    ]
    for name, data in kept.items():
        bucket.put(name, data)
    assert after["segments"] == before["segments"]


def test_a_bucket_that_does_not_answer_leaves_what_was_restored(
    lived: Settings, again: Settings, bucket: FakeBucket, keyring: Keyring
) -> None:
    for fail in (
        lambda: bucket.fail("get", "commits/"),
        lambda: bucket.fail("names", "keys/"),
        lambda: bucket.fail("get_range", "segments/", times=None),
    ):
        fail()
        with pytest.raises(UnavailableError):
            restore(again, bucket, keyring)
        bucket.heal()
    restore(again, bucket, keyring)
    assert histories.rows(again) == histories.rows(lived)


def test_a_batch_that_does_not_follow_is_refused(again: Settings, keyring: Keyring) -> None:
    database = open_database(again)
    database.pointers.create(keyring.archive_id)
    with pytest.raises(ConflictError):
        database.pointers.restorer().restore(
            Restoration(5, [], [(6, bytes(16), 1, "user.registered", bytes(65))], [])
        )
    assert database.pointers.last_seq() == 0
    database.close()
