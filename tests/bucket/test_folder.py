"""What the folder bucket does beyond the contract: files, modes, damage, leftovers."""

import errno
import fcntl
import os
import stat
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.bucket import Bucket, LockMode, Retention, open_bucket
from archive.bucket.files import Files
from archive.bucket.folder import FolderBucket
from archive.errors import ConfigurationError, CorruptError, UnavailableError
from tests.bucket.doubles import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def bucket(tmp_path: Path, clock: ManualClock) -> FolderBucket:
    return FolderBucket(tmp_path / "bucket", clock)


def files_of(bucket: FolderBucket) -> list[str]:
    """Every file in the folder, but for the bucket's marker and its empty lock files."""
    return sorted(
        str(path.relative_to(bucket.root))
        for path in bucket.root.rglob("*")
        if path.is_file() and path.name != ".bucket" and path.parent.name != ".locks"
    )


def test_the_current_version_is_a_plain_file(bucket: FolderBucket) -> None:
    bucket.put("log/checkpoint", b"old")
    bucket.put("log/checkpoint", b"new")
    bucket.put("segments/a.seg", b"one version")
    assert (bucket.root / "log/checkpoint").read_bytes() == b"new"
    found = files_of(bucket)
    assert [path for path in found if "segments" in path] == ["segments/a.seg"]
    assert len(found) == 3


def test_all_is_private(bucket: FolderBucket, clock: ManualClock) -> None:
    bucket.put("a/b", b"", legal_hold=True)
    bucket.delete("a/b")
    for path in [bucket.root, *bucket.root.rglob("*")]:
        expected = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == expected, path


@pytest.mark.parametrize("reason", [errno.EROFS, errno.EACCES, errno.EPERM])
def test_whoever_may_only_read_it_reads_it(
    bucket: FolderBucket, monkeypatch: pytest.MonkeyPatch, reason: int
) -> None:
    bucket.put("a", b"kept")
    open_ = os.open

    def reading_alone(path: str, flags: int, *mode: int) -> int:
        if flags & (os.O_RDWR | os.O_CREAT):
            raise OSError(reason, os.strerror(reason), path)
        return open_(path, flags, *mode)

    monkeypatch.setattr(os, "open", reading_alone)
    for _ in range(2):
        assert [each.name for each in bucket.versions("")] == ["a"]
        assert bucket.get("a") == b"kept"
        with pytest.raises((OSError, UnavailableError)):
            bucket.put("b", b"")
        # Nor need there be files for its locks, which it cannot make.
        for path in (bucket.root / ".locks").iterdir():
            path.unlink()


def test_destroying_everything_leaves_no_file(bucket: FolderBucket, clock: ManualClock) -> None:
    locked = Retention(LockMode.COMPLIANCE, clock.now().replace(hour=13))
    for _ in range(3):
        bucket.put("keys/s/1.keys", b"secret", retention=locked)
        bucket.delete("keys/s/1.keys")
    clock.move(hours=2)
    for each in sorted(bucket.versions(""), key=lambda each: each.version):
        bucket.delete(each.name, version=each.version)
    assert files_of(bucket) == []
    assert list(bucket.root.rglob("*@")) == []


def test_an_undone_marker_leaves_one_file(bucket: FolderBucket) -> None:
    bucket.put("a", b"secret")
    bucket.delete("a")
    marker = next(bucket.versions("a"))
    bucket.delete("a", version=marker.version)
    assert files_of(bucket) == ["a"]


def test_a_failed_put_leaves_no_file(bucket: FolderBucket) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"some"
        raise RuntimeError

    with pytest.raises(RuntimeError):
        bucket.put("a", chunks())
    assert files_of(bucket) == []


def test_opening_removes_what_dead_writers_left(bucket: FolderBucket, clock: ManualClock) -> None:
    dead = bucket.root / ".temporary" / "1-0"
    alive = bucket.root / ".temporary" / "1-1"
    dead.write_bytes(b"half")
    with alive.open("wb") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        FolderBucket(bucket.root, clock)
        assert alive.exists()
    assert not dead.exists()
    FolderBucket(bucket.root, clock)
    assert not alive.exists()


