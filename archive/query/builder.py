"""Parse trees to syntax trees: operators and fields; ambiguity refused."""

import re
from datetime import tzinfo
from itertools import pairwise
from typing import Final, TypeAlias

from lark import Token, Tree

from archive.errors import InvalidError
from archive.query.dialects import FIELDS_ELSEWHERE
from archive.query.fields import FIELDS, Askable, Field, FieldKind, suggestion
from archive.query.operand import PROXIMITY, Check, OperandReader, column_of
from archive.query.tree import (
    Exact,
    Fuzzy,
    Near,
    Node,
    Not,
    NotNear,
    Or,
    Phrase,
    Range,
    Stem,
    Word,
    children,
    conjunction,
    disjunction,
)
from archive.query.values import compared

FARTHEST: Final = 1_000
DEEPEST_PROXIMITY: Final = 8
"""How deep proximities nest: the work of settling one doubles with each."""

Branch: TypeAlias = "Tree[Token] | Token"

# What belongs to a value before it, and a space has parted from it.
_PARTED: Final = {
    FieldKind.SIZE: (
        re.compile(r"(?:[kmgt]i?)?b|[kmgt]|bytes?|(?:kilo|mega|giga|tera)bytes?", re.IGNORECASE),
        "A size stands in one piece, as in size>1mb",
    ),
    FieldKind.DATE: (
        re.compile(r"\d{1,2}:\d{2}.*|\d{1,2}[ap]m", re.IGNORECASE | re.DOTALL),
        "A date and its time stand in one piece, as in sent:2002-08-22T21:30",
    ),
}


class Builder:
    """Makes syntax trees of what is `askable`; dates without an offset are read in `zone`.

    `check` is asked about each value that names something, and raises InvalidError where there is
    nothing of that name. One that was `kept` is read even where it would be refused today, for
    what it might be mistaken for, or for what the index takes.
    """

    def __init__(
        self,
        zone: tzinfo,
        askable: Askable | None = None,
        check: Check | None = None,
        *,
        kept: bool = False,
    ) -> None:
        self._zone = zone
        self._askable = askable
        self._kept = kept
        self._operands = OperandReader(zone, askable, check, kept=kept)

    def node(self, branch: Branch, field: Field | None = None) -> Node:
        """Return the node of a parse tree that stands under `field`; raises InvalidError."""
        tree = _tree(branch)
        match tree.data:
            case "disjunction":
                return self._disjunction(tree, field)
            case "conjunction":
                if not self._kept:
                    _check_parted(tree)
                    _check_near(tree)
                return conjunction([self.node(child, field) for child in _operands(tree)])
            case "negated":
                if not self._kept:
                    _check_negated(tree)
                return Not(self.node(tree.children[1], field))
            case "proximity":
                return self._proximity(tree, field)
            case "group":
                return self.node(tree.children[0], field)
            case "fielded":
                token = _token(tree.children[0])
                inner = self._field(token, token[:-1], field)
                node = self.node(tree.children[1], inner)
                return Exact(node) if inner.kind is FieldKind.EXACT else node
            case "compared":
                return self._compared(tree, field)
            case _:
                return self._operands.node(_token(tree.children[0]), field)

    def _field(self, token: Token, name: str, outer: Field | None) -> Field:
        field = _field(token, name, outer)
        if self._askable is not None and field.name not in self._askable.fields:
            raise InvalidError(
                f"{name} cannot be asked here. {self._askable.why}", column=column_of(token)
            )
        return field

    def _disjunction(self, tree: Tree[Token], field: Field | None) -> Node:
        for child in _operands(tree):
            if child.data == "conjunction":
                raise InvalidError(
                    "AND (or a space) and OR are mixed here, and systems differ in which binds "
                    "first; put parentheses around one of them.",
                    column=_first_column(child),
                )
        return disjunction([self.node(child, field) for child in _operands(tree)])

    def _proximity(self, tree: Tree[Token], field: Field | None) -> Node:
        left, operator, right, *more = tree.children
        token = _token(operator)
        if more:
            raise InvalidError(
                "Two proximity operators in a row; put parentheses around one pair.",
                column=column_of(_token(more[0])),
            )
        distance = int(re.findall(r"\d+", token)[-1])
        if not 1 <= distance <= FARTHEST:
            raise InvalidError(f"A distance is 1 to {FARTHEST:,} words.", column=column_of(token))
        sides = self.node(left, field), self.node(right, field)
        if len(_fields(sides[0], token) | _fields(sides[1], token)) > 1:
            raise InvalidError(
                f"Both sides of {token} must be looked for in the same field; "
                "write the field once, as in subject:(a w/5 b).",
                column=column_of(token),
            )
        if max(map(_nested, sides)) >= DEEPEST_PROXIMITY:
            raise InvalidError(
                f"Proximities nest at most {DEEPEST_PROXIMITY} deep.", column=column_of(token)
            )
        if token.type == "NOT_WITHIN":
            return NotNear(*sides, distance)
        return Near(*sides, distance, ordered=token.type == "BEFORE")

    def _compared(self, tree: Tree[Token], outer: Field | None) -> Node:
        token, value = (_token(child) for child in tree.children)
        name = token.rstrip("<>=")
        field = self._field(token, name, outer)
        if field.kind not in (FieldKind.DATE, FieldKind.SIZE):
            raise InvalidError(
                f"{name} has no order to compare by; write {name}:value.", column=column_of(token)
            )
        try:
            return Range(
                field.name, *compared(field.kind, token[len(name) :], str(value), self._zone)
            )
        except InvalidError as error:
            raise InvalidError(str(error), column=column_of(value)) from None


