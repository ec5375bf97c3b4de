"""Making the demo's archive: exports, a sandbox, the imports, and a user for each role.

`demo.json` in the folder says from the start whose folder it is, and is complete only at the end,
so that a demo that was interrupted is made anew and no other folder is ever taken for one.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from api.cli import progress
from archive.capture.importer import import_paths
from archive.capture.station import COMMITTER_LOCK
from archive.capture.withdrawal import withdraw
from archive.creating import create_archive, register_user
from archive.errors import ConfigurationError, InvalidError
from archive.events.server import HostLock
from archive.model.roles import LOCAL_ACTOR, Role
from archive.opening import Archive, open_archive
from archive.settings import Settings
from scripts.demo import exports
from scripts.demo.company import NAME, Company
from scripts.demo.helpdesk import DESK
from scripts.demo.timeline import everything
from scripts.support.show import REPOSITORY

MARK = "demo.json"
_KEPT_SETTINGS = ("MUNIMENT_TIMEZONE", "MUNIMENT_INDEX_ON_DISK")


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo that is complete: its home folder, and a token for one user of each role."""

    home: Path
    seed: int
    today: str
    records: int
    tokens: dict[str, str]


def find(home: Path) -> Demo | None:
    """Return the demo that stands in a folder, if it is complete and of this version."""
    known = _read_mark(home)
    if known is None or known["version"] != version() or "tokens" not in known:
        return None
    return Demo(home, known["seed"], known["today"], known["records"], known["tokens"])


def make(home: Path, company: Company, say: Callable[[str], None]) -> Demo:
    """Make a demo in a folder; an older demo there goes, any other folder is left alone.

    Raises:
        ConfigurationError: the folder holds something else, or is being served.
        InvalidError: an export was not taken whole.
        UnavailableError: the archive stopped taking items.
    """
    _clear(home)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write_mark(home, {})
    say(f"making up what was said at {NAME} …")
    count = exports.write(home / "exports", company, everything(company))
    environ = environment(home)
    settings = Settings.load(environ, home)
    made = create_archive(settings, sandbox=True, environ=environ)
    tokens = {
        Role.ADMINISTRATOR.value: made.administrator_token,
        Role.LEGAL.value: made.legal_token,
    }
    with open_archive(settings, environ=environ) as archive:
        for each in _imports(home / "exports"):
            _import(archive, each, say)
        _withdraw(archive, home / "exports" / exports.WITHDRAWN)
        for role in Role:
            if role is not Role.LOCAL and role.value not in tokens:
                tokens[role.value] = register_user(archive, role)
        archive.wait_until_searchable(archive.pointers.last_seq())
    demo = Demo(home, company.seed, company.today.isoformat(), count, tokens)
    known = {"seed": demo.seed, "today": demo.today, "records": count, "tokens": tokens}
    _write_mark(home, known)
    return demo


def environment(home: Path) -> dict[str, str]:
    """Return this process's environment with no setting of another archive in it."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("MUNIMENT_") or key in _KEPT_SETTINGS
    }
    return kept | {"MUNIMENT_HOME": str(home), "PYTHONPATH": str(REPOSITORY)}


def version() -> str:
    """Return what changes whenever the generator does."""
    digest = sha256()
    for path in sorted(Path(__file__).parent.rglob("*")):
        if path.suffix in (".py", ".toml"):
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _clear(home: Path) -> None:
    """Remove a demo; what cannot be known for one is not touched."""
    if not home.exists():
        return
    if _read_mark(home) is None:
        if any(home.iterdir()):
            raise ConfigurationError(f"{home} holds what is no demo; name another folder.")
        return
    if HostLock.is_held(home / "run" / COMMITTER_LOCK):
        raise ConfigurationError(f"The demo in {home} is in use; stop what serves or makes it.")
    shutil.rmtree(home)


def _read_mark(home: Path) -> dict[str, Any] | None:
    try:
        known = json.loads((home / MARK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return known if isinstance(known, dict) and known.get("demo_of") == NAME else None


def _write_mark(home: Path, known: dict[str, Any]) -> None:
    path = home / f"{MARK}.new"
    # Whoever reads the tokens can sign in, so that nobody else may from the first byte on.
    path.touch(mode=0o600)
    marked = {"demo_of": NAME, "version": version()} | known
    path.write_text(json.dumps(marked, indent=1) + "\n", encoding="utf-8")
    path.replace(home / MARK)


@dataclass(frozen=True, slots=True)
class _Import:
    name: str
    folder: Path
    source: str
    custodian: str | None = None
    custodian_map: Path | None = None


def _imports(folder: Path) -> Iterator[_Import]:
    """Give what is to be imported, in order: what a system changed comes after what it had."""
    yield _Import("mail", folder / "mail", "mail", custodian_map=folder / exports.CUSTODIANS)
    for system in exports.SYSTEMS:
        for name in (system, f"{system}-later"):
            if (folder / name).exists():
                custodian = DESK if system == "helpdesk" else None
                yield _Import(name, folder / name, system, custodian)


def _import(archive: Archive, what: _Import, say: Callable[[str], None]) -> None:
    with progress.shown(archive.clock) as show:
        report = import_paths(
            archive,
            LOCAL_ACTOR,
            [what.folder],
            source=what.source,
            custodian=what.custodian,
            custodian_map=what.custodian_map,
            progress=show,
        )
    if report.archived != report.seen:
        reasons = "; ".join(each["reason"] for each in report.exceptions[:3])
        raise InvalidError(f"Of {what.name}, {report.archived} of {report.seen} went in. {reasons}")
    say(f"imported {what.name}: {report.archived:,} of {report.seen:,}")


def _withdraw(archive: Archive, path: Path) -> None:
    for line in path.read_text(encoding="utf-8").splitlines():
        named = json.loads(line)
        custodian = named.get("custodian")
        withdraw(archive, LOCAL_ACTOR, named["source"], custodian, named["native_id"])
