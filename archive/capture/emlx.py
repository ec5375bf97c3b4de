"""Messages of Apple Mail (`.emlx`): a line with the mail's length, the mail, a property list.

The format is not published; Apple Mail has written it so since Mac OS X 10.4. The property list
holds flags and dates of Apple Mail's own and stays in the original.
"""

import re

from archive.capture import mail
from archive.capture.mime import Part, scan
from archive.capture.parsed import Parsed
from archive.errors import InvalidError

MEDIA_TYPE = "application/x-emlx"

_LENGTH = re.compile(rb"[ \t]*([0-9]{1,12})[ \t]*\r?\n")


def mail_start(head: bytes) -> int:
    """Return where the mail begins, or 0 where the first line is no length."""
    length = _LENGTH.match(head)
    return length.end() if length is not None else 0


def parse(raw: bytes, *, source: str) -> Parsed:
    """Read one message.

    Raises:
        InvalidError: The first line is no length, or no header field follows it.
    """
    root = scanned(raw)
    if not mail_start(raw) or not root.fields:
        raise InvalidError("It does not begin with a length and a mail, so it is not an EMLX file.")
    content = mail.content_of(root, source=source)
    if len(raw) - mail_start(raw) < _stated(raw):
        problem = "The file is shorter than its first line says."
        content = content.model_copy(update={"problems": (*content.problems, problem)})
    return Parsed(content, raw, MEDIA_TYPE, reusable_ids=True)


def scanned(raw: bytes) -> Part:
    """Find the parts of the mail in a file."""
    start = mail_start(raw)
    return scan(raw[start : start + _stated(raw)])


def _stated(raw: bytes) -> int:
    length = _LENGTH.match(raw)
    return int(length[1]) if length is not None else 0
