"""The people of a record, by every word that names them in its texts.

Whoever takes part, the custodian, and whoever the headers of a quoted message name. Of each: the
whole name, each of its words, the words of the address's local part, and the name run together as
in a handle. Words that name no person alone (function words, mailboxes of offices) count only
within the whole name.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from archive.access.views.pseudonyms import (
    FEWEST_DIGITS,
    Pseudonyms,
    Stands,
    address_key,
    is_number,
    name_key,
)
from archive.access.views.quoted import ADDRESS, quoted_people
from archive.model.record import Record
from archive.query.analysis import value, words

Phrase = tuple[str, ...]
_SHORTEST: Final = 2
_SHORTEST_OF_ADDRESS: Final = 3

# Function words of the languages that mail is mostly written in, forms of address and of company,
# and the mailboxes of RFC 2142 with their kin. All of them also stand where nobody is named.
_NOBODY: Final = frozenset(
    """
    a all am an and any as at be but by do for from has have he her his i if in is it its me my
    no not of on or our out pm re she so that the their them they this to us via was we were who
    with you your der die das den dem des ein eine im ist und von vom zu zum zur an auf aus bei mit
    nach oder ich sie wir el la las los le les un une de del di da do dos du des et en y e o au
    aux con van op het te och att det som av mr mrs ms miss dr prof sir herr
    frau mme mlle monsieur madame senor senora inc ltd llc gmbh ag kg co corp plc sa sas bv nv ab
    info marketing support abuse noc security postmaster hostmaster usenet news webmaster www uucp
    ftp mail email mailto noreply reply no nobody undisclosed recipients list lists group team
    service services office admin administrator helpdesk contact hello newsletter notification
    notifications system daemon mailer com org net edu gov
    """.split()  # noqa: SIM905 - a list of a hundred quoted words would not be read.
)
_JOINING: Final = re.compile(r"['`\u00b4\u2018\u2019\u02bc\u2010\u2011-]")
# How passports, logins and old programs write these letters (ICAO Doc 9303-3, section 6).
_TRANSCRIBED: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
_ONE_LETTER: Final = re.compile(r"[\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff]")


@dataclass(frozen=True, slots=True)
class Names:
    """What names people in the texts of one record.

    `phrases` are pseudonyms by the words that name somebody, `addresses` those of addresses and
    handles by the form they are compared in, `domains` are those of the addresses.
    """

    phrases: Mapping[Phrase, str]
    addresses: Mapping[str, str]
    domains: frozenset[str]
    first_words: frozenset[str]


def names_of(record: Record, pseudonyms: Pseudonyms, texts: Iterable[str]) -> Names:
    """Return what names people in a record, whose texts these are."""
    people = [(one.name, one.address) for one in record.content.participants]
    people += [person for text in texts for person in quoted_people(text)]
    people += [(record.custodian, None)]
    gathered = _Gathered(pseudonyms)
    # Those with an address first: who is named by no more than words of one's name is that one.
    for name, address in sorted(dict.fromkeys(people), key=lambda person: person[1] is None):
        gathered.add(name, address)
    for one in record.content.participants:
        if one.organisation:
            organisation = pseudonyms.of(Stands.ORGANISATION, name_key(one.organisation))
            gathered.named(_words(one.organisation), organisation)
    return gathered.names()


def people_names(people: Iterable[tuple[str | None, str | None]], pseudonyms: Pseudonyms) -> Names:
    """Return what names people who are known by a name, an address or both."""
    gathered = _Gathered(pseudonyms)
    for name, address in people:
        gathered.add(name, address)
    return gathered.names()


@dataclass(slots=True)
class _Gathered:
    pseudonyms: Pseudonyms
    phrases: dict[Phrase, set[str]] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    domains: set[str] = field(default_factory=set)

    def add(self, name: str | None, address: str | None) -> None:
        name = name and " ".join(name.split())
        if name and "@" in name:
            # A name that is an address, or holds one, as in `ann@x.org (by way of a list)`.
            for found in ADDRESS.findall(name):
                self.address(found)
            name = ADDRESS.sub(" ", name)
        full, name = name, name and _without_units(name)
        whole = _words(name or "")
        if address:
            person = self.pseudonyms.person(address, None)
            self.address(address)
        elif whole:
            known = self.known(whole)
            person = self.pseudonyms.person(None, name) if known is None else known
        else:
            return
        self.named(_words(full or ""), person)
        for phrase in _phrases(name or "", whole):
            self.named(phrase, person)

    def known(self, whole: Phrase) -> str | None:
        """Return the one whom all the words of a name name already, if there is one."""
        telling = [word for word in whole if len(word) >= _SHORTEST and word not in _NOBODY]
        found = [self.phrases.get((word,), frozenset[str]()) for word in telling]
        common = frozenset(found[0]).intersection(*found[1:]) if found else frozenset[str]()
        return next(iter(common)) if len(common) == 1 else None

    def address(self, address: str) -> None:
        key = address_key(address)
        if not key:
            return
        self.addresses[key] = self.pseudonyms.address(address)
        local, at, domain = key.rpartition("@")
        if at and "." in domain:
            self.domains.add(domain)
        if is_number(key):
            # Longer ones are found as numbers.
            if len(key) < FEWEST_DIGITS:
                self.named(_words(key), self.addresses[key])
            return
        person = self.pseudonyms.person(address, None)
        # The local part of a Notes name used as an address has blanks, which no other has.
        local = local.partition("/")[0] if " " in local else local
        found = _words(local if at else key)
        for word in (*found, "".join(found)):
            for form in (word, word.strip("0123456789")):
                if len(form) >= _SHORTEST_OF_ADDRESS and not form.isdigit():
                    self.named((form,), person)

    def named(self, phrase: Phrase, person: str) -> None:
        if len(phrase) > 1 or (phrase and phrase[0] not in _NOBODY):
            self.phrases.setdefault(phrase, set()).add(person)

    def names(self) -> Names:
        phrases = {
            phrase: next(iter(found))
            if len(found) == 1
            # A name that several share says of nobody who it is.
            else self.pseudonyms.of(Stands.PERSON, " ".join(phrase))
            for phrase, found in self.phrases.items()
        }
        firsts = frozenset(phrase[0] for phrase in phrases)
        return Names(phrases, self.addresses, frozenset(self.domains), firsts)


def _without_units(name: str) -> str:
    """Return a name without the units that Lotus Notes writes after it: `Ann Lee/HR/Acme@ACME`."""
    person, slash, units = name.partition("/")
    if slash:
        # Two people may be written so too, and who is taken for a unit would stand in clear; and
        # airlines write the family's name first, all in capitals.
        in_capitals = any(each.isupper() for each in units.split("/"))
        noted = "@" in units or (in_capitals and " " in person and not person.isupper())
    else:
        person, _, domain = name.partition("@")
        noted = " " in person and not person.endswith(" ") and " " not in domain
    return person if person and noted else name


def _words(text: str) -> Phrase:
    return tuple(word.folded for word in words(text))


def _phrases(name: str, whole: Phrase) -> Iterator[Phrase]:
    """Yield the ways in which a name is written."""
    for spelled in dict.fromkeys((whole, *_spellings(name))):
        yield from _forms(spelled)
    for part in name.split():
        spelled = _words(part)
        if len(spelled) > 1:
            yield spelled
        if len(spelled) > _SHORTEST and all(map(_ONE_LETTER.fullmatch, spelled)):
            # A family name of one sign and a given name of two, written without a space.
            yield spelled[-2:]


def _spellings(name: str) -> Iterator[Phrase]:
    """Yield the words of a name without hyphens and apostrophes, and in letters of ASCII."""
    joined = _JOINING.sub("", name)
    yield _words(joined)
    composed = value(name)
    for each in (composed, _JOINING.sub("", composed)):
        yield _words(each.translate(_TRANSCRIBED))


def _forms(whole: Phrase) -> Iterator[Phrase]:
    """Yield a name, each of its words, and the name run together."""
    yield whole
    for word in whole:
        if len(word) >= _SHORTEST and word not in _NOBODY and not word.isdigit():
            yield (word,)
            if len(word) > _SHORTEST and word.isalpha():
                yield (f"{word}s",)
    if len(whole) > 1:
        first, last = whole[0], whole[-1]
        for glued in ("".join(whole), last + first, first[0] + last, first + last[0]):
            if len(glued) > _SHORTEST_OF_ADDRESS:
                yield (glued,)
