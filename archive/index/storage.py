"""Where the index lives on a host: a private folder of generations on memory-backed storage.

One process, the leader, writes; any number read. A generation is a folder of its own, filled by
one writer and never reopened for writing, and `current` is a link to the one to read:

    current -> gen-4711-1
    gen-4711-1/                Tantivy's files
    gen-4711-1/position        the sequence number up to which it is searchable, in decimal
    gen-4711-1/notes           sentences for whoever runs the service, one a line
    users.lock                 shared by all processes that use the folder
    trouble                    why the index does not go on, in a sentence; blank where it does

Invariants: the position is written after the commit that it speaks of, so it never promises what
cannot be found; the link is swapped by a rename, so a reader sees the old or the new generation.
An index holds the words of everything, so it is kept off the disk unless the operator says so.
"""

import os
import re
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final

import tantivy

from archive.errors import UnavailableError
from archive.index.engine import guarded
from archive.index.memory import Memory
from archive.index.place import (
    CURRENT,
    NOTES,
    POSITION,
    SHARED_MEMORY,
    check_private,
    generation_in,
    index_folder,
    is_private_name,
    new_private_name,
)
from archive.index.presence import Presence
from archive.index.room import FullError, is_full
from archive.index.schema import create_index

_ATTEMPTS: Final = 10
_GENERATION: Final = re.compile(r"gen-(\d+)-(\d+)")


@dataclass(frozen=True, slots=True)
class Generation:
    """A generation while it is being filled, by the process that made it."""

    index: tantivy.Index
    folder: Path

    def publish(self, position: int) -> None:
        """Say up to which sequence number the last commit is complete."""
        _write(self.folder / POSITION, f"{position}\n")

    def tell(self, notes: Sequence[str]) -> None:
        """Leave sentences for whoever runs the service, in place of those before."""
        _write(self.folder / NOTES, "".join(f"{note}\n" for note in notes))

    def remove(self) -> None:
        """Remove a generation that is not to be used."""
        _remove(self.folder)

    def make_current(self) -> None:
        """Let readers go to this generation from their next search on, and remove the others.

        A reader that is still in a removed one keeps its open files until its search is done.
        """
        home = self.folder.parent
        link = home / f".{CURRENT}-{os.getpid()}"
        link.unlink(missing_ok=True)
        link.symlink_to(self.folder.name)
        link.replace(home / CURRENT)
        for other in _generations(home):
            if other != self.folder:
                _remove(other)


class IndexDirectory:
    """The folder that one archive's processes on one host share."""

    def __init__(self, path: Path, memory: Memory) -> None:
        self.path = path
        self._memory = memory
        self._numbers = count(1)
        self._presence = Presence(path)

    @classmethod
    def resolve(
        cls,
        home: Path,
        *,
        chosen: Path | None,
        on_disk_allowed: bool,
        memory: Memory,
        shared_memory: Path = SHARED_MEMORY,
    ) -> "IndexDirectory | None":
        """Return the folder for the archive at `home`; None means in memory.

        `chosen` is MUNIMENT_INDEX_DIR, and `on_disk_allowed` MUNIMENT_INDEX_ON_DISK.

        Raises:
            ConfigurationError: the folder is on disk or can be swapped to disk in the clear, and
                that is not allowed; or it is somebody else's.
        """
        path = index_folder(
            home,
            chosen=chosen,
            on_disk_allowed=on_disk_allowed,
            memory=memory,
            shared_memory=shared_memory,
        )
        return None if path is None else cls(path, memory)

    def apart(self) -> "IndexDirectory | None":
        """Return a folder beside this one for a process that shares its index with nobody.

        None beside a folder that the operator has chosen: there nobody would remove what is left
        where such a process is killed.
        """
        if not is_private_name(self.path.name):
            return None
        return IndexDirectory(self.path.with_name(new_private_name()), self._memory)

    def new_generation(
        self, fill: Callable[[Path], None] | None = None, position: int = 0
    ) -> Generation:
        """Make a generation, after removing what was never finished. Leader only.

        It is empty, or has the files that `fill` puts into its folder, and is as of `position`.
        An error of `fill` comes out unchanged, and nothing is left of the generation.
        Raises UnavailableError if the files are no index of this schema.
        """
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        check_private(self.path)
        self._presence.enter()
        self._remove_unfinished()
        folder = self.path / f"gen-{os.getpid()}-{next(self._numbers)}"
        while folder.exists():
            folder = self.path / f"gen-{os.getpid()}-{next(self._numbers)}"
        folder.mkdir(mode=0o700)
        try:
            if fill is not None:
                fill(folder)
            generation = Generation(_open(folder), folder)
            generation.publish(position)
        except BaseException:
            _remove(folder)
            raise
        return generation

    def remove(self) -> None:
        """Remove every generation, for a leader that stops: no index outlives the service."""
        (self.path / CURRENT).unlink(missing_ok=True)
        for folder in _generations(self.path):
            _remove(folder)
        if self._presence.is_last():
            _remove(self.path)
        self._presence.leave()

    def remove_abandoned(self) -> None:
        """Remove the folders of this user's other archives that nobody uses any more.

        They are left where all processes of a service were killed. A folder that the operator has
        chosen has no such neighbours.
        """
        if not is_private_name(self.path.name):
            return
        for folder in self.path.parent.iterdir():
            if folder != self.path and is_private_name(folder.name):
                # Others remove them too, at the same time.
                with suppress(OSError):
                    self._remove_if_abandoned(folder)

    def _remove_if_abandoned(self, folder: Path) -> None:
        if folder.is_symlink() or folder.stat().st_uid != os.getuid():
            return
        presence = Presence(folder)
        try:
            if presence.is_last() and not any(map(self._lives, _generations(folder))):
                _remove(folder)
        finally:
            presence.leave()

    def _remove_unfinished(self) -> None:
        """Remove every generation but the current one, in which readers stay until the next.

        Only who leads makes them, so that nobody is filling one of these any more.
        """
        current = generation_in(self.path)
        for folder in _generations(self.path):
            if folder.name != current:
                _remove(folder)

    def _lives(self, folder: Path) -> bool:
        """Say whether the process that fills a generation is there."""
        match = _GENERATION.fullmatch(folder.name)
        return match is not None and self._memory.alive(int(match[1]))


def _open(folder: Path) -> tantivy.Index:
    try:
        index = guarded(create_index, str(folder))
        guarded(index.reload)
    except (ValueError, OSError) as error:
        if is_full(error):
            raise FullError("There is no room for the search index.") from error
        # The library's message may name terms of the index.
        raise UnavailableError("The files are no index of this schema.") from error
    return index


def _remove(folder: Path) -> None:
    """Remove a folder with the words of an archive; what cannot be removed is left."""
    for _ in range(_ATTEMPTS):
        shutil.rmtree(folder, ignore_errors=True)
        # The library looks after each index that it has open, and may just have put a lock there.
        if not folder.exists():
            return


def _generations(path: Path) -> list[Path]:
    if not path.is_dir():
        # Whoever was to fill one met something before.
        return []
    return [
        folder
        for folder in path.iterdir()
        if _GENERATION.fullmatch(folder.name) and not folder.is_symlink()
    ]


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}")
    temporary.write_text(text)
    temporary.replace(path)
