"""An import beside a service opens what captures alone, and waits for the host's worker."""

import subprocess
import sys
from pathlib import Path

import pytest

from archive.awaiting import HostWorker, wait_for
from archive.capture.importer import import_paths
from archive.capture.station import open_station
from archive.clock import SystemClock
from archive.errors import UnavailableError
from archive.model.roles import LOCAL_ACTOR
from tests.archive.house import create
from tests.archive.test_restart import leading, settings
from tests.bucket.doubles import ManualClock


def mails(folder: Path, count: int) -> Path:
    folder.mkdir()
    for number in range(count):
        mail = f"From: ann@example.com\nSubject: fee {number}\nMessage-ID: <{number}@x>\n\nHello\n"
        (folder / f"{number}.eml").write_text(mail)
    return folder


def test_what_was_imported_can_be_searched_when_the_import_returns(tmp_path):
    create(tmp_path)
    with leading(tmp_path) as archive:
        assert HostWorker(settings(tmp_path), SystemClock()).is_there()
        with open_station(settings(tmp_path)) as station:
            report = import_paths(station, LOCAL_ACTOR, [mails(tmp_path / "m", 3)], source="mail")
        assert report.archived == 3
        last = archive.pointers.last_seq()
        assert (archive.catalog.position(), archive.search_source.position()) == (last, last)


def test_without_a_worker_nobody_is_waited_for(tmp_path):
    create(tmp_path)
    worker = HostWorker(settings(tmp_path), SystemClock())
    assert not worker.is_there()
    with pytest.raises(UnavailableError, match="being built"):
        worker.wait_until_searchable(1)


def test_a_position_that_stands_still_is_not_waited_for_for_ever():
    with pytest.raises(UnavailableError, match="stands at 3 of 5"):
        wait_for(5, lambda: 3, "index", ManualClock())


def test_whoever_waits_may_help_now_and_then():
    clock, helped = ManualClock(), [0]

    def help() -> None:
        helped[0] += 1

    wait_for(5, lambda: helped[0] + 2, "catalog", clock, help)
    assert helped == [3]


def test_importing_loads_nothing_that_searches():
    code = (
        "import sys, archive.capture.importer; "
        "heavy = {'tantivy', 'sqlalchemy', 'lark', 'archive.opening'} & set(sys.modules); "
        "sys.exit(repr(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
