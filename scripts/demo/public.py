"""What the public sees: posts, what people say to them, and documents that are filed."""

from base64 import b64encode
from collections.abc import Iterator
from random import Random
from typing import Any

from scripts.demo.company import LANGUAGES, Company, Person
from scripts.demo.enclosures import enclosure
from scripts.demo.items import Entry
from scripts.demo.moments import at_work, later
from scripts.demo.phrasing import Details, expand
from scripts.demo.scripts import details_of, pick, play, templates

_POSTS, _FILES = 4, 2
_FILED = ("quote", "agreement", "list", "readings", "note", "invoice")


def month_of_posts(company: Company, month: int) -> Iterator[Entry]:
    """Give one month's posts, each with its replies."""
    rng = company.rng("social", month)
    for number in range(_POSTS):
        spoken = [language for language in LANGUAGES if templates(language, "social")]
        language = rng.choices(spoken, [5] + [1] * (len(spoken) - 1))[0]
        template = pick(language, "social", rng)
        author = rng.choice(company.staff(month, ("Marketing",)))
        customers = rng.sample(company.customers[language], 2)
        cast = {"A": author, "B": customers[0], "C": customers[1]}
        yield from _post(company, rng, template, cast, language, month, number)


def _post(
    company: Company,
    rng: Random,
    template: dict[str, Any],
    cast: dict[str, Person],
    language: str,
    month: int,
    number: int,
) -> Iterator[Entry]:
    moment = at_work(rng, company.day(month, rng.randrange(1, 29)), cast["A"].zone)
    details = details_of(company, rng, language, moment.date(), cast)
    thread = f"post-{month:02}{number}"
    answered: str | None = None
    for place, turn in enumerate(play(template, rng, details)):
        author = cast[turn.speaker]
        own = "tarnwick" if author.is_employee else author.login
        said = f"@{answered} {turn.text}" if answered not in (None, own) else turn.text
        answered = own
        if place:
            moment = later(rng, moment, author.zone, minutes=(3, 900), work=author.is_employee)
        if moment.date() >= company.today:
            return
        yield Entry(
            "social",
            {
                "native_id": f"{thread}-{place}",
                "channel": "social",
                "kind": "reply" if place else "post",
                "direction": "outbound" if author.is_employee else "inbound",
                "occurred_at": moment.isoformat(),
                "conversation": thread,
                "in_reply_to": f"{thread}-{place - 1}" if place else None,
                "participants": [author.as_participant("author", address=f"{own}@social.example")],
                "text": said,
                "language": language,
                "labels": {"likes": str(rng.randrange(0, 90))},
            },
        )


def month_of_files(company: Company, month: int) -> Iterator[Entry]:
    """Give the documents that were filed in one month."""
    rng = company.rng("documents", month)
    for number in range(_FILES):
        language = rng.choice(("en", "en", "en", "de", "fr"))
        author = rng.choice(company.staff(month, (), language))
        moment = at_work(rng, company.day(month, rng.randrange(1, 29)), author.zone)
        if moment.date() >= company.today:
            return
        details = details_of(company, rng, language, moment.date(), {"A": author})
        yield filed(rng, details, author, moment.isoformat(), language, f"file-{month:02}{number}")


def filed(
    rng: Random, details: Details, author: Person, moment: str, language: str, native_id: str
) -> Entry:
    """Return a document as a shared folder holds it."""
    document = enclosure(rng.choice(_FILED), rng, details, language)
    return Entry(
        "documents",
        {
            "native_id": native_id,
            "channel": "file",
            "kind": "file",
            "direction": "internal",
            "occurred_at": moment,
            "participants": [author.as_participant("author")],
            "subject": document.filename,
            "text": expand("Filed by {a_name}, {project} folder.", rng, details),
            "language": language,
            "location": author.location,
            "custodian": author.name,
            "attachments": [
                {
                    "filename": document.filename,
                    "media_type": document.media_type,
                    "data": b64encode(document.data).decode(),
                }
            ],
        },
    )
