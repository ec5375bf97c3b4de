"""The data keys of records: where they stand in a bucket, and that they stand nowhere.

This module needs the project's own Python, so what it imports of it is imported where it is used.
"""

import base64
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from scripts.support import objects
from scripts.support.home import Home
from scripts.support.show import check


def keyring(home: Home) -> Any:
    """Return the keyring in force; only the program's own code and the KEK open what is sealed."""
    from archive.sealing.kek import FileKek
    from archive.sealing.keyring import open_keyring

    newest = max((home.path / "bucket" / "keyring").glob("0*"))
    return open_keyring(newest.read_bytes(), FileKek(home.path / "kek.key"))


def of(bucket: Path, records: Iterable[str], opening: Any) -> set[bytes]:
    """Return the data keys of records that the key objects in a bucket give up to a keyring."""
    from archive.errors import MunimentError
    from archive.sealing.keys import open_keys

    wanted, slots = set(records), dict[str, set[int]]()
    for path in (bucket / "segments").rglob("*.seg"):
        for slot, frame in enumerate(objects.frames(path.read_bytes())):
            if str(frame.originator) in wanted:
                slots.setdefault(path.stem, set()).add(slot)
    keys: set[bytes] = set()
    for path in (bucket / "keys").rglob("*.keys*"):
        with suppress(MunimentError):
            held = open_keys(path.read_bytes(), opening)
            own = slots.get(str(held.segment_id), set())
            keys |= {key for slot, key in held.keys.items() if slot in own}
    return keys


def check_nowhere(home: Path, secrets: set[bytes]) -> None:
    """Check that no file below a home holds a key, as bytes or as text."""
    forms = secrets | {key.hex().encode() for key in secrets}
    forms |= {base64.b64encode(key) for key in secrets}
    for path in home.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            check(not any(form in data for form in forms), f"{path} holds a key")
