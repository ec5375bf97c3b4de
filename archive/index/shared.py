"""Reading the index that a host's processes share, while its leader writes on.

What stands in the folder, and in which order, is told in `archive.index.storage`.
"""

import os
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import tantivy

from archive.errors import UnavailableError
from archive.index.engine import Engine, guarded
from archive.index.place import CURRENT, NOTES, POSITION, generation_in, not_built, position_in
from archive.index.presence import Presence
from archive.index.room import trouble_in
from archive.index.searcher import Searcher
from archive.index.storage import IndexDirectory
from archive.index.threads import JoinedTo, nothing_joined

_META: Final = "meta.json"
"""Tantivy's account of its last commit, which each commit replaces."""


class _Published(NamedTuple):
    """A position as it was published, with what tells its file from another of the same name."""

    position: int
    inode: int
    written: int


@dataclass(frozen=True, slots=True)
class _Opened:
    """A generation as it was loaded, which surely holds all up to what was published.

    `meta` is what its commit said then, or had said just before.
    """

    name: str
    published: _Published
    meta: bytes
    index: tantivy.Index
    engine: Engine


class SharedIndexReader:
    """Reads the current generation, wherever it is by now. Safe for threads."""

    def __init__(self, directory: IndexDirectory, joined_to: JoinedTo = nothing_joined) -> None:
        self._path = directory.path
        self._joined_to = joined_to
        self._presence = Presence(directory.path)
        self._opened: _Opened | None = None

    def position(self) -> int:
        """Return the sequence number up to which the current generation is searchable."""
        return position_in(self._path)

    def notes(self) -> tuple[str, ...]:
        """Return what the leader has to say of the current generation."""
        trouble = trouble_in(self._path)
        try:
            notes = (self._path / CURRENT / NOTES).read_text().splitlines()
        except OSError:
            notes = []
        return (*notes, *([trouble] if trouble else []))

    def searcher(self) -> tuple[Searcher, int]:
        """Return a searcher of the current generation, and a position that it surely holds.

        Raises UnavailableError while there is none.
        """
        for _ in range(3):
            name = generation_in(self._path)
            if name is None:
                break
            try:
                # The position first: what is loaded after it holds at least as much.
                published = _read_published(f"{self._path}/{name}")
                opened = self._opened
                if opened is None or (opened.name, opened.published) != (name, published):
                    opened = self._opened = self._load(name, published, opened)
                searcher = Searcher(opened.index, opened.engine, self._joined_to)
                return searcher, published.position
            except (ValueError, OSError, UnavailableError):
                # The generation was replaced in between; the link now names the next one.
                self._opened = None
        raise not_built(self._path)

    def _load(self, name: str, published: _Published, opened: _Opened | None) -> _Opened:
        # What is opened is one object, replaced as a whole, so that threads need no lock.
        folder = f"{self._path}/{name}"
        # Read before the load, which may find a later commit: then it is loaded once more.
        meta, _ = _read(f"{folder}/{_META}")
        if opened is None or opened.name != name:
            self._presence.enter()
            index, superseded = guarded(tantivy.Index.open, folder), False
        elif opened.meta == meta:
            # Events came in that are no documents, such as those of the audit trail.
            engine = opened.engine
            if engine.begun_by is None:
                engine.look_over(published.position, superseded=engine.superseded)
            return replace(opened, published=published)
        else:
            index, superseded = opened.index, opened.engine.superseded
        guarded(index.reload)
        engine = Engine(index)
        engine.look_over(published.position, superseded=superseded)
        return _Opened(name, published, meta, index, engine)


def _read(path: str) -> tuple[bytes, os.stat_result]:
    """Return what a small file holds, and its status; each search reads some."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        return os.read(descriptor, status.st_size), status
    finally:
        os.close(descriptor)


def _read_published(folder: str) -> _Published:
    data, status = _read(f"{folder}/{POSITION}")
    return _Published(int(data), status.st_ino, status.st_mtime_ns)
