"""Mails as the standard library alone reads them, to count by what the archive should find.

Nothing of the program is used: not its reading of mail, and not its words.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from functools import cached_property
from pathlib import Path

from tests.query.brute_words import Token, tokens, whole

_UNFOLDED = re.compile(r"\r?\n(?=[ \t])")


@dataclass(frozen=True)
class Mail:
    """One mail: what a query's fields compare."""

    name: str
    data: bytes

    @cached_property
    def _message(self) -> Message:
        return message_from_bytes(self.data)

    @property
    def size(self) -> int:
        """Its bytes."""
        return len(self.data)

    @cached_property
    def sent(self) -> float | None:
        """What its Date says, in seconds since 1970; a date without an offset is in UTC."""
        try:
            moment = parsedate_to_datetime(str(self._message["Date"]))
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return moment.timestamp()
        except (TypeError, ValueError, OverflowError):
            return None

    def people(self, *headers: str) -> list[tuple[str, str]]:
        """Return the names and addresses of some headers."""
        lines = [
            _decoded(str(line)) for name in headers for line in self._message.get_all(name, [])
        ]
        return [(name, whole(address)) for name, address in getaddresses(lines)]

    @cached_property
    def subject(self) -> list[list[Token]]:
        """The words of its subject."""
        return [tokens(_decoded(str(line))) for line in self._message.get_all("Subject", [])[:1]]

    @cached_property
    def body(self) -> list[list[Token]]:
        """The words of its plain texts, read on."""
        shown = [
            part
            for part in self._message.walk()
            if part.get_content_type() == "text/plain" and not _is_attached(part)
        ]
        return [tokens("\n".join(map(_text, shown)))]

    @property
    def odd(self) -> bool:
        """Whether readers may differ on what its texts are: HTML, nested mails, broken MIME."""
        parts = list(self._message.walk())
        labels = {(part.get_content_charset() or "us-ascii").lower() for part in parts}
        return (
            any(part.defects for part in parts)
            or any(part.get_content_maintype() in ("message", "multipart") for part in parts[1:])
            or any(re.search("html|tnef| ", part.get_content_type()) for part in parts)
            or not labels <= {"us-ascii", "iso-8859-1", "utf-8", "iso-8859-15", "windows-1252"}
            or (labels == {"us-ascii"} and not self.data.isascii())
        )


def _is_attached(part: Message) -> bool:
    """Say whether a part is kept from the text: a named one is, unless it is to be shown in it."""
    shown = part.get_content_disposition()
    return shown == "attachment" or (shown != "inline" and part.get_filename() is not None)


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    try:
        return data.decode(part.get_content_charset() or "utf-8")
    except (LookupError, UnicodeDecodeError):
        return data.decode("windows-1252", "replace")


def _decoded(line: str) -> str:
    pieces: list[str] = []
    for piece, label in decode_header(_UNFOLDED.sub("", line)):
        if isinstance(piece, str):
            pieces.append(piece)
            continue
        try:
            pieces.append(piece.decode(label or "latin-1", "replace"))
        except LookupError:
            pieces.append(piece.decode("latin-1"))
    return "".join(pieces)


def mails(paths: list[Path]) -> Iterator[Mail]:
    """Yield the mails of some files, those of the same bytes once."""
    known: set[bytes] = set()
    for path in paths:
        data = path.read_bytes()
        digest = hashlib.sha256(data).digest()
        if digest not in known:
            known.add(digest)
            yield Mail(path.name, data)


def month_span(year: int, month: int) -> tuple[float, float]:
    """Return the seconds at which a month of UTC begins and ends."""
    begin = datetime(year, month, 1, tzinfo=UTC)
    end = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    return begin.timestamp(), end.timestamp()
