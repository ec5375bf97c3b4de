"""What must not stand in an answer that shows pseudonyms, by rules that are not the program's own.

Of a record as it was captured: each participant's address and name, and every number that could be
a telephone's or a card's. Looked for in every string of an answer, without regard to case, accents,
white space, quoting or encoding in per cent.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

_PHONE = re.compile(r"(?<![\w.:/-])\+?\(?\d{2,4}\)?[ .-]\d{3,4}[ .-]\d{4}(?![\w:/-])")
_WORD = re.compile(r"[^\W_]+")
_QUOTING = re.compile(r"=?\s*\n[>|\s]*")
_NOT_TOLD = frozenset({"", "unnamed"})
"""Names that tell of nobody."""


def strings(value: Any) -> Iterator[str]:
    """Yield every string of a JSON document, the names of members too."""
    match value:
        case str():
            yield value
        case dict():
            for name, below in value.items():
                yield name
                yield from strings(below)
        case list():
            for below in value:
                yield from strings(below)


def plain(text: str) -> str:
    """Return a text without case and accents."""
    bare = unicodedata.normalize("NFKD", unquote(text))
    return "".join(each for each in bare if not unicodedata.combining(each)).casefold()


def words(text: str) -> str:
    """Return the words of a text between single spaces, with one at each end."""
    return f" {' '.join(_WORD.findall(plain(text)))} "


def secrets(record: dict[str, Any]) -> tuple[set[str], set[str], set[str]]:
    """Return the addresses, names and numbers that would tell who was behind a record."""
    addresses = {plain(one["address"]) for one in record["participants"] if one["address"]}
    names = {words(one["name"]) for one in record["participants"] if one["name"]}
    texts = [record["text"] or "", record["subject"] or "", record["html_text"] or ""]
    numbers = {re.sub(r"\D", "", found) for text in texts for found in _PHONE.findall(text)}
    return addresses, {name for name in names if name.strip() not in _NOT_TOLD}, numbers


def leaks(record: dict[str, Any], answers: Any) -> list[str]:
    """Return what of a record's people stands in answers that must not name them."""
    addresses, names, numbers = secrets(record)
    found: list[str] = []
    for text in strings(answers):
        folded, worded = plain(text), words(text)
        unbroken = _QUOTING.sub("", folded)
        found += [f"address {each}" for each in addresses if each in folded or each in unbroken]
        found += [f"name{each}" for each in names if each in worded]
        digits = re.sub(r"\D", "", folded) if numbers else ""
        found += [f"number {each}" for each in numbers if each in digits]
    return found
