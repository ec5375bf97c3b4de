"""Whether a record stands in a scope, by the exact matcher; or whether that cannot be known.

Where words of a record could not be read, a scope that looks for words may be met by them. Such a
question has three answers, joined as Kleene's logic joins them.
"""

from collections.abc import Iterable
from enum import IntEnum
from typing import Final

from archive.model.record import Record
from archive.query import attributes
from archive.query.matcher import matches, text_names
from archive.query.tree import (
    NO_ALIASES,
    Aliases,
    And,
    Exact,
    Fuzzy,
    Near,
    Node,
    Not,
    NotNear,
    Or,
    Phrase,
    Stem,
    Word,
)

_READ: Final = frozenset({"text", "html", "opening", "attachment"})
"""The texts that may hold more than could be read."""


class Standing(IntEnum):
    """Whether a record stands in a scope; the order is that of truth."""

    OUT = 0
    UNKNOWN = 1
    IN = 2


def standing(
    scope: Node,
    record: Record,
    conversation: str | None = None,
    aliases: Aliases = NO_ALIASES,
) -> Standing:
    """Return whether a record stands in a scope.

    `conversation` is the archive's own thread; `aliases` are those by which parts of the scope find
    more than they say.
    """
    if attributes.searchable(record):
        return _known(matches(scope, record, conversation=conversation, aliases=aliases))
    return _judged(scope, record, conversation, aliases)


def _judged(node: Node, record: Record, conversation: str | None, aliases: Aliases) -> Standing:
    def below(children: Iterable[Node]) -> list[Standing]:
        return [_judged(child, record, conversation, aliases) for child in children]

    match node:
        case And(children):
            return min(below(children))
        case Or(children):
            return max(below(children))
        case Not(child):
            return Standing(Standing.IN - _judged(child, record, conversation, aliases))
        case Exact(child):
            return _judged(child, record, conversation, aliases)
    found = matches(node, record, conversation=conversation, aliases=aliases)
    if isinstance(node, NotNear):
        # What is next to what is not known, nor whether the word that is sought stands elsewhere.
        return Standing.UNKNOWN
    if not found and isinstance(node, Word | Phrase | Stem | Fuzzy | Near):
        return Standing.OUT if _READ.isdisjoint(text_names(node)) else Standing.UNKNOWN
    return _known(found)


def _known(found: bool) -> Standing:
    return Standing.IN if found else Standing.OUT
