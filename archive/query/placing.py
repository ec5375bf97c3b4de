"""Where the words of a text stand in it, for what is shown and marked.

Placing a word costs many times as much as reading it. So `PlacedText` reads all of a text and
places what is asked for, and `placed_words` is for those who need every place.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from archive.query.analysis import LONGEST_WORD, Word, normalise, words

_ASCII_WORD: Final = re.compile(r"[0-9A-Za-z]+")
_CHUNK: Final = re.compile(r"\S+")
# One that is not of ASCII. It begins only where a chunk does, so that none is gone over twice.
_UNUSUAL: Final = re.compile(r"(?<!\S)[^\s\x80-\U0010ffff]*+[^\s\x00-\x7f]\S*")
# So few that placing one word means placing few others, so many that reading stays in C.
_PIECE: Final = re.compile(r"\s*+(?:\S++\s*+){1,8}+")
_CLUSTER: Final = re.compile(r".[\u0300-\u036f\u0591-\u05c7\u064b-\u0670\u3099\u309a]*", re.DOTALL)
_SHORT: Final = 16


class PlacedWord(NamedTuple):
    """A word and where it stands in the original text, as character offsets."""

    word: Word
    start: int
    end: int


class PlacedText:
    """The words of a text, the first `most` of them, and the places of those asked for."""

    def __init__(self, text: str, most: int) -> None:
        self.words: list[Word] = []
        # Of each piece: the number of its first word, its offset, and the piece.
        self._pieces: list[tuple[int, int, str]] = []
        self._placed: dict[int, list[PlacedWord]] = {}
        for found in _PIECE.finditer(text):
            self._pieces.append((len(self.words), found.start(), found[0]))
            self.words += words(found[0])
            if len(self.words) >= most:
                del self.words[most:]
                break

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Return where a run of words begins and ends, both given by their numbers.

        Character offsets in the text, the end exclusive.
        """
        return self._place(first)[0], self._place(last)[1]

    def _place(self, number: int) -> tuple[int, int]:
        place = bisect_right(self._pieces, number, key=lambda piece: piece[0]) - 1
        before, offset, piece = self._pieces[place]
        if place not in self._placed:
            self._placed[place] = list(placed_words(piece))
        _, start, end = self._placed[place][number - before]
        return offset + start, offset + end


def spans_of(row: tuple[str, ...], text: str) -> list[tuple[int, int]] | None:
    """Return where words stand next to each other in a text, as character offsets, in order.

    The words are of ASCII letters and digits, in lower case. Of a text that must be read to tell,
    None: it is long, or not of ASCII and more than one word is looked for.
    """
    if len(text) > LONGEST_WORD:
        return None
    spans = _spans(_row_pattern(row), text)
    if text.isascii():
        return spans
    if len(row) > 1:
        return None
    chunks = list(_UNUSUAL.finditer(text))
    outside = [chunk.span() for chunk in chunks]
    spans = [span for span in spans if not any(start <= span[0] < end for start, end in outside)]
    if row[0] in normalise(" ".join(chunk[0] for chunk in chunks)).folded.split():
        spans += [
            (chunk.start() + each.start, chunk.start() + each.end)
            for chunk in chunks
            for each in placed_words(chunk[0])
            if each.word.folded == row[0]
        ]
    return sorted(spans)


@lru_cache(maxsize=256)
def _row_pattern(row: tuple[str, ...]) -> re.Pattern[str]:
    """Return what finds words of ASCII in a text of ASCII, where all else parts words."""
    words = "[^0-9A-Za-z]+".join(row)
    return re.compile(rf"(?<![0-9A-Za-z]){words}(?![0-9A-Za-z])", re.ASCII | re.IGNORECASE)


def _spans(pattern: re.Pattern[str], text: str) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    start = 0
    while found := pattern.search(text, start):
        spans.append(found.span())
        # The next may begin within this one.
        start = found.start() + 1
    return spans


def placed_words(text: str) -> Iterator[PlacedWord]:
    """Yield the words of a text with the place of each in the text as it was given."""
    for chunk in _CHUNK.finditer(text):
        piece = chunk[0]
        if piece.isascii() and len(piece) <= LONGEST_WORD:
            # Most chunks; what `words` and `_places` would give, without taking them apart twice.
            for match in _ASCII_WORD.finditer(text, chunk.start(), chunk.end()):
                plain = match[0].lower()
                yield PlacedWord(Word(plain, plain), *match.span())
            continue
        found = words(piece)
        places = _places(piece, found)
        for word, (start, end) in zip(found, places, strict=True):
            yield PlacedWord(word, chunk.start() + start, chunk.start() + end)


def _places(piece: str, found: list[Word]) -> list[tuple[int, int]]:
    """Find each word of a chunk by normalising one base character with its marks at a time.

    Where that does not give the chunk's own words (a rare composition across characters), each
    word is placed on the whole chunk, which is never wrong, only wide.
    """
    characters: list[tuple[str, int, int]] = []
    for cluster in _CLUSTER.finditer(piece):
        short = len(cluster[0]) <= _SHORT
        exact = _spelled(cluster[0]) if short else normalise(cluster[0]).exact
        characters.extend((character, *cluster.span()) for character in exact)
    spelled = "".join(character for character, _, _ in characters)
    if spelled.split() != [word.exact for word in found]:
        return [(0, len(piece))] * len(found)
    return [
        (characters[match.start()][1], characters[match.end() - 1][2])
        for match in _CHUNK.finditer(spelled)
    ]


@lru_cache(maxsize=4096)
def _spelled(cluster: str) -> str:
    return normalise(cluster).exact
