"""What is done where the folder of an index takes nothing more: it is said, and tried again.

A container gives /dev/shm 64 MB unless it is told otherwise, and an index outgrows that. Capturing
and the catalog go on meanwhile, and so do searches of what the index held before.
"""

import errno
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from archive.clock import Clock
from archive.errors import UnavailableError

_TROUBLE: Final = "trouble"
_LONGEST: Final = 2_048
_AGAIN_SECONDS: Final = 30.0
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
# The library tells of the system's errors in words alone; and of no more than its writer's end
# where that met one by itself.
_ENDED: Final = "writer was killed"
_SIGNS: Final = (*(f"(os error {number})" for number in sorted(_NO_ROOM)), _ENDED)


class FullError(UnavailableError):
    """An index cannot be written: where it stands there is no room."""


def is_full(error: BaseException) -> bool:
    """Say whether an error of the system or the library comes of there being no room."""
    if isinstance(error, FullError):
        return True
    if isinstance(error, OSError):
        return error.errno in _NO_ROOM
    return isinstance(error, ValueError) and any(sign in str(error) for sign in _SIGNS)


def trouble_in(folder: Path) -> str:
    """Return why the index in a folder does not go on, in a sentence; empty where it does."""
    try:
        return (folder / _TROUBLE).read_text().strip()
    except OSError:
        return ""


class Room:
    """The room of one index: says once that it is full, and when it is tried again."""

    def __init__(self, folder: Path, clock: Clock, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._clock = clock
        self._say = say
        self._again_at = 0.0
        self._stood: int | None = None

    def reserve(self) -> None:
        """Take the little that a sentence needs, as long as there is room; the folder is there."""
        if self._stood is None:
            with suppress(OSError):
                self._tell("")

    @property
    def is_waited_for(self) -> bool:
        """Whether it is too soon to try again."""
        return self._stood is not None and self._clock.monotonic() < self._again_at

    def refuse(self, position: int, error: BaseException) -> None:
        """Take down that an index which shows all up to a position could not be written further."""
        told = _sentence(self._folder, certain=_ENDED not in str(error.__cause__))
        if self._stood is None:
            self._say(told)
        self._stood = position
        self._again_at = self._clock.monotonic() + _AGAIN_SECONDS
        with suppress(OSError):
            self._tell(told)

    def grow(self, position: int) -> None:
        """Take down that an index shows all up to a position."""
        if self._stood is not None and position > self._stood:
            self._stood = None
            self._tell("")
            self._say("The search index has room again, and goes on.")

    def _tell(self, sentence: str) -> None:
        """Write a sentence over the one before, in the same place: a new one may find no room."""
        descriptor = os.open(
            self._folder / _TROUBLE, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
        try:
            os.pwrite(descriptor, sentence.encode().ljust(_LONGEST)[:_LONGEST], 0)
        finally:
            os.close(descriptor)

    def end(self) -> None:
        """Say nothing more of it: nobody keeps the index."""
        (self._folder / _TROUBLE).unlink(missing_ok=True)


def _sentence(folder: Path, *, certain: bool) -> str:
    size = ""
    with suppress(OSError):
        size = f", which holds {shutil.disk_usage(folder).total / 1e6:,.0f} MB in all"
    what = "The search index" if certain else "The search index cannot be written; most likely it"
    return (
        f"{what} does not fit into {folder.parent}{size}: give it more (a container: "
        "docker run --shm-size=1g), or name another folder in MUNIMENT_INDEX_DIR."
    )
