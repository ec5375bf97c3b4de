"""The port's contract, kept by the folder, by the fake, and by two buckets behind one door."""

from pathlib import Path

import pytest

from archive.bucket import Bucket
from archive.bucket.fake import FakeBucket
from archive.bucket.folder import FolderBucket
from archive.bucket.routed import RoutedBucket
from tests.bucket.contract import FolderContract
from tests.bucket.doubles import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(params=["folder", "fake", "routed"])
def bucket(request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock) -> Bucket:
    if request.param == "folder":
        return FolderBucket(tmp_path / "bucket", clock)
    if request.param == "routed":
        return RoutedBucket(FakeBucket(clock), FakeBucket(clock))
    return FakeBucket(clock)


class TestContract(FolderContract):
    pass
