"""Who the demo is about: the company's people, its suppliers, its customers, and when."""

import re
import tomllib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

NAME = "Tarnwick Energy"
DOMAIN = "tarnwick.example"
MONTHS = 40
"""How many months the demo tells of before the present one."""

_TEXTS = Path(__file__).parent / "texts"
_CUSTOMER_DOMAINS = ("example.com", "example.org", "example.net")
_CUSTOMERS = {"en": 110, "de": 55, "fr": 40, "es": 36, "nl": 36, "ja": 10}
LANGUAGES = tuple(_CUSTOMERS)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who takes part. `joined` and `left` count months of the demo."""

    name: str
    address: str
    language: str
    zone: ZoneInfo
    organisation: str | None = None
    department: str | None = None
    location: str | None = None
    title: str | None = None
    phone: str | None = None
    joined: int = 0
    left: int = 99

    @property
    def given(self) -> str:
        """The name that colleagues use."""
        return self.name.split()[-1 if self.language == "ja" and self.is_customer else 0]

    @property
    def login(self) -> str:
        """The part of the address before the @, which names mailboxes and chat members."""
        return self.address.partition("@")[0]

    @property
    def is_employee(self) -> bool:
        """Whether the company employs them."""
        return self.address.endswith(f"@{DOMAIN}")

    @property
    def is_customer(self) -> bool:
        """Whether they buy for themselves."""
        return self.organisation is None

    def as_participant(self, role: str, *, address: str | None = None) -> dict[str, str]:
        """Return them as an interaction names a participant."""
        fields = {
            "role": role,
            "address": address or self.address,
            "name": self.name,
            "organisation": self.organisation,
            "department": self.department,
            "location": self.location,
        }
        return {key: value for key, value in fields.items() if value}


@dataclass(frozen=True, slots=True)
class Supplier:
    """A company that sells to this one."""

    name: str
    goods: str
    language: str
    people: tuple[Person, ...]


@cache
def texts(name: str) -> dict[str, Any]:
    """Return one of the files of templates and facts, read once."""
    return tomllib.loads((_TEXTS / f"{name}.toml").read_text(encoding="utf-8"))


class Company:
    """The company over its years; the same seed and day give the same."""

    def __init__(self, seed: int, today: date) -> None:
        self.seed = seed
        self.today = today
        self._facts = texts("company")
        self.words: dict[str, list[str]] = self._facts["words"]

    def day(self, month: int, of_month: int = 1) -> date:
        """Return a day by its month, counted from the first; months before it are negative."""
        years, rest = divmod(self.today.year * 12 + self.today.month - 1 - MONTHS + month, 12)
        return date(years, rest + 1, of_month)

    def rng(self, *of: object) -> Random:
        """Return chance of its own for one part, so that no part's changes move another's."""
        return Random("/".join(map(str, (self.seed, *of))))

    @cached_property
    def people(self) -> tuple[Person, ...]:
        """Everybody who works here or did."""
        offices = {office["city"]: office for office in self._facts["offices"]}
        found = []
        for number, row in enumerate(self._facts["people"]["rows"]):
            name, department, city, title, joined, left = row.split("|")
            office = offices[city]
            found.append(
                Person(
                    name=name,
                    address=f"{login(name)}@{DOMAIN}",
                    language=office["language"],
                    zone=ZoneInfo(office["zone"]),
                    organisation=NAME,
                    department=department,
                    location=city,
                    title=title,
                    phone=office["phone"].format(100 + number) or None,
                    joined=int(joined),
                    left=int(left),
                )
            )
        return tuple(found)

    def named(self, name: str) -> Person:
        """Return an employee or a supplier's person by the beginning of the name."""
        everybody = (*self.people, *(each for one in self.suppliers for each in one.people))
        return next(person for person in everybody if person.name.startswith(name))

    def staff(
        self, month: int, departments: Sequence[str] = (), language: str | None = None
    ) -> list[Person]:
        """Return who works here in a month, in these departments, at home in this language."""
        return [
            person
            for person in self.people
            if person.joined <= month <= person.left
            and (not departments or person.department in departments)
            and (language is None or person.language == language)
        ]

    @cached_property
    def suppliers(self) -> tuple[Supplier, ...]:
        """Who sells to the company."""
        return tuple(
            Supplier(
                name=entry["name"],
                goods=entry["goods"],
                language=entry["language"],
                people=tuple(
                    Person(
                        name=name,
                        address=f"{login(name)}@{entry['domain']}",
                        language=entry["language"],
                        zone=ZoneInfo(entry["zone"]),
                        organisation=entry["name"],
                    )
                    for name in entry["people"]
                ),
            )
            for entry in self._facts["suppliers"]
        )

    @cached_property
    def customers(self) -> dict[str, tuple[Person, ...]]:
        """Who buys from the company, by language."""
        return {language: tuple(self._customers(language)) for language in LANGUAGES}

    def _customers(self, language: str) -> list[Person]:
        facts, rng = self._facts["customers"][language], self.rng("customers", language)
        if "pairs" in facts:
            named = [tuple(pair.split("|")) for pair in facts["pairs"]]
        else:
            pairs = [f"{given} {family}" for given in facts["given"] for family in facts["family"]]
            named = [(name, login(name)) for name in rng.sample(pairs, _CUSTOMERS[language])]
        return [
            Person(
                name=name,
                address=f"{local}@{rng.choice(_CUSTOMER_DOMAINS)}",
                language=language,
                zone=ZoneInfo(rng.choice(facts["zones"])),
                location=rng.choice(facts["cities"]),
            )
            for name, local in named
        ]


def login(name: str) -> str:
    """Return a name as the part of an address before the @."""
    plain = unicodedata.normalize("NFKD", name).replace("ß", "ss").encode("ascii", "ignore")
    return re.sub(r"[^a-z-]+", ".", plain.decode().lower())
