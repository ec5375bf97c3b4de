"""The fields of the query language, what each compares, and the values it takes."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from typing import Final

from archive.model.interaction import Channel, Direction, Kind


class FieldKind(Enum):
    """How a field's values are compared."""

    TEXT = "words of a text"
    PERSON = "an address, a domain, or words of a name or address"
    VALUE = "a whole value, case folded, with wildcards"
    IDENTIFIER = "a whole value, as it is"
    CHOICE = "one of a few names"
    DATE = "a day, month, year or time"
    SIZE = "a number of bytes"
    EXACT = "people, by just what is written"
    NAME = "the name of something that is kept here, case folded, with wildcards"
    LATER = "not recorded yet"


@dataclass(frozen=True, slots=True)
class Field:
    """One field; `choices` are what a CHOICE takes, `later` those of them not available yet."""

    name: str
    kind: FieldKind
    choices: frozenset[str] = frozenset()
    later: frozenset[str] = frozenset()


_HAS: Final = frozenset({"attachment", "text", "html", "audio", "hold"})
RESTRICTED: Final = "restricted"
"""What `is:` asks that no record says of itself: a case of erasure restricts it."""
_IS: Final = frozenset(
    {"edited", "deleted", "undated", "duplicate", "unsearchable", "html-only", RESTRICTED}
)
_LATER_HAS: Final = frozenset({"tag"})

FIELDS: Final[dict[str, Field]] = {
    field.name: field
    for field in (
        *(Field(name, FieldKind.TEXT) for name in ("subject", "body", "attachment", "location")),
        *(Field(name, FieldKind.PERSON) for name in ("from", "to", "cc", "bcc", "participants")),
        *(
            Field(name, FieldKind.VALUE)
            for name in ("custodian", "source", "department", "language", "filename", "outcome")
        ),
        *(Field(name, FieldKind.IDENTIFIER) for name in ("id", "conversation", "hash")),
        Field("channel", FieldKind.CHOICE, frozenset(Channel)),
        Field("kind", FieldKind.CHOICE, frozenset(Kind)),
        Field("direction", FieldKind.CHOICE, frozenset(Direction)),
        Field("has", FieldKind.CHOICE, _HAS | _LATER_HAS, _LATER_HAS),
        Field("is", FieldKind.CHOICE, _IS),
        Field("sent", FieldKind.DATE),
        Field("captured", FieldKind.DATE),
        Field("size", FieldKind.SIZE),
        Field("exact", FieldKind.EXACT),
        Field("hold", FieldKind.NAME),
        Field("matter", FieldKind.NAME),
        *(Field(name, FieldKind.LATER) for name in ("tag", "class")),
    )
}

NAMES: Final = frozenset(name for name, field in FIELDS.items() if field.kind is FieldKind.NAME)
"""The fields whose values name something that is kept here."""

DEFAULT_TEXTS: Final = ("opening", "text", "html", "attachment")
"""The texts that words without a field are looked for in."""

WHOLE_TEXTS: Final = ("subject", "text", "html", "attachment")
"""The same without the opening, which ends where the body goes on: for what must not be near."""

TEXTS: Final[dict[str | None, tuple[str, ...]]] = {
    None: DEFAULT_TEXTS,
    **{
        name: (name,)
        for name, field in FIELDS.items()
        if field.kind in (FieldKind.TEXT, FieldKind.PERSON)
    },
    "body": ("text", "html"),
    "participants": ("from", "to", "cc", "bcc", "others"),
}
"""Which texts of a record each field of words means."""


@dataclass(frozen=True, slots=True)
class Askable:
    """What a query may ask: fields by name, None for words without one; `why` not the others."""

    fields: frozenset[str | None]
    why: str


OF_CONTENT: Final = Askable(
    frozenset({None, *FIELDS} - NAMES),
    "A scope says what is in the records: one that asked for holds or matters would go in circles.",
)
"""What the scopes of holds and policies ask: what is in the records, and nothing about them."""


def names_of(field: str, text: str) -> str | None:
    """Return the field of names that a value asks for, None where it asks for none."""
    if field in NAMES:
        return field
    if field == "is":
        return text if text == RESTRICTED else None
    return text if field == "has" and text in NAMES else None


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return ` Did you mean x?` where something known is close to what was written, else ``."""
    close = get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    return f" Did you mean {close[0]}?" if close else ""
