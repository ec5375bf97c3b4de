"""Encoded words in header text: `=?iso-8859-1?Q?caf=E9?=` (RFC 2047), read leniently.

Writers cut multi-byte characters between words, leave spaces inside words, and put words within
quotes; readers show them all the same, so they are all decoded here.
"""

import binascii
import re

from archive.capture.charset import clean, codec_for, decode, decode_unlabelled

_WORD = re.compile(r"=\?([^?\s]*)\?([bBqQ])\?(.{0,2000}?)\?=", re.DOTALL)
_FOLD = re.compile(rb"\r?\n[ \t]*")


def header_text(value: bytes) -> str:
    """Return a header value as a reader sees it: unfolded, decoded and without outer space.

    Bytes outside ASCII are read as UTF-8 where they are that, else as Windows-1252.
    """
    if b"\n" in value:
        value = _FOLD.sub(b" ", value.strip())
    text = value.decode("ascii") if value.isascii() else decode_unlabelled(value)
    if "=?" in text:
        text = decode_words(text)
    return clean(text).strip()


def decode_words(text: str) -> str:
    """Decode every encoded word in a text; what is not a readable word stays as it is."""
    pieces: list[str] = []
    pending = b""
    charset = ""
    end = 0
    for word in _WORD.finditer(text):
        data = _word_bytes(word[1].partition("*")[0], word[2], word[3])
        if data is None:
            continue
        between = text[end : word.start()]
        # The space between two words belongs to the encoding. Words of one character set are
        # joined before decoding, since a character may be cut between them.
        label = word[1].partition("*")[0].lower()
        adjacent = bool(charset) and (not between or between.isspace())
        if not (adjacent and label == charset):
            pieces.append(decode(pending, charset)[0] if charset else "")
            pieces.append("" if adjacent else between)
            pending = b""
        pending += data
        charset = label or "utf-8"
        end = word.end()
    if charset:
        pieces.append(decode(pending, charset)[0])
    pieces.append(text[end:])
    return "".join(pieces)


def _word_bytes(charset: str, encoding: str, content: str) -> bytes | None:
    # Letters that stand in a word as they are, against the rule, are of its character set too.
    codec = "utf-8" if content.isascii() else codec_for(charset) or "utf-8"
    try:
        data = content.encode(codec)
    except (UnicodeError, ValueError):
        data = content.encode("utf-8", "replace")
    if encoding in "qQ":
        return binascii.a2b_qp(data, header=True)
    try:
        return binascii.a2b_base64(data + b"=" * (-len(data) % 4))
    except binascii.Error:
        return None