def test_another_folder_is_not_taken_for_a_bucket(tmp_path: Path, clock: ManualClock) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(ConfigurationError, match="holds other files"):
        FolderBucket(tmp_path, clock)
    (tmp_path / ".bucket").write_text("muniment bucket 1\n")
    assert list(FolderBucket(tmp_path, clock).names("")) == ["letter.txt"]
    (tmp_path / ".bucket").write_text("muniment bucket 2\n")
    with pytest.raises(ConfigurationError, match="does not know"):
        FolderBucket(tmp_path, clock)


def test_a_path_that_cannot_be_a_folder_is_refused(tmp_path: Path, clock: ManualClock) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "bucket"):
        with pytest.raises(ConfigurationError, match=str(path)):
            FolderBucket(path, clock)


def test_a_moved_folder_keeps_versions_and_locks(
    bucket: FolderBucket, clock: ManualClock, tmp_path: Path
) -> None:
    bucket.put("a/b", b"one", legal_hold=True)
    bucket.put("a/b", b"two")
    before = list(bucket.versions("")), bucket.stat("a/b")
    bucket.root.rename(tmp_path / "moved")
    moved = FolderBucket(tmp_path / "moved", clock)
    assert (list(moved.versions("")), moved.stat("a/b")) == before


def test_a_damaged_lock_never_unlocks(bucket: FolderBucket) -> None:
    version = bucket.put("a", b"kept", legal_hold=True)
    (lock,) = bucket.root.rglob("*.lock")
    intact = lock.read_bytes()
    for position in range(len(intact)):
        damaged = bytearray(intact)
        damaged[position] ^= 0x01
        lock.write_bytes(damaged)
        with pytest.raises(CorruptError, match=r"of a\b"):
            bucket.delete("a", version=version)
    lock.write_bytes(b"")
    with pytest.raises(CorruptError):
        bucket.stat("a")
    assert bucket.get("a") == b"kept"


def test_a_full_disk_is_said_to_be_full(tmp_path: Path, clock: ManualClock) -> None:
    class FullFiles(Files):
        def write(self, descriptor: int, data: bytes) -> None:
            if data == b"too much":
                raise OSError(28, "No space left on device")
            super().write(descriptor, data)

    bucket = FolderBucket(tmp_path / "bucket", clock, files=FullFiles())
    with pytest.raises(UnavailableError, match="full; a/b was not stored"):
        bucket.put("a/b", b"too much")
    assert list(bucket.versions("")) == []
    assert files_of(bucket) == []


def test_large_objects_pass_in_flat_memory(bucket: FolderBucket) -> None:
    mebibyte = bytes(1 << 20)
    tracemalloc.start()
    try:
        bucket.put("large", (mebibyte for _ in range(64)))
        total = sum(map(len, bucket.read("large")))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert total == 64 << 20
    assert peak < 8 << 20


class TestOpening:
    def test_a_file_setting_opens_a_folder(self, tmp_path: Path, clock: ManualClock) -> None:
        open_bucket(f"file:{tmp_path}/bucket", clock).put("a", b"x")
        bucket: Bucket = open_bucket(f"file://{tmp_path}/bucket", clock)
        assert bucket.get("a") == b"x"
        assert bucket.describe() == f"file:{tmp_path}/bucket"

    def test_a_relative_path_starts_at_the_current_folder(
        self, tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        assert open_bucket("file:data/b", clock).describe() == f"file:{tmp_path}/data/b"

    @pytest.mark.parametrize(
        "url",
        [
            *("", "file:", "file://host/share", "/plain/path", "https://key:secret@store/b"),
            *("s3:", "s3://", "s3://key:secret@host/b", "s3://bucket/a//b", "s3://bucket/../b"),
        ],
    )
    def test_other_settings_are_refused(self, url: str, tmp_path: Path, clock: ManualClock) -> None:
        with pytest.raises(ConfigurationError) as raised:
            open_bucket(url, clock)
        with pytest.raises(ConfigurationError):
            open_bucket(f"file:{tmp_path}/bucket", clock, keys_url=url)
        assert "secret" not in str(raised.value)
