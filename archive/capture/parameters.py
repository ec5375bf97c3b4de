"""Structured header values: `text/plain; charset=utf-8; name*0*=…`.

RFC 2045 section 5.1 and RFC 2231 (continued and encoded parameters), and the RFC 2047 words that
writers put into file names although the RFC forbids it.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from archive.capture.charset import decode, decode_unlabelled
from archive.capture.words import decode_words

Fields = dict[bytes, list[bytes]]
"""Header fields by lower-case name; several fields of one name stand in their order."""

_MAIN = re.compile(r"\s*([^\s;()]*)")
_PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*("(?:[^"\\]|\\.)*(?:"|$)|[^;]*)', re.DOTALL)
# Some writers leave out the semicolon before a boundary, without which no part would be found.
_UNPARTED = re.compile(r"\s+boundary\s*=", re.IGNORECASE)
_ESCAPED = re.compile(r'\\(["\\])')
_FOLD = re.compile(r"\r?\n[ \t]+")


@lru_cache(maxsize=2048)
def parse_value(value: bytes) -> tuple[str, Mapping[str, str]]:
    """Split a value into its main token, lower-cased, and its parameters, decoded, by name.

    Remembered, since `text/plain; charset=utf-8` and its like come with every mail.
    """
    text = value.decode("ascii") if value.isascii() else decode_unlabelled(value)
    main = _MAIN.match(text)
    token = main[1].lower() if main is not None else ""
    if ";" not in text:
        if main is None or _UNPARTED.match(text, main.end()) is None:
            return token, {}
        text = f"{token};{text[main.end() :]}"
    if "\n" in text:
        text = _FOLD.sub(" ", text)
    parameters: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    for name, given in _PARAMETER.findall(text):
        plain = _unquoted(given)
        lowered = name.lower()
        if "*" not in lowered:
            if "=?" in plain:
                plain = decode_words(plain)
            parameters.setdefault(lowered, plain)
            continue
        stem, _, rest = lowered.partition("*")
        order, _, mark = rest.partition("*")
        encoded = rest == "" or (mark == "" and rest.endswith("*"))
        # A number that is no number leaves the piece at its place in the text.
        index = int(order) if order.isascii() and order.isdigit() and len(order) < 6 else 0
        pieces.setdefault(stem, {}).setdefault(index, (plain, encoded))
    for stem, numbered in pieces.items():
        parameters[stem] = _joined([numbered[index] for index in sorted(numbered)])
    return token, parameters


def _unquoted(given: str) -> str:
    given = given.strip()
    if given.startswith('"'):
        given = given[1:-1] if len(given) > 1 and given.endswith('"') else given[1:]
        if "\\" in given:
            given = _ESCAPED.sub(r"\1", given)
    return given


def _joined(pieces: list[tuple[str, bool]]) -> str:
    """Put the pieces of one parameter together (RFC 2231 sections 3 and 4)."""
    first, encoded = pieces[0]
    charset = None
    if encoded and first.count("'") >= 2:
        charset, _, first = first.split("'", 2)
        pieces = [(first, True), *pieces[1:]]
    data = b"".join(
        unquote_to_bytes(text) if is_encoded else text.encode("utf-8", "replace")
        for text, is_encoded in pieces
    )
    return decode(data, charset)[0] if charset else decode_unlabelled(data)
