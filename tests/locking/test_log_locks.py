"""Under a minimum lock the log is locked too: full tiles and bundles, and a checkpoint an hour."""

from pathlib import Path

import pytest

from archive.bucket.fake import FakeBucket
from archive.bucket.port import LockMode, Retention
from archive.errors import UnavailableError
from archive.events.opener import Opener
from archive.locking.log import LogLocks
from archive.locking.minimum import MinimumLock
from archive.log.publisher import LogPublisher
from archive.model.period import Period
from archive.sealing.lock_term import LockTerm
from tests.locking.clocks import SetClock
from tests.log.log_house import House, house_in

TERM = LockTerm("compliance", Period(2, "y"))


def publisher(house: House, clock: SetClock) -> LogPublisher:
    frames = Opener(house.pointers, house.bucket, house.keyring).frames
    lock = MinimumLock(TERM, FakeBucket(clock), clock).retention
    return LogPublisher(
        house.keyring, house.pointers, house.bucket, house.head, frames, clock, lock
    )


def locked(house: House, prefix: str) -> dict[str, Retention]:
    found = {name: house.bucket.stat(name).retention for name in house.bucket.names(prefix)}
    return {name: retention for name, retention in found.items() if retention is not None}


def test_full_tiles_and_hourly_checkpoints_are_locked(tmp_path: Path) -> None:
    with house_in(tmp_path) as house:
        clock = SetClock(house.bucket.now().replace(minute=0))
        log = publisher(house, clock)
        until = TERM.lock_class(clock.now()).until
        assert until is not None
        expected = Retention(LockMode.COMPLIANCE, until)
        counts = [300, 5, 300]
        for count in counts:
            house.commit(count)
            log.step()
            clock.go(minutes=1)
        assert locked(house, "log/tile/") == {
            f"log/tile/{name}": expected
            for name in ("0/000", "0/001", "entries/000", "entries/001")
        }
        (first,) = locked(house, "log/checkpoints/")
        assert first.startswith("log/checkpoints/300-")
        assert locked(house, "log/checkpoint") == {first: expected}
        clock.go(hours=1)
        house.commit(1)
        log.step()
        assert len(locked(house, "log/checkpoints/")) == 2
        house.check(606)


def test_locks_are_prolonged_as_months_go_by(tmp_path: Path) -> None:
    with house_in(tmp_path) as house:
        clock = SetClock(house.bucket.now().replace(day=1, minute=0))
        log = publisher(house, clock)
        for _ in range(3):
            house.commit(300)
            log.step()
        lock = MinimumLock(TERM, FakeBucket(clock), clock).retention
        locks = LogLocks(house.bucket, clock, house.head.position, lock)
        assert locks.extend() == 0
        before = locked(house, "log/")
        clock.go(days=35)
        wanted = lock(clock.now())
        # It fails in the middle, and the next run goes on to the end.
        assert isinstance(house.bucket, FakeBucket)
        house.bucket.fail("extend_retention", "log/tile/0/001")
        with pytest.raises(UnavailableError):
            locks.extend()
        assert locks.extend() == 1 + 2 * 3
        after = locked(house, "log/")
        assert set(after.values()) == {wanted} and after.keys() == before.keys()
        house.bucket.requests.clear()
        assert locks.extend() == 0
        assert len(house.bucket.requests) == 1


def test_without_a_minimum_nothing_of_the_log_is_locked(tmp_path: Path) -> None:
    with house_in(tmp_path) as house:
        house.commit(300)
        house.publisher().step()
        locks = LogLocks(house.bucket, house.clock, house.head.position, lambda _: None)
        assert locks.extend() == 0 and locked(house, "log/") == {}
