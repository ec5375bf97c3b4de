"""Support cases: a mail, a call or a form begins one; the ticket, comments and answers follow.

Everything of a case is of one system, so that mail, calls and the ticket are one conversation:
by the case's number, and where mail began it, by the mail that it answers.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from scripts.demo.company import DOMAIN, LANGUAGES, NAME, Company, Person
from scripts.demo.correspondence import message_id
from scripts.demo.items import SUPPORT, Entry, Item, Mail
from scripts.demo.moments import at_home, at_work, later
from scripts.demo.phrasing import Details, expand
from scripts.demo.scripts import Cast, Turn, details_of, phrase, pick, play
from scripts.demo.transcripts import call

SYSTEM = "helpdesk"
DESK = "Support desk"
MAILBOX = Person(
    "Tarnwick Support", f"support@{DOMAIN}", "en", ZoneInfo("Europe/London"), NAME, "Support"
)
_CASES, _LONE_CALLS = 11, 2


def month_of_cases(company: Company, month: int) -> Iterator[Item]:
    """Give the support cases of one month."""
    rng = company.rng(SYSTEM, month)
    for number in range(_CASES):
        language = rng.choices(LANGUAGES, (46, 18, 12, 10, 9, 5))[0]
        agents = company.staff(month, ("Support",), language) or company.staff(month, ("Support",))
        cast = {"A": rng.choice(company.customers[language]), "B": rng.choice(agents)}
        template = pick(language, "support", rng)
        day = company.day(month, rng.randrange(1, 29))
        opened = at_home(rng, day, cast["A"].zone)
        case = f"T-{1000 + month * 20 + number}"
        yield from support_case(company, rng, template, cast, language, opened, case)
    for number in range(_LONE_CALLS):
        yield from _lone_call(company, rng, month, f"C-{1000 + month * 20 + number}")


def _lone_call(company: Company, rng: Random, month: int, number: str) -> Iterator[Entry]:
    """Give a call that is a case of its own, settled when it ends."""
    cast = {
        "A": rng.choice(company.customers["en"]),
        "B": rng.choice(company.staff(month, ("Support",), "en")),
    }
    template = pick("en", "lone_call", rng)
    moment = at_work(rng, company.day(month, rng.randrange(1, 29)), cast["B"].zone)
    if moment.date() >= company.today:
        return
    details = details_of(company, rng, "en", moment.date(), cast, ticket=number)
    outcome = rng.choice(template["outcomes"])
    named = {
        "native_id": number,
        "subject": expand(template["subject"], rng, details),
        "language": "en",
        "custodian": DESK,
    }
    yield Entry(SYSTEM, call(rng, template, cast, details, moment, outcome) | named)


def support_case(
    company: Company,
    rng: Random,
    template: Mapping[str, Any],
    cast: Cast,
    language: str,
    opened: datetime,
    number: str,
    *,
    begins_with: str | None = None,
) -> Iterator[Item]:
    """Play one case; `begins_with` is mail, call or form, chance decides where it is not given."""
    if opened.date() >= company.today:
        return
    details = details_of(company, rng, language, opened.date(), cast, ticket=number)
    case = _Case(rng, template, cast, language, details, number)
    begins_with = begins_with or rng.choices(("mail", "call", "form"), (40, 25, 35))[0]
    for item in case.items(opened, begins_with):
        if item.sent.date() >= company.today:
            return
        yield item


class _Case:
    def __init__(
        self,
        rng: Random,
        template: Mapping[str, Any],
        cast: Cast,
        language: str,
        details: Details,
        number: str,
    ) -> None:
        self.rng, self.language, self.details, self.number = rng, language, details, number
        self.customer, self.agent = cast["A"], cast["B"]
        self.cast = cast
        self.subject = expand(template["subject"], rng, details)
        self.turns = play(template, rng, details)
        self.outcome = rng.choice(template.get("outcomes", ["solved"]))

    def items(self, opened: datetime, begins_with: str) -> Iterator[Mail | Entry]:
        """Give the case from its beginning to its end."""
        first, *rest = self.turns
        moment, asked = opened, None
        if begins_with == "mail":
            asked = self.mail(opened, first, self.customer, MAILBOX, ())
            yield asked
            moment = self.later(moment, (20, 300))
        elif begins_with == "call":
            yield self.call(moment, None)
            moment = self.later(moment, (5, 30), work=False)
        yield self.ticket(moment, first, None if asked is None else asked.id)
        if begins_with == "mail" and self.rng.random() < 0.45:
            moment = self.later(moment, (30, 600))
            yield self.call(moment, asked.id if asked else None)
        for count, turn in enumerate(rest, 1):
            by_agent = turn.speaker == "B"
            moment = self.later(moment, (15, 60 * 20), work=by_agent)
            if asked is not None and by_agent and count == len(rest):
                yield self.mail(moment, turn, MAILBOX, self.customer, (asked.id,))
            else:
                yield self.comment(moment, turn, count)

    def later(self, moment: datetime, minutes: tuple[int, int], *, work: bool = True) -> datetime:
        zone = self.agent.zone if work else self.customer.zone
        return later(self.rng, moment, zone, minutes=minutes, work=work)

    def mail(
        self,
        sent: datetime,
        turn: Turn,
        sender: Person,
        to: Person,
        references: tuple[str, ...],
    ) -> Mail:
        self.details["to"], self.details["to_name"] = to.given, to.name
        by = self.agent if sender is MAILBOX else sender
        manner = "addresses" if sender is MAILBOX else "unnamed"
        greeting = phrase(self.language, manner, self.rng, self.details)
        closing = phrase(self.language, "closings", self.rng, self.details)
        mark = f"[{self.number}] " if references else ""
        return Mail(
            id=message_id(self.rng, sent, sender),
            sent=sent,
            sender=sender,
            to=(to,),
            subject=f"Re: {mark}{self.subject}" if references else self.subject,
            text=f"{greeting}\n\n{turn.text}\n\n{closing}\n{by.name}\n",
            language=self.language,
            mailboxes=(SUPPORT,),
            references=references,
        )

    def ticket(self, moment: datetime, turn: Turn, answers: str | None) -> Entry:
        value = self.rng.choice((0, 0, 0, 25, 40, 90, 180))
        rating = self.rng.choices(("5", "4", "3", "2", "1", ""), (30, 22, 10, 6, 5, 27))[0]
        labels = {
            "priority": self.rng.choice(("low", "normal", "normal", "high")),
            "rating": rating,
        }
        return self._entry(
            self.number,
            "ticket",
            moment,
            self._written(turn),
            direction="inbound",
            in_reply_to=answers,
            labels={name: label for name, label in labels.items() if label},
            metrics={
                "handling_seconds": 60 * self.rng.randrange(4, 95),
                "outcome": self.outcome,
                "value": value,
            },
        )

    def comment(self, moment: datetime, turn: Turn, count: int) -> Entry:
        by_agent = turn.speaker == "B"
        return self._entry(
            f"{self.number}-{count}",
            "comment",
            moment,
            self._written(turn),
            direction="outbound" if by_agent else "inbound",
            in_reply_to=self.number,
            participants=self._participants(turn.speaker),
        )

    def call(self, moment: datetime, answers: str | None) -> Entry:
        template = pick(self.language, "call", self.rng)
        document = call(self.rng, template, self.cast, self.details, moment, self.outcome)
        return Entry(
            SYSTEM,
            document
            | {
                "native_id": f"{self.number}-call",
                "conversation": self.number,
                "in_reply_to": answers,
                "subject": self.subject,
                "language": self.language,
                "custodian": DESK,
            },
        )

    def _written(self, turn: Turn) -> str:
        """Return a turn as people write it into a case: with a greeting or a name below it."""
        if turn.speaker == "A":
            closing = phrase(self.language, "customer_closings", self.rng, self.details)
            return f"{turn.text}\n{closing}"
        opening, closing = (
            phrase(self.language, kind, self.rng, self.details)
            for kind in ("desk_openings", "desk_closings")
        )
        return f"{opening}\n{turn.text}\n{closing}"

    def _participants(self, first: str) -> list[dict[str, str]]:
        people = [self.customer.as_participant("customer"), self.agent.as_participant("agent")]
        return people if first == "A" else people[::-1]

    def _entry(
        self, native_id: str, kind: str, moment: datetime, text: str, **fields: Any
    ) -> Entry:
        return Entry(
            SYSTEM,
            {
                "native_id": native_id,
                "channel": "ticket",
                "kind": kind,
                "occurred_at": moment.isoformat(),
                "conversation": self.number,
                "participants": self._participants("A"),
                "subject": self.subject,
                "text": text,
                "language": self.language,
                "location": self.agent.location,
                "custodian": DESK,
            }
            | fields,
        )


def reopened(company: Company, entry: Entry, rng: Random, on: date) -> Entry | None:
    """Return a ticket as a later export shows it, where it was changed after the first one."""
    if entry.document["kind"] != "ticket" or rng.random() > 0.1 or on >= company.today:
        return None
    metrics = entry.document["metrics"]
    changed = metrics | {
        "handling_seconds": metrics["handling_seconds"] + 60 * rng.randrange(5, 40),
        "outcome": rng.choice(("reopened", "refunded", "escalated")),
    }
    return Entry(entry.system, entry.document | {"metrics": changed}, revises=True)
