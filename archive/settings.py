"""Settings: read once, from the environment or `muniment.toml` in the home folder, and validated.

The environment wins over the file. `Settings.shown` is what `muniment config` prints: every
setting, where its value came from, and secrets masked.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from archive.errors import InvalidError, SettingError
from archive.model.period import Period
from archive.provider_settings import NAMES as PROVIDER_NAMES
from archive.provider_settings import ProviderSettings
from archive.sealing.lock_term import LockTerm

Origin = Literal["environment", "file", "default"]

FILE_NAME = "muniment.toml"
_NAMES = (
    "MUNIMENT_HOME",
    "MUNIMENT_BUCKET",
    "MUNIMENT_S3_ENDPOINT",
    "MUNIMENT_DATABASE_URL",
    "MUNIMENT_KEK",
    "MUNIMENT_KEYS_BUCKET",
    "MUNIMENT_WORM",
    "MUNIMENT_LOCK_MAXIMUM",
    "MUNIMENT_TIMESTAMP_URL",
    "MUNIMENT_ORGANISATION",
    "MUNIMENT_TIMEZONE",
    "MUNIMENT_INDEX_DIR",
    "MUNIMENT_INDEX_ON_DISK",
    "MUNIMENT_PROXIES",
    "MUNIMENT_RATE_LIMIT",
    *PROVIDER_NAMES,
)
_ENDPOINT = re.compile(r"https?://[^\s/@?#]+/?")
_TIMESTAMP_URL = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(?:/[!-\"$->A-~]*)?")
_PASSWORD_IN_URL = re.compile(r"(//[^/:@]*):[^/@]*@")
_PASSWORD_PARAMETER = re.compile(r"([?&](?:ssl)?password=)[^&]*", re.IGNORECASE)
_POSTGRES = ("postgresql://", "postgres://")
SQLITE = "sqlite"
_FILE = "file:"
RATE_LIMIT = "12000"
_LONGEST_ORGANISATION = 200


@dataclass(frozen=True, slots=True)
class SettingLine:
    """One setting as it is shown to a person."""

    name: str
    value: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set. Paths are absolute; texts are as the user wrote them."""

    home: Path
    bucket: str
    s3_endpoint: str | None
    # It may hold a password, and objects like this one end up in tracebacks.
    database_url: str = field(repr=False)
    kek: str
    keys_bucket: str | None
    worm: LockTerm | None
    lock_maximum: Period
    timestamp_url: str | None
    organisation: str
    timezone: ZoneInfo
    index_dir: Path | None
    index_on_disk: bool
    proxies: int
    rate_limit: int
    openid: ProviderSettings | None
    passphrase: str | None
    origins: Mapping[str, Origin]

    @classmethod
    def load(cls, environ: Mapping[str, str], cwd: Path) -> "Settings":
        """Read settings; SettingError names the one that is wrong and says why."""
        home_text = environ.get("MUNIMENT_HOME")
        home = (cwd / (home_text or "muniment-data")).absolute()
        file_values = _read_file(home / FILE_NAME)
        origins: dict[str, Origin] = {"MUNIMENT_HOME": "environment" if home_text else "default"}

        def value(name: str, default: str) -> str:
            if environ.get(name):
                origins[name] = "environment"
                return environ[name]
            if name in file_values:
                origins[name] = "file"
                return file_values[name]
            origins[name] = "default"
            return default

        def base(name: str) -> Path:
            # The file moves with the home, and what it names in the home does so too.
            return home if origins[name] == "file" else cwd

        def place(name: str, default: str) -> str:
            text = value(name, default)
            if not text.startswith(_FILE):
                return text
            return f"{_FILE}{(base(name) / text.removeprefix(_FILE)).absolute()}"

        index_dir = value("MUNIMENT_INDEX_DIR", "")
        lock_maximum = _lock_maximum(value("MUNIMENT_LOCK_MAXIMUM", "12y"))
        worm = _worm(value("MUNIMENT_WORM", "none"), lock_maximum)
        return cls(
            home=home,
            bucket=place("MUNIMENT_BUCKET", f"{_FILE}{home / 'bucket'}"),
            s3_endpoint=_endpoint(value("MUNIMENT_S3_ENDPOINT", "")),
            database_url=_database_url(value("MUNIMENT_DATABASE_URL", SQLITE)),
            kek=place("MUNIMENT_KEK", f"{_FILE}{home / 'kek.key'}"),
            keys_bucket=place("MUNIMENT_KEYS_BUCKET", "") or None,
            worm=worm,
            lock_maximum=lock_maximum,
            timestamp_url=_timestamp_url(value("MUNIMENT_TIMESTAMP_URL", "")),
            organisation=_organisation(value("MUNIMENT_ORGANISATION", "")),
            timezone=_timezone(value("MUNIMENT_TIMEZONE", "UTC")),
            index_dir=(base("MUNIMENT_INDEX_DIR") / index_dir).absolute() if index_dir else None,
            index_on_disk=_flag("MUNIMENT_INDEX_ON_DISK", value("MUNIMENT_INDEX_ON_DISK", "no")),
            proxies=_proxies(value("MUNIMENT_PROXIES", "0")),
            rate_limit=_rate_limit(value("MUNIMENT_RATE_LIMIT", RATE_LIMIT)),
            openid=ProviderSettings.load(value),
            passphrase=environ.get("MUNIMENT_PASSPHRASE") or None,
            origins=origins,
        )

    @property
    def on_one_host(self) -> bool:
        """Whether the database is SQLite in the home folder, which no other host can reach."""
        return self.database_url == SQLITE

    def shown(self) -> list[SettingLine]:
        """Return every setting for display, with passwords and passphrases masked."""
        values = {
            "MUNIMENT_HOME": str(self.home),
            "MUNIMENT_BUCKET": self.bucket,
            "MUNIMENT_S3_ENDPOINT": self.s3_endpoint or "",
            "MUNIMENT_DATABASE_URL": self.database_url,
            "MUNIMENT_KEK": self.kek,
            "MUNIMENT_KEYS_BUCKET": self.keys_bucket or "",
            "MUNIMENT_WORM": f"{self.worm.mode}:{self.worm.period.text}" if self.worm else "none",
            "MUNIMENT_LOCK_MAXIMUM": self.lock_maximum.text,
            "MUNIMENT_TIMESTAMP_URL": self.timestamp_url or "",
            "MUNIMENT_ORGANISATION": self.organisation,
            "MUNIMENT_TIMEZONE": self.timezone.key,
            "MUNIMENT_INDEX_DIR": str(self.index_dir or ""),
            "MUNIMENT_INDEX_ON_DISK": "yes" if self.index_on_disk else "no",
            "MUNIMENT_PROXIES": str(self.proxies),
            "MUNIMENT_RATE_LIMIT": str(self.rate_limit),
            **dict.fromkeys(PROVIDER_NAMES, ""),
            **(self.openid.shown() if self.openid else {}),
        }
        lines = [SettingLine(name, _masked(values[name]), self.origins[name]) for name in _NAMES]
        if self.passphrase:
            lines.append(SettingLine("MUNIMENT_PASSPHRASE", "***", "environment"))
        return lines


