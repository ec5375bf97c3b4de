"""Making the demo's archive: exports, `muniment init --sandbox`, imports, and a user for each role.

`demo.json` in the folder says whose folder it is from the start, and is complete only at the end,
so that a demo that was interrupted is made anew and no other folder is ever taken for one.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from archive.access.roles import LOCAL_ACTOR, Role
from archive.capture.station import COMMITTER_LOCK
from archive.capture.withdrawal import withdraw
from archive.creating import register_user
from archive.errors import ConfigurationError, UnavailableError
from archive.events.server import HostLock
from archive.opening import Archive, open_archive
from archive.settings import Settings
from scripts.demo import exports
from scripts.demo.company import Company
from scripts.demo.helpdesk import DESK
from scripts.demo.timeline import everything
from scripts.support.home import COMMAND
from scripts.support.show import REPOSITORY

MARK = "demo.json"
_KEPT_SETTINGS = ("MUNIMENT_TIMEZONE", "MUNIMENT_INDEX_ON_DISK")


@dataclass(frozen=True)
class Demo:
    """A demo that is complete: its home folder, and a token for one user of each role."""

    home: Path
    seed: int
    today: str
    records: int
    tokens: dict[str, str]


def found(home: Path) -> Demo | None:
    """Return the demo that stands in a folder, if it is complete and of this version."""
    try:
        known = json.loads((home / MARK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if known.pop("version") != version() or not known.get("tokens"):
        return None
    return Demo(home=home, **known)


def make(home: Path, company: Company, say: Callable[[str], None]) -> Demo:
    """Make a demo in a folder; an older demo there goes, any other folder is left alone.

    Raises:
        ConfigurationError: the folder holds something else, or is being served.
        UnavailableError: a step did not work; what it said stands on standard error.
    """
    _clear(home)
    home.mkdir(mode=0o700, parents=True)
    _mark(home, {"version": version()})
    say(f"making up {company.today.year - 3} to {company.today.year} at a small company …")
    count = exports.write(home / "exports", company, everything(company))
    say(f"archiving {count:,} records …")
    tokens = _initialised(home)
    settings = Settings.load(environment(home), home)
    with open_archive(settings) as archive:
        # Served by this process, the imports share one committer.
        for words in _imports(home / "exports"):
            say(f"importing {words[0]} …")
            _run(home, "import", *words[1:])
        _withdraw(archive, home / "exports" / exports.WITHDRAWN)
        for role in Role:
            if role.value not in tokens and role is not Role.LOCAL:
                tokens[role.value] = register_user(archive, role)
        archive.wait_until_searchable(archive.pointers.last_seq())
    demo = Demo(home, company.seed, company.today.isoformat(), count, tokens)
    _mark(home, {"version": version()} | asdict(demo) | {"home": None})
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
    if not home.exists():
        return
    if any(home.iterdir()) and not (home / MARK).exists():
        raise ConfigurationError(f"{home} holds something that is no demo; name another folder.")
    if HostLock.is_held(home / "run" / COMMITTER_LOCK):
        raise ConfigurationError(f"The demo in {home} is being served; stop it first.")
    shutil.rmtree(home)


def _mark(home: Path, known: dict[str, Any]) -> None:
    kept = {key: value for key, value in known.items() if key != "home"}
    path = home / MARK
    path.touch(mode=0o600)
    path.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def _initialised(home: Path) -> dict[str, str]:
    made = json.loads(_run(home, "init", "--sandbox", "--json", capture=True))
    return {
        Role.ADMINISTRATOR.value: made["administrator_token"],
        Role.LEGAL.value: made["legal_token"],
    }


def _imports(folder: Path) -> list[tuple[str, ...]]:
    """Return what to import, in order: its name, then the words of the command."""
    mail = str(folder / exports.CUSTODIANS)
    found: list[tuple[str, ...]] = [
        ("mail", str(folder / "mail"), "--source", "mail", "--custodian-map", mail)
    ]
    for system in exports.SYSTEMS:
        for name in (system, f"{system}-later"):
            if (folder / name).exists():
                custodian = ("--custodian", DESK) if system == "helpdesk" else ()
                found.append((name, str(folder / name), "--source", system, *custodian))
    return found


def _withdraw(archive: Archive, path: Path) -> None:
    for line in path.read_text(encoding="utf-8").splitlines():
        named = json.loads(line)
        custodian = named.get("custodian")
        withdraw(archive, LOCAL_ACTOR, named["source"], custodian, named["native_id"])


def _run(home: Path, *words: str, capture: bool = False) -> bytes:
    """Run the command line as a user would; its progress goes to standard error."""
    done = subprocess.run(
        [*COMMAND, *words],
        env=environment(home),
        stdout=subprocess.PIPE if capture else 2,
        check=False,
    )
    if done.returncode:
        raise UnavailableError(f"muniment {words[0]} left with {done.returncode}.")
    return done.stdout or b""
