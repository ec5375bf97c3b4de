"""Settings: where they come from, what is refused, and what is never shown."""

from pathlib import Path

import pytest

from api.cli import run
from archive.errors import ConfigurationError, SettingError
from archive.settings import Settings
from tests.archive.house import create


def load(folder: Path, **environ: str) -> Settings:
    return Settings.load({"MUNIMENT_HOME": str(folder / "home"), **environ}, folder)


def write(folder: Path, text: str) -> None:
    (folder / "home").mkdir(exist_ok=True)
    (folder / "home" / "muniment.toml").write_text(text, encoding="utf-8")


def test_defaults_are_below_the_home(tmp_path: Path) -> None:
    settings = Settings.load({}, tmp_path)
    assert settings.home == tmp_path / "muniment-data"
    assert settings.bucket == f"file:{tmp_path / 'muniment-data' / 'bucket'}"
    assert settings.kek == f"file:{tmp_path / 'muniment-data' / 'kek.key'}"
    assert {line.origin for line in settings.shown()} == {"default"}


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    write(tmp_path, 'timezone = "Europe/London"\nindex_on_disk = true\n')
    assert load(tmp_path).timezone.key == "Europe/London"
    assert load(tmp_path).index_on_disk
    assert load(tmp_path, MUNIMENT_TIMEZONE="Asia/Tokyo").timezone.key == "Asia/Tokyo"
    shown = {line.name: line.origin for line in load(tmp_path).shown()}
    assert shown["MUNIMENT_TIMEZONE"] == "file" and shown["MUNIMENT_HOME"] == "environment"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("timezone = [3]", "must be a text"),
        ('zone = "UTC"', "no setting named 'zone'"),
        ("timezone = ", "cannot be read"),
        ('timezone = "Mars/Olympus"', "MUNIMENT_TIMEZONE"),
        ('organisation = "A\\nB"', "MUNIMENT_ORGANISATION must be a name of one line"),
        ('index_on_disk = "perhaps"', "say yes or no"),
        ('database_url = "mysql://db"', "MUNIMENT_DATABASE_URL must be postgresql://"),
        ('timestamp_url = "ftp://a.example/tsa"', "MUNIMENT_TIMESTAMP_URL must be https://"),
        ('timestamp_url = "file:///etc/passwd"', "MUNIMENT_TIMESTAMP_URL must be https://"),
        ('timestamp_url = "https://ann:pw@a.example/"', "MUNIMENT_TIMESTAMP_URL must be https://"),
        ('timestamp_url = "https://a.example/?key=pw"', "MUNIMENT_TIMESTAMP_URL must be https://"),
        ('timestamp_url = "https://"', "MUNIMENT_TIMESTAMP_URL must be https://"),
        ('database_url = "postgresql://"', "MUNIMENT_DATABASE_URL must be postgresql://"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, said: str) -> None:
    write(tmp_path, text)
    with pytest.raises(ConfigurationError, match=said):
        load(tmp_path)


def test_secrets_are_masked(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        MUNIMENT_PASSPHRASE="open sesame",
        MUNIMENT_BUCKET="s3://key:hidden@host/bucket",
    )
    shown = " ".join(line.value for line in settings.shown())
    assert "sesame" not in shown and "hidden" not in shown


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:hidden@db.example/archive",
        "postgresql://ann:hidden?1@db.example/archive",
        "postgres://ann:hidden@db.example:5433/archive?sslmode=require",
        "postgresql://db.example/archive?user=ann&password=hidden&sslmode=require",
        "postgresql://one.example,two.example/archive?sslpassword=hidden",
    ],
)
def test_a_database_may_stand_in_the_file_and_is_shown_without_its_password(
    tmp_path: Path, url: str
) -> None:
    write(tmp_path, f'database_url = "{url}"\n')
    settings = load(tmp_path)
    assert settings.database_url == url and not settings.on_one_host
    shown = " ".join(line.value for line in settings.shown())
    assert "hidden" not in shown + repr(settings)
    assert "example/archive" in shown or "example:5433/archive" in shown


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:p@ss@db.example/archive",
        "postgresql://ann:pa/ss@db.example/archive",
        "postgresql://ann:pa#ss@db.example/archive",
        "db.example/archive?password=pass",
    ],
)
def test_an_address_that_could_be_misread_is_not_repeated(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigurationError, match="MUNIMENT_DATABASE_URL") as raised:
        load(tmp_path, MUNIMENT_DATABASE_URL=url)
    assert "ss@" not in str(raised.value) and "pass@" not in str(raised.value)


@pytest.mark.parametrize(
    "url", ["http://tsa.example", "https://tsa.example:8443/a/b.tsr", "http://[::1]:318/"]
)
def test_a_time_stamping_authority_is_an_http_address(tmp_path: Path, url: str) -> None:
    assert load(tmp_path).timestamp_url is None
    assert load(tmp_path, MUNIMENT_TIMESTAMP_URL=url).timestamp_url == url


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("TIMEZONE", "Europe"),
        ("WORM", "governance"),
        ("PROXIES", "-1"),
        ("KEK", "foo"),
        ("KEK", "kms:foo"),
        ("BUCKET", "foo"),
        ("DATABASE_URL", "postgresql://db.example/archive?nosuch=1"),
        ("DATABASE_URL", "postgresql://db.example:port/archive"),
        ("OPENID_ISSUER", "idp.example"),
    ],
)
@pytest.mark.parametrize("command", [["search", "x"], ["verify"]])
def test_a_setting_of_wrong_form_is_wrong_use_for_every_command(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: list[str],
    name: str,
    text: str,
) -> None:
    create(tmp_path)
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv(f"MUNIMENT_{name}", text)
    assert run(command) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1


def test_a_home_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(SettingError, match=f"MUNIMENT_HOME: {tmp_path / 'home'} is no folder"):
        load(tmp_path)


def test_relative_paths_begin_where_they_are_written(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "muniment.toml").write_text(
        'bucket = "file:a bucket"\nkek = "file:../my.key"\nindex_dir = "index"\nrate_limit = 5\n'
    )
    for cwd in (tmp_path, tmp_path / "elsewhere"):
        found = Settings.load({"MUNIMENT_HOME": str(home)}, cwd)
        assert found.bucket == f"file:{home}/a bucket"
        assert found.kek == f"file:{home}/../my.key"
        assert (found.index_dir, found.rate_limit) == (home / "index", 5)
    named = {"MUNIMENT_HOME": str(home), "MUNIMENT_BUCKET": "file:b", "MUNIMENT_INDEX_DIR": "i"}
    found = Settings.load(named, tmp_path)
    assert (found.bucket, found.index_dir) == (f"file:{tmp_path}/b", tmp_path / "i")
