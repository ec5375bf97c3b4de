"""Every kind of tampering is named, and an archive that nobody touched is clean."""

import shutil
from pathlib import Path

import pytest

from archive.clock import SystemClock
from archive.errors import ConfigurationError
from archive.verifying.findings import Findings
from archive.verifying.verifier import verify
from scripts.support.tampering import KINDS, Tamper, Target, fill, settings_of


class Impatient(SystemClock):
    """Takes the time of day from the machine, and waits for nothing."""

    def sleep(self, seconds: float) -> None:
        pass


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("tampering") / "home"
    fill(home)
    return home


@pytest.fixture
def target(base: Path, tmp_path: Path) -> Target:
    home = tmp_path / "home"
    shutil.copytree(base, home, ignore=shutil.ignore_patterns("run"), symlinks=True)
    return Target(home, base.parent)


def verified(home: Path, *, full: bool = True, against: str | None = None) -> Findings:
    return verify(settings_of(home), full=full, against=against, environ={}, clock=Impatient())


@pytest.mark.parametrize("full", [False, True])
def test_an_archive_that_nobody_touched_is_clean(target: Target, full: bool):
    findings = verified(target.home, full=full)
    assert findings.faults == []
    assert findings.checked["events"] > 300
    assert findings.checked["blobs"] == (2 if full else 0)


@pytest.mark.parametrize("tamper", KINDS, ids=lambda tamper: tamper.__name__)
def test_tampering_is_named(target: Target, tamper: Tamper):
    tamper(target)
    try:
        findings = verified(target.home)
    except ConfigurationError as error:
        assert (KINDS[tamper], "keyring" in str(error)) == ("keyring", True)
        return
    assert KINDS[tamper] in {fault.kind for fault in findings.faults}, findings.faults
