"""Finding the items in files and folders, lazily and with flat memory.

A file's format is told by its content, folders are walked in the order of their names' bytes,
and containers (mbox, NDJSON) are cut into items by a streaming scan. What cannot be read is
listed with the reason and never stops the rest.

Finding files and looking into them are two steps: `files` only walks the folders, and whoever
reads a file's bytes anyway calls `items_in` on them.
"""

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple

from archive.capture import listserv, mailman, mbox, ndjson
from archive.capture.file import is_compound_document
from archive.capture.sniff import COMPOUND, HEAD_SIZE, recognise, why_not
from archive.errors import InvalidError

UNTOLD = ""
STORE = "pst"
FORMATS = (
    "eml",
    "mbox",
    "maildir",
    "cmu",
    "emlx",
    "mailman",
    "listserv",
    "msg",
    "tnef",
    "pst",
    "ndjson",
    "file",
)

# A Maildir's messages are in these two folders; `tmp` holds deliveries under way, which are no
# messages yet.
_MAILDIR_FOLDERS = ("cur", "new")
# What mail servers keep of their own beside the folders of a Maildir.
_MAILDIR_CONTROL = ("dovecot", "courier", "maildirfolder", "maildirsize", "subscriptions")


class Slice(NamedTuple):
    """One item: `length` bytes at `offset` in `file`.

    `path` names the file in reports and is always printable. `item` is "" for a file that is one
    item, and "#1", "#2", … in a container. In a store, where items do not stand in one piece,
    `offset` is a node's number, `length` about what it holds, and `folder` where the item lay.
    `format` is `UNTOLD` for a file that nobody has looked
    into yet, which may hold many items or none.
    """

    path: str
    file: str
    format: str
    offset: int
    length: int
    item: str
    folder: str = ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something that is no item, with the reason as a sentence."""

    path: str
    item: str
    reason: str


Found = Slice | Unreadable


def find(paths: Sequence[Path], format: str | None) -> Iterator[Found]:
    """Give every item in files and folders, in a fixed order.

    Args:
        paths: Files and folders. In reports a file bears its path as given; what is in a folder
            bears its path below that folder, after the folder's own where several are given.
        format: The format to take every file for, or None to tell it by content.

    Raises:
        InvalidError: There is no such format.
    """
    return (item for found in files(paths, format) for item in items(found))


def files(paths: Sequence[Path], format: str | None) -> Iterator[Found]:
    """Give every file without looking into it; arguments, order and errors as for `find`."""
    if format is not None and format not in FORMATS:
        raise InvalidError(f"There is no format {format!r}; choose one of {', '.join(FORMATS)}.")
    return _files(paths, UNTOLD if format is None else format)


def _files(paths: Sequence[Path], format: str) -> Iterator[Found]:
    for path in paths:
        if path.is_dir():
            shown = f"{path}/" if len(paths) > 1 else ""
            yield from _Walk(path.resolve()).folder(str(path), shown, format)
        else:
            yield _file(str(path), printable(str(path)), format)


def items(file: Found) -> Iterator[Found]:
    """Look into a file that `files` gave, and give its items; an item of one is itself."""
    if isinstance(file, Unreadable) or file.item:
        yield file
        return
    try:
        if file.format not in _SPLITTERS and file.format not in (UNTOLD, STORE):
            yield file
            return
        with Path(file.file).open("rb", buffering=0) as opened:
            head = opened.read(HEAD_SIZE) if file.format == UNTOLD else b""
            opened.seek(0)
            yield from _items(file, head, opened)
    except OSError as error:
        yield Unreadable(file.path, "", _why(error))


def items_in(file: Slice, data: bytes) -> Iterator[Found]:
    """Do as `items` does for a file whose bytes are at hand."""
    yield from _items(file, data[:HEAD_SIZE], BytesIO(data))


def _items(file: Slice, head: bytes, opened: BinaryIO) -> Iterator[Found]:
    format = file.format
    if format == UNTOLD:
        format = recognise(head, is_whole=len(head) >= file.length) or UNTOLD
        if format == COMPOUND:
            format = _of_compound(opened)
    split = _SPLITTERS.get(format)
    if format == STORE:
        yield from _store(file, opened)
    elif format == UNTOLD:
        yield Unreadable(file.path, "", why_not(head))
    elif split is None:
        yield file._replace(format=format)
    else:
        yield from _container(file, format, split(opened))


def printable(path: str) -> str:
    """Return a path that can be printed and written as JSON, whatever bytes its name holds."""
    if path.isprintable():
        return path
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class _Walk:
    """Walks one of the given folders, whose true path is `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, folder: str, shown: str, format: str) -> Iterator[Found]:
        """Give the files in a folder and below it; `shown` is what reports put before names."""
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: os.fsencode(entry.name))
        except OSError as error:
            yield Unreadable(printable(shown or folder), "", _why(error))
            return
        folders = {entry.name for entry in entries if entry.is_dir(follow_symlinks=False)}
        is_maildir = folders.issuperset(_MAILDIR_FOLDERS)
        for entry in entries:
            name = shown + entry.name
            if entry.is_symlink():
                yield from self.link(Path(entry.path), name)
            elif entry.name in folders:
                if is_maildir and entry.name == "tmp":
                    continue
                holds_mail = is_maildir and entry.name in _MAILDIR_FOLDERS
                inner = "maildir" if holds_mail and format == UNTOLD else format
                yield from self.folder(entry.path, f"{name}/", inner)
            elif not (is_maildir and entry.name.startswith(_MAILDIR_CONTROL)):
                yield _file(entry.path, printable(name), format)

    def link(self, path: Path, name: str) -> Iterator[Found]:
        """Pass over a link to what the walk finds by itself, and list any other."""
        try:
            target = path.resolve(strict=True)
        except (OSError, RuntimeError):
            yield Unreadable(printable(name), "", "The symbolic link leads nowhere.")
            return
        if not target.is_relative_to(self.root):
            reason = "The symbolic link leads out of the folder; import what it names by itself."
            yield Unreadable(printable(name), "", reason)


def _file(path: str, shown: str, format: str) -> Found:
    """Give one file, or why it is none."""
    try:
        # Paths are texts here, since an import may find millions of files.
        status = os.stat(path)  # noqa: PTH116
    except OSError as error:
        return Unreadable(shown, "", _why(error))
    if not stat.S_ISREG(status.st_mode):
        return Unreadable(shown, "", "It is neither a file nor a folder.")
    if status.st_size == 0:
        return Unreadable(shown, "", "The file is empty.")
    return Slice(shown, path, format, 0, status.st_size, "")


def _of_compound(file: BinaryIO) -> str:
    """Tell messages and documents from the many other things that compound files hold."""
    from archive.capture.outlook.msg import is_message

    file.seek(0)
    if is_message(file):
        return "msg"
    file.seek(0)
    return "file" if is_compound_document(file) else UNTOLD


Splitter = Callable[[BinaryIO], Iterator[tuple[int, int]]]
_SPLITTERS: dict[str, Splitter] = {
    "mbox": mbox.spans,
    "mailman": mailman.spans,
    "listserv": listserv.spans,
    "ndjson": ndjson.spans,
}


def _container(file: Slice, format: str, spans: Iterator[tuple[int, int]]) -> Iterator[Found]:
    for ordinal, (offset, length) in enumerate(spans, start=1):
        item = f"#{ordinal}"
        if format == "ndjson" and length > ndjson.LONGEST_LINE:
            limit = ndjson.LONGEST_LINE >> 20
            yield Unreadable(file.path, item, f"The line is longer than {limit} MiB.")
        else:
            yield Slice(file.path, file.file, format, offset, length, item)


def _store(file: Slice, opened: BinaryIO) -> Iterator[Found]:
    from archive.capture.outlook.store.items import items as items_of

    ordinal = 0
    try:
        for ordinal, found in enumerate(items_of(opened), start=1):
            at, folder = f"#{ordinal}", found.folder
            yield Slice(file.path, file.file, STORE, found.node, found.size, at, folder)
    except InvalidError as error:
        yield Unreadable(file.path, f"#{ordinal + 1}" if ordinal else "", str(error))
    else:
        if not ordinal:
            yield Unreadable(file.path, "", "The Outlook store holds no items.")


def _why(error: OSError) -> str:
    return f"It cannot be read: {(error.strerror or type(error).__name__).lower()}."
