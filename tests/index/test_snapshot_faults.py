"""Every request of a snapshot fails, is lost or kept, or is the last before a kill."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.bucket.fake import FakeBucket, Operation
from archive.bucket.names import INDEX
from archive.errors import UnavailableError
from tests.index.snapshot_house import Leader, QuickClock, leader


@pytest.mark.parametrize("kept", [False, True], ids=["lost", "kept"])
@pytest.mark.parametrize("times", [1, 100], ids=["once", "for long"])
@pytest.mark.parametrize(
    ("operation", "part"),
    [
        ("put", "key"),
        ("put", "parts"),
        ("put", "manifests"),
        ("stat", "key"),
        ("delete", "parts"),
        ("delete", "manifests"),
        ("names", ""),
        ("versions", ""),
    ],
)
def test_a_failing_bucket_never_breaks_following(
    tmp_path: Path, operation: Operation, part: str, times: int, kept: bool
) -> None:
    bucket = FakeBucket(QuickClock())
    one = leader(tmp_path, bucket)
    fresh = part == "key" and operation == "put"
    if not fresh:
        for _ in range(3):
            one.follow(2)
            one.snapshot()
    (generation,) = one.store.generations() or [""]
    prefix = INDEX if fresh or not part else f"{INDEX}{generation}/{part}"
    before = one.stood
    bucket.fail(operation, prefix, times=times, kept=kept)
    one.follow(2)
    one.snapshot()
    assert one.right(), "What is followed is found, whatever became of the snapshot."
    assert not one.keeper.destroyed
    bucket.heal()
    two = one.restarted()
    assert two.stood in (before, one.stood, 0 if fresh else before) and two.right()
    two.follow(3)
    two.snapshot()
    assert "failed" not in two.notes()
    three = two.restarted()
    assert three.stood == two.stood and three.right()
    assert len(three.store.names()) == 2 or fresh
    three.stop()


class _Killed(BaseException):
    """Ends whatever runs, as a signal would; nothing of the project's catches it."""


class DyingBucket(FakeBucket):
    """Dies with the request that is the last, after or before it has taken effect."""

    def __init__(self, left: int | None, *, effective: bool) -> None:
        super().__init__(QuickClock())
        self.left, self.effective = left, effective

    def _dies(self) -> bool:
        if self.left is None:
            return False
        self.left -= 1
        return self.left < 0

    def put(self, name: str, data: object, **locks: object) -> str:
        if self._dies():
            if self.effective and self.left == -1:
                super().put(name, data, **locks)  # type: ignore[arg-type]
            raise _Killed
        return super().put(name, data, **locks)  # type: ignore[arg-type]

    def delete(self, name: str, *, version: str | None = None) -> None:
        if self._dies():
            if self.effective and self.left == -1:
                super().delete(name, version=version)
            raise _Killed
        super().delete(name, version=version)


@pytest.mark.parametrize("effective", [False, True], ids=["before", "after"])
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_kill_at_any_step_leaves_the_old_or_the_new(tmp_path: Path, effective: bool) -> None:
    seen: set[int] = set()
    for step in range(200):
        bucket = DyingBucket(None, effective=effective)
        folder = tmp_path / str(step)
        one = leader(folder, bucket)
        for _ in range(2):
            one.follow(2)
            one.snapshot()
        one.follow(2)
        bucket.left = step
        one.snapshot()
        survived = bucket.left >= 0
        bucket.left = None
        two = one.restarted()
        assert two.stood in (4_000, 6_000) and two.right(), step
        assert "passed over" not in two.notes()
        seen.add(two.stood)
        two.follow(2)
        two.snapshot()
        assert len(two.store.names()) == 2
        two.stop()
        if survived:
            break
    else:
        raise AssertionError("A snapshot makes more requests than that.")
    assert seen == {4_000, 6_000}


class LostBucket(FakeBucket):
    """Is gone from the first reading of a part on, until it is healed."""

    def read(self, name: str, *, version: str | None = None) -> Iterator[bytes]:
        self.fail("read", INDEX, times=None).fail("names", INDEX, times=None)
        return super().read(name, version=version)


def test_a_bucket_that_does_not_answer_at_the_start_is_waited_for(tmp_path: Path) -> None:
    bucket = LostBucket(QuickClock())
    one = leader(tmp_path, bucket)
    one.follow(2)
    one.snapshot()
    one.stop()
    with pytest.raises(UnavailableError):
        Leader(tmp_path, bucket, one.keyring)
    with pytest.raises(UnavailableError):
        Leader(tmp_path, bucket.fail("names", INDEX), one.keyring)
    bucket.heal()
    there = FakeBucket(QuickClock())
    for name in bucket.names(INDEX):
        there.put(name, bucket.get(name))
    two = Leader(tmp_path, there, one.keyring)
    assert two.stood == 2_000 and two.right()
    two.stop()


@pytest.mark.parametrize("operation", ["get", "read"])
def test_an_object_that_cannot_be_had_is_passed_over(tmp_path: Path, operation: Operation) -> None:
    bucket = FakeBucket(QuickClock())
    one = leader(tmp_path, bucket)
    one.follow(2)
    one.snapshot()
    bucket.fail(operation, INDEX)
    two = one.restarted()
    assert two.stood == 0 and "passed over" in two.notes()
    three: Leader = two.restarted()
    assert three.stood == 2_000
    three.stop()
