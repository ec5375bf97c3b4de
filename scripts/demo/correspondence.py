"""Mail: between colleagues, with customers and suppliers, newsletters and automatic replies."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from html import escape
from random import Random
from typing import Any

from scripts.demo.company import LANGUAGES, NAME, Company, Person
from scripts.demo.enclosures import enclosure
from scripts.demo.items import Mail
from scripts.demo.moments import at_home, at_work, later
from scripts.demo.phrasing import Details, expand
from scripts.demo.scripts import Cast, Turn, details_of, phrase, pick, play, templates

_OFFICE_THREADS, _CUSTOMER_THREADS, _SUPPLIER_THREADS = 13, 8, 4
_REPLY_MARKS = {"en": "Re", "de": "AW", "fr": "Re", "es": "Re", "nl": "Re", "ja": "Re"}


def month_of_mail(company: Company, month: int) -> Iterator[Mail]:
    """Give the mail of one month, thread after thread."""
    rng = company.rng("mail", month)
    for _ in range(_OFFICE_THREADS):
        yield from _office(company, month, rng)
    for _ in range(_CUSTOMER_THREADS):
        yield from _customer(company, month, rng)
    for _ in range(_SUPPLIER_THREADS):
        yield from _supplier(company, month, rng)
    yield from _newsletters(company, month, rng)


def message_id(rng: Random, sent: datetime, sender: Person) -> str:
    """Return an id as a mail server of the sender's would give it."""
    domain = sender.address.partition("@")[2]
    return f"{sent:%Y%m%d%H%M%S}.{rng.getrandbits(48):012x}@{domain}"


def thread(
    company: Company,
    rng: Random,
    template: Mapping[str, Any],
    cast: Cast,
    *,
    language: str,
    day: date,
    mailbox: str | None = None,
    details: Details | None = None,
) -> Iterator[Mail]:
    """Play a template as mail; copies lie in the mailboxes of those who work here.

    `mailbox` names the one mailbox where all of it lies instead.
    """
    details = details or details_of(company, rng, language, day, cast)
    subject = expand(template["subject"], rng, details)
    turns = play(template, rng, details)
    opener = cast[turns[0].speaker]
    sent = (at_home if opener.is_customer else at_work)(rng, day, opener.zone)
    ids: list[str] = []
    before: Mail | None = None
    for turn in turns:
        sender = cast[turn.speaker]
        others = [person for letter, person in cast.items() if letter != turn.speaker]
        if before is not None and before.sender in others:
            others.remove(before.sender)
            others.insert(0, before.sender)
        if before is not None:
            wait = (12, 60 * 30)
            sent = later(rng, sent, sender.zone, minutes=wait, work=not sender.is_customer)
        if sent.date() >= company.today:
            return
        text = _letter(rng, turn, sender, others[0], language, details, before)
        own_id = message_id(rng, sent, sender)
        mail = Mail(
            id=own_id,
            sent=sent,
            sender=sender,
            to=(others[0],),
            cc=tuple(others[1:]),
            subject=subject if before is None else f"{_REPLY_MARKS[language]}: {subject}",
            text=text,
            language=language,
            mailboxes=(mailbox,) if mailbox else _mailboxes(rng, sender, others),
            html=_as_html(text) if rng.random() < 0.3 else None,
            references=tuple(ids),
            enclosures=_enclosed(template, turn, turns, rng, details, language),
        )
        yield mail
        ids.append(own_id)
        if before is None and others[0].is_employee and rng.random() < 0.06:
            yield _automatic(rng, mail, others[0], mailbox, details)
        before = mail


def _enclosed(
    template: Mapping[str, Any],
    turn: Turn,
    turns: list[Turn],
    rng: Random,
    details: Details,
    language: str,
) -> tuple[Any, ...]:
    kind = template.get("enclosure")
    if kind is None or turn is not turns[template.get("enclosed_in", 0) % len(turns)]:
        return ()
    return (enclosure(kind, rng, details, language),)


def _letter(
    rng: Random,
    turn: Turn,
    sender: Person,
    to: Person,
    language: str,
    details: Details,
    before: Mail | None,
) -> str:
    details["to"], details["me"] = to.given, sender.given
    details["to_name"] = to.name
    is_known = sender.is_employee and to.is_employee
    manner = "greetings" if is_known else "addresses"
    if not sender.is_employee and before is None and rng.random() < 0.4:
        manner = "unnamed"
    parts = [phrase(language, manner, rng, details), turn.text]
    if is_known and rng.random() < 0.45:
        parts.append(phrase(language, "asides", rng, details))
    parts.append(f"{phrase(language, 'closings', rng, details)}\n{_signature(sender, before)}")
    if before is not None and rng.random() < 0.5:
        said = "\n".join(f"> {line}".rstrip() for line in before.text.strip().split("\n"))
        parts.append(f"{before.sent:%Y-%m-%d %H:%M}, {before.sender.name}:\n{said}")
    return "\n\n".join(parts) + "\n"


