"""How much a word with wildcards may ask: more would need too large an automaton of the index."""

from functools import cache, lru_cache
from typing import Final

from tantivy import Query, Schema, SchemaBuilder

from archive.errors import InvalidError
from archive.query.analysis import ANY_CHARACTER, ANY_RUN

MOST_UNKNOWN: Final = 8
"""How many `?` a word may hold beside a `*`: the automaton doubles with each."""

MOST_UNKNOWN_ALONE: Final = 32
MOST_RUNS: Final = 8
LONGEST_PATTERN: Final = 200

_META: Final = frozenset("\\.+*?()|[]{}^$")
# The index has the name of the field before some words.
_ANY_NAME: Final = "x" * 16


def check_pattern(marked: str) -> None:
    """Raise InvalidError for a marked pattern (archive.query.terms) that the index would refuse."""
    check_size(marked)
    if ANY_RUN in marked and ANY_CHARACTER in marked and not _fits(marked):
        raise InvalidError(
            "This pattern is too complicated: beside a *, write fewer ? or fewer letters."
        )


def check_size(marked: str) -> None:
    """Raise InvalidError for a marked pattern that asks for more than any query may."""
    runs, unknown = marked.count(ANY_RUN), marked.count(ANY_CHARACTER)
    if runs and unknown > MOST_UNKNOWN:
        raise InvalidError(f"Beside a *, at most {MOST_UNKNOWN} times ? are taken.")
    if runs > MOST_RUNS or unknown > MOST_UNKNOWN_ALONE:
        raise InvalidError(
            f"A word takes at most {MOST_RUNS} times *, and {MOST_UNKNOWN_ALONE} times ? without."
        )
    if (runs or unknown) and len(marked.encode()) - 2 * (runs + unknown) > LONGEST_PATTERN:
        raise InvalidError(f"A word with wildcards has at most {LONGEST_PATTERN} bytes of UTF-8.")


def expression(marked: str) -> str:
    """Write a marked pattern as a regular expression of the index, which is always anchored."""
    pieces = {ANY_RUN: ".*", ANY_CHARACTER: "."}
    return "".join(
        pieces.get(character, f"\\{character}" if character in _META else character)
        for character in marked
    )


@lru_cache(maxsize=1_024)
def _fits(marked: str) -> bool:
    """Say whether the index takes a pattern, which nothing tells but the library itself.

    Where it does not, a hold or a scope of it would hold what no search can show.
    """
    try:
        Query.regex_query(_schema(), "text", expression(_ANY_NAME + marked))
    except ValueError:
        return False
    return True


@cache
def _schema() -> Schema:
    builder = SchemaBuilder()
    builder.add_text_field("text")
    return builder.build()
