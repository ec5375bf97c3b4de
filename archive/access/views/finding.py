"""Where a text names somebody: spans, each with the pseudonym that takes its place.

Pure, and linear in the text: patterns begin only where a run of their characters does, and never
go back over it. Spans that overlap become one, so that no part of any is left standing.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Final, NamedTuple

from archive.access.views.names import Names, Phrase
from archive.access.views.pseudonyms import (
    FEWEST_DIGITS,
    OWN,
    Pseudonyms,
    Stands,
    address_key,
    digits,
    iban,
)
from archive.query.analysis import normalise, value
from archive.query.placing import placed_words

_LOCAL: Final = r"[\w.+'=~-]"
_URL: Final = re.compile(
    r"(?:(?<![\w+.-])[a-z][a-z0-9+.-]{1,20}://|\bwww\.|\b(?:tel|sip|sms|xmpp|callto|skype):)"
    r'[^\s<>"]+',
    re.IGNORECASE,
)
_SIGN: Final = (
    r"(?:(?:@|%40|\uff20|\ufe6b|&#64;|&commat;)(?:=?\r?\n[>| \t]*)?|[ \t]@[ \t](?=[\w-]++\.\w))"
)
_ADDRESS: Final = re.compile(
    rf"(?<!{_LOCAL}){_LOCAL}++{_SIGN}[\w-]++(?:\.[\w-]++)*+", re.IGNORECASE
)
_SPELLED: Final = re.compile(
    r"(?<![\w.+-])([\w.+-]++)\s(?:at|\(at\)|\[at\])\s([\w-]++(?:(?:\.|\sdot\s)[\w-]++)++)",
    re.IGNORECASE,
)
_AT: Final = re.compile(_SIGN, re.IGNORECASE)
_HANDLE: Final = re.compile(r"(?<![\w@])@\w[\w.-]*")
_EXCHANGE: Final = re.compile(r"/o=[^;,<>\n]{1,200}?(?:/cn=[^;,<>\s]+)+", re.IGNORECASE)
_IBAN: Final = re.compile(r"(?<!\w)[a-z]{2}\d\d(?:[ \u00a0]?+[a-z0-9]{1,4}+){3,8}+", re.IGNORECASE)
_GAPS: Final = r"[ \t().\-/\u00a0\u2007\u202f\u2010-\u2015]"
_GAP: Final = _GAPS + "{0,3}"
_NUMBER: Final = re.compile(rf"(?:\+|\(\+?)?\d(?:{_GAP}\d)+")
_BROKEN: Final = re.compile(
    rf"(?<!\d)(?<!\d{_GAPS})(?<!\d{_GAPS}{{2}})(?<!\d{_GAPS}{{3}})"
    rf"\d(?:{_GAP}\d){{2,}}+{_GAP}\r?\n[>| \t]*{_GAP}\d(?:{_GAP}\d){{2,}}"
)
_DATE: Final = re.compile(
    r"(?<!\d)(?<!\d[./-])(?:"
    r"(?:1[89]|20|21)\d\d([./-])(?:0?[1-9]|1[012])\1(?:0?[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01])([./-])(?:0?[1-9]|[12]\d|3[01])\2"
    r"(?:(?:1[89]|20|21)\d\d|\d\d(?![ .\-/]*\d(?!\d?:)))"
    r")(?!\d)(?![./-]\d)"
)
_DOMAIN: Final = re.compile(
    r'(?<![\w.-])[\w-]++(?:\.[\w-]++)++(?::\d+)?(?:/[^\s<>"]*)?', re.IGNORECASE
)
_TOP_LEVEL: Final = frozenset(
    """
    com org net edu gov mil int info biz name eu io example test invalid localhost de at ch fr es it
    pt nl be lu dk se no fi ee lv lt pl cz sk hu ro bg gr tr ru ua uk ie us ca mx br ar cl au nz jp
    cn hk tw kr in sg th za il ae
    """.split()  # noqa: SIM905 - as a list it would be one name a line.
)
_JOIN: Final = re.compile(r"[=-]?[ \t]*\r?\n[>| \t]*")
_ASCII_WORD: Final = re.compile(r"[0-9a-z]+")
_DIGITS: Final = "0123456789"
_SHORTEST_IBAN: Final = 15
_SHORTEST_BROKEN: Final = 5
_TELLING: Final = 8
"""By so many of its last digits a telephone number is known, with or without a country's."""
_BETWEEN: Final = re.compile(r"[,.]?[ \t]{0,2}")


