"""Text to tree, for both dialects (docs/query-language.md).

The grammar makes a parse tree without recursion; its depth is bounded before it is walked, so no
query can exhaust the stack. Every refusal is an InvalidError that points at a column.
"""

import re
from datetime import UTC, tzinfo
from functools import cache
from typing import Final, NoReturn

from lark import Lark
from lark.exceptions import UnexpectedInput, UnexpectedToken

from archive.errors import InvalidError
from archive.query.builder import Builder
from archive.query.dialects import OPERATORS_ELSEWHERE
from archive.query.fields import Askable
from archive.query.operand import OPERATORS, Check, column_of
from archive.query.tree import EVERYTHING, Node, Word, children, conjunction, walk

LONGEST_QUERY: Final = 10_000
DEEPEST_NESTING: Final = 50
MOST_TERMS: Final = 1_000

_PLAIN: Final = re.compile(r"[a-z0-9]+(?: [a-z0-9]+)*")
# Words of the alphabet alone that are refused for what they mean, here or elsewhere.
_MEANT: Final = OPERATORS | OPERATORS_ELSEWHERE
_STRAIGHT_QUOTES: Final = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", '"'))


def parse(
    text: str,
    zone: tzinfo = UTC,
    askable: Askable | None = None,
    check: Check | None = None,
    *,
    kept: bool = False,
) -> Node:
    """Return the tree of a query; an empty one means everything.

    Dates without an offset are read in `zone`. What is not `askable` is refused, if that is given.
    `check` is given each value that names something, as `hold:` does, and raises InvalidError.
    One that was `kept` is read although the index may not take its patterns any more.
    Raises InvalidError with the text and the 1-based column.
    """
    try:
        return _parsed(text, zone, askable, check, kept=kept)
    except InvalidError as error:
        error.query = text
        raise


def _parsed(
    text: str, zone: tzinfo, askable: Askable | None, check: Check | None, *, kept: bool
) -> Node:
    if len(text) > LONGEST_QUERY:
        raise InvalidError(
            f"The query has {len(text):,} characters; at most {LONGEST_QUERY:,} are taken.",
            column=LONGEST_QUERY + 1,
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidError("This character is half a character.", column=error.start + 1) from None
    words = _plain_words(text)
    if words and (askable is None or None in askable.fields):
        return conjunction([Word(word) for word in words])
    builder = Builder(zone, askable, check, kept=kept)
    return by_grammar(text.translate(_STRAIGHT_QUOTES), builder)


def _plain_words(text: str) -> list[str]:
    """Return the words of a query that is nothing but words, most that are asked; else nothing.

    Of these the grammar has nothing to say, which takes it longer than finding one.
    """
    if not _PLAIN.fullmatch(text):
        return []
    words = text.split(" ")
    return [] if len(words) > MOST_TERMS or not _MEANT.isdisjoint(words) else words


def by_grammar(straight: str, builder: Builder) -> Node:
    """Return the tree of a query as the grammar reads it, in which only straight quotes are quotes.

    What is raised is as in `parse`.
    """
    _check_balance(straight)
    try:
        tree = _grammar().parse(straight)
    except UnexpectedInput as error:
        _refuse(error, straight)
    if not tree.children:
        return EVERYTHING
    node = builder.node(tree.children[0])
    terms = sum(1 for below in walk(node) if not children(below))
    if terms > MOST_TERMS:
        raise InvalidError(
            f"The query has {terms:,} terms; at most {MOST_TERMS:,} are taken.", column=1
        )
    return node


@cache
def _grammar() -> Lark:
    return Lark.open("grammar.lark", rel_to=__file__, parser="lalr", lexer="contextual")


def _check_balance(text: str) -> None:
    """Find the quote or parenthesis without its other half, and nesting that is too deep."""
    opened: list[int] = []
    quote: int | None = None
    escaped = False
    for place, character in enumerate(text):
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == '"':
            quote = place if quote is None else None
        elif quote is not None:
            continue
        elif character == "(":
            opened.append(place)
            if len(opened) > DEEPEST_NESTING:
                raise InvalidError(
                    f"Parentheses nest deeper than {DEEPEST_NESTING} here.", column=place + 1
                )
        elif character == ")":
            if not opened:
                raise InvalidError("This ) has no opening (.", column=place + 1)
            opened.pop()
    if quote is not None:
        raise InvalidError('This " has no closing ".', column=quote + 1)
    if opened:
        raise InvalidError("This ( has no closing ).", column=opened[-1] + 1)
    if escaped:
        raise InvalidError("A backslash needs a character after it.", column=len(text))


def _refuse(error: UnexpectedInput, text: str) -> NoReturn:
    """Turn the grammar's refusal into a sentence about what stands at the column."""
    if not isinstance(error, UnexpectedToken):
        place: int | None = error.pos_in_stream
        raise InvalidError("This cannot stand here.", column=(place or 0) + 1) from None
    token = error.token
    match token.type:
        case "$END":
            raise InvalidError(
                "Something to search for is missing at the end.", column=len(text) + 1
            ) from None
        case "WITHIN" | "BEFORE" | "NOT_WITHIN":
            sentence = f"{token} needs a word, a phrase or a group on both sides."
        case "RPAR":
            sentence = "Something to search for is missing before this )."
        case "AND" | "OR":
            sentence = f'{token} needs something before it; write "{token}" for the word.'
        case "NOT" | "MINUS":
            sentence = f"{token} cannot stand here; put what it excludes into parentheses."
        case _:
            sentence = f"{token} cannot stand here."
    raise InvalidError(sentence, column=column_of(token)) from None
