"""The stories worth finding, told step by step across mail, chat, calls, tickets and posts."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from scripts.demo import documents
from scripts.demo.company import Company, Person, texts
from scripts.demo.correspondence import message_id
from scripts.demo.helpdesk import DESK, MAILBOX
from scripts.demo.items import SUPPORT, Enclosure, Entry, Item, Mail, Withdrawal
from scripts.demo.moments import at_home, at_work, later

_SYSTEMS = {
    "chat": ("team-chat", "chat", "message"),
    "call": ("phone", "voice", "call"),
    "callback": ("helpdesk", "voice", "call"),
    "ticket": ("helpdesk", "ticket", "ticket"),
    "comment": ("helpdesk", "ticket", "comment"),
    "meeting": ("meetings", "video", "meeting"),
    "post": ("social", "social", "post"),
}


def stories_of(company: Company, month: int) -> Iterator[Item]:
    """Give the stories that begin in a month."""
    told = texts("stories")
    for story in told["story"]:
        if story["month"] == month:
            yield from _Teller(company, story, told["people"], told["enclosures"]).items()


class _Teller:
    def __init__(
        self,
        company: Company,
        story: Mapping[str, Any],
        others: Mapping[str, Mapping[str, str]],
        enclosures: Mapping[str, Mapping[str, Any]],
    ) -> None:
        self._company = company
        self._story = story
        self._rng: Random = company.rng("story", story["name"])
        self._enclosures = enclosures
        self._others = {
            key: Person(
                language="en",
                name=known["name"],
                address=known["address"],
                zone=ZoneInfo(known["zone"]),
                location=known["location"],
                organisation=known.get("organisation"),
            )
            for key, known in others.items()
        }
        self._ids: dict[str, list[str]] = {}
        self._subjects: dict[str, str] = {}

    def items(self) -> Iterator[Item]:
        """Give the story's items up to the demo's last day."""
        begin = self._company.day(self._story["month"], self._story["day"])
        moment: datetime | None = None
        for step in self._story["steps"]:
            by = self._person(step["by"])
            day = begin + timedelta(days=step["at"])
            if moment is not None and moment.date() >= day:
                moment = later(self._rng, moment, by.zone, minutes=(2, 25), work=False)
            else:
                moment = (at_work if by.is_employee else at_home)(self._rng, day, by.zone)
            if moment.date() >= self._company.today:
                return
            if step["how"] in ("mail", "support"):
                yield self._mail(step, by, moment)
            else:
                yield from self._entry(step, by, moment)

    def _person(self, name: str) -> Person:
        return self._others.get(name) or self._company.named(name)

    def _mail(self, step: Mapping[str, Any], by: Person, moment: datetime) -> Mail:
        ids = self._ids.setdefault(step["thread"], [])
        subject = self._subjects.setdefault(step["thread"], step.get("subject", ""))
        to, cc = ([self._person(name) for name in step.get(key, ())] for key in ("to", "cc"))
        is_support = step["how"] == "support"
        here = [person.address for person in (by, *to, *cc) if person.is_employee]
        mail = Mail(
            id=message_id(self._rng, moment, by),
            sent=moment,
            sender=by,
            to=(MAILBOX,) if is_support else tuple(to),
            cc=tuple(cc),
            subject=f"Re: {subject}" if ids else subject,
            text=f"{step['text']}\n\n{by.name}\n",
            language="en",
            mailboxes=(SUPPORT,) if is_support else tuple(here),
            references=tuple(ids),
            enclosures=tuple(self._enclosed(step)),
        )
        ids.append(mail.id)
        return mail

    def _enclosed(self, step: Mapping[str, Any]) -> Iterator[Enclosure]:
        if "enclosure" not in step:
            return
        known = self._enclosures[step["enclosure"]]
        rows = [line.split("|") for line in known["lines"]]
        match known["kind"]:
            case "xlsx":
                yield documents.xlsx(known["name"], "Sheet 1", [[known["title"]], *rows])
            case "csv":
                yield documents.table(known["name"], rows)
            case "docx":
                yield documents.docx(known["name"], known["title"], known["lines"])
            case "pdf":
                yield documents.pdf(known["name"], known["title"], known["lines"])

    def _entry(self, step: Mapping[str, Any], by: Person, moment: datetime) -> Iterator[Item]:
        system, channel, kind = _SYSTEMS[step["how"]]
        ids = self._ids.setdefault(step["thread"], [])
        native_id = self._native_id(step, len(ids))
        people = [by, *(self._person(name) for name in step.get("to", ()))]
        place = step["thread"] if step["thread"].startswith("#") else "direct"
        is_chat = channel == "chat"
        document: dict[str, Any] = {
            "native_id": native_id,
            "channel": channel,
            "kind": "reply" if channel == "social" and ids else kind,
            "direction": _direction(people, channel),
            "occurred_at": moment.isoformat(),
            "conversation": f"{self._story['name']}/{step['thread']}"
            if system != "helpdesk"
            else step["thread"],
            "in_reply_to": ids[0] if ids and not is_chat else None,
            "participants": [
                person.as_participant(role)
                for person, role in zip(people, _roles(people, channel), strict=True)
            ],
            "subject": self._subject(step, place, people),
            "text": step["text"],
            "language": "en",
            "location": by.location,
            "custodian": self._custodian(system, place, by),
            "labels": {"channel": place} if is_chat else {},
        }
        if "outcome" in step:
            seconds = len(step["text"]) // 14 + self._rng.randrange(30, 200)
            document["metrics"] = {"handling_seconds": seconds, "outcome": step["outcome"]}
            if "value" in step:
                document["metrics"]["value"] = step["value"]
        ids.append(native_id)
        yield Entry(system, document)
        if "edited" in step:
            yield Entry(system, document | {"text": step["edited"]}, revises=True)
        if step.get("withdrawn"):
            yield Withdrawal(system, document["custodian"], native_id)

    def _native_id(self, step: Mapping[str, Any], count: int) -> str:
        if step["how"] == "ticket":
            return str(step["thread"])
        if step["how"] in ("callback", "comment"):
            return f"{step['thread']}-{count}"
        return f"{self._story['name']}-{step['thread'].strip('#')}-{count}"

    @staticmethod
    def _subject(step: Mapping[str, Any], place: str, people: list[Person]) -> str | None:
        if step["how"] != "chat":
            return step.get("subject")
        return (
            place if place != "direct" else " and ".join(sorted(person.name for person in people))
        )

    @staticmethod
    def _custodian(system: str, place: str, by: Person) -> str | None:
        if system == "helpdesk":
            return DESK
        if system == "social" or place.startswith("#"):
            return None
        return by.name


def _direction(people: list[Person], channel: str) -> str:
    if all(person.is_employee for person in people) and channel != "social":
        return "internal"
    return "outbound" if people[0].is_employee else "inbound"


def _roles(people: list[Person], channel: str) -> list[str]:
    if channel in ("ticket", "voice"):
        return [
            "agent" if person.is_employee else "customer" if person.is_customer else "speaker"
            for person in people
        ]
    if channel == "video":
        return ["speaker" for _ in people]
    return ["author", *("member" for _ in people[1:])]
