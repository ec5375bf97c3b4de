"""Words by a tokenizer of its own: slow, plain, and written from docs/query-language.md alone.

Nothing of the program's analysis or matcher is used, so that what they share by mistake shows.
"""

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache

Spans = set[tuple[int, int]]
STAR, MARK = "\uf8fe", "\uf8ff"

# Words of one stem, by the published vocabulary of Snowball's English stemmer. A word that is not
# here shares its stem with no other word of the corpora.
STEMS = (
    {"fee", "fees"},
    {"apply", "applied", "applies", "applying"},
    {"die", "dies", "died", "dying"},
    {"hope", "hoping", "hoped", "hopes"},
    {"hop", "hopping", "hopped", "hops"},
    {"trade", "trades", "trading", "traded"},
    {"sky", "skies"},
    {"letter", "letters"},
)
_STROKES = dict(
    zip("ø ł đ ð ħ ŧ ı æ œ".split(), "o l d d h t i ae oe".split(), strict=True)  # noqa: SIM905
)
_ALONE = (
    "THAI", "LAO", "MYANMAR", "KHMER", "HANGUL", "CJK", "HIRAGANA", "KATAKANA", "IDEOGRAPHIC"
)  # fmt: skip


@dataclass(frozen=True)
class Token:
    """One word, without accents and with them."""

    folded: str
    exact: str


def folded(text: str) -> str:
    """Fold case and forms of compatibility."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


@cache
def _sort(character: str) -> str:
    """Say what a character is: `in` a word, `alone`, `nothing`, or what `parts` words."""
    name, category = unicodedata.name(character, ""), unicodedata.category(character)
    if character in (STAR, MARK):
        return "in"
    if "\U0001f000" <= character <= "\U0001faff":
        return "alone" if category == "So" else "nothing"
    if name.startswith(_ALONE) and category[0] in "LNM":
        return "alone"
    if character == "\u200b":
        return "parts"
    if category in ("Cf", "Me") or name.startswith("VARIATION SELECTOR"):
        return "nothing"
    return "in" if category[0] in "LNM" else "parts"


def _unaccented(word: str) -> str:
    kept: list[str] = []
    for character in unicodedata.normalize("NFD", word):
        if "\u0300" <= character <= "\u036f" and kept and _european(kept[-1]):
            continue
        kept.append(_STROKES.get(character, character))
    return unicodedata.normalize("NFC", "".join(kept))


def _european(character: str) -> bool:
    return unicodedata.name(character[-1], "").startswith(("LATIN", "GREEK"))


def tokens(text: str) -> list[Token]:
    """Return the words of a text in order."""
    pieces: list[str] = []
    for character in folded(text):
        sort = _sort(character)
        if sort == "alone":
            pieces += [" ", character, " "]
        elif sort != "nothing":
            pieces.append(character if sort == "in" else " ")
    found = unicodedata.normalize("NFC", "".join(pieces)).split()
    return [Token(_unaccented(word), word) for word in found]


Test = Callable[[Token], bool]


def glob(pattern: str, text: str) -> bool:
    """Say whether a text fits a pattern of STAR and MARK, trying every way."""
    reached = {0}
    for character in pattern:
        if character == STAR:
            reached = set(range(min(reached), len(text) + 1)) if reached else reached
        else:
            reached = {n + 1 for n in reached if n < len(text) and character in (MARK, text[n])}
    return len(text) in reached


def edits(left: str, right: str) -> int:
    """Return how many letters must be changed, added, dropped or swapped with a neighbour."""

    @cache
    def distance(i: int, j: int) -> int:
        if i == 0 or j == 0:
            return i + j
        best = min(
            distance(i - 1, j) + 1,
            distance(i, j - 1) + 1,
            distance(i - 1, j - 1) + (left[i - 1] != right[j - 1]),
        )
        if i > 1 and j > 1 and left[i - 2 : i] == right[j - 2 : j][::-1]:
            best = min(best, distance(i - 2, j - 2) + 1)
        return best

    return distance(len(left), len(right))


def same_word(text: str) -> list[Test]:
    """Return the tests of the words of a text, which may hold STAR and MARK."""
    found = tokens(text)
    while len(found) > 1 and set(found[-1].exact) == {STAR}:
        found.pop()
    while len(found) > 1 and set(found[0].exact) == {STAR}:
        found.pop(0)
    return [_same(token) for token in found]


def _same(wanted: Token) -> Test:
    if wanted.folded == wanted.exact:
        return cache(lambda token: glob(wanted.folded, token.folded))
    return cache(lambda token: glob(wanted.exact, token.exact))


def same_stem(word: str) -> Test:
    """Return the test for words of the stem of a word."""
    family = next((each for each in STEMS if word in each), {word})
    return lambda token: token.folded in family


def close_to(word: str, most: int) -> Test:
    """Return the test for words a few letters away."""
    [wanted] = tokens(word)
    return cache(lambda token: edits(token.folded, wanted.folded) <= most)


def in_a_row(tests: list[Test], text: list[Token]) -> Spans:
    """Return where words pass the tests one after the other."""
    last = len(tests) - 1
    return {
        (n, n + last)
        for n in range(len(text) - last)
        if all(test(text[n + step]) for step, test in enumerate(tests))
    }


def gap(left: tuple[int, int], right: tuple[int, int]) -> int:
    """Return how many words to the right the right one begins; 0 or less where it does not."""
    return right[0] - left[1]


def pairs(left: Spans, right: Spans, most: int, *, ordered: bool) -> Spans:
    """Return the spans of all pairs that are near each other."""
    return {
        (min(a[0], b[0]), max(a[1], b[1]))
        for a in left
        for b in right
        if 1 <= gap(a, b) <= most or (not ordered and 1 <= gap(b, a) <= most)
    }


def alone(left: Spans, right: Spans, most: int) -> Spans:
    """Return the left spans that no right one is near to."""
    return {a for a in left if not any(pairs({a}, {b}, most, ordered=False) for b in right)}


def whole(text: str) -> str:
    """Return the form in which whole values are compared."""
    return " ".join(folded(text).split())


def each(values: Iterable[str | None]) -> Iterator[str]:
    """Yield what is there."""
    return (value for value in values if value)
