"""The port's contract, kept by the folder and by the fake."""

from pathlib import Path

import pytest

from archive.bucket import Bucket
from archive.bucket.fake import FakeBucket
from archive.bucket.folder import FolderBucket
from tests.bucket.contract import BucketContract
from tests.bucket.doubles import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(params=["folder", "fake"])
def bucket(request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock) -> Bucket:
    if request.param == "folder":
        return FolderBucket(tmp_path / "bucket", clock)
    return FakeBucket(clock)


class TestContract(BucketContract):
    pass
