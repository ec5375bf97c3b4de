"""The brake: captures are held up while the catalog is far behind, and only then."""

from pathlib import Path

from archive.brake import Brake
from tests.archive.house import capture, create, line, opened
from tests.index.snapshot_house import QuickClock


def test_only_a_catalog_that_is_far_behind_holds_captures_up(tmp_path: Path) -> None:
    create(tmp_path)
    with opened(tmp_path) as archive:
        archive.follow()
        clock = QuickClock()
        brake = Brake(archive.pointers.last_seq, archive.catalog.position, clock, most_behind=3)
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
