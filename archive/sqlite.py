"""What SQLite's errors mean for whoever runs the archive."""

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from archive.errors import CorruptError, MunimentError, UnavailableError

_PRIVATE = 0o600
_DAMAGED = frozenset({"SQLITE_NOTADB", "SQLITE_CORRUPT"})


def make_private(path: Path) -> None:
    """Make the file of a database that is missing, for its owner alone; others stay as they are.

    SQLite gives the files that it puts beside it the same mode, and would let all read it.
    """
    # A file that is there must not be opened: closing it would drop SQLite's locks on it. What
    # stands in the way of a new one, SQLite says by itself.
    with suppress(OSError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _PRIVATE))


def told(error: BaseException, path: Path) -> MunimentError:
    """Return the error that says in a sentence what is the matter with a file of SQLite.

    CorruptError for a file that is damaged, which waiting does not mend; else UnavailableError.
    `error` may be one of the libraries that are between, with SQLite's own behind it.
    """
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, sqlite3.Error):
        cause = cause.__cause__
    if cause is None:
        return UnavailableError(f"{path} does not answer: {type(error).__name__}.")
    name = str(getattr(cause, "sqlite_errorname", ""))
    if name.startswith(tuple(_DAMAGED)):
        return CorruptError(
            f"{path} is damaged: {cause}. Everything in it can be made again from the bucket: move "
            "the .db files away and run muniment rebuild."
        )
    return UnavailableError(f"{path} does not answer: {cause}.")
