"""Where there is much to read, verify has child processes check; they find what it finds itself."""

from pathlib import Path

import pytest

from archive.clock import SystemClock
from archive.errors import UnavailableError
from archive.keyrings import unlock
from archive.processes import Child
from archive.verifying import workers
from archive.verifying.examiner import Examiner
from scripts.support.tampering import settings_of
from tests.archive.house import capture, create, line, opened
from tests.verifying.verified import verified


def archive_of_several_segments(folder: Path) -> list[Path]:
    create(folder)
    with opened(folder) as archive:
        for number in range(6):
            capture(archive, line(f"{number}"))
        archive.publish()
        archive.follow()
    return sorted((folder / "home/bucket/segments").rglob("*.seg"))


def test_children_name_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for path in archive_of_several_segments(tmp_path)[3:5]:
        path.write_bytes(path.read_bytes()[:-40] + bytes(40))
    alone = verified(tmp_path / "home").faults
    assert [fault.kind for fault in alone] == ["segment", "segment"]
    started: list[Child] = []

    class Counted(Child):
        def __init__(self, *args: object) -> None:
            super().__init__(*args)  # type: ignore[arg-type]
            started.append(self)

    monkeypatch.setattr(workers, "_BYTES_ALONE", -1)
    monkeypatch.setattr(workers, "Child", Counted)
    assert verified(tmp_path / "home").faults == alone
    assert started and all(child.process.exitcode == 0 for child in started)


def test_a_mistake_in_a_child_is_told_as_what_it_is(tmp_path: Path):
    create(tmp_path)
    settings = settings_of(tmp_path / "home")
    _, keyring = unlock(settings, {}, SystemClock())
    children = workers.Children(settings, keyring, full=True)
    try:
        with pytest.raises(RuntimeError, match="unsupported operand"):
            children.check((divmod, (0,), {}))
        # It goes on with what it is asked next.
        assert children.check((Examiner.__eq__, (None,), {})) is NotImplemented
    finally:
        children.close()


def test_a_child_that_is_killed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    archive_of_several_segments(tmp_path)

    class Killed(Child):
        def __init__(self, *args: object) -> None:
            super().__init__(*args)  # type: ignore[arg-type]
            self.process.kill()
            self.process.join()

    monkeypatch.setattr(workers, "_BYTES_ALONE", -1)
    monkeypatch.setattr(workers, "Child", Killed)
    with pytest.raises(UnavailableError, match="was killed"):
        verified(tmp_path / "home")
