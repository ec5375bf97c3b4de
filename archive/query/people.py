"""Addresses and domains: how a participant is indexed, and what a query says of one.

A participant's address gives terms of three kinds, told apart by their first character, so that
none is met by a query for another: `=a@mail.b.c` the address, `<a` its local part, and `@mail.b.c`,
`@b.c`, `@c` its domain and every parent of it. Somebody without an address has `"` and the name, by
which aliases alone are met.
"""

import re
from functools import lru_cache
from typing import Final

from archive.query.analysis import value

_BRACKETED: Final = re.compile(r".*<([^<>\s]+@[^<>\s]+)>", re.DOTALL)
_ADDRESS: Final = re.compile(r"[^\s@<>\"]+@[^\s@<>\"]+")
_DOTTED: Final = re.compile(r"[^\W_](?:[\w-]*[^\W_])?(?:\.[\w-]+)+")
_BARE_ADDRESS: Final = re.compile(r"[\w.+%&'=/-]*\w@\w[\w-]*(?:\.[\w-]+)+")


def person(text: str, *, quoted: bool) -> str | None:
    """Return what a value names as an address or domain, or None where it is words of a name.

    With brackets, as in a header, what stands in them counts. In quotes a dotted word without an
    @ is words, so `from:"j.smith"` reaches names as well.
    """
    bracketed = _BRACKETED.fullmatch(text)
    if bracketed:
        text = bracketed[1]
    text = text.removeprefix("mailto:")
    if _ADDRESS.fullmatch(text) or (text.startswith("@") and _DOTTED.fullmatch(text[1:])):
        return text
    if not quoted and _DOTTED.fullmatch(text):
        return text
    return None


def bare_address(text: str) -> bool:
    """Say whether a word without a field is an e-mail address, and so also means a participant."""
    return _BARE_ADDRESS.fullmatch(text) is not None


def name_term(name: str) -> str:
    """Return the term under which somebody without an address is found by an alias."""
    return f'"{value(name)}'


def known_terms(key: str) -> tuple[str, str]:
    """Return the terms of those who are known by an address or a name, as these are compared."""
    return f"={key}", f'"{key}'


@lru_cache(maxsize=16_384)
def address_terms(address: str) -> tuple[str, ...]:
    """Return the terms under which a participant's address is found."""
    whole = value(address)
    terms = [f"={whole}"]
    local, at, domain = whole.rpartition("@")
    if at and domain:
        terms.append(f"<{local}")
        labels = domain.split(".")
        terms.extend(f"@{'.'.join(labels[place:])}" for place in range(len(labels)))
    return tuple(terms)


def wanted_terms(text: str) -> list[str]:
    """Return the terms of which a query's address or domain asks any; wildcards are kept."""
    if text.startswith("@"):
        return [value(text)]
    if "@" in text:
        return [f"={value(text)}"]
    return [f"@{value(text)}", f"<{value(text)}"]
