"""Whether a record stands in a scope, by the exact matcher; or whether that cannot be known.

Where words of a record could not be read, a scope that looks for words may be met by them. Such a
question has three answers, joined as Kleene's logic joins them.
"""

from collections.abc import Callable, Iterable
from enum import IntEnum
from typing import Final

from archive.model.record import Record
from archive.query import attributes
from archive.query.attributes import Known
from archive.query.matcher import matcher, matches, text_names
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
    TextLeaf,
    Value,
    Word,
    conjunction,
    disjunction,
    walk,
)

_READ: Final = frozenset({"text", "html", "opening", "attachment"})
"""The texts that may hold more than could be read."""
_UNREAD: Final = Value("unsearchable", "is")
_WORDED: Final = (Word, Phrase, Stem, Fuzzy, Near, NotNear)


class Standing(IntEnum):
    """Whether a record stands in a scope; the order is that of truth."""

    OUT = 0
    UNKNOWN = 1
    IN = 2


def standing(
    scope: Node,
    record: Record,
    conversation: Known = (),
    aliases: Aliases = NO_ALIASES,
) -> Standing:
    """Return whether a record stands in a scope.

    `conversation` are the ids of the archive's own thread; `aliases` are those by which parts of
    the scope find more than they say.
    """
    if not _looks_for_words(scope) or attributes.searchable(record):
        return _known(matches(scope, record, conversation=conversation, aliases=aliases))
    return _judged(scope, record, conversation, aliases)


def standings(record: Record, conversation: Known = ()) -> Callable[[Node], Standing]:
    """Return what says of many scopes whether one record stands in them, as `standing` does."""
    if not attributes.searchable(record):
        return lambda scope: _judged(scope, record, conversation, NO_ALIASES)
    found = matcher(record, conversation=conversation)
    return lambda scope: _known(found(scope))


def possible(scope: Node) -> Node:
    """Return the query of the records that stand in a scope, or of which that cannot be known.

    It finds a record if and only if `standing` does not say OUT.
    """
    return _bounded(scope, widest=True)


def _bounded(node: Node, *, widest: bool) -> Node:
    """Return the query of what is not OUT of a scope, or else of what is IN it."""
    match node:
        case And(children):
            return conjunction([_bounded(child, widest=widest) for child in children])
        case Or(children):
            return disjunction([_bounded(child, widest=widest) for child in children])
        case Not(child):
            return Not(_bounded(child, widest=not widest))
        case Exact(child):
            return Exact(_bounded(child, widest=widest))
        case NotNear():
            return disjunction([node, _UNREAD]) if widest else conjunction([node, Not(_UNREAD)])
        case Word() | Phrase() | Stem() | Fuzzy() | Near() if widest and _may_hold_more(node):
            return disjunction([node, _UNREAD])
        case _:
            return node


def _judged(node: Node, record: Record, conversation: Known, aliases: Aliases) -> Standing:
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
            return _judged(child, record, conversation, NO_ALIASES)
    found = matches(node, record, conversation=conversation, aliases=aliases)
    if isinstance(node, NotNear):
        # What is next to what is not known, nor whether the word that is sought stands elsewhere.
        return Standing.UNKNOWN
    if not found and isinstance(node, Word | Phrase | Stem | Fuzzy | Near):
        return Standing.UNKNOWN if _may_hold_more(node) else Standing.OUT
    return _known(found)


def _looks_for_words(scope: Node) -> bool:
    """Say whether it matters to a scope that all words could be read: most look for none."""
    return any(isinstance(each, _WORDED) for each in walk(scope))


def _may_hold_more(node: TextLeaf | Near) -> bool:
    """Say whether what is looked for may stand where words could not be read."""
    return not _READ.isdisjoint(text_names(node))


def _known(found: bool) -> Standing:
    return Standing.IN if found else Standing.OUT
