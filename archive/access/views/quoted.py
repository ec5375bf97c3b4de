"""Whom a text names in the headers of a quoted message, and in the line that says who wrote it.

Pure, and linear in the text. A header goes on where its line ends in the middle of something, where
the next one is folded, and up to the next header: mail programs wrap these lists inside of names.
"""

import re
from collections.abc import Iterator
from itertools import islice, pairwise
from typing import Final

ADDRESS: Final = re.compile(r"(?<![\w.+'=-])[\w.+'=-]++@[\w-]++(?:\.[\w-]++)++")
_LONGEST_VALUE: Final = 20_000
_MOST_HEADERS: Final = 2_000
_MOST_NAMED: Final = 5_000

_MARKS: Final = re.compile(r"[>|* \t]*+")
_HEADER: Final = re.compile(
    rf"^({_MARKS.pattern})(?:(?i:from|to|b?cc|reply-to|sender|sent by)|Von|An|De|À|A|Para"
    r"|Da|Från|Till|Van|Aan|Od|Do|Fra|Til)[ \t*]*:[ \t*]*",
    re.MULTILINE,
)
_FIELD: Final = re.compile(
    r"(?:(?i:from|to|b?cc|reply-to|sender|sent(?: by)?|date|subject)"
    r"|[^\W\d_a-z][\w-]*(?: [\w-]+)?)[ \t*]*:"
)
_UNFINISHED: Final = re.compile(r"[,; \t]\Z|[<(\[][^<>()\[\]]*\Z|\bof\Z", re.IGNORECASE)
_WRAPPED: Final = 60
"""A list whose line has so many characters may have been wrapped after any of its words."""
_ANOTHER: Final = re.compile(r"\bon behalf of\b|\(b?cc:", re.IGNORECASE)
_SEMICOLONS: Final = re.compile(r'(?:"[^"<>]*"|[^;])++')
_COMMAS: Final = re.compile(r'(?:"[^"<>]*"|[^,])++')
_IN_BRACKETS: Final = re.compile(r"[<(\[][^<>()\[\]]*[>)\]]")
_WROTE: Final = re.compile(
    r"\b(?:wrote|writes|schrieb|a écrit|escribió|ha scritto|skrev|schreef)\b"
)
_NO_NAME: Final = re.compile(r"[,\d<>:\n]")
_BEFORE_WROTE: Final = 300


def quoted_people(text: str) -> Iterator[tuple[str | None, str | None]]:
    """Yield the name and address of those whom the headers of quoted messages name."""
    found = 0
    for header in islice(_HEADER.finditer(text), _MOST_HEADERS):
        for piece in _pieces(_ANOTHER.sub(";", _value(text, header))):
            address = ADDRESS.search(piece)
            name = ADDRESS.sub(" ", _IN_BRACKETS.sub(" ", piece))
            yield name.strip(" \"'>*)") or None, address and address[0]
            found += 1
            if found > _MOST_NAMED:
                return
    for wrote in islice(_WROTE.finditer(text), _MOST_NAMED):
        before = text[max(0, wrote.start() - _BEFORE_WROTE) : wrote.start()].rstrip()
        opening = (
            max(before.rfind(each) for each in "<([") if before[-1:] in (">", ")", "]") else -1
        )
        name = _NO_NAME.split(before if opening < 0 else before[:opening].rstrip())[-1]
        address = ADDRESS.search(before, opening) if opening >= 0 else None
        yield name.strip() or None, address and address[0]


def _value(text: str, header: re.Match[str]) -> str:
    """Return what a header says, without the marks of its lines."""
    lines = text[header.end() : header.end() + _LONGEST_VALUE].replace("\r\n", "\n").split("\n")
    said = [lines[0].strip()]
    certain, goes_on = 1, True
    for before, line in pairwise(lines):
        rest = _MARKS.sub("", line, count=1).strip()
        if not rest:
            break
        if _FIELD.match(rest):
            # All that stands between two headers belongs to the first.
            certain = len(said)
            break
        goes_on = goes_on and (
            _is_unfinished(before)
            or ((rest[0] in "<([" or _is_folded(line, header[1])) and not said[-1].endswith(">"))
        )
        said.append(rest)
        if goes_on:
            certain = len(said)
    return " ".join(said[:certain])


def _is_unfinished(line: str) -> bool:
    """Say whether a line of a list ends in its middle."""
    wrapped = len(line) >= _WRAPPED and ("," in line or ";" in line)
    return wrapped or _UNFINISHED.search(line) is not None


def _is_folded(line: str, marks: str) -> bool:
    """Say whether a line is indented more than the header that it follows, in the same quote."""
    plain = marks.replace("*", "")
    return line.startswith(plain) and line[len(plain) : len(plain) + 1] in (" ", "\t")


def _pieces(value: str) -> Iterator[str]:
    """Yield the persons that a header names: between semicolons, or commas that part no name."""
    for piece in _SEMICOLONS.findall(value):
        parts = _COMMAS.findall(piece)
        if len(parts) == 2 and not all(map(_is_whole, parts)):
            yield piece
            continue
        family = ""
        for part in parts:
            if family or _is_whole(part):
                yield f"{family} {part}"
                family = ""
            else:
                family = part
        if family:
            yield family


def _is_whole(part: str) -> bool:
    """Say whether a part of a list is more than the family name of the next one."""
    return "@" in part or '"' in part or len(part.split()) > 1
