"""Every kind of tampering is named, and an archive that nobody touched is clean."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.errors import ConfigurationError
from scripts.support import tampering
from scripts.support.tampering import KINDS, Tamper, Target, fill
from tests.verifying.verified import verified


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


def test_every_fault_says_where_it_is_and_none_shows_content(target: Target):
    for tamper in (tampering.swap_slots, tampering.flip_blob, tampering.delete_pointer):
        tamper(target)
    findings = verified(target.home)
    assert len(findings.faults) == 4
    for fault in findings.faults:
        assert fault.object is not None and fault.seq is not None
        assert fault.message.endswith(".") and "ann@example.com" not in fault.message


def objects(home: Path) -> list[Path]:
    """What --full answers for; an index snapshot is checked when it is used."""
    bucket = home / "bucket"
    found = (path for path in bucket.rglob("*") if path.is_file())
    names = ((path, path.relative_to(bucket).parts) for path in found)
    return sorted(path for path, parts in names if parts[0][0] != "." and parts[0] != "index")


@settings(max_examples=40)
@given(st.data())
def test_any_damage_to_any_object_is_named(base: Path, data: st.DataObject):
    path = data.draw(st.sampled_from(objects(base)))
    before, times = path.read_bytes(), path.stat()
    damaged = bytearray(before)
    place = data.draw(st.integers(0, len(before) - 1))
    damage = data.draw(st.sampled_from(["flip", "cut", "extend", "empty"]))
    if damage == "flip":
        damaged[place] ^= 1 << data.draw(st.integers(0, 7))
    elif damage == "extend":
        damaged += b"x"
    else:
        del damaged[place if damage == "cut" else 0 :]
    path.write_bytes(damaged)
    try:
        assert not verified(base).ok
    except ConfigurationError as error:
        assert "keyring" in str(error)
    finally:
        path.write_bytes(before)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
