"""What one word of a query asks of one word of a text."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Final

from archive.query.analysis import ANY_CHARACTER, ANY_RUN, Word, pattern_words, stem, value, words
from archive.query.tree import Fuzzy, Phrase, Stem, TextLeaf
from archive.query.tree import Word as WordNode

_CHARACTER: Final = re.compile(r"\\.|.", re.DOTALL)
_WILD: Final = re.compile(f"[{ANY_RUN}{ANY_CHARACTER}]")
# Where they are typed they part words, as all characters for private use do.
_TYPED: Final = str.maketrans(dict.fromkeys((ANY_RUN, ANY_CHARACTER), " "))


class TermKind(Enum):
    """How a term compares."""

    PLAIN = "the word, accents folded"
    ACCENTED = "the word with exactly these accents"
    PATTERN = "a pattern with wildcards"
    STEM = "any word of the same stem"
    FUZZY = "any word a few letters away"


@dataclass(frozen=True, slots=True)
class Term:
    """A test of one word. In patterns ANY_RUN and ANY_CHARACTER stand for `*` and `?`."""

    kind: TermKind
    folded: str
    exact: str
    distance: int = 0

    @property
    def accented(self) -> bool:
        """Whether the word was written with accents, which must then be there."""
        return self.folded != self.exact

    def places(self, text: Sequence[Word]) -> Iterator[int]:
        """Yield the numbers of the words of a text that pass, in order."""
        # One loop for each kind: a choice for every word of every text would cost most of it.
        match self.kind:
            case TermKind.PLAIN:
                folded = self.folded
                return (place for place, word in enumerate(text) if word.folded == folded)
            case TermKind.ACCENTED:
                exact = self.exact
                return (place for place, word in enumerate(text) if word.exact == exact)
            case TermKind.PATTERN if self.accented:
                fits = glob(self.exact).fullmatch
                return (place for place, word in enumerate(text) if fits(word.exact))
            case TermKind.PATTERN:
                fits = glob(self.folded).fullmatch
                return (place for place, word in enumerate(text) if fits(word.folded))
            case TermKind.STEM:
                stemmed = stem(self.folded)
                return (place for place, word in enumerate(text) if stem(word.folded) == stemmed)
            case TermKind.FUZZY:
                return (
                    place
                    for place, word in enumerate(text)
                    if within_edits(word.folded, self.folded, self.distance)
                )

    def matches(self, word: Word) -> bool:
        """Say whether a word of a text passes."""
        return next(self.places((word,)), None) is not None


@lru_cache(maxsize=4096)
def terms(node: TextLeaf) -> tuple[Term, ...]:
    """Return the terms that must stand next to each other, in order.

    Empty where there is no letter, digit or wildcard in the text, which the parser refuses.
    """
    match node:
        case Stem(text=text):
            return tuple(Term(TermKind.STEM, *word) for word in words(text))
        case Fuzzy(text=text, distance=distance):
            return tuple(Term(TermKind.FUZZY, *word, distance) for word in words(text))
        case WordNode(text=text):
            marked = marked_pattern(text)
        case Phrase(text=text):
            marked = marked_pattern(text, quoted=True)
    found = [_term(word) for word in pattern_words(marked)]
    # A run of anything at an edge asks nothing: `foo.*` is `foo`.
    while len(found) > 1 and found[-1].folded == ANY_RUN:
        found.pop()
    while len(found) > 1 and found[0].folded == ANY_RUN:
        found.pop(0)
    return tuple(found)


def _term(word: Word) -> Term:
    if _WILD.search(word.exact):
        folded, exact = (re.sub(f"{ANY_RUN}+", ANY_RUN, form) for form in word)
        return Term(TermKind.PATTERN, folded, exact)
    return Term(TermKind.PLAIN if word.folded == word.exact else TermKind.ACCENTED, *word)


def marked_pattern(text: str, *, quoted: bool = False) -> str:
    r"""Put ANY_RUN and ANY_CHARACTER for the wildcards, and take the backslashes away.

    An address of the web has no wildcards, and in quotes a `?` is one only with a letter or digit
    after it: a sentence that somebody pastes ends in punctuation, not in a pattern.
    """
    text = text.translate(_TYPED)
    plain = "://" in text
    result: list[str] = []
    for match in _CHARACTER.finditer(text):
        piece = match[0]
        following = text[match.end() : match.end() + 1]
        if len(piece) == 2:
            # An escaped wildcard is punctuation, and parts words like any other.
            result.append(piece[1])
        elif piece == "*" and not plain:
            result.append(ANY_RUN)
        elif piece == "?" and not plain and (not quoted or following.isalnum()):
            result.append(ANY_CHARACTER)
        else:
            result.append(piece)
    return "".join(result)


def value_pattern(text: str) -> str:
    """Return the pattern of a whole value in the form in which values are compared."""
    return value(marked_pattern(text))


@lru_cache(maxsize=4096)
def glob(pattern: str) -> re.Pattern[str]:
    """Compile a pattern so that it takes time in proportion to the text, whatever the pattern.

    The first place where a middle piece fits is always good enough, so atomic groups forbid the
    search for another.
    """
    first, *rest = (
        "".join("." if character == ANY_CHARACTER else re.escape(character) for character in piece)
        for piece in pattern.split(ANY_RUN)
    )
    if not rest:
        return re.compile(first, re.DOTALL)
    *middle, last = rest
    atoms = "".join(f"(?>.*?{piece})" for piece in middle if piece)
    return re.compile(f"{first}{atoms}.*{last}", re.DOTALL)


def has_wildcard(pattern: str) -> bool:
    """Say whether a marked pattern holds a wildcard."""
    return _WILD.search(pattern) is not None


@lru_cache(maxsize=65_536)
def within_edits(left: str, right: str, most: int) -> bool:
    """Say whether at most `most` letters must be changed, added, dropped or swapped.

    Optimal string alignment: two neighbours swapped count as one, and are not edited again.
    """
    if abs(len(left) - len(right)) > most:
        return False
    before: list[int] = []
    above = list(range(len(right) + 1))
    for row, letter in enumerate(left, 1):
        current = [row]
        for column, other in enumerate(right, 1):
            cost = min(above[column] + 1, current[-1] + 1, above[column - 1] + (letter != other))
            swapped = (
                row > 1 and column > 1 and (left[row - 2], letter) == (other, right[column - 2])
            )
            current.append(min(cost, before[column - 2] + 1) if swapped else cost)
        before, above = above, current
    return above[-1] <= most
