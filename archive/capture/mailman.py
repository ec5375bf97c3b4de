"""Monthly text archives of Mailman (pipermail): mail as the list's web pages show it.

The archiver rewrote every message: it kept From, Date, Subject, In-Reply-To, References and
Message-ID, hid addresses as "user at host", dropped the MIME structure with all character sets,
and put attachments on the list's web site. Files look like mbox files; the hidden sender in their
From_ lines tells them apart.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO

from archive.capture import mail, mbox
from archive.capture.mime import Part, scan
from archive.capture.parsed import Parsed
from archive.errors import InvalidError
from archive.model.interaction import Content

MEDIA_TYPE = "text/x-mailman"

_HIDDEN = re.compile(rb"(?<![^\s<,;])([^\s<>()\"@,;]+) at ([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")
# An address that is the whole of a field, save for a name in parentheses, may lack a dot as well.
_WHOLE = re.compile(rb"\A\s*([^\s<>()\"@,;]+) at ([^\s<>()\"@,;]+)(?=\s*(?:\(|\Z))")
_HIDDEN_ID = re.compile(rb"<([^\s<>@]+) at ([^\s<>@]+)>")
_PEOPLE = (b"from", b"to", b"cc", b"sender", b"reply-to")
_IDS = (b"message-id", b"in-reply-to", b"references")
_SCRUBBED = re.compile(
    r"^-{14} next part -{14}\n(?:An? (?:non-text|embedded|HTML)|Skipped content)[^\n]*",
    re.MULTILINE,
)


def spans(stream: BinaryIO) -> Iterator[tuple[int, int]]:
    """Give the offset and length of each message; joined they are the file."""
    needed = mbox.LONGEST_LINE
    return mbox.cut_before(stream, b"From ", mbox.AFTER_BLANK, needed, mbox.is_any_from_line)


def parse(raw: bytes, *, source: str) -> Parsed:
    """Read one message, its From_ line before it.

    Raises:
        InvalidError: It has no header field, so it is no message.
    """
    root = scanned(raw)
    if not root.fields:
        raise InvalidError("It has no header field, so it is not a message of a list archive.")
    content = mail.content_of(root, source=source)
    taken = _scrubbed(content)
    if taken:
        content = content.model_copy(update={"problems": (*content.problems, taken)})
    return Parsed(content, raw, MEDIA_TYPE, reusable_ids=True)


def scanned(raw: bytes) -> Part:
    """Find the parts of a message, with addresses as they were before they were hidden."""
    root = scan(raw)
    for names, hidden, shown in (
        (_PEOPLE, _WHOLE, rb"\1@\2"),
        (_PEOPLE, _HIDDEN, rb"\1@\2"),
        (_IDS, _HIDDEN_ID, rb"<\1@\2>"),
    ):
        for name in names:
            if name in root.fields:
                root.fields[name] = [hidden.sub(shown, value) for value in root.fields[name]]
    return root


def _scrubbed(content: Content) -> str | None:
    count = len(_SCRUBBED.findall(content.text or ""))
    if not count:
        return None
    return f"The list's archive left out {count} part(s) of this message; the text says where."
