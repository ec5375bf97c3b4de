"""A whole archive under a minimum lock: it captures, searches and reads, and says what it means."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.cli import run
from archive.bucket.folder import FolderBucket
from archive.bucket.port import LockMode
from archive.clock import SystemClock
from archive.creating import create_archive
from archive.errors import LockedError
from archive.model.roles import LOCAL_ACTOR
from archive.opening import open_archive
from archive.settings import Settings
from tests.archive.house import OPERATIONS, capture, found, line


def settings(folder: Path, worm: str) -> Settings:
    environ = {"MUNIMENT_HOME": str(folder / "home"), "MUNIMENT_WORM": worm}
    return Settings.load(environ, folder)


@pytest.mark.parametrize("mode", list(LockMode))
def test_everything_committed_is_locked(tmp_path: Path, mode: LockMode) -> None:
    chosen = settings(tmp_path, f"{mode}:7y")
    made = create_archive(chosen)
    assert any("7 years from its capture" in note for note in made.notes)
    assert any("only emulates locks" in note for note in made.notes)
    with open_archive(chosen) as archive:
        big = line("1", "alpha", original="QUFB" * 40_000)
        (record_id,) = capture(archive, big)
        archive.follow()
        assert found(archive, "alpha") == {record_id}
        assert archive.access.show(LOCAL_ACTOR, OPERATIONS, record_id).text == "alpha"
    bucket = FolderBucket(tmp_path / "home" / "bucket", SystemClock())
    least = datetime.now(UTC).replace(day=1).year + 7
    locked = [name for top in ("segments/", "keys/", "blobs/") for name in bucket.names(top)]
    assert len({name.partition("/")[0] for name in locked}) == 3
    for name in locked:
        info = bucket.stat(name)
        assert info.retention is not None
        assert info.retention.mode == mode and info.retention.until.year >= least
        with pytest.raises(LockedError):
            bucket.delete(name, version=info.version)
    for top in ("commits/", "keyring/"):
        assert all(bucket.stat(name).retention is None for name in bucket.names(top))


def test_config_says_what_a_lock_means(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MUNIMENT_WORM", "compliance:90d")
    assert run(["config", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {"name": "MUNIMENT_WORM", "value": "compliance:90d", "origin": "environment"} in told[
        "settings"
    ]
    said = " ".join(told["bucket"]["abilities"])
    assert "Nobody can shorten or lift that" in said and "only emulates locks" in said
    monkeypatch.setenv("MUNIMENT_WORM", "compliance:90y")
    assert run(["config"]) == 2
    assert "longer than MUNIMENT_LOCK_MAXIMUM" in capsys.readouterr().err
