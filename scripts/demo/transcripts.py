"""What was said aloud: support calls, sales calls and meetings, as their transcripts."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from random import Random
from typing import Any

from scripts.demo.company import LANGUAGES, Company
from scripts.demo.items import Entry
from scripts.demo.moments import at_work
from scripts.demo.phrasing import Details, expand
from scripts.demo.scripts import Cast, Turn, details_of, pick, play, templates

_SALES_CALLS, _MEETINGS = 4, 3


def transcript(cast: Cast, turns: list[Turn]) -> str:
    """Return what was said, a line a turn, each with who said it."""
    return "\n".join(f"{cast[turn.speaker].name}: {turn.text}" for turn in turns)


def call(
    rng: Random,
    template: Mapping[str, Any],
    cast: Cast,
    details: Details,
    moment: datetime,
    outcome: str,
) -> dict[str, Any]:
    """Return a call between a customer, A, and an agent, B."""
    turns = play({"least": len(template["turns"])} | dict(template), rng, details)
    said = transcript(cast, turns)
    return {
        "channel": "voice",
        "kind": "call",
        "direction": template.get("direction", "inbound"),
        "occurred_at": moment.isoformat(),
        "participants": [
            cast["A"].as_participant("customer"),
            cast["B"].as_participant("agent"),
        ],
        "text": said,
        "location": cast["B"].location,
        # People say about fourteen letters a second; some time is spent on hold.
        "metrics": {
            "handling_seconds": len(said) // 14 + rng.randrange(15, 240),
            "outcome": outcome,
        },
    }


def month_of_talk(company: Company, month: int) -> Iterator[Entry]:
    """Give one month's sales calls and meetings."""
    rng = company.rng("talk", month)
    for number in range(_SALES_CALLS):
        yield from _sales_call(company, rng, month, number)
    for number in range(_MEETINGS):
        yield from _meeting(company, rng, month, number)


def _sales_call(company: Company, rng: Random, month: int, number: int) -> Iterator[Entry]:
    spoken = [language for language in LANGUAGES if templates(language, "sales_call")]
    language = rng.choice(["en", *spoken])
    sellers = company.staff(month, ("Sales",), language) or company.staff(month, ("Sales",))
    cast = {"A": rng.choice(company.customers[language]), "B": rng.choice(sellers)}
    moment = at_work(rng, company.day(month, rng.randrange(1, 29)), cast["B"].zone)
    if moment.date() >= company.today:
        return
    template = pick(language, "sales_call", rng)
    outcome = rng.choice(("sale", "sale", "no sale", "callback", "referral"))
    details = details_of(company, rng, language, moment.date(), cast)
    document = call(rng, template, cast, details, moment, outcome)
    if outcome == "sale":
        document["metrics"]["value"] = rng.randrange(45, 160) * 100
    identity = {
        "native_id": f"call-{month:02}{number}",
        "subject": expand(template["subject"], rng, details),
        "language": language,
        "custodian": cast["B"].name,
    }
    yield Entry("phone", document | identity)


def _meeting(company: Company, rng: Random, month: int, number: int) -> Iterator[Entry]:
    template = pick("en", "meeting", rng)
    people = company.staff(month, template.get("departments", ()))
    cast = dict(zip("ABCD", rng.sample(people, min(len(people), 4)), strict=False))
    moment = at_work(rng, company.day(month, rng.randrange(1, 29)), cast["A"].zone)
    if moment.date() >= company.today:
        return
    details = details_of(company, rng, "en", moment.date(), cast)
    turns = play(template, rng, details)
    yield Entry(
        "meetings",
        {
            "native_id": f"meeting-{month:02}{number}",
            "channel": "video",
            "kind": "meeting",
            "direction": "internal",
            "occurred_at": moment.isoformat(),
            "participants": [
                cast[letter].as_participant("speaker")
                for letter in sorted({turn.speaker for turn in turns})
            ],
            "subject": expand(template["subject"], rng, details),
            "text": transcript(cast, turns),
            "language": "en",
            "location": cast["A"].location,
            "custodian": cast["A"].name,
            "metrics": {"handling_seconds": 60 * rng.randrange(12, 75)},
        },
    )
