"""What S/MIME messages hold (RFC 8551, RFC 5652): taken out where it is in clear.

A signed message may stand within its signature, as DER or BER. Nobody's signature is checked
here: the bytes are kept, and whoever wants to check them can. What is encrypted stays so.
"""

import zlib
from collections.abc import Iterator

from archive.errors import InvalidError

_SIGNED = bytes.fromhex("2a864886f70d010702")
_ENVELOPED = bytes.fromhex("2a864886f70d010703")
_ENCRYPTED = bytes.fromhex("2a864886f70d010706")
_AUTH_ENVELOPED = bytes.fromhex("2a864886f70d0109100117")
_COMPRESSED = bytes.fromhex("2a864886f70d0109100109")

_SEQUENCE = 0x30
_OBJECT_ID = 0x06
_OCTETS = 0x04
_CONTENT = 0xA0
_CONSTRUCTED = 0x20
_DEEPEST = 16
_MOST_ELEMENTS = 1 << 19
_LARGEST = 256 << 20


def signed_content(data: bytes) -> bytes:
    """Return the message within a signature, or within its compression.

    Raises:
        InvalidError: it is encrypted, is no such structure, or holds a signature alone.
    """
    try:
        kind, content = _content(data, 0, len(data))
        if kind in (_ENVELOPED, _ENCRYPTED, _AUTH_ENVELOPED):
            raise InvalidError("The content is encrypted (S/MIME) and cannot be read.")
        if kind not in (_SIGNED, _COMPRESSED):
            raise InvalidError("The S/MIME content is of an unknown kind.")
        start, end = content
        tag, start, end, _ = _element(data, start, end)
        for tag, begin, stop, _ in _elements(data, start, end):
            # The digest algorithms are a set; the sequence with the content is what follows.
            if tag == _SEQUENCE and data[begin : begin + 1] == bytes([_OBJECT_ID]):
                inner = _inner(data, begin, stop)
                if inner is not None:
                    return _inflated(inner) if kind == _COMPRESSED else inner
    except IndexError:
        raise InvalidError("The S/MIME content is cut short.") from None
    raise InvalidError("The S/MIME content is a signature alone.")


def _content(data: bytes, start: int, end: int) -> tuple[bytes, tuple[int, int]]:
    tag, start, end, _ = _element(data, start, end)
    kind = b""
    for inner, begin, stop, _ in _elements(data, start, end):
        if inner == _OBJECT_ID and tag == _SEQUENCE:
            kind = data[begin:stop]
        elif inner == _CONTENT and kind:
            return kind, (begin, stop)
    raise InvalidError("The part is no S/MIME content.")


def _inner(data: bytes, start: int, end: int) -> bytes | None:
    for tag, begin, stop, _ in _elements(data, start, end):
        if tag == _CONTENT:
            return b"".join(_octets(data, begin, stop, 0))
    return None


def _octets(data: bytes, start: int, end: int, depth: int) -> list[bytes]:
    """Return the pieces of an octet string, which BER may cut into several."""
    pieces = []
    for tag, begin, stop, _ in _elements(data, start, end):
        if tag == _OCTETS:
            pieces.append(data[begin:stop])
        elif tag == _OCTETS | _CONSTRUCTED and depth < _DEEPEST:
            pieces += _octets(data, begin, stop, depth + 1)
    return pieces


def _elements(data: bytes, start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    for _ in range(_MOST_ELEMENTS):
        if start >= end:
            return
        element = _element(data, start, end)
        if element[0] == 0 and element[3] == start + 2:
            return
        yield element
        start = element[3]
    raise InvalidError("The S/MIME content is in too many pieces.")


def _element(data: bytes, start: int, end: int, depth: int = 0) -> tuple[int, int, int, int]:
    """Return tag, start and end of the content, and where the next element begins."""
    tag, length = data[start], data[start + 1]
    begin = start + 2
    if tag & 0x1F == 0x1F or depth > _DEEPEST:
        raise InvalidError("The S/MIME content is of an unknown form.")
    if length == 0x80:
        position = begin
        while data[position : position + 2] != b"\0\0":
            position = _element(data, position, end, depth + 1)[3]
        return tag, begin, position, position + 2
    if length > 0x80:
        count = length & 0x7F
        length = int.from_bytes(data[begin : begin + count], "big")
        begin += count
    if begin + length > end:
        raise IndexError
    return tag, begin, begin + length, begin + length


def _inflated(data: bytes) -> bytes:
    inflater = zlib.decompressobj()
    try:
        inflated = inflater.decompress(data, _LARGEST)
    except zlib.error:
        raise InvalidError("The compressed S/MIME content is damaged.") from None
    if inflater.unconsumed_tail:
        raise InvalidError("The compressed S/MIME content is larger than what is read.")
    return inflated
