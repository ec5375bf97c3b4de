"""Team chat: channels and direct messages, with what was edited and taken back afterwards."""

from collections.abc import Iterator
from datetime import datetime
from random import Random
from typing import Any

from scripts.demo.company import LANGUAGES, Company, Person
from scripts.demo.items import Entry, Item, Withdrawal
from scripts.demo.moments import at_work, later
from scripts.demo.scripts import details_of, phrase, pick, play

SYSTEM = "team-chat"
_TALKS = 14


def month_of_chat(company: Company, month: int) -> Iterator[Item]:
    """Give one month's chat: who came and went, then talk after talk."""
    rng = company.rng(SYSTEM, month)
    yield from _comings_and_goings(company, month)
    for number in range(_TALKS):
        language = rng.choices(LANGUAGES, (66, 11, 7, 6, 6, 4))[0]
        if len(company.staff(month, (), language)) < 2:
            language = "en"
        template = pick(language, "chat", rng)
        home = None if language == "en" else language
        people = company.staff(month, template.get("departments", ()), home)
        if len(people) < 3:
            people = company.staff(month, (), home)
        cast = dict(zip("ABC", rng.sample(people, min(len(people), 3)), strict=False))
        if "channel" not in template:
            cast = {letter: cast[letter] for letter in "AB"}
        begun = at_work(rng, company.day(month, rng.randrange(1, 29)), cast["A"].zone)
        talk = f"{month:02}{number:02}"
        yield from chat(company, rng, template, cast, language, begun, talk)


def chat(
    company: Company,
    rng: Random,
    template: dict[str, Any],
    cast: dict[str, Person],
    language: str,
    begun: datetime,
    talk: str,
    *,
    changes: bool = True,
) -> Iterator[Item]:
    """Play one talk; without a channel it is one of direct messages.

    With `changes` some messages are edited or taken back later.
    """
    details = details_of(company, rng, language, begun.date(), cast)
    place = template.get("channel", "direct")
    moment = begun
    for number, turn in enumerate(play(template, rng, details)):
        author = cast[turn.speaker]
        moment = later(rng, moment, author.zone, minutes=(1, 14), work=False)
        if moment.date() >= company.today:
            return
        others = [person for letter, person in cast.items() if letter != turn.speaker]
        text = turn.text
        if rng.random() < 0.45:
            text = f"{text} {phrase(language, 'tails', rng, details)}"
        entry = Entry(
            SYSTEM,
            {
                "native_id": f"{talk}-{number}",
                "channel": "chat",
                "kind": "message",
                "direction": "internal",
                "occurred_at": moment.isoformat(),
                "conversation": f"{place}/{talk}",
                "participants": [
                    author.as_participant("author"),
                    *(person.as_participant("member") for person in others),
                ],
                "subject": " and ".join(sorted(person.name for person in cast.values()))
                if place == "direct"
                else place,
                "text": text,
                "language": language,
                "location": author.location,
                "custodian": None if place != "direct" else cast["A"].name,
                "labels": {"channel": place},
            },
        )
        yield entry
        chance = rng.random()
        if changes and chance < 0.035:
            added = phrase(language, "corrections", rng, details)
            yield Entry(SYSTEM, entry.document | {"text": f"{text} {added}"}, revises=True)
        elif changes and chance < 0.055:
            document = entry.document
            yield Withdrawal(SYSTEM, document["custodian"], document["native_id"])


def _comings_and_goings(company: Company, month: int) -> Iterator[Entry]:
    for person in company.people:
        for kind, when, text in (
            ("join", person.joined, "{} joined #all."),
            ("leave", person.left, "{} left #all."),
        ):
            rng = company.rng(SYSTEM, kind, person.address)
            moment = at_work(rng, company.day(month, 2 if kind == "join" else 27), person.zone)
            if when != month or month == 0 or moment.date() >= company.today:
                continue
            yield Entry(
                SYSTEM,
                {
                    "native_id": f"{kind}-{person.login}",
                    "channel": "chat",
                    "kind": kind,
                    "direction": "internal",
                    "occurred_at": moment.isoformat(),
                    "conversation": "#all/members",
                    "participants": [person.as_participant("member")],
                    "subject": "#all",
                    "text": text.format(person.name),
                    "location": person.location,
                    "labels": {"channel": "#all"},
                },
            )
