"""`muniment keys` as its user meets it: status, rotate, shred, recover, and what each shows."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from api.cli import run
from archive.errors import ConfigurationError, UnavailableError
from archive.model.roles import LOCAL_ACTOR
from archive.opening import open_archive
from archive.settings import Settings
from tests.archive.house import OPERATIONS, capture, line

WHO: dict[str, Any] = {"actor": "local", "ground": "case 12"}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    for name in [name for name in os.environ if name.startswith("MUNIMENT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path / "home"))
    assert run(["init", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    return tmp_path / "home", made["recovery_code"]


def opened(home: Path):
    return open_archive(Settings.load(os.environ, home.parent))


def asked(capsys: pytest.CaptureFixture[str], *arguments: str):
    assert run(["keys", *arguments, "--json"]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def test_a_rotation_keeps_everything_and_the_old_key_opens_nothing(home, capsys, monkeypatch):
    folder, first_code = home
    old = (folder / "kek.key").read_text()
    with opened(folder) as archive:
        (kept,) = capture(archive, line("1"))
        # A service that runs on.
        changed = asked(capsys, "rotate")
        (later,) = capture(archive, line("2"))
        assert archive.keyring.number == changed["keyring"] == 2
    assert (folder / "kek.key.old").read_text() == old != (folder / "kek.key").read_text()
    assert not (folder / "kek.key.new").exists()
    assert [path.name for path in (folder / "bucket" / "keyring").iterdir()] == ["00000002"]
    with opened(folder) as archive:
        for record in (kept, later):
            assert archive.access.show(LOCAL_ACTOR, OPERATIONS, record).text == "Good morning"
    monkeypatch.setenv("MUNIMENT_KEK", f"file:{folder / 'kek.key.old'}")
    with pytest.raises(ConfigurationError, match="does not open"), opened(folder):
        pass
    monkeypatch.setenv("MUNIMENT_RECOVERY_CODE", first_code)
    assert run(["keys", "recover"]) == 1
    assert first_code not in capsys.readouterr().err


@pytest.mark.parametrize("at", ["before the keyring", "before the files"])
def test_killed_in_the_middle_it_opens_and_is_done_again(home, capsys, monkeypatch, at):
    folder, _ = home
    from archive.erasing.keyring_writer import KeyringWriter
    from archive.erasing.new_kek import NewKek

    def dies(*_):
        raise KeyboardInterrupt

    broken = (KeyringWriter, "write") if at == "before the keyring" else (NewKek, "take_place")
    with monkeypatch.context() as patch:
        patch.setattr(*broken, dies)
        assert run(["keys", "rotate"]) == 130
    capsys.readouterr()
    assert (folder / "kek.key.new").exists()
    with opened(folder) as archive:
        (kept,) = capture(archive, line("1"))
    status = asked(capsys, "status")
    expected = "kek.key" if at == "before the keyring" else "kek.key.new"
    assert status["kek"].endswith(expected)
    asked(capsys, "rotate")
    assert not (folder / "kek.key.new").exists()
    with opened(folder) as archive:
        assert archive.access.show(LOCAL_ACTOR, OPERATIONS, kept).text == "Good morning"


def test_the_recovery_code_makes_a_new_key(home, capsys, monkeypatch):
    folder, code = home
    (folder / "kek.key").unlink()
    with pytest.raises(ConfigurationError), opened(folder):
        pass
    monkeypatch.setenv("MUNIMENT_RECOVERY_CODE", code.lower())
    changed = asked(capsys, "recover")
    assert changed["recovery_code"] != code
    # There was no key file to be kept.
    (note,) = changed["notes"]
    assert "the old key or the old recovery code" in note
    with opened(folder) as archive:
        capture(archive, line("1"))
    assert run(["keys", "recover"]) == 1


def test_a_service_that_never_met_the_newest_keyring_is_to_be_stopped(home, capsys, monkeypatch):
    folder, _ = home
    with opened(folder) as archive:
        # A service that runs on, and its committer.
        capture(archive, line("1"))
        code = asked(capsys, "rotate")["recovery_code"]
        (folder / "kek.key").unlink()
        monkeypatch.setenv("MUNIMENT_RECOVERY_CODE", code)
        assert run(["keys", "recover"]) == 1
        assert "Stop the service, recover again" in capsys.readouterr().err
    asked(capsys, "recover")
    with opened(folder) as archive:
        capture(archive, line("2"))


def test_a_recovery_keeps_the_key_file_that_was_there(home, capsys, monkeypatch):
    folder, code = home
    (folder / "kek.key").write_text("something else")
    monkeypatch.setenv("MUNIMENT_RECOVERY_CODE", code)
    assert f"is kept in {folder / 'kek.key.old'}." in asked(capsys, "recover")["notes"][-1]
    assert (folder / "kek.key.old").read_text() == "something else"


def test_shredding_drops_what_was_touched_and_nothing_else(home, capsys):
    folder, _ = home
    with opened(folder) as archive:
        gone, kept = capture(archive, line("1", "Gone"), line("2", "Kept"))
        assert asked(capsys, "shred") == {"dropped": [], "rewritten": 0, "locked": 0}
        archive.eraser.erase_records([gone], **WHO)
    status = asked(capsys, "status")
    assert status["shred"]["epochs"] == [1]
    done = asked(capsys, "shred")
    assert done["dropped"] == [1]
    assert done["rewritten"] >= status["shred"]["key_objects"] > 0
    assert not (folder / "kek.key.old").exists()
    after = asked(capsys, "status")
    assert [each["epoch"] for each in after["epochs"]] == [2]
    assert after["unreadable"] == 0
    with opened(folder) as archive:
        assert archive.access.show(LOCAL_ACTOR, OPERATIONS, kept).text == "Kept"


def test_to_another_kind(home, capsys, monkeypatch):
    folder, _ = home
    monkeypatch.setenv("MUNIMENT_NEW_PASSPHRASE", "correct horse")
    notes = asked(capsys, "rotate", "--to", "passphrase:")["notes"]
    assert any("Set MUNIMENT_KEK=passphrase:" in note for note in notes)
    with pytest.raises(ConfigurationError, match="passphrase"), opened(folder):
        pass
    monkeypatch.setenv("MUNIMENT_KEK", "passphrase:")
    monkeypatch.setenv("MUNIMENT_PASSPHRASE", "correct horse")
    with opened(folder) as archive:
        capture(archive, line("1"))
    assert asked(capsys, "status")["slots"] == ["passphrase", "recovery"]


def test_who_has_no_key_for_the_new_keyring_says_so_and_writes_nothing(home, capsys, monkeypatch):
    folder, _ = home
    monkeypatch.setenv("MUNIMENT_NEW_PASSPHRASE", "correct horse")
    with opened(folder) as archive:
        # A service that runs on, and its committer.
        capture(archive, line("1"))
        assert not [each for each in archive.health().problems if "keyring" in each]
        asked(capsys, "rotate", "--to", "passphrase:")
        refused = "set MUNIMENT_KEK to the new one and restart"
        assert any(refused in problem for problem in archive.health().problems)
        objects = []
        for number in range(3):
            with pytest.raises(UnavailableError, match=refused):
                capture(archive, line(f"later {number}"))
            objects.append(set(archive.bucket.names("")))
        # The first one could not know.
        assert objects[0] == objects[1] == objects[2]


def test_wrong_targets_change_nothing(home, capsys, monkeypatch):
    assert run(["keys", "rotate", "--to", "swordfish"]) == 2
    assert "swordfish" not in capsys.readouterr().err
    assert run(["keys", "rotate", "--to", "env:NOT_SET"]) == 1
    monkeypatch.setenv("MUNIMENT_NEW_PASSPHRASE", "")
    assert run(["keys", "rotate", "--to", "passphrase:"]) == 1
    assert "set MUNIMENT_NEW_PASSPHRASE." in capsys.readouterr().err
    assert asked(capsys, "status")["keyring"] == 1
