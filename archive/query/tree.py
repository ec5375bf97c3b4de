"""The syntax tree of a query: frozen values, the same for both dialects.

Fields are pushed down to the leaves, so every leaf can be understood alone. Dates and sizes are
already resolved to seconds and bytes: a saved query means the same wherever it is read again.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Final, TypeAlias
from uuid import UUID

from archive.model.interaction import JsonObject


@dataclass(frozen=True, slots=True)
class Everything:
    """Every record."""


@dataclass(frozen=True, slots=True)
class Word:
    r"""What was typed as one word; `*` and `?` are wildcards, a backslash takes their meaning.

    Several words in analysis (an address, a hyphenated word) are met as a phrase.
    """

    text: str
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words next to each other, in order, within one text."""

    text: str
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Stem:
    """A word in any form with the same English stem."""

    text: str
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """A word with at most `distance` letters changed, missing, added or swapped."""

    text: str
    distance: int
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """An address (`a@b.c`, wildcards allowed), a domain (`@b.c`), or either (`b.c`)."""

    text: str
    field: str


@dataclass(frozen=True, slots=True)
class Value:
    """A whole value of a field, such as a channel, a source, a hash."""

    text: str
    field: str


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers `low <= n < high`: seconds since 1970 in UTC for dates, bytes for sizes.

    Both None means that the record has the number at all.
    """

    field: str
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class Near:
    """Both sides within `distance` words of each other in one text; `ordered`: left one first."""

    left: "Node"
    right: "Node"
    distance: int
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class NotNear:
    """The left side somewhere with no right side within `distance` words of it."""

    left: "Node"
    right: "Node"
    distance: int


@dataclass(frozen=True, slots=True)
class Not:
    """Records that `child` does not match."""

    child: "Node"


@dataclass(frozen=True, slots=True)
class Exact:
    """People by just what was written, whatever aliases are recorded for them."""

    child: "Node"


@dataclass(frozen=True, slots=True)
class And:
    """Records that all children match; two or more, none of them an And."""

    children: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Or:
    """Records that any child matches; two or more, none of them an Or."""

    children: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Aliased:
    """A query of its own, with the aliases of whom it names."""

    query: "Node"
    aliases: "Aliases"


@dataclass(frozen=True, slots=True)
class Named:
    """What a name stands for: some records, and what any of some queries finds.

    It is written as the name is; no text is read as one. It is put in place of the name when it is
    known as of when the query is asked (archive.query.naming).
    """

    name: Value
    records: frozenset[UUID] = frozenset()
    queries: tuple[Aliased, ...] = ()


TextLeaf: TypeAlias = Word | Phrase | Stem | Fuzzy
Leaf: TypeAlias = Everything | TextLeaf | Person | Value | Range
Node: TypeAlias = Leaf | Near | NotNear | Not | Exact | And | Or | Named

EVERYTHING = Everything()

Aliases: TypeAlias = Mapping[Node, frozenset[str]]
"""By what else those are known whom a part of a query names (archive.query.aliases)."""
NO_ALIASES: Final[Aliases] = MappingProxyType({})


def conjunction(children: "list[Node]") -> Node:
    """Join with AND, flattening what is already an And; one child is itself."""
    flat = [
        c for child in children for c in (child.children if isinstance(child, And) else [child])
    ]
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def disjunction(children: "list[Node]") -> Node:
    """Join with OR, flattening what is already an Or; one child is itself."""
    flat = [c for child in children for c in (child.children if isinstance(child, Or) else [child])]
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def children(node: Node) -> "tuple[Node, ...]":
    """Return the nodes directly below."""
    match node:
        case And(below) | Or(below):
            return below
        case Not(child) | Exact(child):
            return (child,)
        case Near(left, right) | NotNear(left, right):
            return (left, right)
        case Named(queries=queries):
            return tuple(each.query for each in queries)
        case _:
            return ()


def replaced(node: Node, put: Callable[[Value], Node]) -> Node:
    """Return the tree with each value as `put` gives it."""
    match node:
        case Value():
            return put(node)
        case And(below):
            return conjunction([replaced(child, put) for child in below])
        case Or(below):
            return disjunction([replaced(child, put) for child in below])
        case Not(child):
            return Not(replaced(child, put))
        case Named(name, records, queries):
            put_in = (Aliased(replaced(each.query, put), each.aliases) for each in queries)
            return Named(name, records, tuple(put_in))
        case _:
            # Nothing else holds values: proximities are of words, and exact: of people.
            return node


def listing(node: Node, among: frozenset[UUID]) -> Node:
    """Return the tree with those records alone listed that are among some.

    Of these, and of no others, it finds the same as before.
    """
    match node:
        case Named():
            return replace(node, records=node.records & among)
        case And(below):
            return And(tuple(listing(child, among) for child in below))
        case Or(below):
            return Or(tuple(listing(child, among) for child in below))
        case Not(child):
            return Not(listing(child, among))
        case _:
            return node


def walk(node: Node) -> Iterator[Node]:
    """Yield the node and all below it, parents first."""
    yield node
    for child in children(node):
        yield from walk(child)


def to_json(node: Node) -> JsonObject:
    """Return the tree as JSON objects, each with its `type` and its attributes by name."""
    result: JsonObject = {"type": type(node).__name__.lower()}
    for attribute in fields(node):
        below = getattr(node, attribute.name)
        if isinstance(below, tuple):
            result[attribute.name] = [to_json(child) for child in below]
        elif hasattr(below, "__dataclass_fields__"):
            result[attribute.name] = to_json(below)
        elif below is not None:
            result[attribute.name] = below
    return result
