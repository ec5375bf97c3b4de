"""Keys in a bucket of their own: where they stand, and that the setting cannot be changed later."""

from pathlib import Path

import pytest

from archive.creating import create_archive
from archive.errors import ConfigurationError
from archive.opening import open_archive
from archive.settings import Settings
from tests.archive.house import capture, found, line


def settings(folder: Path, keys: str | None) -> Settings:
    environ = {"MUNIMENT_HOME": str(folder / "home")}
    if keys is not None:
        environ["MUNIMENT_KEYS_BUCKET"] = f"file:{folder / keys}"
    return Settings.load(environ, folder)


def test_keys_are_there_and_nowhere_else(tmp_path: Path) -> None:
    chosen = settings(tmp_path, "keys")
    create_archive(chosen)
    with open_archive(chosen) as archive:
        (record_id,) = capture(archive, line("1"))
        assert found(archive, "morning") == {record_id}
    own, keys = tmp_path / "home" / "bucket", tmp_path / "keys"
    assert list(keys.rglob("*.keys")) and not list(own.rglob("*.keys"))
    assert list(own.rglob("*.seg")) and not list(keys.rglob("*.seg"))


@pytest.mark.parametrize(
    ("made", "later", "said"),
    [
        (None, "keys", "for a new archive only"),
        ("keys", None, "set MUNIMENT_KEYS_BUCKET"),
        ("keys", "elsewhere", "set MUNIMENT_KEYS_BUCKET"),
    ],
)
def test_the_setting_stays_as_the_archive_was_made(
    tmp_path: Path, made: str | None, later: str | None, said: str
) -> None:
    create_archive(settings(tmp_path, made))
    with pytest.raises(ConfigurationError, match=said), open_archive(settings(tmp_path, later)):
        pass
    with open_archive(settings(tmp_path, made)) as archive:
        capture(archive, line("1"))


def test_neither_bucket_may_hold_anything_before(tmp_path: Path) -> None:
    create_archive(settings(tmp_path, "keys"))
    other = Settings.load(
        {
            "MUNIMENT_HOME": str(tmp_path / "other"),
            "MUNIMENT_KEYS_BUCKET": f"file:{tmp_path / 'keys'}",
        },
        tmp_path,
    )
    with pytest.raises(ConfigurationError, match="not empty"):
        create_archive(other)
    with pytest.raises(ConfigurationError, match="the archive's own bucket"):
        same = Settings.load(
            {
                "MUNIMENT_HOME": str(tmp_path / "same"),
                "MUNIMENT_KEYS_BUCKET": f"file:{tmp_path / 'same' / 'bucket'}",
            },
            tmp_path,
        )
        create_archive(same)
