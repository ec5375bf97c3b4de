"""Turning bytes into text whatever label they carry.

Labels in mail are often wrong: they are missing, name a character set that never existed
("default"), or name a small one where its larger descendant was used. A wrong label must cost
neither the record nor an exception, so decoding always succeeds and says whether it had to guess.
"""

import codecs
import re
from functools import lru_cache

# Sets whose labels are routinely put on text of their superset; decoding with the superset reads
# everything the named set can hold (the WHATWG Encoding Standard does the same), and labels that
# Python does not know but whose meaning is certain.
_ALIASES = {
    "ansi_x3.4-1968": "us-ascii",
    "ansi_x3.4-1986": "us-ascii",
    "iso646-us": "us-ascii",
    "ansi": "cp1252",
    "x-ansi": "cp1252",
    "iso8859-1": "cp1252",
    "iso-8859-1": "cp1252",
    "iso_8859-1": "cp1252",
    "latin1": "cp1252",
    "x-user-defined": "cp1252",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "iso-8859-6-i": "iso-8859-6",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "windows-874": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gb2312_charset": "gb18030",
    "gb_2312-80": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "chinesegb": "gb18030",
    "big5": "cp950",
    "chinesebig5": "cp950",
    "x-x-big5": "cp950",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601-1989": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "iso-2022-jp": "iso2022_jp_ext",
    "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-1-1-utf-8": "utf-8",
    "utf8mb4": "utf-8",
    "x-utf-8": "utf-8",
}
# Codecs that Python lists as text but that no mail can mean; some of them interpret escapes.
_REFUSED = frozenset(
    {"idna", "punycode", "raw-unicode-escape", "unicode-escape", "undefined", "mbcs", "oem"}
)
# A letter of two bytes as UTF-8 writes the commonest ones.
_UTF8 = re.compile(b"(?<![\x80-\xff])[\xc3-\xdf][\x80-\xbf](?![\x80-\xff])")
_SURROGATE = re.compile("[\ud800-\udfff]")


@lru_cache(maxsize=1024)
def codec_for(label: str) -> str | None:
    """Return the name of the Python codec that reads text labelled so, or None if none does."""
    name = label.strip().strip("\"'").lower()
    if not name or not name.isascii() or "\0" in name:
        return None
    name = _ALIASES.get(name, name)
    if name.startswith(("windows-", "cp-")):
        name = "cp" + name.rpartition("-")[2]
    try:
        codec = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    # Python keeps byte-to-byte transforms (zlib, rot13) in the same table as character sets.
    if not getattr(codec, "_is_text_encoding", True):
        return None
    if codec.name.replace("_", "-") in _REFUSED:
        return None
    return codec.name


def decode(data: bytes, label: str | None) -> tuple[str, str | None]:
    """Read bytes as text, never failing.

    Args:
        data: The bytes, with any transfer encoding already undone.
        label: The character set that the source names, or None where it names none.

    Returns:
        Valid Unicode without lone surrogates and NULs, and a phrase saying what had to be
        guessed, or None when the label (for a missing one, ASCII or UTF-8) read everything.
    """
    codec = "ascii" if label is None else codec_for(label)
    if codec is None:
        text, guess = _without_label(data)
        shown = re.sub(r"[^\w.:-]", "?", label or "")[:40]
        return clean(text), f"the character set {shown!r} is unknown; read as {guess}"
    try:
        return clean(data.decode(codec)), None
    except (UnicodeError, ValueError):
        text, guess = _without_label(data)
    if codec == "ascii":
        if label is None and guess == "UTF-8":
            return clean(text), None
        return clean(text), f"bytes outside ASCII without a fitting character set; read as {guess}"
    if guess == "UTF-8":
        return clean(text), f"the bytes are not valid {codec}; read as UTF-8"
    # A known character set with a few bad bytes is still the best reading of the rest.
    try:
        text = data.decode(codec, "replace")
    except (UnicodeError, ValueError):
        return clean(text), f"the bytes are not valid {codec}; read as {guess}"
    return clean(text), f"some bytes are not valid {codec} and stand as replacement characters"


def decode_unlabelled(data: bytes) -> str:
    """Read header bytes or a file name: UTF-8 where valid, else Windows-1252."""
    return clean(_without_label(data)[0])


def clean(text: str) -> str:
    """Replace what valid Unicode text cannot hold (lone surrogates) or stores refuse (NUL)."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    if not text.isascii():
        try:
            # Encoding finds a lone surrogate much faster than searching for one does.
            text.encode()
        except UnicodeEncodeError:
            text = _SURROGATE.sub("\ufffd", text)
    return text


def _without_label(data: bytes) -> tuple[str, str]:
    # UTF-8 is hard to hit by accident, so valid UTF-8 is UTF-8. Windows-1252 leaves five bytes
    # undefined; Latin-1 reads every byte and is the last resort.
    try:
        return data.decode("utf-8"), "UTF-8"
    except UnicodeDecodeError:
        pass
    if _UTF8.search(data) is not None and b"\n" in data[:-1]:
        lines = [_without_label(line)[0] for line in data.splitlines(keepends=True)]
        return "".join(lines), "UTF-8 or Windows-1252, line by line"
    try:
        return data.decode("cp1252"), "Windows-1252"
    except UnicodeDecodeError:
        return data.decode("latin-1"), "Latin-1"