def _tree(branch: Branch) -> Tree[Token]:
    assert isinstance(branch, Tree)
    return branch


def _token(branch: Branch) -> Token:
    assert isinstance(branch, Token)
    return branch


def _operands(tree: Tree[Token]) -> list[Tree[Token]]:
    return [child for child in tree.children if isinstance(child, Tree)]


def _check_parted(tree: Tree[Token]) -> None:
    """Refuse a size or a date whose unit or time became a word of its own."""
    for before, after in pairwise(tree.children):
        if isinstance(before, Token) or isinstance(after, Token):
            continue
        if before.data not in ("compared", "fielded") or after.data != "word":
            continue
        field = FIELDS.get(_token(before.children[0]).rstrip(":<>=").lower())
        pattern, sentence = _PARTED.get(field.kind, (None, "")) if field else (None, "")
        token = _token(after.children[0])
        if pattern is not None and pattern.fullmatch(token):
            raise InvalidError(
                f'{sentence}; put "{token}" into quotes if it is text.', column=column_of(token)
            )


def _check_near(tree: Tree[Token]) -> None:
    """Refuse a near before parentheses that hold no number, or are parted from it.

    In capitals it is refused as a word anyway.
    """
    for before, after in pairwise(tree.children):
        if isinstance(before, Token) or isinstance(after, Token):
            continue
        if before.data == "negated":
            before = _tree(before.children[1])
        if before.data == "word" and after.data == "group":
            token = _token(before.children[0])
            if token.lower() in ("near", "onear") and not PROXIMITY.fullmatch(token):
                raise InvalidError(
                    f"{token} stands right before its number of words, as in a NEAR(5) b; "
                    f'write "{token}" in quotes for the word.',
                    column=column_of(token),
                )


def _check_negated(tree: Tree[Token]) -> None:
    """Refuse an operator behind a NOT that does not go with it."""
    negation, operand = tree.children
    if isinstance(operand, Tree) and operand.data == "word":
        token = _token(operand.children[0])
        if _token(negation).type == "NOT" and PROXIMITY.fullmatch(token):
            raise InvalidError(
                f"NOT goes with w/n alone, as in a NOT w/5 b; not with {token}.",
                column=column_of(token),
            )


def _first_column(branch: Branch) -> int:
    while isinstance(branch, Tree):
        branch = branch.children[0]
    return column_of(branch)


def _field(token: Token, name: str, outer: Field | None) -> Field:
    field = FIELDS.get(name.lower())
    if field is None:
        known = FIELDS_ELSEWHERE.get(re.sub("[_-]", "", name.lower()))
        meant = f" Write {known} here." if known else suggestion(name, FIELDS)
        raise InvalidError(
            f'There is no field {name}.{meant} Put "{token}…" into quotes '
            "to search for it as text.",
            column=column_of(token),
        )
    if outer is not None and (outer.kind, field.kind) != (FieldKind.EXACT, FieldKind.PERSON):
        raise InvalidError(
            f"{name} stands inside {outer.name}:( ); one field cannot hold another.",
            column=column_of(token),
        )
    if field.kind is FieldKind.LATER:
        raise InvalidError(
            f"The field {name} is not available yet: nothing is recorded that it could find.",
            column=column_of(token),
        )
    return field


def _fields(node: Node, operator: Token) -> set[str | None]:
    """Return the fields that a side of a proximity operator is looked for in."""
    match node:
        case Word(field=field) | Phrase(field=field) | Stem(field=field) | Fuzzy(field=field):
            return {field}
        case Near(left, right) | NotNear(left, right):
            return _fields(left, operator) | _fields(right, operator)
        case Or(below):
            return set().union(*(_fields(child, operator) for child in below))
        case _:
            raise InvalidError(
                f"{operator} takes words and phrases, groups of them joined by OR, and other "
                "proximities on its sides.",
                column=column_of(operator),
            )


def _nested(node: Node) -> int:
    """Return how deep proximities nest in a side of one."""
    below = max((_nested(child) for child in children(node)), default=0)
    return below + isinstance(node, Near | NotNear)
