"""Parse trees to syntax trees: fields handed down, values understood, ambiguity refused."""

import re
from collections.abc import Callable
from datetime import tzinfo
from itertools import pairwise
from typing import Final, TypeAlias

from lark import Token, Tree

from archive.errors import InvalidError
from archive.query.dialects import FIELDS_ELSEWHERE, misread
from archive.query.fields import FIELDS, Askable, Field, FieldKind, names_of, suggestion
from archive.query.patterns import check_pattern, check_size
from archive.query.people import bare_address, person
from archive.query.terms import marked_pattern, terms
from archive.query.tree import (
    EVERYTHING,
    Exact,
    Fuzzy,
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
    children,
    conjunction,
    disjunction,
)
from archive.query.values import compared, ranged

FARTHEST: Final = 1_000
MOST_EDITS: Final = 2
DEEPEST_PROXIMITY: Final = 8
"""How deep proximities nest: the work of settling one doubles with each."""
LONGEST_FUZZY: Final = 64

Branch: TypeAlias = "Tree[Token] | Token"
Check: TypeAlias = Callable[[Value], None]

_SUFFIX: Final = re.compile(r"(?P<text>.+?)(?:~(?P<tilde>\d*)|%(?P<percent>\d+))", re.DOTALL)
OPERATORS: Final = frozenset({"and", "or", "not"})
_PROXIMITY: Final = re.compile(
    r"[wW]/(?:\d+\w*)?|[pP][rR][eE]/(?:\d+\w*)?|O?NEAR(?:/?\d+)?|WITHIN(?:/\d+)?"
)
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


def column_of(token: Token) -> int:
    """Return the 1-based place of a token in the query."""
    return (token.start_pos or 0) + 1


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
        self._check = check
        self._kept = kept
        self._check_pattern = check_size if kept else check_pattern

    def node(self, branch: Branch, field: Field | None = None) -> Node:
        """Return the node of a parse tree that stands under `field`; raises InvalidError."""
        tree = _tree(branch)
        match tree.data:
            case "disjunction":
                return self._disjunction(tree, field)
            case "conjunction":
                if not self._kept:
                    _check_parted(tree)
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
                return self._leaf(_token(tree.children[0]), field)

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

    def _leaf(self, token: Token, field: Field | None) -> Node:
        try:
            return self._value(token, field)
        except InvalidError as error:
            raise InvalidError(str(error), column=column_of(token)) from None

    def _value(self, token: Token, field: Field | None) -> Node:
        if field is not None and field.kind is FieldKind.EXACT:
            inner = token.partition(":")[0].lower()
            if inner in FIELDS and FIELDS[inner].kind is FieldKind.PERSON:
                raise InvalidError(f"A field stands in parentheses here: exact:({inner}:…).")
            if inner in FIELDS:
                raise InvalidError("exact: goes with people alone, as in exact:(from:name).")
            field = FIELDS["participants"]
        kind = field.kind if field else FieldKind.TEXT
        name = field.name if field else None
        quoted = token.type == "QUOTED"
        text, suffix = _split(token)
        if name is None and self._askable is not None:
            self._check_words(text, quoted, self._askable)
        if not (quoted or self._kept or kind is FieldKind.IDENTIFIER):
            sentence = misread(token)
            if sentence:
                raise InvalidError(sentence)
        if kind in (FieldKind.TEXT, FieldKind.PERSON):
            if suffix is not None:
                return _loose(text, suffix, quoted, name)
            someone = person(text, quoted=quoted) if kind is FieldKind.PERSON else None
            if name is None or someone is None:
                return self._words(text, quoted, name)
            self._check_pattern(marked_pattern(someone))
            return Person(someone, name)
        if suffix is not None or field is None:
            raise InvalidError(f"~ and % go with words, which {name} does not hold.")
        if kind in (FieldKind.DATE, FieldKind.SIZE):
            return Range(field.name, *ranged(kind, text, self._zone))
        whole = self._whole(text, field)
        names = names_of(whole.field, whole.text)
        if names is not None and self._askable and names not in self._askable.fields:
            raise InvalidError(f"{field.name}:{text} cannot be asked here. {self._askable.why}")
        if names is not None and self._check:
            self._check(whole)
        return whole

    def _words(self, text: str, quoted: bool, name: str | None) -> Node:
        if not quoted and text.lower() in OPERATORS:
            upper = text.upper()
            raise InvalidError(
                f'Write {upper} in capitals for the operator, or "{text}" in quotes for the word.'
                if text != upper
                else f'{upper} lacks something on one side; write "{text}" in quotes for the word.'
            )
        if not (quoted or self._kept) and name is None and _PROXIMITY.fullmatch(text):
            raise InvalidError(
                f"{text} needs a number and something on both sides, as in a w/5 b or a NEAR(5) b; "
                f'write "{text}" in quotes for the word.'
            )
        node = Phrase(text, name) if quoted else Word(text, name)
        if not quoted and text.strip("*") == "":
            return Word("*", name) if name else EVERYTHING
        for term in terms(node):
            self._check_pattern(term.folded)
        if not terms(node):
            raise InvalidError(
                f"There is no letter or digit to search for in {text or 'it'}; leave it out, or "
                "put it into quotes together with its neighbours."
            )
        return node

    def _whole(self, text: str, field: Field) -> Value:
        if text == "*":
            return Value(text, field.name)
        if field.kind is FieldKind.CHOICE:
            text = _choice(text.lower(), field)
        elif field.kind in (FieldKind.VALUE, FieldKind.NAME):
            self._check_pattern(marked_pattern(text))
        else:
            text = re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
        if not text.strip():
            raise InvalidError(f"{field.name} needs a value.")
        return Value(text, field.name)

    @staticmethod
    def _check_words(text: str, quoted: bool, askable: Askable) -> None:
        if None not in askable.fields:
            raise InvalidError(f"Words without a field cannot be asked here. {askable.why}")
        if "participants" not in askable.fields and not quoted and bare_address(text):
            raise InvalidError(f"An address cannot be asked here. {askable.why}")


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


