"""How much a word with wildcards may ask: more would need too large an automaton of the index."""

from typing import Final

from archive.errors import InvalidError
from archive.index.analysis import ANY_CHARACTER, ANY_RUN

MOST_UNKNOWN: Final = 8
"""How many `?` a word may hold beside a `*`: the automaton doubles with each."""

MOST_UNKNOWN_ALONE: Final = 32
MOST_RUNS: Final = 8
LONGEST_PATTERN: Final = 200


def check_pattern(marked: str) -> None:
    """Raise InvalidError for a marked pattern (archive.query.terms) that asks for too much."""
    runs, unknown = marked.count(ANY_RUN), marked.count(ANY_CHARACTER)
    if runs and unknown > MOST_UNKNOWN:
        raise InvalidError(f"Beside a *, at most {MOST_UNKNOWN} times ? are taken.")
    if runs > MOST_RUNS or unknown > MOST_UNKNOWN_ALONE:
        raise InvalidError(
            f"A word takes at most {MOST_RUNS} times *, and {MOST_UNKNOWN_ALONE} times ? without."
        )
    if (runs or unknown) and len(marked.encode()) - 2 * (runs + unknown) > LONGEST_PATTERN:
        raise InvalidError(f"A word with wildcards has at most {LONGEST_PATTERN} bytes of UTF-8.")
