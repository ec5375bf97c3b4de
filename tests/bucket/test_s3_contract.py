"""The port's contract, kept on a real S3 server, where time passes by itself."""

import time
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from archive.bucket import Bucket
from archive.bucket.s3 import S3Bucket
from archive.clock import SystemClock
from scripts.support.ceph import Gateway
from tests.bucket.contract import BucketContract
from tests.bucket.doubles import PassingClock

pytestmark = pytest.mark.servers


class WallClock(SystemClock, PassingClock):
    """The machine's clock in the whole seconds that S3 keeps."""

    def now(self) -> datetime:
        return super().now().replace(microsecond=0)

    def wait_until(self, moment: datetime) -> None:
        time.sleep(max(0.0, (moment - SystemClock().now()).total_seconds()) + 0.3)


@pytest.fixture
def clock() -> WallClock:
    return WallClock()


@pytest.fixture(scope="session")
def place(gateway: Gateway) -> str:
    gateway.make_bucket("contract")
    return "contract"


@pytest.fixture
def bucket(s3: Gateway, place: str, clock: WallClock) -> Bucket:
    return S3Bucket(place, f"of/{uuid4()}", clock, endpoint=s3.endpoint)


class TestContract(BucketContract):
    # A request takes a second and more on a busy machine, and the lock may not end before it.
    SHORT = timedelta(seconds=12)
    MARGIN = SHORT
    PRECISION = timedelta(minutes=1)
