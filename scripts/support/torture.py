"""What the set email-mime-torture holds, file by file, by other means than the program's.

The table stands in tests/capture/torture.tsv, whose head says what its columns are.
"""

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from scripts.support.show import REPOSITORY

TABLE = REPOSITORY / "tests" / "capture" / "torture.tsv"
_UNFIXED = "~"
_SOMETHING = "+"
_LONGEST_SUBJECT = 90
_LONGEST_NAMES = 150


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    path: str
    messages: int
    subject: str
    attachments: str
    text: str
    html: str
    note: str


@dataclass(frozen=True)
class Message:
    """What the program says of one message."""

    subject: str | None
    attachments: tuple[str, ...]
    text: str
    html: str
    problems: tuple[str, ...]


def table() -> list[Row]:
    """Return the table."""
    rows = []
    for line in TABLE.read_text(encoding="utf-8").split("\n"):
        if line and not line.startswith("#"):
            path, messages, *rest = (line + "\t" * 6).split("\t")[:7]
            rows.append(Row(path, int(messages), *rest))
    return rows


def differences(row: Row, messages: Sequence[Message]) -> list[str]:
    """Say in what a file's messages differ from the table; nothing if in nothing."""
    if len(messages) != row.messages:
        return [f"{row.messages} messages expected, {len(messages)} there"]
    if not messages:
        return []
    found = {
        "subject": (row.subject, subject(messages)),
        "attachments": (row.attachments, names(messages)),
        "text": (row.text, marked([message.text for message in messages])),
        "html": (row.html, marked([message.html for message in messages])),
    }
    wrong = [
        f"{name}: {expected!r} expected, {there!r} there"
        for name, (expected, there) in found.items()
        if not _agree(expected, there)
    ]
    if row.note == "encrypted" and not any("encrypted" in p for m in messages for p in m.problems):
        wrong.append("nothing says that it is encrypted")
    return wrong


def _agree(expected: str, there: str) -> bool:
    if expected.endswith(_UNFIXED):
        return there.startswith(expected[:-1])
    if expected == _SOMETHING:
        return there != "-"
    return expected == there


def subject(messages: Sequence[Message]) -> str:
    """Write the subjects of a file's messages as the table does."""
    if len(messages) > 1:
        return _digest("\n".join(_line(message.subject or "") for message in messages))
    text = _line(messages[0].subject or "") or "-"
    return text if len(text) <= _LONGEST_SUBJECT else _digest(text)


def names(messages: Sequence[Message]) -> str:
    """Write the number of attachments and their names as the table does."""
    found = [_line(name) or "-" for message in messages for name in message.attachments]
    written = " | ".join([str(len(found)), *found])
    if len(written) <= _LONGEST_NAMES:
        return written
    return f"{len(found)} | {_digest(' | '.join(found))}"


def marked(texts: Sequence[str]) -> str:
    """Write how many letters and digits there are, and which, as the table does."""
    found = letters(texts)
    return f"{len(found)}:{_digest(found).removeprefix('sha256:')}" if found else "-"


def letters(texts: Sequence[str]) -> str:
    """Return nothing but the letters and digits of texts, case folded."""
    whole = "".join(unicodedata.normalize("NFC", text).casefold() for text in texts)
    return "".join(filter(str.isalnum, whole))


def _line(text: str) -> str:
    return " ".join(text.split())


def _digest(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()[:16]
