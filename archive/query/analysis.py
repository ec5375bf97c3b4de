"""Words: the one analysis that index, matcher and query share (docs/query-language.md, "Words").

A text is normalised in Python to words parted by single spaces, and everything downstream, the
index's tokenizer included, merely splits at spaces. So the two evaluators cannot disagree about
what a word is. Plain ASCII, most of what a mail archive holds, takes one table look-up a byte in
C; only the runs that are not ASCII pay for Unicode (UAX #15 NFKC, case folding).
"""

import re
import unicodedata
from functools import cache, lru_cache
from typing import Final, NamedTuple

from tantivy import Filter, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

LONGEST_WORD: Final = 16_000
"""Longer runs are cut here, so that a term always fits the index's 65,530 bytes."""

ANY_RUN: Final = "\ue000"
"""Stands for `*` in the words of a pattern."""
ANY_CHARACTER: Final = "\ue001"
"""Stands for `?` in the words of a pattern."""

# What each byte of ASCII becomes; a table for bytes must have the other half too.
_ASCII: Final = bytes(c if chr(c).isalnum() else 32 for c in range(128)).lower().ljust(256)
_ASCII_AND_NUL: Final = b"\0" + _ASCII[1:]
# A text is split at its ASCII, not at the rest: the longer the runs, the faster the search.
_ASCII_RUN: Final = re.compile(r"([\x00-\x7f]+)")
# A Latin or Greek letter with the marks after it.
_ACCENTED: Final = re.compile(r"([a-z\u00df-\u02af\u0370-\u03ff\u1e00-\u1fff])[\u0300-\u036f]*")
_SHORT: Final = 16
_REMEMBERED: Final = 8192
_OVERLONG: Final = re.compile(rf"[^ ]{{{LONGEST_WORD}}}")
_ZERO_WIDTH_SPACE: Final = 0x200B
# Letters whose stroke or ligature Unicode does not decompose, but which are typed without it.
_STROKES: Final = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "ħ": "h",
        "ŧ": "t",
        "\u0131": "i",
        "æ": "ae",
        "œ": "oe",
    }
)
# Scripts written without spaces, and emoji: each character is a word, so that any part of a run
# is found as a phrase.
_ONE_BY_ONE: Final = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1100, 0x11FF),  # Hangul Jamo
    (0x1780, 0x17FF),  # Khmer
    (0x2E80, 0x2FDF),  # Han radicals
    (0x3005, 0x3007),  # Han iteration mark and zero
    (0x3040, 0x31FF),  # Kana, Bopomofo, Hangul compatibility
    (0x3400, 0x4DBF),  # Han extension A
    (0x4E00, 0x9FFF),  # Han
    (0xA960, 0xA97F),  # Hangul Jamo extended A
    (0xAC00, 0xD7FF),  # Hangul
    (0xF900, 0xFAFF),  # Han compatibility
    (0x1B000, 0x1B16F),  # Kana supplements
    (0x1F000, 0x1FAFF),  # emoji
    (0x20000, 0x3FFFF),  # Han extensions
)
UNSPACED: Final = "".join(f"{chr(low)}-{chr(high)}" for low, high in _ONE_BY_ONE)
"""These characters, as a class of a regular expression has them between its brackets."""


class Word(NamedTuple):
    """One word of a text: accents folded, and exactly as written (case folded either way)."""

    folded: str
    exact: str


class _Separators(dict[int, str]):
    """What each character becomes after normalisation, worked out when first met."""

    def __init__(self, kept: str = "") -> None:
        super().__init__({ord(character): character for character in kept})

    def __missing__(self, code: int) -> str:
        self[code] = result = _separate(code)
        return result


def _separate(code: int) -> str:
    character = chr(code)
    category = unicodedata.category(character)
    if any(low <= code <= high for low, high in _ONE_BY_ONE):
        kept = category[0] in "LNM" or category == "So"
        return f" {character} " if kept else ("" if category == "Sk" else " ")
    if category in ("Cf", "Me") or unicodedata.name(character, "").startswith("VARIATION SELECTOR"):
        # Soft hyphens, joiners and selectors change the look of a word, not the word.
        return " " if code == _ZERO_WIDTH_SPACE else ""
    return character if category[0] in "LNM" else " "


