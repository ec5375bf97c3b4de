"""Telling a file's format by its content; a file's name says nothing here.

Each rule asks for evidence that other kinds of file do not have, since what is wrongly claimed
is worse than what is listed as not recognised.
"""

import json
import re
from collections.abc import Iterator

from archive.capture import emlx, file, listserv
from archive.capture.mbox import is_from_line, is_hidden_from_line

HEAD_SIZE = 1 << 16

# What files begin with that hold other files, and at which byte.
_PACKED = (
    (b"PK\x03\x04", 0, "ZIP"),
    (b"\x1f\x8b\x08", 0, "gzip"),
    (b"BZh", 0, "bzip2"),
    (b"\xfd7zXZ\x00", 0, "xz"),
    (b"\x28\xb5\x2f\xfd", 0, "Zstandard"),
    (b"7z\xbc\xaf\x27\x1c", 0, "7-Zip"),
    (b"Rar!\x1a\x07", 0, "RAR"),
    (b"ustar", 257, "tar"),
)
# What a file is called here that may be an MSG file, which takes a look further into it.
COMPOUND = "compound"
_COMPOUND_MAGIC = bytes.fromhex("d0cf11e0a1b11ae1")
_TNEF = b"\x78\x9f\x3e\x22"
_LEADING = re.compile(rb"(?:\xef\xbb\xbf)?(?>(?:[ \t\r]*+\n)*)")
_PARTED = re.compile(rb"content-type[ \t]*:[ \t]*(?:multipart|message)/", re.IGNORECASE)
_FIELD = re.compile(rb"([A-Za-z][A-Za-z0-9_.-]{0,75})[ \t]*:")
# Lines that are nothing but fields, up to an empty one. Why a group is held by an atomic one:
# `archive.capture.mime`.
_FIELDS = re.compile(
    rb"(?>(?:[A-Za-z][A-Za-z0-9_.-]{0,75}+[ \t]*+:[^\n]*+\n(?>(?:[ \t][^\n]*+\n)*))+)(?=\r?\n)"
)
_ANY_FROM = re.compile(rb"From [^\n]*\n")
_HIDDEN_FROM = re.compile(rb"From \S+ at \S+ ")
_LATER_HIDDEN_FROM = re.compile(rb"\nFrom \S+ at \S+ ")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_CONTROLS = bytes(code for code in range(32) if _CONTROL.match(bytes([code])))
_NATIVE_ID = re.compile(rb'"native_id"\s*:')
_SOURCE = re.compile(rb'"source"\s*:')
_CHANNEL = re.compile(rb'"channel"\s*:')

# Fields that mail has and other "Name: value" texts have not.
_CERTAIN = frozenset(
    {
        b"message-id",
        b"received",
        b"return-path",
        b"mime-version",
        b"delivered-to",
        b"dkim-signature",
        b"x-mailer",
        b"envelope-to",
        b"x-originating-ip",
    }
)
# Fields that mail has, but that notes, YAML files and forms have as well.
_LIKELY = frozenset({b"from", b"date", b"subject", b"to"})
_INTERACTION = frozenset({"source", "channel"})
_CMU = frozenset({b"x-origin", b"x-folder", b"x-filename"})
# In a block in lower case. They begin with the line break, since a search for a fixed byte is what
# runs fast.
_ANY_CERTAIN = re.compile(
    rb"\n(?:(?:%b)[ \t]*:|content-type[ \t]*:[ \t]*(?:multipart|message)/)" % b"|".join(_CERTAIN)
)
_ANY_X_FROM = re.compile(rb"\nx-from[ \t]*:")
_ANY_CMU = re.compile(rb"\n(?:%b)[ \t]*:" % b"|".join(_CMU))


