"""The conversations that are played again and again, with other people and other details.

A template has turns of the form `A: text`: who speaks, and what. What is said can be chosen and
filled in (`scripts.demo.phrasing`), and a conversation may end before its last turn.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any

from scripts.demo.company import Company, Person, texts
from scripts.demo.phrasing import Details, expand

Cast = Mapping[str, Person]


@dataclass(frozen=True, slots=True)
class Turn:
    """What one person says, once."""

    speaker: str
    text: str


def templates(language: str, kind: str) -> Sequence[dict[str, Any]]:
    """Return the templates of one kind: office, customer, supplier, support, chat."""
    found: Sequence[dict[str, Any]] = texts(language).get(kind, [])
    return found


def pick(language: str, kind: str, rng: Random) -> dict[str, Any]:
    """Return one template of a kind by chance; a `weight` below 10 makes it rarer."""
    known = templates(language, kind)
    return rng.choices(known, [template.get("weight", 10) for template in known])[0]


def phrase(language: str, kind: str, rng: Random, details: Details) -> str:
    """Return one of a language's short phrases: a greeting, a closing, an aside."""
    return expand(rng.choice(texts(language)["phrases"][kind]), rng, details)


def details_of(
    company: Company, rng: Random, language: str, day: date, cast: Cast, **known: str
) -> Details:
    """Return the details of one conversation; `{a}` is what A is called."""
    words = company.words | texts(language).get("words", {})
    names = {letter.lower(): person.given for letter, person in cast.items()}
    names |= {f"{letter.lower()}_name": person.name for letter, person in cast.items()}
    return Details(rng, language, day, words, **names, **known)


def play(template: Mapping[str, Any], rng: Random, details: Details) -> list[Turn]:
    """Return a conversation: its first turns, as many as chance has it."""
    turns: Sequence[str] = template["turns"]
    least = template.get("least", min(2, len(turns)))
    told = turns[: rng.randrange(least, len(turns) + 1)]
    return [Turn(turn[0], expand(turn[2:].strip(), rng, details)) for turn in told]
