"""Tree to text: the canonical form, which parses to the same tree in any time zone."""

import re
from typing import Final

from archive.query.dialects import misread
from archive.query.fields import FIELDS, FieldKind
from archive.query.tree import (
    And,
    Everything,
    Exact,
    Fuzzy,
    Named,
    Near,
    Node,
    Not,
    NotNear,
    Or,
    Person,
    Phrase,
    Range,
    Stem,
    Value,
    Word,
)
from archive.query.values import utc_text

_ESCAPE_OR_QUOTE: Final = re.compile(r'\\.|"', re.DOTALL)
_PLAIN: Final = re.compile(r"[\w@.*?-]+")


def to_text(node: Node) -> str:
    """Return the query text of a tree: `parse(to_text(tree)) == tree`."""
    match node:
        case Everything():
            return "*"
        case And(below):
            return " AND ".join(_operand(child, (Or,)) for child in below)
        case Or(below):
            return " OR ".join(_operand(child, (And,)) for child in below)
        case Not(child):
            return f"NOT {_operand(child, (And, Or, Not))}"
        case Exact(child):
            return f"exact:({to_text(child)})"
        case Near(left, right, distance, ordered):
            return _near(left, f"{'pre' if ordered else 'w'}/{distance}", right)
        case NotNear(left, right, distance):
            return _near(left, f"NOT w/{distance}", right)
        case Word(text, field):
            return _prefix(field) + text
        case Stem(text, field):
            return f"{_prefix(field)}{text}~"
        case Fuzzy(text, distance, field):
            return f"{_prefix(field)}{text}~{distance}"
        case Phrase(text, field):
            return _prefix(field) + _quoted(text)
        case Person(text, field):
            return _prefix(field) + _bare_or_quoted(text)
        case Value(text, field):
            return _prefix(field) + _value(text, field)
        case Range(field, low, high):
            return _prefix(field) + _range(field, low, high)
        case Named(name):
            return to_text(name)


def _operand(node: Node, looser: tuple[type, ...]) -> str:
    text = to_text(node)
    return f"({text})" if isinstance(node, looser) else text


def _near(left: Node, operator: str, right: Node) -> str:
    looser = (And, Or, Not, Near, NotNear)
    return f"{_operand(left, looser)} {operator} {_operand(right, looser)}"


def _prefix(field: str | None) -> str:
    return f"{field}:" if field else ""


def _quoted(text: str) -> str:
    # Backslashes of the text stand before the wildcards that they disarm, and stay.
    return '"' + _ESCAPE_OR_QUOTE.sub(lambda m: '\\"' if m[0] == '"' else m[0], text) + '"'


def _bare_or_quoted(text: str) -> str:
    return text if _PLAIN.fullmatch(text) and not misread(text) else _quoted(text)


def _value(text: str, field: str) -> str:
    if FIELDS[field].kind is FieldKind.IDENTIFIER:
        text = text.replace("\\", "\\\\")
    return _bare_or_quoted(text)


def _range(field: str, low: int | None, high: int | None) -> str:
    if low is None and high is None:
        return "*"
    write = utc_text if FIELDS[field].kind is FieldKind.DATE else str
    first = "" if low is None else write(low)
    last = "" if high is None else write(high - 1)
    return f"{first}..{last}"
