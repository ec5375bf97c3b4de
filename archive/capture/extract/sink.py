"""Where text is collected while a document is read: bounded, and cleaned of what is no text."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from archive.capture.charset import clean
from archive.capture.extract.limits import MOST_UNPACKED
from archive.errors import InvalidError
from archive.model.unreadable import Unreadable

_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f\u0085\u2028\u2029\ufffe\uffff]")
_LINE_ENDS: Final = re.compile(r"\r\n?|\x0b|\x0c")
_SPACES: Final = re.compile(r"[^\S\n\t]+")
_AT_ENDS: Final = re.compile(r"[ \t]+(?=\n|\Z)")
_BLANKS: Final = re.compile(r"\n{3,}")


class UnreadableError(InvalidError):
    """A document, or what is left of it, cannot be read; `reason` says why."""

    def __init__(self, reason: Unreadable) -> None:
        super().__init__(f"The document cannot be read: {reason.value}.")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Properties:
    """What a document says of itself."""

    author: str | None = None
    created: datetime | None = None
    modified: datetime | None = None


@dataclass(frozen=True, slots=True)
class Extracted:
    """What came out of a document; with both, the text is not all of it."""

    text: str | None
    unreadable: Unreadable | None
    properties: Properties = Properties()


@dataclass(slots=True)
class Sink:
    """Collects the text of one document and of the documents in it.

    `room` is how many characters it takes; `unpack_room` how many bytes may still be unpacked.
    `unreadable` is the first reason why something was not read.
    """

    room: int
    unpack_room: int = MOST_UNPACKED
    unreadable: Unreadable | None = None
    properties: Properties = Properties()
    _pieces: list[str] = field(default_factory=list)

    def add(self, text: str) -> None:
        """Take text in; UnreadableError when there is no room for all of it."""
        if len(text) > self.room:
            self._pieces.append(text[: self.room])
            self.room = 0
            raise UnreadableError(Unreadable.TOO_LARGE)
        self._pieces.append(text)
        self.room -= len(text)

    def unpacked(self, size: int) -> None:
        """Count bytes that were unpacked; UnreadableError when they are too many."""
        self.unpack_room -= size
        if self.unpack_room < 0:
            raise UnreadableError(Unreadable.TOO_LARGE)

    def miss(self, reason: Unreadable) -> None:
        """Note that something was not read; the first reason stays."""
        self.unreadable = self.unreadable or reason

    def extracted(self) -> Extracted:
        """Return what was collected: text with a word in it, else the reason why there is none."""
        text = tidy("".join(self._pieces))
        if any(character.isalnum() for character in text):
            return Extracted(text, self.unreadable, self.properties)
        return Extracted(None, self.unreadable or Unreadable.NO_TEXT, self.properties)


def tidy(text: str) -> str:
    """Return text as it is kept: lines, no control characters, no runs of blanks."""
    text = _CONTROL.sub(" ", _LINE_ENDS.sub("\n", clean(text)))
    text = _AT_ENDS.sub("", _SPACES.sub(" ", text))
    return _BLANKS.sub("\n\n", text).strip()
