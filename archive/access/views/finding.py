"""Where a text names somebody: spans, each with the pseudonym that takes its place.

Pure, and linear in the text. Spans that overlap become one, so that no part of any is left
standing.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Final, NamedTuple

from archive.access.views.known import known_addresses
from archive.access.views.names import Names, Phrase
from archive.access.views.patterns import (
    ADDRESS,
    BROKEN,
    DATE,
    DOMAIN,
    EXCHANGE,
    HANDLE,
    IBAN,
    IN_WORD,
    NUMBER,
    SIGN,
    SPELLED,
    URL,
)
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

_ASSIGNED: Final = re.compile(r"[A-Za-z][a-z_]{1,15}|[A-Z_]{2,16}")
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
    for match in URL.finditer(text):
        start, end = match.span(match.lastgroup or 0)
        yield Span(start, end, pseudonyms.of(Stands.LINK, text[start:end]))
    if "@" in text or "%" in text or "&" in text or "\uff20" in text or "\ufe6b" in text:
        for start, end in _addresses(text, names):
            yield Span(start, end, pseudonyms.address(SIGN.sub("@", text[start:end])))
        for start, end in _handles(text, names):
            yield Span(start, end, pseudonyms.address(text[start:end]))
        for known in known_addresses(text, names.addresses):
            yield Span(*known)
    for match in SPELLED.finditer(text):
        domain = re.sub(r"\sdot\s", ".", match[2], flags=re.IGNORECASE)
        if _is_domain(domain, names):
            yield _span(match, pseudonyms.address(f"{match[1]}@{domain}"))
    for match in EXCHANGE.finditer(text):
        yield _span(match, pseudonyms.address(match[0]))
    for match in DOMAIN.finditer(text):
        domain = match[0].partition("/")[0].partition(":")[0]
        if _is_domain(domain, names):
            yield _span(match, pseudonyms.domain(domain))
    yield from _numbers(text, pseudonyms)
    yield from _broken(text, names)
    yield from _named(text, names)


def _addresses(text: str, names: Names) -> Iterator[tuple[int, int]]:
    """Yield where addresses stand, anybody's."""
    for match in ADDRESS.finditer(text):
        start, end = match.span(match.lastgroup or 0)
        name, equals, local = SIGN.split(text[start:end], maxsplit=1)[0].partition("=")
        # `to=ann@firm.example` is Ann's, unlike what lists make of addresses, and ids of messages.
        assigned = _ASSIGNED.fullmatch(name) and "=" not in local and not _is_domain(local, names)
        if equals and assigned:
            start += len(name) + len(equals) + local.startswith("'")
        yield start, end


def _handles(text: str, names: Names) -> Iterator[tuple[int, int]]:
    """Yield where handles stand: a known one to its end, others to where another script begins."""
    for match in HANDLE.finditer(text):
        yield match.span(0 if address_key(match[0]) in names.addresses else 1)


def _addressed(text: str, names: Names) -> Iterator[Span]:
    """Yield the addresses, handles and telephone numbers of people, however these are written."""
    for known in known_addresses(text, names.addresses):
        yield Span(*known)
    for start, end in _handles(text, names):
        pseudonym = names.addresses.get(address_key(text[start:end]))
        if pseudonym is not None:
            yield Span(start, end, pseudonym)
    numbers = {digits(key)[-_TELLING:]: told for key, told in names.addresses.items()}
    for pattern in (NUMBER, BROKEN):
        for match in pattern.finditer(text) if numbers else ():
            ending = digits(match[0])[-_TELLING:]
            if len(ending) >= FEWEST_DIGITS and ending in numbers:
                yield _whole_word(text, _span(match, numbers[ending]))


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
    for match in IBAN.finditer(text):
        # Words may follow it that look like more of it.
        for end in range(match.end(), match.start() + _SHORTEST_IBAN - 1, -1):
            number = text[match.start() : end]
            if not IN_WORD.match(text, end) and iban(number):
                account = pseudonyms.of(Stands.ACCOUNT, "".join(number.upper().split()))
                yield Span(match.start(), end, account)
                break
    undated = DATE.sub(lambda date: "x" * len(date[0]), text)
    for pattern in (NUMBER, BROKEN):
        for match in pattern.finditer(undated):
            if len(digits(match[0])) >= FEWEST_DIGITS:
                yield _whole_word(text, _span(match, pseudonyms.number(match[0])))


def _whole_word(text: str, span: Span) -> Span:
    """Widen a span to the word that it stands in: half a customer's number tells it too."""
    start, end = span.start, span.end
    while start > 0 and IN_WORD.match(text, start - 1):
        start -= 1
    while IN_WORD.match(text, end):
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
    found = list(known_addresses(plain, names.addresses, ends))
    sought = {key: told for key, told in names.addresses.items() if "@" not in key}
    sought |= {phrase[0]: told for phrase, told in names.phrases.items() if len(phrase) == 1}
    for word, pseudonym in sought.items():
        start = lowered.find(word) if len(word) >= _SHORTEST_BROKEN else -1
        while start >= 0:
            end = start + len(word)
            begins = start in ends or start == 0 or not IN_WORD.match(lowered, start - 1)
            if begins and (end in ends or not IN_WORD.match(lowered, end)):
                found.append((start, end, pseudonym))
            start = lowered.find(word, end)
    for start, end, pseudonym in found:
        if bisect_right(seams, start) < bisect_left(seams, end):
            yield Span(origin(start), origin(end - 1) + 1, pseudonym)


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