def recognise(head: bytes, *, is_whole: bool) -> str | None:
    """Name the format of a file, or None where no format claims it.

    What a compound file holds stands in its directory, which may be anywhere in it: for such a
    file the answer is COMPOUND, and whoever has the file looks there.

    Args:
        head: The first `HEAD_SIZE` bytes.
        is_whole: Whether these are all of the file's bytes.
    """
    if head.startswith(_TNEF):
        return "tnef"
    if head.startswith(b"!BDN") and head[8:10] in (b"SM", b"SO"):
        return "pst"
    if head.startswith(_COMPOUND_MAGIC):
        return COMPOUND
    leading = _LEADING.match(head)
    start = leading.end() if leading is not None else 0
    if file.is_document(head, start):
        return "file"
    if head.startswith(b"From ", start):
        # Both may stand in one archive, since senders without a host have nothing to hide.
        if any(is_hidden_from_line(head, line) for line in _hidden_from_lines(head)):
            return "mailman"
        if is_from_line(head, start):
            return "mbox"
    if head.startswith(b"{", start):
        return "ndjson" if _is_interaction(head[start:], is_whole=is_whole) else None
    if head.startswith(b"=", start):
        return "listserv" if listserv.begins(head, start) else None
    if head[start : start + 1].isdigit():
        begin = emlx.mail_start(head[start:]) + start
        is_emlx = begin > start and _mail_format(head, begin, is_whole=is_whole) is not None
        return "emlx" if is_emlx else None
    envelope = _ANY_FROM.match(head, start)
    if envelope is not None:
        # An envelope line without a date may stand before a single mail. With more such lines the
        # file is some other container.
        if b" at " in envelope[0] or _ANY_FROM.search(head, envelope.end()) is not None:
            return None
        start = envelope.end()
    return _mail_format(head, start, is_whole=is_whole)


def why_not(head: bytes) -> str:
    """Say, in a sentence, why a file is not read that no format claims."""
    for mark, place, name in _PACKED:
        if head.startswith(mark, place):
            return f"The file is packed ({name}); unpack it and import what it holds."
    return "The file is not recognised; no format claims what it holds."


def is_mail(data: bytes) -> bool:
    """Say whether bytes are evidently a mail, an mbox From_ line before it allowed."""
    return recognise(data[:HEAD_SIZE], is_whole=len(data) <= HEAD_SIZE) in ("eml", "cmu", "mbox")


def _hidden_from_lines(head: bytes) -> Iterator[int]:
    """Give where the lines begin that may be From_ lines of a list's text archive."""
    if _HIDDEN_FROM.match(head) is not None:
        yield 0
    for line in _LATER_HIDDEN_FROM.finditer(head):
        yield line.start() + 1


def _is_interaction(head: bytes, *, is_whole: bool) -> bool:
    line, newline, _ = head.partition(b"\n")
    if newline or is_whole:
        try:
            first = json.loads(line)
        except (ValueError, RecursionError):
            return False
        return isinstance(first, dict) and ("native_id" in first or first.keys() >= _INTERACTION)
    # The first line is longer than what was read, as with a large attachment in it.
    if _NATIVE_ID.search(line) is not None:
        return True
    return _SOURCE.search(line) is not None and _CHANNEL.search(line) is not None


def _mail_format(head: bytes, start: int, *, is_whole: bool) -> str | None:
    return _evident_format(head, start) or _format_by_lines(head, start, is_whole=is_whole)


def _format_by_lines(head: bytes, start: int, *, is_whole: bool) -> str | None:
    names = _fields(head, start, is_whole=is_whole)
    if names is None:
        return None
    lowered = set(map(bytes.lower, names))
    if lowered.isdisjoint(_CERTAIN) and not any(
        name.lower() in _LIKELY and name[:1].isupper() for name in names
    ):
        return None
    return "cmu" if b"x-from" in lowered and lowered & _CMU else "eml"


def _evident_format(head: bytes, start: int) -> str | None:
    """Return the format where a header is nothing but fields, and one of them only mail has.

    So it is with nearly all; None leaves the decision to `_format_by_lines`.
    """
    found = _FIELDS.match(head, start)
    if found is None:
        return None
    block = found[0]
    if len(block.translate(None, _CONTROLS)) < len(block):
        return None
    # A carriage return alone ends a line too.
    if b"\r" in block and block.count(b"\r") > block.count(b"\r\n"):
        return None
    block = b"\n" + block.lower()
    if _ANY_CERTAIN.search(block) is None:
        return None
    is_cmu = _ANY_X_FROM.search(block) is not None and _ANY_CMU.search(block) is not None
    return "cmu" if is_cmu else "eml"


def _fields(head: bytes, start: int, *, is_whole: bool) -> set[bytes] | None:
    """Return the names in a header block that may hold other lines too, None if too many."""
    names: set[bytes] = set()
    fields = others = 0
    lines = head[start:].replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    if not is_whole:
        # The last line may be cut short.
        lines.pop()
    for line in lines:
        if not line:
            break
        if line[:1] in b" \t" and fields:
            continue
        if _CONTROL.search(line) is not None:
            return None
        field = _FIELD.match(line)
        if field is not None:
            fields += 1
            names.add(b"mime-version" if _PARTED.match(line) else field[1])
        elif not line.startswith(b">From "):
            others += 1
            if not fields or others > 1 + fields // 4:
                return None
    return names
