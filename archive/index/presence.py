"""Who uses a folder: a lock that its users share, so that what nobody uses can be told and removed.

The kernel lets go of the lock when a process dies, whichever way, and in whichever container.
"""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

_LOCK: Final = "users.lock"


class Presence:
    """One process's use of a folder, from `enter` on until `leave` or the process's end."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _LOCK
        self._descriptor = -1

    def enter(self) -> None:
        """Be known as a user of the folder. Entering again does nothing."""
        while not self._holds():
            self.leave()
            # Whoever thought it abandoned may have removed it just now, and may even remove it
            # right here, so that what exists is no folder a moment later: it is made once more.
            with suppress(FileExistsError, FileNotFoundError):
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._descriptor = self._open()
                fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def leave(self) -> None:
        """Be a user no more."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1

    def is_last(self) -> bool:
        """Say whether nobody else uses the folder; if so nobody enters until this one leaves."""
        try:
            if self._descriptor < 0:
                self._descriptor = self._open()
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return self._holds()

    def _open(self) -> int:
        return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def _holds(self) -> bool:
        """Say whether the lock is on the file that is there now, and not on one removed since."""
        if self._descriptor < 0:
            return False
        held = os.fstat(self._descriptor)
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return False
        return (held.st_dev, held.st_ino) == (there.st_dev, there.st_ino)
