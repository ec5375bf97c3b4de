"""The mail that the shows use, counted and cut by rules that are not the program's own."""

import hashlib
import os
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path

from scripts.support.show import REPOSITORY, Failed

SETS = ("email-spamassassin", "email-enron-berkeley", "email-usrp-users")
MBOX_SETS = ("email-listserv-3gpp", "email-mime-torture")

# The line that parts an mbox: at the start or after an empty line, with a time and a year in it.
_FROM_LINE = re.compile(rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From [^\n]*\d\d:\d\d[^\n]*\d{4}[^\n]*\n")
# What list archivers publish: it looks like an mbox, but they have rewritten the messages.
_HIDDEN_SENDER = re.compile(rb"From \S+ at \S+ ")
# How the facts count pipermail's messages, and those of LISTSERV's logs.
_HIDDEN_LINE = re.compile(rb"^From \S+ at \S+  [A-Z][a-z]{2} [A-Z][a-z]{2} ", re.MULTILINE)
_ROW = re.compile(rb"^={60,}", re.MULTILINE)


def corpus() -> Path:
    """Return the folder of the corpus."""
    folder = Path(os.environ.get("MUNIMENT_CORPUS") or REPOSITORY.parent / "shared" / "data")
    if not (folder / "FACTS.json").is_file():
        raise Failed("needs the corpus: name its folder in MUNIMENT_CORPUS.")
    return folder.resolve()


def unpack(packed: tarfile.TarFile, to: Path, members: list[tarfile.TarInfo] | None = None) -> None:
    """Unpack a set, or some of its members, into a folder."""
    # The first versions of Python 3.11 have no filters.
    packed.extraction_filter = getattr(tarfile, "data_filter", None)
    packed.extractall(to, members)


def files(folder: Path) -> list[Path]:
    """Return all files below a folder."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def mails(folder: Path) -> list[Path]:
    """Return the files below a folder that are mails: all but labels and notes about the set."""
    return [path for path in files(folder) if path.suffix in (".eml", ".txt")]


def mboxes(folder: Path) -> list[Path]:
    """Return the files below a folder that are called mboxes."""
    return [path for path in files(folder) if path.suffix == ".mbox"]


def is_rewritten(mbox: Path) -> bool:
    """Say whether a file is a list archiver's digest with hidden addresses, which is no mbox."""
    return _HIDDEN_SENDER.match(mbox.read_bytes()) is not None


def messages(mbox: Path) -> list[bytes]:
    """Cut an mbox before each From_ line; joined again, the pieces are the file."""
    data = mbox.read_bytes()
    starts = [match.start() for match in _FROM_LINE.finditer(data)]
    return [data[start:end] for start, end in zip(starts, [*starts[1:], len(data)], strict=True)]


def logged(log: Path) -> list[bytes]:
    """Cut a file of a list before each line that a rule of the facts counts as a message."""
    data = log.read_bytes()
    rule = _ROW if data.startswith(b"=") else _HIDDEN_LINE if is_rewritten(log) else _FROM_LINE
    starts = [match.start() for match in rule.finditer(data)]
    return [data[start:end] for start, end in zip(starts, [*starts[1:], len(data)], strict=True)]


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def by_digest(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the SHA-256 of each mail of a set, and its name below the set's folder."""
    for path in mails(folder):
        yield sha256(path), path.relative_to(folder).as_posix()
