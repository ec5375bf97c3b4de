"""Monthly logs of LISTSERV lists ("notebooks"): whole messages after rows of equal signs.

Each message stands after a line of 73 `=`. LISTSERV reorders the header and moves To and Cc into
Comments fields, because the list itself stands in To; the MIME structure is kept.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO

from archive.capture import mail, mbox
from archive.capture.mime import Part, scan
from archive.capture.parsed import Parsed
from archive.errors import InvalidError

MEDIA_TYPE = "text/x-listserv-log"

_MARK = b"=" * 60
_ROW = re.compile(rb"={60,100}[ \t]*\r?\n")
# A header of LISTSERV says who wrote; a row of equal signs in a body is followed by other text.
_HEADER = re.compile(rb"(?>(?:[!-9;-~]++[ \t]*:[^\n]*+(?>(?:\n[ \t][^\n]*+)*)(?:\n|\Z))+)")
_FROM = re.compile(rb"^From[ \t]*:", re.IGNORECASE | re.MULTILINE)
_HEADER_SIZE = 1 << 14
_COMMENTS = re.compile(rb"\s*(To|cc|bcc)\s*:(.*)", re.IGNORECASE | re.DOTALL)


def begins(data: bytes, position: int = 0) -> bool:
    """Say whether a message of a log stands at a position: its row and a header below it."""
    row = _ROW.match(data, position)
    if row is None:
        return False
    header = _HEADER.match(data, row.end(), row.end() + _HEADER_SIZE)
    return header is not None and _FROM.search(header[0]) is not None


def spans(stream: BinaryIO) -> Iterator[tuple[int, int]]:
    """Give the offset and length of each message, its row before it; joined they are the file."""
    return mbox.cut_before(stream, _MARK, (b"\n",), mbox.LONGEST_LINE + _HEADER_SIZE, begins)


def parse(raw: bytes, *, source: str) -> Parsed:
    """Read one message, its row of equal signs before it.

    Raises:
        InvalidError: It has no header field, so it is no message.
    """
    root = scanned(raw)
    if not root.fields:
        raise InvalidError("It has no header field, so it is not a message of a LISTSERV log.")
    return Parsed(mail.content_of(root, source=source), raw, MEDIA_TYPE, reusable_ids=True)


def scanned(raw: bytes) -> Part:
    """Find the parts of a message, with To and Cc where they were before the list took it."""
    row = _ROW.match(raw.lstrip(b"\xef\xbb\xbf\r\n"))
    root = scan(raw[raw.find(b"=") + row.end() :] if row is not None else raw)
    comments = [_COMMENTS.fullmatch(value) for value in root.fields.get(b"comments", [])]
    for comment in comments:
        if comment is not None:
            root.fields.setdefault(comment[1].lower(), []).append(comment[2].strip())
    return root