class Span(NamedTuple):
    """A run of a text, the end exclusive, and what takes its place; `OWN` for what stays."""

    start: int
    end: int
    pseudonym: str


def spans(text: str, names: Names, pseudonyms: Pseudonyms) -> list[Span]:
    """Return where a text names somebody, in order and apart from each other."""
    return _joined(text, sorted(_found(text, names, pseudonyms)))


def naming(text: str, names: Names) -> list[Span]:
    """Return where a text names the people of `names`, and nobody else, as `spans` does."""
    found = (*_addressed(text, names), *_broken(text, names), *_named(text, names))
    return _joined(text, sorted(found))


def replaced(text: str, found: list[Span], hole: str | None = None) -> str:
    """Return a text with its spans replaced: by their pseudonyms, or by holes.

    There are as many holes as a span had words, so that what stands around it stays as far apart.
    """
    pieces: list[str] = []
    place = 0
    for span in found:
        pieces.append(text[place : span.start])
        if span.pseudonym == OWN:
            pieces.append(text[span.start : span.end])
        elif hole is None:
            pieces.append(span.pseudonym)
        else:
            count = len(normalise(text[span.start : span.end]).folded.split())
            pieces.append(f" {' '.join([hole] * count)} ")
        place = span.end
    pieces.append(text[place:])
    return "".join(pieces)


def _found(text: str, names: Names, pseudonyms: Pseudonyms) -> Iterator[Span]:
    for match in _URL.finditer(text):
        yield _span(match, pseudonyms.of(Stands.LINK, match[0]))
    if "@" in text or "%" in text or "&" in text or "\uff20" in text or "\ufe6b" in text:
        for match in _ADDRESS.finditer(text):
            yield _span(match, pseudonyms.address(_AT.sub("@", match[0])))
        for match in _HANDLE.finditer(text):
            yield _span(match, pseudonyms.address(match[0]))
    for match in _SPELLED.finditer(text):
        domain = re.sub(r"\sdot\s", ".", match[2], flags=re.IGNORECASE)
        if _is_domain(domain, names):
            yield _span(match, pseudonyms.address(f"{match[1]}@{domain}"))
    for match in _EXCHANGE.finditer(text):
        yield _span(match, pseudonyms.address(match[0]))
    for match in _DOMAIN.finditer(text):
        domain = match[0].partition("/")[0].partition(":")[0]
        if _is_domain(domain, names):
            yield _span(match, pseudonyms.domain(domain))
    yield from _numbers(text, pseudonyms)
    yield from _broken(text, names)
    yield from _named(text, names)


def _addressed(text: str, names: Names) -> Iterator[Span]:
    """Yield the addresses and telephone numbers of people, however these are written."""
    for match in _ADDRESS.finditer(text):
        pseudonym = names.addresses.get(address_key(_AT.sub("@", match[0])))
        if pseudonym is not None:
            yield _span(match, pseudonym)
    numbers = {digits(key)[-_TELLING:]: told for key, told in names.addresses.items()}
    for pattern in (_NUMBER, _BROKEN):
        for match in pattern.finditer(text) if numbers else ():
            found = digits(match[0])[-_TELLING:]
            if len(found) >= FEWEST_DIGITS and found in numbers:
                yield _whole_word(text, _span(match, numbers[found]))


def _span(match: re.Match[str], pseudonym: str) -> Span:
    return Span(*match.span(), pseudonym)


def _is_domain(text: str, names: Names) -> bool:
    """Say whether a dotted word is a domain: one of the record's people, or by how it ends."""
    domain = value(text).strip(".")
    labels = domain.split(".")
    if any(".".join(labels[place:]) in names.domains for place in range(len(labels))):
        return True
    if len(labels) == 1:
        return False
    if any(known.endswith(f".{domain}") for known in names.domains):
        return True
    return labels[0] == "www" or (labels[-1] in _TOP_LEVEL and len(labels[-2]) > 1)


def _numbers(text: str, pseudonyms: Pseudonyms) -> Iterator[Span]:
    for match in _IBAN.finditer(text):
        # Words may follow it that look like more of it.
        for end in range(match.end(), match.start() + _SHORTEST_IBAN - 1, -1):
            number = text[match.start() : end]
            if not text[end : end + 1].isalnum() and iban(number):
                account = pseudonyms.of(Stands.ACCOUNT, "".join(number.upper().split()))
                yield Span(match.start(), end, account)
                break
    undated = _DATE.sub(lambda date: "x" * len(date[0]), text)
    for pattern in (_NUMBER, _BROKEN):
        for match in pattern.finditer(undated):
            if len(digits(match[0])) >= FEWEST_DIGITS:
                yield _whole_word(text, _span(match, pseudonyms.number(match[0])))


