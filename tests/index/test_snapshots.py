"""Snapshots of the index: what they hold, when they are taken, and when they are not believed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from archive.bucket.fake import FakeBucket
from archive.bucket.names import INDEX, parse_manifest_name
from archive.errors import UnavailableError
from archive.index.frozen import freeze
from tests.index.snapshot_house import Leader, MadeHistory, QuickClock, keyring, leader


@pytest.fixture
def bucket() -> FakeBucket:
    return FakeBucket(QuickClock())


def manifests(bucket: FakeBucket) -> list[str]:
    return [name for name in bucket.names(INDEX) if "/manifests/" in name]


def everything(bucket: FakeBucket) -> dict[str, bytes]:
    return {name: bucket.get(name) for name in bucket.names(INDEX)}


def test_an_index_goes_on_from_its_snapshot(tmp_path: Path, bucket: FakeBucket) -> None:
    first = leader(tmp_path, bucket)
    assert first.stood == 0 and "from the first event" in first.notes()
    first.follow(40)
    first.snapshot()
    first.follow(3)
    second = first.restarted()
    assert second.stood == 40_000 and second.right()
    assert "as of event 40000" in second.notes()
    second.follow(5)
    assert second.right()
    second.stop()


def test_the_restored_index_merges_and_removes_its_files(
    tmp_path: Path, bucket: FakeBucket
) -> None:
    first = leader(tmp_path, bucket)
    for _ in range(7):
        first.follow()
    first.snapshot()
    second = first.restarted()
    restored = {path.name for path in second.generation.folder.glob("*.idx")}
    for _ in range(20):
        second.follow()
    second._writer.wait_merging_threads()
    assert second.right()
    assert not restored <= {path.name for path in second.generation.folder.glob("*.idx")}
    second.directory.remove()


def test_only_what_is_new_is_uploaded(tmp_path: Path, bucket: FakeBucket) -> None:
    one = leader(tmp_path, bucket, part_size=1 << 20)
    one.follow(200)
    one.snapshot()
    assert len(bucket.requested("put", INDEX)) == 3, "A key, a part and a manifest."
    bucket.requests.clear()
    one.follow()
    one.snapshot()
    assert len(bucket.requested("put", INDEX)) == 2, "A part and a manifest."
    bucket.requests.clear()
    one.snapshot()
    assert bucket.requests == [], "Nothing is new."
    two = one.restarted()
    bucket.requests.clear()
    two.follow()
    two.snapshot()
    assert len(bucket.requested("put", INDEX)) == 2, "A restart goes on with the generation."
    two.stop()


def test_two_snapshots_are_kept_and_what_they_need(tmp_path: Path, bucket: FakeBucket) -> None:
    one = leader(tmp_path, bucket)
    for _ in range(30):
        one.follow()
        one.snapshot()
    assert [parse_manifest_name(name)[1] for name in manifests(bucket)] == [29_000, 30_000]
    needed = {
        str(part.id)
        for name in manifests(bucket)
        for bundle in one.store.open(name).manifest.bundles
        for part in bundle.parts
    }
    there = [version.name for version in bucket.versions(INDEX)]
    assert {name.rsplit("/", 1)[1] for name in there if "/parts/" in name} == needed
    assert len(there) == len(needed) + 3
    one.stop()


def test_snapshots_are_taken_in_their_time(tmp_path: Path, bucket: FakeBucket) -> None:
    one = leader(tmp_path, bucket)

    def taken_after(seconds: float) -> int:
        one.clock.sleep(seconds)
        one.keeper.consider(one)
        one.keeper.wait()
        return len(manifests(bucket))

    assert taken_after(10_000) == 0, "There is nothing yet."
    one.follow(1)
    one.clock.passed = 0  # type: ignore[attr-defined]
    assert taken_after(299) == 0
    assert taken_after(1) == 1
    assert taken_after(10_000) == 1, "Nothing is new."
    one.follow(50)
    assert taken_after(0) == 2, "The last was long ago."
    one.follow(49)
    assert taken_after(60) == 2
    one.follow(1)
    one.keeper.consider(one)
    one.keeper.wait()
    assert one.store.open(one.store.names()[0]).position == one.stood
    one.stop()


def test_merging_does_not_disturb_a_frozen_index(tmp_path: Path, bucket: FakeBucket) -> None:
    one = leader(tmp_path, bucket)
    for _ in range(7):
        one.follow()
    frozen = freeze(one.generation.folder)
    for _ in range(30):
        one.follow()
    assert frozen.documents == 7
    for files in frozen.bundles:
        assert all((frozen.folder / file.name).stat().st_size == file.size for file in files)
    frozen.release()
    assert not frozen.folder.exists()
    one.stop()


def test_a_folder_without_an_index_is_not_frozen(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError):
        freeze(tmp_path)


def two_snapshots(folder: Path, bucket: FakeBucket) -> Leader:
    one = leader(folder, bucket)
    one.follow(4)
    one.snapshot()
    one.follow(1)
    one.snapshot()
    return one


def harmed(bucket: FakeBucket, name: str, harm: str) -> None:
    data = bucket.get(name)
    match harm:
        case "flipped":
            bucket.put(name, data[:-1] + bytes([data[-1] ^ 1]))
        case "cut":
            bucket.put(name, data[: len(data) // 2])
        case "empty":
            bucket.put(name, b"")
        case "missing":
            bucket.delete(name)


@pytest.mark.parametrize("harm", ["flipped", "cut", "empty", "missing"])
def test_whatever_is_harmed_is_passed_over(tmp_path: Path, bucket: FakeBucket, harm: str) -> None:
    one = two_snapshots(tmp_path, bucket)
    whole, key_ring = everything(bucket), one.keyring
    one.stop()
    begun: set[int] = set()
    for name in whole:
        for version in list(bucket.versions(INDEX)):
            bucket.delete(version.name, version=version.version)
        for each, data in whole.items():
            bucket.put(each, data)
        harmed(bucket, name, harm)
        two = Leader(tmp_path, bucket, key_ring)
        assert two.right()
        begun.add(two.stood)
        # That the newest manifest has been taken away cannot be told, and needs no telling.
        if two.stood < 5_000 and not (harm == "missing" and "/manifests/" in name):
            assert "passed over" in two.notes()
        two.follow(7 - two.stood // 1_000)
        two.snapshot()
        three = two.restarted()
        assert three.stood == 7_000 and three.right() and "passed over" not in three.notes()
        three.stop()
    # The key and the parts that both need harm both; the newest manifest, only itself.
    assert begun == {0, 4_000, 5_000}


def test_parts_and_manifests_that_change_places_are_not_believed(
    tmp_path: Path, bucket: FakeBucket
) -> None:
    one = two_snapshots(tmp_path, bucket)
    whole, key_ring = everything(bucket), one.keyring
    one.stop()
    for kind in ("/parts/", "/manifests/"):
        names = [name for name in whole if kind in name]
        for name, other in zip(names, names[1:] + names[:1], strict=True):
            bucket.put(name, whole[other])
        two = Leader(tmp_path, bucket, key_ring)
        assert (two.stood, two.right()) == (0, True)
        two.stop()
        for name in names:
            bucket.put(name, whole[name])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"form": "aa" * 32}, "Another version of the program"),
        ({"history": MadeHistory(branch="other")}, "another history"),
        ({"history": MadeHistory(last=3_999)}, "The database is older"),
        ({"keyring": keyring()}, "does not open"),
    ],
    ids=["form", "history", "older", "key"],
)
def test_a_snapshot_of_something_else_is_not_used(
    tmp_path: Path, bucket: FakeBucket, changes: dict[str, object], reason: str
) -> None:
    two = two_snapshots(tmp_path, bucket).restarted(**changes)
    assert (two.stood, two.right()) == (0, True)
    assert reason in two.notes()
    two.stop()


def test_a_database_between_two_snapshots_takes_the_older(
    tmp_path: Path, bucket: FakeBucket
) -> None:
    two = two_snapshots(tmp_path, bucket).restarted(history=MadeHistory(last=4_500))
    assert two.stood == 4_000 and two.right()
    assert "The database is older" in two.notes()
    two.stop()


def test_what_could_not_be_read_is_indexed_once_it_can(tmp_path: Path, bucket: FakeBucket) -> None:
    one = leader(tmp_path, bucket)
    one.could_not_read.add(3)
    one.follow(4)
    one.snapshot()
    two = one.restarted(history=MadeHistory(damaged={3}))
    assert two.stood == 4_000 and two.unread() == {3}
    three = two.restarted(history=MadeHistory())
    assert three.stood == 0 and "can be read now" in three.notes()
    three.stop()


def test_a_destroyed_key_closes_everything_and_the_index_begins_anew(
    tmp_path: Path, bucket: FakeBucket
) -> None:
    one = two_snapshots(tmp_path, bucket)
    copy = everything(bucket)
    (generation,) = one.store.generations()
    one.store.destroy(generation)
    assert list(bucket.versions(INDEX)) == []
    one.follow(2)
    one.snapshot()
    assert one.keeper.destroyed, "What holds purged words is never kept again."
    assert not any("/manifests/" in name for name in bucket.names(INDEX))
    two = one.restarted()
    assert two.stood == 0
    two.follow(3)
    two.snapshot()
    (after,) = two.store.generations()
    assert after != generation
    for name, data in copy.items():
        if not name.endswith("/key"):
            bucket.put(name, data)
    three = two.restarted()
    assert three.stood == 3_000, "Copies without the key are nothing."
    three.stop()


def test_an_older_generation_stays_until_the_new_one_has_caught_up(
    tmp_path: Path, bucket: FakeBucket
) -> None:
    one = two_snapshots(tmp_path, bucket)
    two = one.restarted(form="aa" * 32)
    two.follow(3)
    two.snapshot()
    assert len(two.store.generations()) == 2
    again = two.restarted()
    assert again.stood == 5_000, "The program was taken back before."
    third = again.restarted(form="aa" * 32)
    assert third.stood == 3_000
    third.follow(3)
    third.snapshot()
    assert len(third.store.generations()) == 1
    third.stop()


def refuse_links(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)


def lose_files(monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(*_: object) -> None:
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr("archive.index.snapshots.read_bundle", lose)


@pytest.mark.parametrize("trouble", [refuse_links, lose_files])
def test_trouble_with_files_is_told_and_stops_nobody(
    tmp_path: Path,
    bucket: FakeBucket,
    monkeypatch: pytest.MonkeyPatch,
    trouble: Callable[[pytest.MonkeyPatch], None],
) -> None:
    one = leader(tmp_path, bucket)
    one.follow(2)
    with monkeypatch.context() as patch:
        trouble(patch)
        one.snapshot()
    assert "snapshot of the index failed" in one.notes() and manifests(bucket) == []
    one.follow(2)
    one.snapshot()
    assert "failed" not in one.notes()
    two = one.restarted()
    assert two.stood == 4_000 and two.right()
    two.stop()
