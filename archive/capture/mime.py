"""The structure of a mail: header fields and MIME parts, found in place.

RFC 5322 (fields), RFC 2045 (transfer encodings), RFC 2046 (multiparts), RFC 3501 section 6.4.5
(part numbers). A part is a range in one buffer and nothing is copied until a body is wanted:
boundaries are found by searching instead of reading line by line, because this is the dominant
cost of an import. Structure never fails: what is broken is read as a mail reader would, and said
in `Part.problems`.
"""

import re
from typing import NamedTuple

from archive.capture.parameters import Fields, parse_value
from archive.capture.transfer import decode_transfer

# Deeper or wider nesting than any real mail has; what lies beyond is kept as one opaque part, so
# that a hostile message costs neither the stack nor the memory.
_DEEPEST = 32
_MOST_PARTS = 20_000

# A whole message within a message; message/global is the same with UTF-8 headers (RFC 6532).
_MESSAGES = ("message/rfc822", "message/global")

# A repeated group is held by an atomic one: with a possessive sign of its own, Python 3.11.2 leaves
# the match where the repetition that failed had come to.
_BLOCK = re.compile(rb"(?>(?:[!-9;-~]++[ \t]*+:[^\n]*+(?>(?:\n[ \t][^\n]*+)*)(?:\n|\Z))*)")
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:([^\n]*(?:\n[ \t][^\n]*)*)")
_ENVELOPE = re.compile(rb"(?:\xef\xbb\xbf)?(?>(?:[ \t\r]*+\n)*)(?P<line>>?From [^\n]*(?:\n|\Z))?")


class Part(NamedTuple):
    """One node of a mail: the bytes from `start` to `end` of `buffer` are its body.

    `number` counts as IMAP does: the parts of the outermost multipart are 1, 2, …, those inside
    part 2 are 2.1, 2.2, …, and the body of a message that has no parts is 1; the outermost
    multipart itself is "". `children` are the parts of a multipart, or the one message inside a
    `message/rfc822` part. `problems` are phrases about this part alone.
    """

    number: str
    fields: Fields
    media_type: str
    charset: str | None
    disposition: str
    filename: str | None
    buffer: bytes
    start: int
    end: int
    children: tuple["Part", ...]
    problems: tuple[str, ...]

    @property
    def is_multipart(self) -> bool:
        """Whether the part is a container whose parts were found."""
        return bool(self.children) and self.media_type.startswith("multipart/")


def scan(raw: bytes) -> Part:
    """Find the parts of one message, an mbox From_ line before it allowed.

    Carriage returns alone (old Macintosh files) end lines where there is no other line end.
    """
    if b"\n" not in raw and b"\r" in raw:
        raw = raw.replace(b"\r", b"\n")
    end = len(raw)
    envelope = _ENVELOPE.match(raw)
    # The blank line after a message in an mbox belongs to the container, not to the message; the
    # one right after the From_ line ends an empty header.
    if envelope is not None and envelope["line"] and end > envelope.end() + 2:
        end -= 2 if raw.endswith(b"\n\r\n") else int(raw.endswith(b"\n\n"))
    return _Scanner().message(raw, 0, end, "", 0)


def nested_message(data: bytes, number: str) -> Part:
    """Find the parts of a message that stands in the part of another that bears a number."""
    return _Scanner().message(data, 0, len(data), number, number.count(".") + 1)


def decode_body(part: Part) -> tuple[bytes, str | None]:
    """Undo the transfer encoding of a part's body.

    Returns:
        The bytes as they were before encoding (best effort where the encoding is broken), and a
        phrase about what was broken, or None.
    """
    # A large attachment is not copied before it is decoded.
    body = memoryview(part.buffer)[part.start : part.end]
    return decode_transfer(body, part.fields.get(b"content-transfer-encoding", [b""])[0])


def numbered(root: Part, number: str) -> Part | None:
    """Return the part that bears this number, or None."""
    if root.number == number:
        return root
    for child in root.children:
        found = numbered(child, number)
        if found is not None:
            return found
    return None


def _header(buffer: bytes, start: int, end: int) -> tuple[Fields, int, tuple[str, ...]]:
    """Read the field block; give the fields, where the body starts, and what was wrong."""
    fields: Fields = {}
    position = start
    problems: tuple[str, ...] = ()
    while True:
        block = _BLOCK.match(buffer, position, end)
        stop = block.end() if block is not None else position
        for name, value in _FIELD.findall(buffer, position, stop):
            known = fields.get(lower := name.lower())
            if known is None:
                fields[lower] = [value]
            else:
                known.append(value)
        if buffer.startswith(b"\n", stop, end):
            return fields, stop + 1, problems
        if buffer.startswith(b"\r\n", stop, end):
            return fields, stop + 2, problems
        line_end = buffer.find(b"\n", stop, end) + 1
        if stop >= end or line_end == 0:
            return fields, stop, problems or _headless(fields, stop, end)
        # A line that is no field: where fields go on after it, it is a mangled one and is passed
        # over; otherwise the blank line is missing and the body starts here.
        if stop == start or not _FIELD.match(buffer, line_end, end):
            return fields, stop, (*problems, "no blank line ends the header")
        problems = ("a line in the header is no field",)
        position = line_end


def _headless(fields: Fields, stop: int, end: int) -> tuple[str, ...]:
    return () if fields or stop >= end else ("no blank line ends the header",)