def _whole_word(text: str, span: Span) -> Span:
    """Widen a span to the word that it stands in: half a customer's number tells it too."""
    start, end = span.start, span.end
    while start > 0 and text[start - 1].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum():
        end += 1
    return Span(start, end, span.pseudonym)


def _broken(text: str, names: Names) -> Iterator[Span]:
    """Yield addresses and names that a line's end stands in the middle of."""
    seams: list[int] = []
    shifts: list[int] = []
    pieces: list[str] = []
    place = length = 0
    for join in _JOIN.finditer(text):
        pieces.append(text[place : join.start()])
        length += join.start() - place
        place = join.end()
        seams.append(length)
        shifts.append(place - length)
    if not seams:
        return
    plain = "".join((*pieces, text[place:]))
    lowered = plain.lower()
    if len(lowered) != len(plain):
        lowered = "".join(c.lower() if len(c.lower()) == 1 else c for c in plain)

    def origin(at: int) -> int:
        before = bisect_right(seams, at)
        return at + (shifts[before - 1] if before else 0)

    ends = frozenset(seams)
    sought = {**names.addresses, **{p[0]: who for p, who in names.phrases.items() if len(p) == 1}}
    for word, pseudonym in sought.items():
        start = lowered.find(word) if len(word) >= _SHORTEST_BROKEN else -1
        while start >= 0:
            end = start + len(word)
            apart = (start in ends or not lowered[start - 1 : start].isalnum()) and (
                end in ends or not lowered[end : end + 1].isalnum()
            )
            if apart and bisect_right(seams, start) < bisect_left(seams, end):
                yield Span(origin(start), origin(end - 1) + 1, pseudonym)
            start = lowered.find(word, end)


def _named(text: str, names: Names) -> Iterator[Span]:
    """Yield where the words of a name stand, the longest name first."""
    present = set(normalise(text).folded.split())
    present.update([word.strip(_DIGITS) for word in present])
    if present.isdisjoint(names.first_words):
        return
    longest: dict[str, list[Phrase]] = {}
    for phrase in sorted(names.phrases, key=len, reverse=True):
        longest.setdefault(phrase[0], []).append(phrase)
    placed = _placed(text)
    folded = [each[0] for each in placed]
    place = 0
    while place < len(placed):
        word = folded[place]
        for phrase in (*longest.get(word, ()), *longest.get(word.strip(_DIGITS), ())):
            size = len(phrase)
            if size == 1 or tuple(folded[place : place + size]) == phrase:
                end = placed[place + size - 1][2]
                yield Span(placed[place][1], end, names.phrases[phrase])
                place += size
                break
        else:
            place += 1


def _placed(text: str) -> list[tuple[str, int, int]]:
    """Return the words of a text, folded, with where each begins and ends."""
    if text.isascii():
        # The same words, several times as fast; most mail is.
        return [(word[0], *word.span()) for word in _ASCII_WORD.finditer(text.lower())]
    return [(each.word.folded, each.start, each.end) for each in placed_words(text)]


def _widest(first: Span, second: Span) -> Span:
    """Join two spans that overlap, the one that begins first being the first."""
    wider, other = (
        (first, second) if first.end - first.start >= second.end - second.start else (second, first)
    )
    # The wider one says what it is; but what stays must not take along a part of what goes.
    stays = wider.pseudonym == OWN and not wider.start <= other.start <= other.end <= wider.end
    named = other if stays else wider
    return Span(first.start, max(first.end, second.end), named.pseudonym)


def _joined(text: str, found: list[Span]) -> list[Span]:
    """Join spans that overlap, and words of one name that stand beside each other."""
    joined: list[Span] = []
    for span in found:
        last = joined[-1] if joined else None
        if last is not None and span.start < last.end:
            joined[-1] = _widest(last, span)
        elif (
            last is not None
            and last.pseudonym == span.pseudonym
            and _BETWEEN.fullmatch(text, last.end, span.start)
        ):
            joined[-1] = Span(last.start, span.end, last.pseudonym)
        else:
            joined.append(span)
    return joined
