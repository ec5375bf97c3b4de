"""One word, phrase or value of a query: what it means in its field, or why it is refused."""

import re
from collections.abc import Callable
from datetime import tzinfo
from typing import Final, TypeAlias

from lark import Token

from archive.errors import InvalidError
from archive.query.dialects import misread
from archive.query.fields import FIELDS, Askable, Field, FieldKind, names_of, suggestion
from archive.query.patterns import check_pattern, check_size
from archive.query.people import bare_address, person
from archive.query.terms import marked_pattern, terms
from archive.query.tree import EVERYTHING, Fuzzy, Node, Person, Phrase, Range, Stem, Value, Word
from archive.query.values import ranged

MOST_EDITS: Final = 2
LONGEST_FUZZY: Final = 64

Check: TypeAlias = Callable[[Value], None]

_SUFFIX: Final = re.compile(r"(?P<text>.+?)(?:~(?P<tilde>\d*)|%(?P<percent>\d+))", re.DOTALL)
OPERATORS: Final = frozenset({"and", "or", "not"})
PROXIMITY: Final = re.compile(
    r"[wW]/(?:\d+\w*)?|[pP][rR][eE]/(?:\d+\w*)?|O?NEAR(?:/?\d+)?|WITHIN(?:/\d+)?"
)


def column_of(token: Token) -> int:
    """Return the 1-based place of a token in the query."""
    return (token.start_pos or 0) + 1


class OperandReader:
    """Reads single tokens of what is `askable`; the parameters are those of `Builder`."""

    def __init__(
        self, zone: tzinfo, askable: Askable | None, check: Check | None, *, kept: bool
    ) -> None:
        self._zone = zone
        self._askable = askable
        self._check = check
        self._kept = kept
        self._check_pattern = check_size if kept else check_pattern

    def node(self, token: Token, field: Field | None) -> Node:
        """Return the node of a word or a text in quotes; InvalidError points at its column."""
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
        if not (quoted or self._kept) and name is None and PROXIMITY.fullmatch(text):
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
            if field.name == "language":
                # Systems write en_GB as well; records are compared as RFC 5646 writes it.
                text = text.replace("_", "-")
            self._check_pattern(marked_pattern(text))
        else:
            text = re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
        if not text.strip():
            raise InvalidError(f"{field.name} needs a value.")
        return Value(text, field.name)

    @staticmethod
    def _check_words(text: str, quoted: bool, askable: Askable) -> None:
        # A lone * is no word: it asks for everything, as an empty query does.
        if None not in askable.fields and (quoted or text.strip("*")):
            raise InvalidError(f"Words without a field cannot be asked here. {askable.why}")
        if "participants" not in askable.fields and not quoted and bare_address(text):
            raise InvalidError(f"An address cannot be asked here. {askable.why}")


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