def _check_negated(tree: Tree[Token]) -> None:
    """Refuse an operator behind a NOT that does not go with it."""
    negation, operand = tree.children
    if isinstance(operand, Tree) and operand.data == "word":
        token = _token(operand.children[0])
        if _token(negation).type == "NOT" and _PROXIMITY.fullmatch(token):
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


def _split(token: Token) -> tuple[str, str | None]:
    """Return a value without its quotes, and its suffix for looseness (`~`, `~1`, `%1`)."""
    if token.type == "QUOTED":
        inner, _, suffix = token[1:].rpartition('"')
        return inner.replace('\\"', '"'), suffix or None
    match = _SUFFIX.fullmatch(token)
    if match is None:
        return str(token), None
    return match["text"], token[len(match["text"]) :]


def _loose(text: str, suffix: str, quoted: bool, name: str | None) -> Node:
    if quoted:
        raise InvalidError("~ and % go with single words; for a loose phrase write a w/5 b.")
    if _SUFFIX.fullmatch(text):
        raise InvalidError("A word takes one of ~, ~1 and %1, not two of them.")
    found = terms(Word(text, name))
    if len(found) != 1 or any(character in text for character in "*?\\"):
        raise InvalidError(f"{suffix} goes with a single word without wildcards.")
    if suffix == "~":
        return Stem(text, name)
    if len(text) > LONGEST_FUZZY:
        raise InvalidError(f"A fuzzy word has at most {LONGEST_FUZZY} characters.")
    distance = int(suffix[1:])
    if not 1 <= distance <= MOST_EDITS:
        raise InvalidError(f"{suffix} is out of reach; 1 or {MOST_EDITS} letters may differ.")
    return Fuzzy(text, distance, name)


def _choice(text: str, field: Field) -> str:
    if field.name == "kind" and text in FIELDS["channel"].choices - field.choices:
        raise InvalidError(f"{text} is not a kind but a channel; write channel:{text}.")
    if text not in field.choices:
        raise InvalidError(
            f"{field.name} takes {', '.join(sorted(field.choices - field.later))}; not {text}."
            f"{suggestion(text, field.choices)}"
        )
    if text in field.later:
        raise InvalidError(
            f"{field.name}:{text} is not available yet: nothing is recorded that it could find."
        )
    return text
