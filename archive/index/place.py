"""Which folder a host's index stands in, and how far it is: all that one asks who does not search.

Apart from `archive.index.storage`, so that whoever only waits for the index need not load what
searches it. What stands in the folder is told there.
"""

import os
import re
import secrets
from hashlib import sha256
from pathlib import Path
from typing import Final

from archive.errors import ConfigurationError, UnavailableError
from archive.index.memory import Memory
from archive.index.room import trouble_in

CURRENT: Final = "current"
POSITION: Final = "position"
NOTES: Final = "notes"
SHARED_MEMORY: Final = Path("/dev/shm")


def index_folder(
    home: Path,
    *,
    chosen: Path | None,
    on_disk_allowed: bool,
    memory: Memory,
    shared_memory: Path = SHARED_MEMORY,
) -> Path | None:
    """Return the folder for the archive at `home`; arguments and errors as in `resolve`."""
    if chosen is None and not memory.holds(shared_memory):
        return None
    if chosen is None:
        path = shared_memory / _private(_digits(home))
    else:
        # One folder may be chosen for several archives.
        check_private(chosen)
        path = chosen / _digits(home)
    if not on_disk_allowed:
        _refuse_disk(path, memory)
    check_private(path)
    return path


def is_private_name(name: str) -> bool:
    """Say whether a folder is called as the index of one of this user's archives."""
    return re.fullmatch(rf"muniment-{os.getuid()}-[0-9a-f]{{12}}", name) is not None


def new_private_name() -> str:
    """Return a new such name, for the index of one process alone."""
    return _private(secrets.token_hex(6))


def check_private(path: Path) -> None:
    """Refuse a folder that somebody else has made first: /dev/shm is open to all."""
    try:
        status = path.lstat()
        if path.is_symlink() or status.st_uid != os.getuid():
            raise ConfigurationError(f"The index folder {path} belongs to somebody else.")
        path.chmod(0o700)
    except FileNotFoundError:
        return
    except OSError as error:
        raise ConfigurationError(f"The index folder {path} cannot be used: {error}.") from error


def generation_in(path: Path) -> str | None:
    """Return the name of the generation to read in an index folder; None where there is none."""
    try:
        return os.readlink(f"{path}/{CURRENT}")  # noqa: PTH115 - Each search does it.
    except OSError:
        return None


def position_in(folder: Path) -> int:
    """Return how far the index in a folder can be searched; UnavailableError if there is none."""
    try:
        return int((folder / CURRENT / POSITION).read_text())
    except (OSError, ValueError):
        raise not_built(folder) from None


def not_built(folder: Path) -> UnavailableError:
    """Return the error that a folder has no index yet, which says why if it is known."""
    being_built = "The search index is being built; try again in a moment."
    return UnavailableError(trouble_in(folder) or being_built)


def _digits(home: Path) -> str:
    return sha256(os.fsencode(home.resolve())).hexdigest()[:12]


def _private(digits: str) -> str:
    return f"muniment-{os.getuid()}-{digits}"


def _refuse_disk(path: Path, memory: Memory) -> None:
    remedy = "set MUNIMENT_INDEX_ON_DISK=yes if that is wanted"
    existing = next(place for place in (path, *path.parents) if place.exists())
    if not memory.holds(existing.resolve()):
        raise ConfigurationError(
            f"The index folder {path} is on disk, where it would be readable; {remedy}."
        )
    swap = memory.open_swap()
    if swap is not None:
        raise ConfigurationError(
            f"The index in {path} could be swapped to {swap}, which is not encrypted; "
            f"encrypt or turn off swap, or {remedy}."
        )
