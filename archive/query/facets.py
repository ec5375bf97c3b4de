"""Facets: what matching records are counted by, and the query that narrows a search to one value.

Counting and narrowing stand side by side so that they agree: a record that counts under a value
is one that the narrowed search finds. For most facets the reverse holds too. Places and senders
without an address are narrowed to by their words, as a query can ask for them, so "Lisbon" also
finds "Lisbon, harbour".
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from archive.errors import InvalidError
from archive.model.record import Record
from archive.query import attributes
from archive.query.fields import FIELDS
from archive.query.people import person
from archive.query.terms import terms
from archive.query.tree import Exact, Node, Person, Phrase, Range, Value
from archive.query.values import seconds

FACETS: Final = (
    "channel",
    "kind",
    "direction",
    "source",
    "custodian",
    "sender",
    "department",
    "location",
    "language",
    "outcome",
    "has",
    "is",
    "year",
    "month",
)
"""The names of all facets, in the order in which they are told."""

_WILD: Final = re.compile(r"[\\*?]")
_SPAN: Final = re.compile(r"(\d{4})(?:-(\d\d))?", re.ASCII)


def facets(record: Record) -> dict[str, tuple[str, ...]]:
    """Return the values that a record counts under in each facet, none of them twice.

    Years and months are of UTC. A language counts under its main tag: `en` for `en-GB`.
    """
    content = record.content
    occurred = content.occurred_at and content.occurred_at.astimezone(UTC)
    language = attributes.languages(content.language)
    return {
        "channel": (content.channel.value,),
        "kind": (content.kind.value,),
        "direction": _present(content.direction and content.direction.value),
        "source": (content.source,),
        "custodian": _present(record.custodian),
        "sender": _present(attributes.sender(record)),
        "department": tuple(dict.fromkeys(_departments(record))),
        "location": tuple(dict.fromkeys(attributes.texts(record, "location"))),
        "language": language[-1:],
        "outcome": _present(content.metrics.outcome if content.metrics else None),
        "has": attributes.has(record),
        "is": attributes.marks(record),
        "year": (f"{occurred.year:04}",) if occurred else (),
        "month": (f"{occurred.year:04}-{occurred.month:02}",) if occurred else (),
    }


def narrowing(facet: str, value: str) -> Node:
    """Return the query for the records that count under a facet's value.

    Raises InvalidError where there is no such facet, or the value is none that it could have.
    """
    if facet not in FACETS:
        raise InvalidError(f"There is no facet {facet}; there are {', '.join(FACETS)}.")
    match facet:
        case "year" | "month":
            return _span(value)
        case "sender":
            return _sender(value)
        case "location":
            return _words(value, "location")
    choices = FIELDS[facet].choices - FIELDS[facet].later
    if not value.strip() or (choices and value not in choices):
        raise InvalidError(f"{facet} has no value {value!r}.")
    return Value(value if choices else _plain(value), facet)


def _departments(record: Record) -> Iterator[str]:
    for someone in record.content.participants:
        if someone.department:
            yield someone.department


def _present(value: str | None) -> tuple[str, ...]:
    return (value,) if value else ()


def _plain(text: str) -> str:
    """Take the meaning of wildcards away."""
    return _WILD.sub(r"\\\g<0>", text)


def _span(value: str) -> Range:
    found = _SPAN.fullmatch(value)
    try:
        if found is None:
            raise ValueError
        year, month = int(found[1]), int(found[2] or 1)
        first = datetime(year, month, 1, tzinfo=UTC)
        months = 1 if found[2] else 12
        last = (year, month + months) if month + months <= 12 else (year + 1, month + months - 12)
        # The year 9999 has no first second after it that a date could name.
        end = None if last[0] > 9999 else seconds(datetime(*last, 1, tzinfo=UTC))
    except ValueError:
        raise InvalidError(f"{value!r} is no year and no month, as in 2001 or 2001-05.") from None
    return Range("sent", seconds(first), end)


def _sender(value: str) -> Node:
    someone = person(value, quoted=True)
    return (
        Exact(_words(value, "from")) if someone is None else Exact(Person(_plain(someone), "from"))
    )


def _words(value: str, field: str) -> Phrase:
    phrase = Phrase(_plain(value), field)
    if not terms(phrase):
        raise InvalidError(f"There is no letter or digit in {value!r} to look for.")
    return phrase
