"""How the folder bucket keeps versions and locks beside the objects.

The current version of `a/b` is the plain file `a/b`, its id the file's time of modification in
nanoseconds (16 hex digits, so ids sort by time). Most objects have that one version and no lock,
and are that one file. Whatever is more stands in the folder `.versions/a/b@/`:

| file        | is                                                                          |
|-------------|-----------------------------------------------------------------------------|
| `<id>`      | a version that is not current                                               |
| `<id>.gone` | a delete marker (empty)                                                     |
| `<id>.lock` | retention and legal hold of the version `<id>`, current or not              |

Every change takes effect in one step, the appearance or disappearance of one file, and the steps
before and after it may be cut off. What that leaves has no effect and is removed by the next
change of the same name:

- a version with the id of the plain file (a second link to it, or the origin of a copy restored);
- a delete marker newer than the plain file: the plain file is always the newest;
- a lock of a version that is not there.
"""

import hashlib
import json
import os
import stat
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archive.bucket.port import LockMode, Retention
from archive.errors import CorruptError

VERSIONS = ".versions"
GONE = ".gone"
LOCK = ".lock"
_EPOCH = datetime.fromtimestamp(0, UTC)
_ID_LENGTH = 16
_CHECK_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Entry:
    """One version or delete marker of a name."""

    version: str
    size: int
    marker: bool
    path: Path


@dataclass(frozen=True, slots=True)
class History:
    """All that one name has: its entries, newest first, and what has no effect any more."""

    entries: tuple[Entry, ...]
    plain: Entry | None
    leftovers: tuple[Path, ...]
    exists: bool
    """Whether the name has a folder under `.versions`."""

    def find(self, version: str) -> Entry | None:
        """Return the entry with that id, if any."""
        return next((entry for entry in self.entries if entry.version == version), None)


@dataclass(frozen=True, slots=True)
class Protection:
    """What protects one version."""

    retention: Retention | None = None
    legal_hold: bool = False


def to_nanoseconds(moment: datetime) -> int:
    """Return nanoseconds since 1970, exactly; a float would lose the last digits."""
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000


def to_version(nanoseconds: int) -> str:
    """Return the id of a version that was put then."""
    return f"{nanoseconds:0{_ID_LENGTH}x}"


def created(version: str) -> datetime:
    """Return when the version was put, to the microsecond."""
    return _EPOCH + timedelta(microseconds=int(version, 16) // 1000)


def folder_of(root: Path, name: str) -> Path:
    """Return where the versions and locks of `name` are kept."""
    return root / VERSIONS / f"{name}@"


def plain_entry(path: Path) -> Entry | None:
    """Return the current version, if there is a plain file."""
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return Entry(to_version(status.st_mtime_ns), status.st_size, False, path)


def load(root: Path, name: str) -> History:
    """Return all of a name; the caller holds its turn, at least shared."""
    plain = plain_entry(root / name)
    folder = folder_of(root, name)
    entries = [] if plain is None else [plain]
    leftovers = []
    locks = []
    try:
        listing = list(os.scandir(folder))
    except FileNotFoundError:
        return History(tuple(entries), plain, (), False)
    for item in listing:
        version, suffix = item.name[:_ID_LENGTH], item.name[_ID_LENGTH:]
        path = folder / item.name
        if suffix == LOCK:
            locks.append((version, path))
        elif plain is not None and (
            version == plain.version or (suffix == GONE and version > plain.version)
        ):
            leftovers.append(path)
        elif len(version) == _ID_LENGTH and suffix in ("", GONE):
            entries.append(Entry(version, item.stat().st_size, suffix == GONE, path))
    known = {entry.version for entry in entries}
    leftovers += [path for version, path in locks if version not in known]
    entries.sort(key=lambda entry: (entry is plain, entry.version), reverse=True)
    return History(tuple(entries), plain, tuple(leftovers), True)


def lock_path(root: Path, name: str, version: str) -> Path:
    """Return where the lock of a version is kept, if it has one."""
    return folder_of(root, name) / (version + LOCK)


def load_protection(path: Path) -> Protection:
    """Read a lock; no file means none. Raises `CorruptError`, so that damage never unlocks."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return Protection()
    body, _, check = raw.rstrip(b"\n").rpartition(b"\n")
    if check != _check(body):
        raise CorruptError(f"The lock {path.name} of {path.parent.name[:-1]} is damaged.")
    fields = json.loads(body)
    retention = None
    if fields["mode"] is not None:
        retention = Retention(LockMode(fields["mode"]), datetime.fromisoformat(fields["until"]))
    return Protection(retention, fields["legal_hold"])


def dump_protection(protection: Protection) -> bytes:
    """Return the bytes of a lock: one line of JSON and one of its digest, to notice damage."""
    retention = protection.retention
    body = json.dumps(
        {
            "mode": None if retention is None else retention.mode,
            "until": None if retention is None else retention.until.isoformat(),
            "legal_hold": protection.legal_hold,
        }
    ).encode()
    return body + b"\n" + _check(body) + b"\n"


def _check(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest()[:_CHECK_LENGTH].encode()
