"""Random corpora for the brute force: records in one or two versions, of awkward words."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from random import Random

from archive.model.interaction import (
    Attachment,
    Channel,
    Direction,
    Kind,
    Metrics,
    Participant,
    ParticipantRole,
)
from archive.model.record import Record
from archive.model.unreadable import Unreadable
from tests.query.brute_words import STEMS, Token, each, tokens, whole
from tests.query.samples import record

LATIN = (
    *sorted(set().union(*STEMS)),
    *("rebate", "side", "résumé", "resume", "naïve", "Straße", "STRASSE", "Ørsted", "orsted"),
    *("co\u00adoperate", "cooperate", "İzmir", "ﬁle", "file", "x²", "e\u0301crit", "ecrit"),
    *("4711", "2001", "1", "AT&T", "don't", "don\u2019t", "ann@enron.test", "x_1", "C++"),
    *(
        "http://b.test/a?b=1",
        "Ελλάδα",
        "ελλαδα",
        "йод",
        "иод",
        "ёлка",
        "zürich",
        "zurich",
        "a",
        "b",
    ),
)
ALONE = (
    "日本",
    "可能な商品",
    "日",
    "本",
    "한국",
    "ガス",
    "カ\u3099ス",
    "カス",
    "ไทย",
    "😀",
    "👍🏽",
)
SEPARATORS = (" ", " ", " ", " ", ", ", "-", ".", "\n", "/", "_", " \u2014 ", "\u200b")
ADDRESSES = (
    "ann@enron.test", "Bob@Mail.Enron.test", "ann@other.test", "fee", "résumé@enron.test",
    "bob.fee@mail.enron.test", "enron.test@x.test",
)  # fmt: skip
NAMES = ("Ann Fee", "Bób", "bob", "日本 Co", "Fee, Ann")
PLACES = ("New York", "side", "Oporto, harbour")
DEPARTMENTS = ("Sales", "After  Sales", "R&D *?")
START = datetime(2001, 1, 1, tzinfo=UTC)
SECONDS = 86_400


def text_of(random: Random, most: int) -> str:
    """Return a text of some words, with what may part or join them."""
    pieces: list[str] = []
    for _ in range(random.randint(0, most)):
        pieces.append(random.choice(ALONE if random.random() < 0.15 else LATIN))
        # Only what stands alone may touch its neighbours, or there would be words of no stem known.
        touching = pieces[-1] in ALONE and random.random() < 0.3
        pieces.append("" if touching else random.choice(SEPARATORS))
    return "".join(pieces)


def _maybe(random: Random, text: str) -> str | None:
    return text if random.random() < 0.8 else None


def _attachment(random: Random) -> Attachment:
    return Attachment(
        filename=random.choice((None, "fee report.pdf", "letter.TXT", "日本*.doc")),
        media_type=random.choice(("audio/ogg", "text/plain")),
        size=1,
        sha256=random.choice(("aa" * 32, "BB" * 32)),
        part="2",
        text=random.choice((None, text_of(random, 9) or None)),
        unreadable=random.choice((None, None, None, Unreadable.ENCRYPTED)),
    )


def _participant(random: Random) -> Participant:
    return Participant(
        role=random.choice(list(ParticipantRole)),
        address=random.choice((None, *ADDRESSES)),
        name=random.choice((None, *NAMES)),
        department=random.choice((None, None, *DEPARTMENTS)),
        location=random.choice((None, None, *PLACES)),
    )


def _record(random: Random, number: int, version: int, seq: int) -> Record:
    occurred = START + timedelta(seconds=random.randint(-500 * SECONDS, 500 * SECONDS))
    return record(
        number,
        version=version,
        seq=seq,
        first_seq=number,
        captured_at=START + timedelta(days=1000, seconds=random.randint(0, 9 * SECONDS)),
        size=random.choice((0, 999, 1000, 1024, 1_000_000, 1_000_001, 2**21)),
        subject=_maybe(random, text_of(random, 6)),
        text=_maybe(random, text_of(random, random.choice((8, 30, 120)))),
        html_text=_maybe(random, text_of(random, 8)) if random.random() < 0.4 else None,
        location=random.choice((None, *PLACES)),
        participants=tuple(_participant(random) for _ in range(random.randint(0, 4))),
        attachments=tuple(_attachment(random) for _ in range(random.choice((0, 0, 1, 2)))),
        source=random.choice(("Mail", "Chat Export")),
        channel=random.choice(list(Channel)),
        kind=random.choice(list(Kind)),
        direction=random.choice((None, *Direction)),
        language=random.choice((None, "en-GB", "EN", "de_DE")),
        conversation=random.choice((None, "T1", "t1", "<c 1@x>")),
        metrics=random.choice((None, Metrics(outcome="Sold"), Metrics(outcome="lost *"))),
        occurred_at=random.choice((None, occurred, occurred, occurred)),
        custodian=random.choice((None, "Ann Fee", "BÓB")),
        media_type=random.choice(("message/rfc822", "audio/ogg")),
        edited=random.random() < 0.3,
        deleted=random.random() < 0.2,
        duplicate=random.random() < 0.2,
    )


@dataclass(frozen=True)
class Somebody:
    """A person with a name and the aliases that are recorded for them."""

    name: str
    aliases: tuple[str, ...]

    @cached_property
    def alone(self) -> "Seen":
        """A record in which this person takes part by each alias and the name, and nothing else."""
        people = [
            *(Participant(role=role, address=one) for one in self.aliases for role in PLAYED),
            *(Participant(role=role, name=self.name) for role in PLAYED),
        ]
        return Seen(record(1, participants=tuple(people)), None)

    def takes_part(self, seen: "Seen", field: str) -> bool:
        """Say whether a record has them in a field, by address, or by name where there is none."""
        known = {whole(alias) for alias in self.aliases}
        return any(
            whole(p.address or p.name or "") in known
            for p in seen.record.content.participants
            if p.role in FIELD_ROLES[field]
        )


@dataclass(frozen=True)
class Seen:
    """One version of a record, true from `record.seq` until before `until`, ready to be asked.

    `directory` is everybody who has aliases.
    """

    record: Record
    until: int | None
    directory: tuple[Somebody, ...] = ()

    def holds_at(self, seq: int) -> bool:
        """Say whether this is the version that is true as of a sequence number."""
        return self.record.seq <= seq and (self.until is None or seq < self.until)

    @cached_property
    def texts(self) -> dict[str, list[list[Token]]]:
        """The words of each text, by what it is a text of; no phrase goes from one to another."""
        content = self.record.content
        found: dict[str, list[str]] = {
            "subject": list(each([content.subject])),
            "body": list(each([content.text, content.html_text])),
            "attachment": [
                text for a in content.attachments for text in each([a.filename, a.text])
            ],
            "location": list(each([content.location, *(p.location for p in content.participants)])),
            "seam": [f"{content.subject}\n{self._beginning()}"] if content.subject else [],
        }
        for field, roles in FIELD_ROLES.items():
            people = [p for p in content.participants if p.role in roles]
            found[field] = [text for p in people for text in each([p.name, p.address])]
        return {name: [tokens(text) for text in texts] for name, texts in found.items()}

    def _beginning(self) -> str:
        body = self.record.content.text or self.record.content.html_text or ""
        if len(body) <= 500:
            return body
        end = 500
        while not body[end - 1].isspace():
            end -= 1
        return body[:end]

    @cached_property
    def unsearchable(self) -> bool:
        """Whether it has no word, or an attachment that was not read."""
        attachments = self.record.content.attachments
        worded = any(self.texts["subject"] + self.texts["body"]) or any(a.text for a in attachments)
        return not worded or any(a.unreadable for a in attachments)

    @cached_property
    def addresses(self) -> dict[str, list[str]]:
        """The addresses of each field of people, as they are compared."""
        people = self.record.content.participants
        return {
            field: [whole(p.address) for p in people if p.address and p.role in roles]
            for field, roles in FIELD_ROLES.items()
        }

    @cached_property
    def marks(self) -> set[str]:
        """What it is (`is:`), but for whether it can be searched."""
        content, blank = self.record.content, not (self.record.content.text or "").strip()
        return {
            name
            for name, true in {
                "edited": self.record.edited,
                "deleted": self.record.deleted,
                "duplicate": self.record.duplicate,
                "undated": content.occurred_at is None,
                "html-only": content.html_text is not None and blank,
            }.items()
            if true
        }

    @cached_property
    def has(self) -> set[str]:
        """What it has (`has:`)."""
        content = self.record.content
        types = [a.media_type for a in content.attachments]
        if content.channel is Channel.VOICE:
            types.append(self.record.media_type)
        return {
            name
            for name, true in {
                "attachment": bool(content.attachments),
                "text": bool((content.text or "").strip()),
                "html": content.html_text is not None,
                "audio": any(each.startswith("audio/") for each in types),
            }.items()
            if true
        }

    @cached_property
    def facets(self) -> list[tuple[str, str]]:
        """What it counts under, each once."""
        content = self.record.content
        senders = [p for p in content.participants if p.role in FIELD_ROLES["from"]]
        found: dict[str, set[str | None]] = {
            "channel": {content.channel.value},
            "kind": {content.kind.value},
            "direction": {content.direction.value if content.direction else None},
            "source": {content.source},
            "custodian": {self.record.custodian},
            "sender": {whole(one.address) if one.address else one.name for one in senders[:1]},
            "department": {p.department for p in content.participants},
            "location": {content.location, *(p.location for p in content.participants)},
            "language": {(content.language or "").lower()[:2]},
            "outcome": {content.metrics.outcome if content.metrics else None},
            "has": set(self.has),
            "is": set(self.marks),
            "year": {content.occurred_at.strftime("%Y") if content.occurred_at else None},
            "month": {content.occurred_at.strftime("%Y-%m") if content.occurred_at else None},
        }
        return [(facet, value) for facet, values in found.items() for value in values if value]


FIELD_ROLES = {
    "from": {ParticipantRole.FROM, ParticipantRole.AUTHOR},
    "to": {ParticipantRole.TO},
    "cc": {ParticipantRole.CC},
    "bcc": {ParticipantRole.BCC},
    "participants": set(ParticipantRole),
}


PLAYED = (
    ParticipantRole.FROM,
    ParticipantRole.TO,
    ParticipantRole.CC,
    ParticipantRole.BCC,
)
"""A role for each field of people."""


def directory(random: Random) -> tuple[Somebody, ...]:
    """Return some people, none of whom shares an alias with another."""
    aliases = ["zoe@else.test", *ADDRESSES, *NAMES]
    random.shuffle(aliases)
    people: list[Somebody] = []
    taken: set[str] = set()
    while aliases and random.random() < 0.8:
        mine = [alias for alias in aliases[: random.randint(0, 4)] if whole(alias) not in taken]
        mine = list({whole(alias): alias for alias in mine}.values())
        aliases = aliases[4:]
        taken.update(map(whole, mine))
        people.append(Somebody(random.choice((*NAMES, "Zoe")), tuple(mine)))
    return tuple(people)


def corpus(random: Random, count: int) -> list[Seen]:
    """Return that many records, every third in two versions; numbers of events are dense."""
    versions: list[Seen] = []
    seq = count
    everybody = directory(random)
    for number in range(1, count + 1):
        first = _record(random, number, 1, number)
        if random.random() < 0.3:
            seq += 1
            second = _record(random, number, 2, seq)
            versions += [Seen(first, seq, everybody), Seen(second, None, everybody)]
        else:
            versions.append(Seen(first, None, everybody))
    return versions


def counted(found: Iterator[Seen]) -> dict[str, dict[str, int]]:
    """Return how many of the records count under each value of each facet."""
    counts: dict[str, Counter[str]] = {}
    for seen in found:
        for facet, value in seen.facets:
            counts.setdefault(facet, Counter())[value] += 1
    return {facet: dict(counter) for facet, counter in counts.items()}