class _Scanner:
    """Counts the parts of one message while it is scanned."""

    def __init__(self) -> None:
        self.parts = 0

    def message(self, buffer: bytes, start: int, end: int, number: str, depth: int) -> Part:
        """Scan a whole message: its body is part `number`.1 unless it is a multipart.

        Blank lines and a From_ line may stand before it, even where it is nested in another.
        """
        envelope = _ENVELOPE.match(buffer, start, end)
        if envelope is not None:
            start = envelope.end()
        fields, body, problems = _header(buffer, start, end)
        return self.entity(
            buffer, body, end, number, depth, fields, problems, b"text/plain", is_message=True
        )

    def entity(
        self,
        buffer: bytes,
        start: int,
        end: int,
        number: str,
        depth: int,
        fields: Fields,
        problems: tuple[str, ...],
        default_type: bytes,
        *,
        is_message: bool,
    ) -> Part:
        """Scan what follows a header, as its Content-Type says."""
        self.parts += 1
        content_type = fields.get(b"content-type")
        media_type, parameters = parse_value(content_type[0] if content_type else default_type)
        major, slash, minor = media_type.partition("/")
        if not (slash and major and minor) or "/" in minor:
            media_type = "text/plain"
            problems = (*problems, "the Content-Type is not a media type; read as plain text")
        disposition, filename = "", parameters.get("name")
        if b"content-disposition" in fields:
            disposition, detail = parse_value(fields[b"content-disposition"][0])
            filename = detail.get("filename", filename)
        children: tuple[Part, ...] = ()
        body_number = number
        if is_message:
            body_number = f"{number}.1" if number else "1"
        if major == "multipart" or media_type in _MESSAGES:
            if depth >= _DEEPEST or self.parts >= _MOST_PARTS:
                media_type = "application/octet-stream"
                problems = (*problems, "the parts are too many or nested too deep to be read")
            elif major == "multipart":
                boundary = parameters.get("boundary", "").encode("utf-8", "replace").rstrip()
                children, wrong = self.multipart(
                    buffer, start, end, boundary, number, depth, media_type
                )
                problems += wrong
                if children:
                    body_number = number
                else:
                    media_type = "text/plain"
            else:
                children = (self.nested(buffer, start, end, body_number, depth, fields),)
        return Part(
            body_number,
            fields,
            media_type,
            parameters.get("charset"),
            disposition,
            filename,
            buffer,
            start,
            end,
            children,
            problems,
        )

    def nested(
        self, buffer: bytes, start: int, end: int, number: str, depth: int, fields: Fields
    ) -> Part:
        """Scan the message inside a message/rfc822 part, which should not be encoded but may be."""
        encoding = fields.get(b"content-transfer-encoding", [b""])[0]
        if encoding:
            decoded = decode_transfer(buffer[start:end], encoding)[0]
            # Some writers name an encoding and do not use it; then the text itself is the message.
            if decoded.startswith(b"From ") or _FIELD.match(decoded):
                buffer, start, end = decoded, 0, len(decoded)
        return self.message(buffer, start, end, number, depth + 1)

    def multipart(
        self,
        buffer: bytes,
        start: int,
        end: int,
        boundary: bytes,
        number: str,
        depth: int,
        media_type: str,
    ) -> tuple[tuple[Part, ...], tuple[str, ...]]:
        """Scan the parts between the boundary lines."""
        if not boundary:
            return (), ("the multipart names no boundary; read as plain text",)
        spans, closed = _spans(buffer, start, end, boundary)
        if not spans:
            return (), ("the boundary of the multipart is not found; read as plain text",)
        default_type = b"message/rfc822" if media_type == "multipart/digest" else b"text/plain"
        children = []
        problems: tuple[str, ...] = () if closed else ("the multipart has no closing boundary",)
        for ordinal, (part_start, part_end) in enumerate(spans, start=1):
            if self.parts >= _MOST_PARTS:
                problems = (*problems, "there are too many parts; the last are not read")
                break
            fields, body, wrong = _header(buffer, part_start, part_end)
            path = f"{number}.{ordinal}" if number else str(ordinal)
            children.append(
                self.entity(
                    buffer,
                    body,
                    part_end,
                    path,
                    depth + 1,
                    fields,
                    wrong,
                    default_type,
                    is_message=False,
                )
            )
        return tuple(children), problems


def _spans(
    buffer: bytes, start: int, end: int, boundary: bytes
) -> tuple[list[tuple[int, int]], bool]:
    """Give the ranges between boundary lines, and whether a closing boundary came last.

    The line end before a boundary belongs to the boundary (RFC 2046 section 5.1.1). Parts after
    a closing boundary are read too: some writers go on, and readers show them.
    """
    delimiter = b"--" + boundary
    spans: list[tuple[int, int]] = []
    opened = -1
    closed = False
    position = start
    while len(spans) < _MOST_PARTS and (found := buffer.find(delimiter, position, end)) != -1:
        position = found + len(delimiter)
        if found != start and buffer[found - 1] != 10:
            continue
        line_end = buffer.find(b"\n", position, end)
        rest = buffer[position : line_end if line_end != -1 else end].rstrip()
        if rest not in (b"", b"--"):
            continue
        position = line_end + 1 if line_end != -1 else end
        if opened != -1:
            spans.append((opened, max(opened, _before_line_end(buffer, found))))
        closed = rest == b"--"
        opened = -1 if closed else position
    if opened != -1 and (opened < end or not spans):
        spans.append((opened, end))
    return spans, closed


def _before_line_end(buffer: bytes, position: int) -> int:
    if buffer[position - 1 : position] == b"\n":
        position -= 1
        if buffer[position - 1 : position] == b"\r":
            position -= 1
    return position
