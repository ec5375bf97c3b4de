"""Under a minimum lock the log is locked too: full tiles and bundles, and a checkpoint an hour."""

from pathlib import Path

from archive.bucket.fake import FakeBucket
from archive.bucket.port import LockMode, Retention
from archive.events.opener import Opener
from archive.locking.minimum import MinimumLock
from archive.locking.terms import LockTerm, Period
from archive.log.publisher import LogPublisher
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
