"""Tantivy's files of one commit, held still while the writer goes on, and put back elsewhere.

A file never changes once it is written, but merging removes it. Hard links keep its bytes, which
costs no time and no memory as long as the index has it too.
"""

import json
import os
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from archive.errors import CorruptError, UnavailableError
from archive.sealing.snapshot import IndexFile

_META: Final = "meta.json"
_MANAGED: Final = ".managed.json"
_FOLDER: Final = "frozen"
_DELETES: Final = ".del"
_UNFINISHED: Final = ".temp"
_ATTEMPTS: Final = 20
_PIECE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Frozen:
    """The files of one commit: `meta` is Tantivy's own list, `bundles` what came into being
    together, `documents` how many there are.
    """

    folder: Path
    meta: str
    documents: int
    bundles: tuple[tuple[IndexFile, ...], ...]

    def release(self) -> None:
        """Let go of the files."""
        shutil.rmtree(self.folder, ignore_errors=True)


def freeze(index_folder: Path) -> Frozen:
    """Hold the files of the last commit; to be called where commits are made, between two.

    There may be one at a time. Raises UnavailableError if merging never leaves a moment to do so,
    or the folder does not take links.
    """
    folder = index_folder / _FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    for _ in range(_ATTEMPTS):
        try:
            folder.mkdir(mode=0o700)
            meta = (index_folder / _META).read_text()
            segments = _segments(meta)
            names = [path.name for path in index_folder.iterdir() if _is_of(path.name, segments)]
            for name in names:
                (folder / name).hardlink_to(index_folder / name)
            # Files go after the list that names them no more: with the same list as before, none
            # had gone when they were linked.
            if (index_folder / _META).read_text() == meta:
                return Frozen(folder, meta, _documents(meta), _bundles(folder, names))
        except FileNotFoundError:
            pass
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise UnavailableError(f"The index cannot be held still: {error.strerror}.") from error
        shutil.rmtree(folder, ignore_errors=True)
    raise UnavailableError("The index did not stand still for a snapshot.")


def read_bundle(folder: Path, files: Iterable[IndexFile], start: int, end: int) -> Iterator[bytes]:
    """Yield the bytes from `start` to `end` of files joined end to end."""
    for name, offset, length in _spans(files, start, end):
        with (folder / name).open("rb", buffering=0) as stream:
            stream.seek(offset)
            while length and (piece := stream.read(min(length, _PIECE))):
                length -= len(piece)
                yield piece


def lay_out(folder: Path, files: Iterable[IndexFile]) -> None:
    """Make files of their right sizes, for `write_bundle` to fill."""
    for file in files:
        descriptor = os.open(folder / file.name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.truncate(descriptor, file.size)
        finally:
            os.close(descriptor)


def write_bundle(
    folder: Path, files: Iterable[IndexFile], start: int, end: int, pieces: Iterable[bytes]
) -> None:
    """Write the bytes from `start` to `end` of files joined end to end.

    Raises CorruptError if there are more or fewer bytes than that.
    """
    source = iter(pieces)
    piece = b""
    for name, offset, length in _spans(files, start, end):
        descriptor = os.open(folder / name, os.O_WRONLY)
        try:
            while length:
                piece = piece or next(source, b"")
                if not piece:
                    raise CorruptError("A part of an index snapshot is too short.")
                written = os.pwrite(descriptor, piece[:length], offset)
                piece, offset, length = piece[written:], offset + written, length - written
        finally:
            os.close(descriptor)
    if piece or any(source):
        raise CorruptError("A part of an index snapshot is too long.")


def finish(folder: Path, meta: str, files: Iterable[IndexFile]) -> None:
    """Write the lists that make files an index again.

    The second is what Tantivy goes by when it removes files that merging has replaced.
    """
    (folder / _MANAGED).write_text(json.dumps([_META, *(file.name for file in files)]))
    (folder / _META).write_text(meta)


def _spans(files: Iterable[IndexFile], start: int, end: int) -> Iterator[tuple[str, int, int]]:
    """Yield the name, offset and length of each stretch of a file between two places."""
    before = 0
    for file in files:
        first, last = max(start, before), min(end, before + file.size)
        if first < last:
            yield file.name, first - before, last - first
        before += file.size


def _segments(meta: str) -> dict[str, dict[str, Any]]:
    """Return the segments of a `meta.json` by the stem of their files' names."""
    return {each["segment_id"].replace("-", ""): each for each in json.loads(meta)["segments"]}


def _is_of(name: str, segments: dict[str, dict[str, Any]]) -> bool:
    """Say whether a file belongs to the commit: of deletions, only the newest do."""
    stem, _, rest = name.partition(".")
    if stem not in segments or rest.endswith(_UNFINISHED):
        return False
    deletes = segments[stem]["deletes"]
    if f".{rest}".endswith(_DELETES):
        return deletes is not None and rest == f"{deletes['opstamp']}{_DELETES}"
    return True


def _documents(meta: str) -> int:
    return sum(
        each["max_doc"] - (each["deletes"]["num_deleted_docs"] if each["deletes"] else 0)
        for each in _segments(meta).values()
    )


def _bundles(folder: Path, names: Sequence[str]) -> tuple[tuple[IndexFile, ...], ...]:
    """Put the files of a segment together, and deletions, which come later, by themselves."""
    together: dict[str, list[IndexFile]] = defaultdict(list)
    for name in sorted(names):
        stem = name if name.endswith(_DELETES) else name.partition(".")[0]
        together[stem].append(IndexFile(name=name, size=(folder / name).stat().st_size))
    return tuple(tuple(files) for _, files in sorted(together.items()))
