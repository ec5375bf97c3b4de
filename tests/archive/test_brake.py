"""The brake: captures wait for a catalog that is far behind, and a worker that is not for bulks."""

from pathlib import Path
from threading import Event

from archive.brake import Brake
from tests.archive.house import capture, create, line, opened
from tests.index.snapshot_house import QuickClock


class Stop(Event):
    """Counts how often it is waited for, which takes no time."""

    def __init__(self) -> None:
        super().__init__()
        self.waits = 0

    def wait(self, timeout: float | None = None) -> bool:
        self.waits += 1
        return self.is_set()


def test_only_a_catalog_that_is_far_behind_holds_captures_up(tmp_path: Path) -> None:
    create(tmp_path)
    with opened(tmp_path) as archive:
        archive.follow()
        clock = QuickClock()
        brake = Brake(
            archive.pointers.last_seq, archive.catalog.position, clock, tmp_path, most_behind=3
        )
        # A custodian's or a source's code is an event too.
        capture(archive, line("1"))
        archive.follow()
        capture(archive, line("2"), line("3"), line("4"))
        brake.hold_up()
        assert clock.passed == 0.0
        capture(archive, line("5"))
        brake.hold_up()
        assert clock.passed == 1.0
        archive.follow()
        brake.hold_up()
        assert clock.passed == 1.0


def test_a_worker_rests_beside_a_bulk_unless_it_is_far_behind(tmp_path: Path) -> None:
    behind, stop = 3, Stop()
    one, other = (
        Brake(lambda: behind, lambda: 0, QuickClock(), tmp_path, most_behind=6, batch=2)
        for _ in range(2)
    )

    def rests() -> int:
        stop.waits = 0
        one.rest(stop)
        return stop.waits

    assert rests() == 0
    with other.bulk(), one.bulk():
        rested = rests()
        # It is not for ever.
        assert rested > 0
    with other.bulk():
        assert rests() == rested
        behind = 4
        assert rests() == 0
        behind = 1
        assert rests() == 0
        behind = 2
        stop.set()
        assert rests() == 1
    assert rests() == 0
