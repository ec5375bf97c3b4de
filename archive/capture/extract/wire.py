"""What goes between the process that asks for a document's text and the one that reads it.

A question is the document's size (u64) and the characters that it may give (u32), then the
document. An answer is its length (u32), then JSON.
"""

import json
from datetime import datetime
from struct import Struct
from typing import Any, BinaryIO, Final

from archive.capture.extract.sink import Extracted, Properties
from archive.model.unreadable import Unreadable

_QUESTION: Final = Struct(">QI")
_ANSWER: Final = Struct(">I")


def read_exactly(stream: BinaryIO, size: int) -> bytes:
    """Return the next `size` bytes, or what is left where the other side has gone."""
    pieces = []
    while size and (piece := stream.read(size)):
        pieces.append(piece)
        size -= len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def write_question(stream: BinaryIO, document: bytes, room: int) -> None:
    """Ask for the text of a document."""
    stream.write(_QUESTION.pack(len(document), room))
    stream.write(document)
    stream.flush()


def read_question(stream: BinaryIO) -> tuple[int, int] | None:
    """Return the size of the document that follows, and its room; None where nobody asks."""
    header = read_exactly(stream, _QUESTION.size)
    if len(header) < _QUESTION.size:
        return None
    size, room = _QUESTION.unpack(header)
    return size, room


def write_answer(stream: BinaryIO, extracted: Extracted) -> None:
    """Say what was in the document."""
    properties = extracted.properties
    body = json.dumps(
        {
            "text": extracted.text,
            "unreadable": extracted.unreadable,
            "author": properties.author,
            "created": properties.created and properties.created.isoformat(),
            "modified": properties.modified and properties.modified.isoformat(),
        }
    ).encode()
    stream.write(_ANSWER.pack(len(body)) + body)
    stream.flush()


def read_answer(stream: BinaryIO) -> Extracted | None:
    """Return what was in the document, None where the other side died of it."""
    header = read_exactly(stream, _ANSWER.size)
    if len(header) < _ANSWER.size:
        return None
    length = _ANSWER.unpack(header)[0]
    body = read_exactly(stream, length)
    if len(body) < length:
        return None
    said: dict[str, Any] = json.loads(body)
    return Extracted(
        said["text"],
        Unreadable(said["unreadable"]) if said["unreadable"] else None,
        Properties(said["author"], _moment(said["created"]), _moment(said["modified"])),
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
