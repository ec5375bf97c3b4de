"""The collector removes orphans, after a day, and nothing else; under doubt, nothing at all."""

import base64
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from random import Random
from uuid import UUID, uuid4

import pytest

from archive.bucket.fake import FakeBucket
from archive.bucket.port import LockMode, Retention
from archive.capture.station import Station
from archive.clock import SystemClock
from archive.collecting.collector import Collection, Collector
from archive.database import open_database
from archive.events.commit import CommitEngine
from archive.events.feed import Feed
from archive.events.groups import Group
from archive.events.pointers import BlobCondemnedError, BlobUse
from archive.events.restoring import Restorer
from archive.index.snapshots import SnapshotStore
from archive.model.roles import LOCAL_ACTOR
from archive.sealing.held import HeldKeyring
from archive.sealing.keyring import Keyring
from archive.settings import Settings
from tests.archive import histories
from tests.archive.house import line
from tests.events.test_commit_faults import plain


class MovableClock(SystemClock):
    ahead = timedelta()

    def now(self):
        return super().now() + self.ahead

    def sleep(self, seconds: float) -> None:
        pass


class House:
    """One archive over a fake bucket, whose clock can be put forward."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock = MovableClock()
        self.bucket = FakeBucket(self.clock)
        self.keyring = Keyring.generate(uuid4(), self.clock)
        histories.put_keyring(self.bucket, self.keyring)
        self.station = self.open()

    def open(self) -> Station:
        return Station(self.settings, self.keyring, self.bucket, self.clock, commits=True)

    def capture(self, *lines: bytes) -> None:
        self.station.intake.capture(LOCAL_ACTOR, lines)

    def collect(self, *, dry_run: bool = False) -> Collection:
        station = self.station
        feed = Feed(station.pointers, station.opener, station.mapper)
        snapshots = SnapshotStore(self.bucket, self.keyring, self.clock)
        collector = Collector(station.pointers, self.bucket, self.keyring, feed, snapshots)
        return collector.collect(dry_run=dry_run)

    def names(self) -> set[str]:
        return {each.name for each in self.bucket.versions("")}


@pytest.fixture
def house(tmp_path: Path, each_database: str | None) -> Iterator[House]:
    made = House(histories.settings(tmp_path, "home", each_database))
    made.capture(line("1"), line("2", attachments=[large(1)]))
    yield made
    made.station.close()


ON_SQLITE = pytest.mark.parametrize("each_database", [None], ids=["sqlite"])


def large(seed: int) -> dict[str, str]:
    data = base64.b64encode(Random(seed).randbytes(70_000)).decode()
    return {"filename": "big.bin", "media_type": "application/octet-stream", "data": data}


def orphaned(house: House) -> set[str]:
    """Leave blob, segment and keys of a capture that never took place."""
    before = house.names()
    house.station.close()
    house.station = house.open()

    def lost(*_: object) -> int:
        raise RuntimeError("the process dies here")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(house.station.pointers, "write_commit", lost)
        with pytest.raises(RuntimeError):
            house.capture(line("3", attachments=[large(2)]))
    left = house.names() - before
    assert {name.split("/")[0] for name in left} == {"segments", "keys", "blobs"}
    return left


def test_orphans_go_after_a_day_and_nothing_else_does(house: House) -> None:
    before = house.names()
    left = orphaned(house)
    house.clock.ahead = timedelta(hours=23)
    assert house.collect().orphans == ()
    house.clock.ahead = timedelta(hours=25)
    told = house.collect(dry_run=True)
    assert {each.name for each in told.orphans} == left and told.removed == 0
    assert house.names() == before | left
    done = house.collect()
    assert {each.name for each in done.orphans} == left
    assert (done.removed, done.locked, done.doubts) == (len(left), (), ())
    assert house.names() == before
    assert house.collect().orphans == ()
    again = house.station.intake.capture(LOCAL_ACTOR, [line("3", attachments=[large(2)])])
    assert again[0].status == "archived"


@pytest.mark.parametrize("seed", range(4))
def test_of_any_history_nothing_that_is_needed_goes(tmp_path: Path, seed: int) -> None:
    made = House(histories.settings(tmp_path, "home", None))
    made.station.close()
    histories.live(Random(seed), [made.settings], made.bucket, made.keyring)
    made.station = made.open()
    made.clock.ahead = timedelta(days=2)
    done = made.collect()
    assert done.doubts == ()
    made.station.close()
    again = histories.settings(tmp_path, "again", None)
    database = open_database(again)
    database.pointers.create(made.keyring.archive_id)
    Restorer(database.pointers, made.bucket, made.keyring).restore(lambda _: None, incomplete=False)
    database.close()
    assert histories.rows(again) == histories.rows(made.settings)
    assert histories.rows(again)["unopened"] == []
    blobs = {row[0] for row in histories.rows(again)["blobs"]}
    assert len(list(made.bucket.names("blobs/"))) == len(blobs)


def test_what_a_lock_protects_is_left_and_told(house: House) -> None:
    left = orphaned(house)
    (segment,) = (name for name in left if name.startswith("segments/"))
    version = house.bucket.stat(segment).version
    until = house.clock.now() + timedelta(days=30)
    house.bucket.extend_retention(segment, version, Retention(LockMode.COMPLIANCE, until))
    house.clock.ahead = timedelta(days=2)
    done = house.collect()
    assert done.locked == (segment,) and done.removed == len(left) - 1
    house.clock.ahead = timedelta(days=31)
    assert house.collect().removed == 1


@ON_SQLITE
def test_a_hidden_orphan_goes_with_all_its_versions(house: House) -> None:
    left = orphaned(house)
    for name in left:
        house.bucket.put(name, b"another version")
        house.bucket.delete(name)
    house.clock.ahead = timedelta(days=2)
    assert house.collect().removed == len(left)
    assert not left & house.names()


@ON_SQLITE
def test_names_that_are_not_the_archives_are_left(house: House) -> None:
    strange = {"segments/notes.txt", "blobs/readme", "keys/a/b", "else/where"}
    for name in strange:
        house.bucket.put(name, b"somebody's")
    house.clock.ahead = timedelta(days=2)
    assert house.collect().orphans == ()
    assert strange <= house.names()


def doubted(house: House, reason: str) -> None:
    house.clock.ahead = timedelta(days=2)
    before = house.names()
    done = house.collect()
    assert any(reason in doubt for doubt in done.doubts), done
    assert done.removed == 0
    assert house.names() == before


@ON_SQLITE
def test_nothing_goes_while_a_record_cannot_be_read(house: House) -> None:
    orphaned(house)
    name = next(iter(house.bucket.names("commits/")))
    data = house.bucket.get(name)
    for version in list(house.bucket.versions(name)):
        house.bucket.delete(name, version=version.version)
    doubted(house, "No commit record holds event 1")
    house.bucket.put(name, data[:-1] + bytes([data[-1] ^ 1]))
    doubted(house, "cannot be read")


def test_nothing_goes_while_the_database_is_behind(house: House) -> None:
    orphaned(house)
    house.station.pointers.restorer().await_seq(1_000)
    doubted(house, "behind the bucket")


@ON_SQLITE
def test_nothing_goes_when_the_database_lacks_what_records_name(house: House) -> None:
    orphaned(house)
    with closing(sqlite3.connect(house.settings.home / "events.db")) as connection, connection:
        connection.execute("DELETE FROM segments")
    doubted(house, "that the database does not know")


@ON_SQLITE
def test_a_blob_that_only_the_bucket_says_is_needed_stays(house: House) -> None:
    with closing(sqlite3.connect(house.settings.home / "events.db")) as connection, connection:
        connection.execute("DELETE FROM blobs")
        connection.execute("DELETE FROM blob_references")
    house.clock.ahead = timedelta(days=2)
    before = house.names()
    assert house.collect().orphans == ()
    assert house.names() == before


@ON_SQLITE
def test_no_blob_goes_while_an_event_cannot_be_opened(house: House) -> None:
    left = orphaned(house)
    segments = [name for name in house.bucket.names("segments/") if name not in left]
    kept = {name: house.bucket.get(name) for name in segments}
    for name in segments:
        for version in list(house.bucket.versions(name)):
            house.bucket.delete(name, version=version.version)
    house.station.close()
    for path in house.settings.home.glob("events.db*"):
        path.unlink()
    database = open_database(house.settings)
    database.pointers.create(house.keyring.archive_id)
    Restorer(database.pointers, house.bucket, house.keyring).restore(
        lambda _: None, incomplete=False
    )
    database.close()
    house.station = house.open()
    house.clock.ahead = timedelta(days=2)
    done = house.collect()
    assert any("no blob is collected" in doubt for doubt in done.doubts)
    assert not any(each.is_blob for each in done.orphans) and done.removed == 2
    for name, data in kept.items():
        house.bucket.put(name, data)
    done = house.collect()
    assert done.doubts == () and {each.name for each in done.orphans} < left
    assert house.station.pointers.restorer().unopened() == []
    assert len(list(house.bucket.names("blobs/"))) == 1


@ON_SQLITE
def test_a_committer_refuses_a_blob_that_may_have_been_collected(house: House) -> None:
    event = plain()
    blob_id = house.clock.uuid7()
    use = BlobUse(blob_id, bytes(32), 70_000, UUID(bytes=event.originator), 1, new=True)
    house.clock.ahead = timedelta(hours=2)
    old, good = Group([event], blobs=[use]), Group([plain()])
    engine = CommitEngine(
        house.station.pointers, house.bucket, HeldKeyring(house.keyring), house.clock
    )
    engine.commit([old, good])
    assert isinstance(old.error, BlobCondemnedError) and not old.seqs
    assert good.error is None and good.seqs
    engine.close()


@ON_SQLITE
def test_told_to_stop_it_stops_between_two_objects(house: House) -> None:
    left = orphaned(house)
    house.clock.ahead = timedelta(days=2)
    station = house.station
    feed = Feed(station.pointers, station.opener, station.mapper)
    snapshots = SnapshotStore(house.bucket, house.keyring, house.clock)
    collector = Collector(station.pointers, house.bucket, house.keyring, feed, snapshots)
    answers = iter([False, True])
    assert collector.collect(lambda: next(answers, True)).removed == 1
    assert len(left & house.names()) == len(left) - 1


@ON_SQLITE
def test_an_index_that_was_never_finished_goes(house: House) -> None:
    snapshots = SnapshotStore(house.bucket, house.keyring, house.clock)
    generation = snapshots.begin()
    house.clock.ahead = timedelta(hours=20)
    house.collect()
    assert snapshots.generations() == {generation.id}
    house.clock.ahead = timedelta(hours=30)
    house.collect()
    assert snapshots.generations() == set()
