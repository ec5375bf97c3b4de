"""Where addresses stand that are known, whatever touches them.

Beside an address may stand letters of a script without spaces, quotation marks, the sign of an
assignment. So from each sign in the text it is looked to both sides, as far as a known address
reaches: one pass, however many are known.
"""

import re
from collections.abc import Iterator, Mapping, Set
from typing import Final

from archive.access.views.patterns import SIGN
from archive.query.analysis import value

_DOMAIN: Final = re.compile(r"[\w.\uff0e-]+")
_ASCII_WORD: Final = re.compile("[0-9a-z]", re.IGNORECASE)
# Not within a longer local part; but what is encoded in per cent is a sign of its own.
_START: Final = re.compile(
    r"(?:(?<![0-9a-z])(?<![0-9a-z][.+])|(?<=%[0-9a-f]{2}))(?=\S)", re.IGNORECASE
)
_WRITTEN_LONGER: Final = 2
"""So many times as long as it is compared an address may be written, with its accents apart."""


def known_addresses(
    text: str, addresses: Mapping[str, str], seams: Set[int] = frozenset()
) -> Iterator[tuple[int, int, str]]:
    """Yield where one of `addresses` stands, the longest at each sign, and what these say of it.

    They are in the form in which they are compared. At `seams` two lines were joined: there an
    address may begin or end within a word.
    """
    longest: dict[str, int] = {}
    for key in addresses:
        local, at, domain = key.rpartition("@")
        if at:
            longest[domain] = max(len(local), longest.get(domain, 0))
    reach = _WRITTEN_LONGER * max(map(len, longest), default=0)
    for sign in SIGN.finditer(text) if longest else ():
        found = next(_around(text, sign, addresses, longest, reach, seams), None)
        if found is not None:
            yield found


def _around(
    text: str,
    sign: re.Match[str],
    addresses: Mapping[str, str],
    longest: Mapping[str, int],
    reach: int,
    seams: Set[int],
) -> Iterator[tuple[int, int, str]]:
    run = _DOMAIN.match(text, sign.end(), sign.end() + reach)
    for end in range(run.end() if run else 0, sign.end(), -1):
        if end not in seams and _ASCII_WORD.match(text, end):
            continue
        domain = value(text[sign.end() : end])
        furthest = max(0, sign.start() - _WRITTEN_LONGER * longest.get(domain, 0))
        for start in range(furthest, sign.start()) if domain in longest else ():
            if start in seams or _START.match(text, start):
                told = addresses.get(f"{value(text[start : sign.start()])}@{domain}")
                if told is not None:
                    yield start, end, told
