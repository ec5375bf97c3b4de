"""Undoing transfer encodings: base64, quoted-printable and uuencode (RFC 2045 section 6).

Broken encodings are common, and a reader shows what can be read; so does this, and says so.
"""

import binascii
import re

_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
_PADDING = re.compile(rb"=")
_BAD_QUOTED = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]*\r?\n|[ \t]*\Z)")
_UU_BEGIN = re.compile(rb"^begin [0-7]{3,4} [^\n]*\n", re.MULTILINE)
_UU_NAMES = (b"x-uuencode", b"uuencode", b"uue", b"x-uue")
_UNENCODED = (b"", b"7bit", b"8bit", b"binary")
_KNOWN = (b"base64", b"quoted-printable", *_UU_NAMES, *_UNENCODED)
_ASIDE = re.compile(rb"\([^()]*\)|[\"']")
_UNSHOWN = re.compile(r"[^\w.:-]+")


def decode_transfer(body: bytes | memoryview, encoding: bytes) -> tuple[bytes, str | None]:
    """Undo the encoding that a Content-Transfer-Encoding value names; unknown ones leave the bytes.

    Returns:
        The bytes as they were before encoding (best effort where the encoding is broken), and a
        phrase about what was broken, or None.
    """
    name = encoding.partition(b";")[0].strip().lower()
    if name not in _KNOWN:
        # A comment may stand there, quotes may not.
        name = _ASIDE.sub(b"", name).strip()
    if name == b"base64":
        return _decode_base64(body)
    body = bytes(body)
    if name == b"quoted-printable":
        broken = "the quoted-printable text is broken" if _BAD_QUOTED.search(body) else None
        return binascii.a2b_qp(body), broken
    if name in _UU_NAMES:
        return _decode_uu(body)
    if name in _UNENCODED:
        return body, None
    shown = _UNSHOWN.sub("?", name.decode("ascii", "replace"))[:40]
    return body, f"the transfer encoding '{shown}' is unknown; the bytes are left as they are"


def _decode_base64(body: bytes | memoryview) -> tuple[bytes, str | None]:
    # The lenient decoder skips what is no base64 and stops at the padding, so the data that it
    # reads is right in nearly every mail; the rest of this function is for the others.
    broken = None
    found = _PADDING.search(body)
    padding = found.start() if found is not None else -1
    if padding != -1 and _NOT_BASE64.sub(b"", body[padding:]):
        broken = "there is more text after the end of the base64"
    try:
        return binascii.a2b_base64(body), broken
    except binascii.Error:
        kept = _NOT_BASE64.sub(b"", body if padding == -1 else body[:padding])
        if len(kept) % 4 == 1:
            kept = kept[:-1]
        return binascii.a2b_base64(kept + b"=" * (-len(kept) % 4)), "the base64 is cut short"


def _decode_uu(body: bytes) -> tuple[bytes, str | None]:
    begin = _UU_BEGIN.search(body)
    decoded = []
    for line in body[begin.end() if begin is not None else 0 :].splitlines():
        if line in (b"end", b"`", b""):
            continue
        try:
            decoded.append(binascii.a2b_uu(line))
        except binascii.Error:
            # Some encoders leave padding at the end of a line; the first byte gives its length.
            length = (((line[0] - 32) & 63) * 4 + 5) // 3
            try:
                decoded.append(binascii.a2b_uu(line[:length]))
            except binascii.Error:
                return b"".join(decoded), "the uuencoded text is broken"
    return b"".join(decoded), None
