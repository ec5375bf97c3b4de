"""Pseudonyms: what stands in a reduced view for a person, an organisation, a number.

The same one gets the same pseudonym throughout a scope (a purpose with its detail) and another in
every other scope. Pseudonyms come out of a key derived from the archive's identity key, so that
nobody who has not that key can test a guess, or tell which of two scopes are one's.
"""

import base64
import re
from enum import StrEnum
from typing import Final

from archive.events.identity import Identity
from archive.query.analysis import value, words

_CODE_BYTES: Final = 5
_DIGIT: Final = re.compile(r"\d")
FEWEST_DIGITS: Final = 7
"""So many digits or more in one number could tell whose it is."""
OWN: Final = ""
"""Stands in place of a pseudonym for what is not replaced: it is the reader's own."""
_CARD_DIGITS: Final = range(13, 20)


class Stands(StrEnum):
    """What a pseudonym stands for; it is how the pseudonym begins."""

    PERSON = "Person"
    ORGANISATION = "Org"
    PHONE = "Phone"
    NUMBER = "Number"
    CARD = "Card"
    ACCOUNT = "Account"
    LINK = "Link"
    FILE = "File"
    ID = "Id"


class Pseudonyms:
    """Gives the pseudonyms of one scope: a word that says what it stands for, and 8 letters."""

    def __init__(self, identity: Identity, scope: str) -> None:
        self._identity = identity
        self._scope = scope
        self._given: dict[tuple[Stands, str], str] = {}

    def of(self, stands: Stands, text: str) -> str:
        """Return the pseudonym of a text that has been brought into one form."""
        given = self._given.get((stands, text))
        if given is None:
            digest = self._identity.pseudonym(self._scope, stands.value, text)
            given = stands.value + base64.b32encode(digest[:_CODE_BYTES]).decode()
            self._given[stands, text] = given
        return given

    def person(self, address: str | None, name: str | None) -> str:
        """Return a person's pseudonym: by the address, or by the name where there is none."""
        key = address_key(address) if address else None
        return self.of(Stands.PERSON, key or name_key(name or ""))

    def address(self, address: str) -> str:
        """Return what stands for an address: the person's pseudonym, and the domain's after an @.

        A telephone number gets that of a number.
        """
        key = address_key(address)
        if is_number(key):
            return self.number(key)
        _, at, domain = key.rpartition("@")
        person = self.of(Stands.PERSON, key)
        return f"{person}@{self.domain(domain)}" if at else person

    def domain(self, domain: str) -> str:
        """Return the pseudonym of the organisation that has a domain."""
        return self.of(Stands.ORGANISATION, value(domain).strip(".").removeprefix("www."))

    def number(self, text: str) -> str:
        """Return the pseudonym of a number: a card's, a telephone's, or another."""
        found = digits(text)
        if len(found) in _CARD_DIGITS and luhn(found):
            return self.of(Stands.CARD, found)
        plain = text.strip().isdigit()
        return self.of(Stands.NUMBER if plain else Stands.PHONE, found)


def address_key(address: str) -> str:
    """Return the form in which addresses and handles are compared."""
    return value(address).removeprefix("mailto:").strip("<>'\"@ .")


def name_key(name: str) -> str:
    """Return the form in which names are compared: their words, without case or accents."""
    return " ".join(word.folded for word in words(name))


def is_number(text: str) -> bool:
    """Say whether an address is a telephone number."""
    return "@" not in text and not re.search(r"[^\W\d_]", text) and len(digits(text)) > 2


def digits(text: str) -> str:
    """Return the digits of a text, whatever script they are in, as 0 to 9."""
    return "".join(str(int(digit)) for digit in _DIGIT.findall(text))


def luhn(digits: str) -> bool:
    """Say whether the last digit checks the others, as on payment cards (ISO/IEC 7812-1)."""
    doubled = [int(digit) * 2 for digit in digits[-2::-2]]
    plain = [int(digit) for digit in digits[::-2]]
    return (sum(plain) + sum(each - 9 * (each > 9) for each in doubled)) % 10 == 0


def iban(text: str) -> bool:
    """Say whether the check digits of an international account number hold (ISO 13616)."""
    plain = "".join(text.split()).upper()
    if not (15 <= len(plain) <= 34 and plain.isascii() and plain.isalnum()):
        return False
    return int("".join(str(int(each, 36)) for each in plain[4:] + plain[:4])) % 97 == 1