def _signature(sender: Person, before: Mail | None) -> str:
    if not sender.is_employee or before is not None:
        return sender.name
    lines = [sender.name, f"{sender.title}, {NAME}, {sender.location}"]
    return "\n".join((*lines, *([sender.phone] if sender.phone else [])))


def _as_html(text: str) -> str:
    paragraphs = (escape(each).replace("\n", "<br>\n") for each in text.strip().split("\n\n"))
    body = "\n".join(f"<p>{each}</p>" for each in paragraphs)
    return (
        f'<!DOCTYPE html>\n<html><body style="font-family: sans-serif">\n{body}\n</body></html>\n'
    )


def _mailboxes(rng: Random, sender: Person, others: list[Person]) -> tuple[str, ...]:
    """Return where copies of a message still lie: not everybody keeps everything."""
    here = [person.address for person in (sender, *others) if person.is_employee]
    return tuple(here[: 2 if rng.random() < 0.2 else 1])


def _automatic(
    rng: Random, mail: Mail, absent: Person, mailbox: str | None, details: Details
) -> Mail:
    sent = later(rng, mail.sent, absent.zone, minutes=(1, 3), work=False)
    language = absent.language
    text = phrase(language, "absences", rng, details)
    return Mail(
        id=message_id(rng, sent, absent),
        sent=sent,
        sender=absent,
        to=(mail.sender,),
        subject=f"{phrase(language, 'absence_marks', rng, details)}: {mail.subject}",
        text=f"{text}\n\n{absent.name}\n",
        language=language,
        mailboxes=(mailbox or absent.address,),
        references=(mail.id,),
        fields=(("Auto-Submitted", "auto-replied"), ("X-Auto-Response-Suppress", "All")),
    )


def _office(company: Company, month: int, rng: Random) -> Iterator[Mail]:
    language = rng.choices(LANGUAGES, (62, 12, 8, 6, 7, 5))[0]
    if len(company.staff(month, (), language)) < 2:
        language = "en"
    template = pick(language, "office", rng)
    # Whoever is at home in another language writes English too.
    home = None if language == "en" else language
    people = company.staff(month, template.get("departments", ()), home)
    if len(people) < 2:
        people = company.staff(month, (), home)
    cast = dict(zip("ABC", rng.sample(people, template.get("people", 2)), strict=False))
    yield from thread(
        company, rng, template, cast, language=language, day=_day(company, month, rng)
    )


def _customer(company: Company, month: int, rng: Random) -> Iterator[Mail]:
    language = rng.choices(LANGUAGES, (45, 18, 13, 10, 10, 4))[0]
    sellers = company.staff(month, ("Sales",), language) or company.staff(month, ("Sales",))
    cast = {"A": rng.choice(company.customers[language]), "B": rng.choice(sellers)}
    template = pick(language, "customer", rng)
    yield from thread(
        company, rng, template, cast, language=language, day=_day(company, month, rng)
    )


def _supplier(company: Company, month: int, rng: Random) -> Iterator[Mail]:
    supplier = rng.choice(company.suppliers)
    language = supplier.language
    buyers = company.staff(month, ("Purchasing", "Finance"), language) or company.staff(
        month, ("Purchasing",)
    )
    cast = {"A": rng.choice(supplier.people), "B": rng.choice(buyers)}
    template = pick(language, "supplier", rng)
    day = _day(company, month, rng)
    details = details_of(
        company, rng, language, day, cast, supplier=supplier.name, goods=supplier.goods
    )
    yield from thread(company, rng, template, cast, language=language, day=day, details=details)


def _newsletters(company: Company, month: int, rng: Random) -> Iterator[Mail]:
    """Give the company's own letter to everybody, and one of a trade paper."""
    day = company.day(month, 5)
    for template in templates("en", "newsletter"):
        readers = rng.sample(company.staff(month), 3)
        if template["from"] == "press":
            sender = rng.choice(company.staff(month, ("Marketing",)))
        else:
            sender = Person(template["from"], template["address"], "en", readers[0].zone, "Press")
        sent = at_work(rng, day, sender.zone)
        if sent.date() >= company.today:
            return
        details = details_of(company, rng, "en", day, {"A": sender}, issue=str(month + 60))
        items = rng.sample(template["items"], min(4, len(template["items"])))
        text = "\n\n".join(
            (expand(template["opening"], rng, details), *(expand(i, rng, details) for i in items))
        )
        yield Mail(
            id=message_id(rng, sent, sender),
            sent=sent,
            sender=sender,
            to=tuple(readers),
            subject=expand(template["subject"], rng, details),
            text=text + "\n",
            language="en",
            mailboxes=tuple(reader.address for reader in readers),
            html=_as_html(text),
            has_plain=template["from"] == "press",
            fields=(("List-Id", f"<{template['list']}>"), ("Precedence", "bulk")),
        )


def _day(company: Company, month: int, rng: Random) -> date:
    return company.day(month, rng.randrange(1, 29))
