"""The fake's faults and traces, on which other tests rely."""

import pytest

from archive.bucket.fake import FakeBucket, Request
from archive.errors import NotFoundError, UnavailableError
from tests.bucket.doubles import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def bucket(clock: ManualClock) -> FakeBucket:
    return FakeBucket(clock)


def test_a_failed_put_is_lost(bucket: FakeBucket) -> None:
    bucket.fail("put", "segments/")
    bucket.put("keys/a", b"passes")
    with pytest.raises(UnavailableError):
        bucket.put("segments/a", b"x")
    with pytest.raises(NotFoundError):
        bucket.get("segments/a")
    bucket.put("segments/a", b"x")


def test_a_kept_put_only_loses_its_answer(bucket: FakeBucket) -> None:
    bucket.fail("put", "segments/", kept=True)
    with pytest.raises(UnavailableError):
        bucket.put("segments/a", b"x")
    assert bucket.get("segments/a") == b"x"


@pytest.mark.parametrize("kept", [False, True])
def test_deletes_and_locks_fail_in_both_ways(bucket: FakeBucket, kept: bool) -> None:
    version = bucket.put("a", b"x")
    bucket.fail("set_legal_hold", kept=kept).fail("delete", kept=kept)
    with pytest.raises(UnavailableError):
        bucket.set_legal_hold("a", version, True)
    assert bucket.stat("a").legal_hold is kept
    with pytest.raises(UnavailableError):
        bucket.delete("a")
    assert list(bucket.names("")) == ([] if kept else ["a"])


def test_faults_are_used_up_in_turn(bucket: FakeBucket) -> None:
    bucket.put("a", b"x")
    bucket.fail("get", times=2).fail("get", kept=True)
    for _ in range(3):
        with pytest.raises(UnavailableError):
            bucket.get("a")
    assert bucket.get("a") == b"x"


def test_a_lasting_fault_ends_when_healed(bucket: FakeBucket) -> None:
    bucket.fail("names", times=None)
    for _ in range(5):
        with pytest.raises(UnavailableError):
            bucket.names("")
    assert list(bucket.heal().names("")) == []


def test_a_slow_request_takes_the_clock_s_time(bucket: FakeBucket, clock: ManualClock) -> None:
    bucket.slow("put", "a/", seconds=3)
    start = clock.now()
    bucket.put("b", b"")
    assert clock.now() == start
    bucket.put("a/b", b"")
    assert (clock.now() - start).total_seconds() == 3


def test_requests_are_remembered_failed_ones_too(bucket: FakeBucket) -> None:
    bucket.fail("put")
    with pytest.raises(UnavailableError):
        bucket.put("segments/a", b"")
    bucket.put("segments/a", b"")
    bucket.put("keys/a", b"")
    bucket.get("keys/a")
    assert bucket.requested("put", "segments/") == ["segments/a", "segments/a"]
    assert bucket.requests[-1] == Request("get", "keys/a")
    bucket.requests.clear()
    assert bucket.requested("put") == []