_separators: Final = _Separators()
_pattern_separators: Final = _Separators(ANY_RUN + ANY_CHARACTER)


def _compatible(text: str) -> str:
    """Fold case and compatibility forms (Unicode Standard, definition D146)."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", folded)


@lru_cache(maxsize=4096)
def _unaccented(letter: str) -> str:
    """Return a Latin or Greek letter without its accents."""
    bare = unicodedata.normalize("NFKD", letter)
    return "".join(c for c in bare if not unicodedata.combining(c)).translate(_STROKES)


def _fold(exact: str) -> str:
    return exact if exact.isascii() else _ACCENTED.sub(lambda match: _unaccented(match[1]), exact)


def _run(run: str, separators: _Separators) -> Word:
    """Normalise a run that is not ASCII, first as folded and then as exact words."""
    # What the separators drop may have stood between a letter and its mark.
    exact = unicodedata.normalize("NFC", _compatible(run).translate(separators))
    return Word(_fold(exact), exact)


class _Runs(dict[str, Word]):
    """The short runs met so far: a language has few accented letters, and uses them often."""

    def __missing__(self, run: str) -> Word:
        word = _run(run, _separators)
        if len(run) <= _SHORT:
            if len(self) >= _REMEMBERED:
                self.clear()
            self[run] = word
        return word


_runs: Final = _Runs()


def _normalise(text: str, separators: _Separators) -> Word:
    if text.isascii():
        plain = _split_overlong(text.encode("ascii").translate(_ASCII).decode("ascii"))
        return Word(plain, plain)
    text = unicodedata.normalize("NFC", text.replace("\0", " "))
    # The pattern has one group, so every second piece is a run of ASCII, and the pieces around
    # them, of which the first and the last may be empty, are not.
    pieces = _ASCII_RUN.split(text)
    if separators is _separators:
        runs = [_runs[run] for run in pieces[::2]]
    else:
        runs = [_run(run, separators) for run in pieces[::2]]
    if any(unicodedata.category(exact[0])[0] == "M" for _, exact in runs if exact):
        # The mark belongs to the ASCII letter before it.
        pieces, runs = [text], [_run(text, separators)]
    # The runs of ASCII are looked up together, parted by a NUL, in one call.
    ascii_runs = "\0".join(pieces[1::2]).encode("ascii").translate(_ASCII_AND_NUL)
    pieces[1::2] = ascii_runs.decode("ascii").split("\0") if len(pieces) > 1 else []
    pieces[::2] = [exact for _, exact in runs]
    exact_text = _split_overlong("".join(pieces))
    if len(exact_text) > LONGEST_WORD:
        # Cut where the exact words are cut, so that the two stay word for word the same.
        return Word(_fold(exact_text), exact_text)
    pieces[::2] = [folded for folded, _ in runs]
    return Word("".join(pieces), exact_text)


def _split_overlong(text: str) -> str:
    return _OVERLONG.sub(r"\g<0> ", text) if len(text) > LONGEST_WORD else text


def normalise(text: str) -> Word:
    """Return all words of a text, parted by spaces: folded, and exactly as written.

    The two have the same number of words. They are the same object where nothing is accented in
    a way that ASCII text cannot be.
    """
    return _normalise(text, _separators)


def words(text: str) -> list[Word]:
    """Return the words of a text in order."""
    folded, exact = normalise(text)
    if folded is exact:
        return [Word(word, word) for word in folded.split()]
    return [Word(*pair) for pair in zip(folded.split(), exact.split(), strict=True)]


def pattern_words(text: str) -> list[Word]:
    """Return the words of a pattern, in which ANY_RUN and ANY_CHARACTER count as letters."""
    folded, exact = _normalise(text, _pattern_separators)
    return [Word(*pair) for pair in zip(folded.split(), exact.split(), strict=True)]


def value(text: str) -> str:
    """Return the form in which a whole value (a source, a custodian, a file name) is compared."""
    if not text.isascii():
        text = _compatible(text)
    return " ".join(text.casefold().split())[:LONGEST_WORD]


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """Return the English stem (Snowball) of a folded word."""
    return _stemmer().analyze(word)[0]


@cache
def _stemmer() -> TextAnalyzer:
    return TextAnalyzerBuilder(Tokenizer.raw()).filter(Filter.stemmer("english")).build()