def _read_file(path: Path) -> dict[str, str]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except NotADirectoryError as error:
        raise SettingError(f"MUNIMENT_HOME: {path.parent} is no folder.") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingError(f"{path} cannot be read: {error}") from error
    values: dict[str, str] = {}
    for key, value in document.items():
        name = "MUNIMENT_" + key.upper().removeprefix("MUNIMENT_")
        if name not in _NAMES or name == "MUNIMENT_HOME":
            raise SettingError(f"{path} has no setting named {key!r}.")
        if isinstance(value, bool):
            value = "yes" if value else "no"
        if isinstance(value, int):
            value = str(value)
        if not isinstance(value, str):
            raise SettingError(f"{path}: {key} must be a text in quotes.")
        values[name] = value
    return values


def _database_url(text: str) -> str:
    """Refuse what is no address of PostgreSQL, in words that repeat none of it."""
    if text == SQLITE:
        return text
    rest = text.partition("://")[2]
    authority, _, after = rest.partition("/")
    if not text.startswith(_POSTGRES) or not rest:
        raise SettingError(
            "MUNIMENT_DATABASE_URL must be postgresql://USER:PASSWORD@HOST:PORT/DATABASE; "
            "leave it out for SQLite in the home folder."
        )
    if authority.count("@") > 1 or "@" in after or "#" in rest:
        raise SettingError(
            "MUNIMENT_DATABASE_URL: write @ / ? # % in a name or password as %40 %2F %3F %23 %25."
        )
    return text


def _masked(value: str) -> str:
    return _PASSWORD_PARAMETER.sub(r"\1***", _PASSWORD_IN_URL.sub(r"\1:***@", value))


def _endpoint(text: str) -> str | None:
    if text and not _ENDPOINT.fullmatch(text):
        raise SettingError(
            "MUNIMENT_S3_ENDPOINT must be https://HOST:PORT (or http://…), with no key in it: "
            "keys belong in AWS_*."
        )
    return text or None


def _timestamp_url(text: str) -> str | None:
    if text and not _TIMESTAMP_URL.fullmatch(text):
        raise SettingError(
            "MUNIMENT_TIMESTAMP_URL must be https://HOST/PATH (or http://…) of a time-stamping "
            "authority, without name, password or question mark."
        )
    return text or None


def _organisation(text: str) -> str:
    if len(text) > _LONGEST_ORGANISATION or not text.isprintable() or text != text.strip():
        raise SettingError(
            "MUNIMENT_ORGANISATION must be a name of one line, of up to "
            f"{_LONGEST_ORGANISATION} characters."
        )
    return text


def _timezone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SettingError(
            f"MUNIMENT_TIMEZONE: {name!r} is not a time zone name such as Europe/London."
        ) from error


def _lock_maximum(text: str) -> Period:
    try:
        return Period.parse(text)
    except InvalidError as error:
        raise SettingError(f"MUNIMENT_LOCK_MAXIMUM: {error}") from error


def _worm(text: str, maximum: Period) -> LockTerm | None:
    try:
        term = LockTerm.parse(text)
    except InvalidError as error:
        raise SettingError(f"MUNIMENT_WORM: {error}") from error
    if term is not None and term.period.exceeds(maximum):
        raise SettingError(
            f"MUNIMENT_WORM: {term.period} is longer than MUNIMENT_LOCK_MAXIMUM ({maximum}). "
            "A lock that is too long cannot be undone; raise the maximum if it is meant."
        )
    return term


def _flag(name: str, text: str) -> bool:
    if text.lower() in ("yes", "no"):
        return text.lower() == "yes"
    raise SettingError(f"{name}: say yes or no.")


def _proxies(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 3:
        return int(text)
    raise SettingError("MUNIMENT_PROXIES: say how many proxies requests come through.")


def _rate_limit(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 8:
        return int(text)
    raise SettingError(
        "MUNIMENT_RATE_LIMIT: say how many requests a minute a user may make, or 0 for any number."
    )
