"""What of a text its author wrote, and what is quoted or a signature (docs/query-language.md).

Nothing is taken away: the passages of a text, joined, are the text. A message that quotes without
any of these marks counts as its author's own.
"""

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import takewhile
from typing import Final, NamedTuple

_ORIGINAL: Final = (
    r"original message|forwarded (?:by\b.*|message)|begin forwarded message|reply message"
    r"|urspr\u00fcngliche nachricht|weitergeleitete nachricht"
    r"|message d'origine|message transf\u00e9r\u00e9"
    r"|oorspronkelijk bericht|doorgestuurd bericht|mensaje original|messaggio originale"
    r"|\u0438\u0441\u0445\u043e\u0434\u043d\u043e\u0435 "
    r"\u0441\u043e\u043e\u0431\u0449\u0435\u043d\u0438\u0435"
)
_SEPARATOR: Final = re.compile(rf"[-_]{{2,}} ?(?:{_ORIGINAL}) ?:? ?[-_]*", re.IGNORECASE)
_WROTE: Final = re.compile(
    r".+\b(?:wrote|writes|schrieb|schreef|escribi\u00f3|a \u00e9crit|ha scritto|skrev"
    r"|\u043d\u0430\u043f\u0438\u0441\u0430\u043b|\u043f\u0438\u0448\u0435\u0442)\b[^:\d]{0,60}:",
    re.IGNORECASE,
)
_HEADER: Final = re.compile(
    r"(?:from|sent|date|to|cc|bcc|subject|importance|von|gesendet|datum|an|betreff"
    r"|de|envoy\u00e9|\u00e0|objet|van|verzonden|aan|onderwerp)\s?:(?:\s.*)?",
    re.IGNORECASE,
)
_BEGINNING: Final = re.compile(r"(?:from|von|de|van)\s?:\s.+", re.IGNORECASE)
_FEWEST_HEADERS: Final = 3
_MOST_HEADERS: Final = 8
_MOST_BLANK: Final = 5
_LONGEST_MARK: Final = 400
"""How many characters a line has that could be a mark; longer, it is part of what is written."""
_LONGEST_SIGNATURE: Final = 15
"""How many lines a signature has whose mark has lost its space; longer, it parts a text."""


class Said(StrEnum):
    """Whose words a passage holds."""

    OWN = "own"
    QUOTED = "quoted"
    SIGNATURE = "signature"


class Passage(NamedTuple):
    """Lines of a text that are alike: character offsets, the end exclusive, and how many lines."""

    start: int
    end: int
    said: Said
    lines: int


def passages(text: str) -> list[Passage]:
    """Return the passages of a text, in order and without gaps."""
    lines = text.splitlines(keepends=True)
    found: list[Passage] = []
    place = 0
    for line, said in zip(lines, _said(lines), strict=True):
        last = found[-1] if found else None
        if last is not None and last.said is said:
            found[-1] = Passage(last.start, place + len(line), said, last.lines + 1)
        else:
            found.append(Passage(place, place + len(line), said, 1))
        place += len(line)
    return found


def _said(lines: Sequence[str]) -> Iterator[Said]:
    """Say of each line whose it is."""
    last_marked = max((place for place, line in enumerate(lines) if _marked(line)), default=-1)
    rest = Said.OWN
    for place, line in enumerate(lines):
        marked = _marked(line)
        if rest is not Said.QUOTED and not marked and _quotes_from(lines, place, last_marked):
            rest = Said.QUOTED
        elif marked and rest is Said.SIGNATURE:
            # What follows a quotation is written again.
            rest = Said.OWN
        elif rest is Said.OWN and _signs(lines, place):
            rest = Said.SIGNATURE
        yield Said.QUOTED if marked or _introduces(lines, place) else rest


def _marked(line: str) -> bool:
    """Say whether a line is marked as quoted (RFC 3676, 4.5)."""
    return line.lstrip().startswith(">")


def _mark(line: str) -> str:
    """Return a line as marks are compared; nothing for one that is too long to be any."""
    return "" if len(line) > _LONGEST_MARK else " ".join(line.replace("*", "").split())


def _quotes_from(lines: Sequence[str], place: int, last_marked: int) -> bool:
    """Say whether all from a line on is quoted: a separator, or the headers of another message."""
    line = _mark(lines[place])
    if _SEPARATOR.fullmatch(line):
        return True
    if _BEGINNING.fullmatch(line):
        headers = takewhile(_HEADER.fullmatch, map(_mark, lines[place : place + _MOST_HEADERS]))
        return sum(1 for _ in headers) >= _FEWEST_HEADERS
    # Of an attribution, all that follows is quoted if none of it is marked as such.
    dated = any(character.isdigit() for character in line)
    return dated and last_marked < place and _WROTE.fullmatch(line) is not None


def _introduces(lines: Sequence[str], place: int) -> bool:
    """Say whether a line says who wrote the marked lines that follow it, after blank ones."""
    if not _WROTE.fullmatch(_mark(lines[place])):
        return False
    following = lines[place + 1 : place + 1 + _MOST_BLANK]
    return _marked(next((line for line in following if line.strip()), ""))


def _signs(lines: Sequence[str], place: int) -> bool:
    """Say whether a signature begins at a line (RFC 3676, 4.3)."""
    mark = lines[place].rstrip("\r\n")
    return mark == "-- " or (mark == "--" and len(lines) - place <= _LONGEST_SIGNATURE)
