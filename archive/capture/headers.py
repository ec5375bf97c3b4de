"""What the fields of a mail mean: addresses, message ids and dates.

RFC 5322 sections 3.3, 3.4 and 3.6.4. Each reading has a quick path for the forms that nearly all
mail has, which must give exactly what the standard library gives; everything else goes there.
"""

import email.utils
import re
from collections.abc import Collection
from datetime import UTC, datetime, timedelta, timezone

from archive.capture.charset import clean, decode_unlabelled
from archive.capture.mailboxes import is_plausible, loose_mailboxes
from archive.capture.words import decode_words

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_SPEC = rf"{_ATOM}(?:\.{_ATOM})*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*"
# One mailbox with a phrase of plain words or a quoted phrase without escapes, or a bare address.
_SIMPLE = re.compile(
    rf'[ \t]*+(?:(?:"([^"\\]*)"|((?:{_ATOM}[ ])*{_ATOM})?)[ \t]*<({_SPEC})>|({_SPEC}))'
    r"[ \t\r]*(,|\Z)"
)
# What is longer was written by nobody, and would take much memory to be taken apart.
_LONGEST_LOOSE = 100_000
_IDENTIFIER = re.compile(r"<([^<>]*)>")
_ASIDE = re.compile(r'"[^"]*"|\([^()]*\)')
_DATE = re.compile(
    r"(?:[A-Z][a-z]{2},[ ])?[ ]?([0-9]{1,2})[ ](Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
    r"[ ]([0-9]{4})[ ]([0-9]{2}):([0-9]{2}):([0-9]{2})[ ]([+-])([0-9]{2})([0-9]{2})"
    r"(?:[ ]\([A-Za-z ]*\))?"
)
_LEAP_SECOND = re.compile(r"(?<=\d:\d\d:)60(?!\d)")
_TIME = re.compile(r"\d[:.]\d\d(?:[:.]\d\d)?(?:\.\d+)?")
# What may stand after a time and is no zone: comments, and the year as `asctime` writes it.
_BESIDE_ZONE = re.compile(r"\([^()]*\)|(?<![-+\d])\d{4}(?!\d)")
_AHEAD = re.compile(r"(?:GMT|UTC?|Z)?[ \t]*([+-])(\d{1,2})(?::?(\d\d))?", re.IGNORECASE)
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}


def addresses(values: list[bytes]) -> tuple[list[tuple[str, str]], bool]:
    """Return (name, address) for each mailbox in the fields, in order, and whether any was guessed.

    Names are decoded, addresses are lower-cased; either may be "" but not both. Group names
    ("undisclosed-recipients:;") give nothing.
    """
    found: list[tuple[str, str]] = []
    guessed = False
    for value in values:
        text = value.decode("ascii") if value.isascii() else decode_unlabelled(value)
        text = _unfold(text)
        pairs = _simple(text)
        if pairs is None:
            pairs = _tolerant(text)
            if len(text) <= _LONGEST_LOOSE and not is_plausible(pairs, text):
                strict = [pair for pair in pairs if any(pair)]
                pairs = loose_mailboxes(text)
                guessed = guessed or pairs != strict
        found.extend(pairs)
    shown = (
        (clean(decode_words(name) if "=?" in name else name).strip(), clean(address).lower())
        for name, address in found
    )
    return [pair for pair in shown if any(pair)], guessed


def identifiers(values: list[bytes]) -> list[str]:
    """Return the message ids in References fields: without angle brackets, in order, once each."""
    text = _joined(values)
    found = _IDENTIFIER.findall(text) if "<" in text else text.split()
    ids = ("".join(identifier.split()) for identifier in found)
    return list(dict.fromkeys(identifier for identifier in ids if identifier))


def message_id(values: list[bytes]) -> str:
    """Return the first message id of a Message-ID field, or ""."""
    found = identifiers(values[:1])
    return found[0] if found else ""


def in_reply_to(values: list[bytes], people: Collection[str]) -> str | None:
    """Return the message id in an In-Reply-To field, or None.

    Old mail readers wrote prose there, with the writer's address, in angle brackets or without;
    the id is outside quotes and comments, and stands after the address. `people` are addresses of
    the mail itself: an answer goes to the writer of what it answers.
    """
    found = [
        "".join(identifier.split())
        for identifier in _IDENTIFIER.findall(_ASIDE.sub(" ", _joined(values)))
    ]
    if not found and b"<" not in b"".join(values):
        words = _joined(values).split()
        found = words if len(words) == 1 and "@" in words[0] else []
    ids = (each for each in reversed(found) if each and each.lower() not in people)
    return next(ids, None)


def date(value: bytes) -> tuple[datetime | None, str | None]:
    """Return the time in a Date field in UTC, and a sentence about what is wrong with it, or None.

    The time is None where it is no date; no zone means UTC.
    """
    text = value.decode("ascii").strip() if value.isascii() else decode_unlabelled(value).strip()
    plain = _DATE.fullmatch(text)
    try:
        if plain is not None:
            day, month, year, hour, minute, second, sign, zone_hours, zone_minutes = plain.groups()
            if int(year) >= 1900 and int(second) < 60:
                ahead = timedelta(hours=int(zone_hours), minutes=int(zone_minutes))
                clock = int(hour), int(minute), int(second)
                local = datetime(int(year), _MONTHS[month], int(day), *clock, tzinfo=UTC)
                return (local - ahead if sign == "+" else local + ahead), None
        return _unusual_date(_unfold(text))
    except (ValueError, OverflowError, TypeError, IndexError, AttributeError):
        # The standard library's parser lets several kinds through for malformed dates.
        return None, "The Date field is not a date."


def _unusual_date(text: str) -> tuple[datetime, str | None]:
    parsed = email.utils.parsedate_to_datetime(_LEAP_SECOND.sub("59", text))
    if 2050 <= parsed.year < 2069 and str(parsed.year) not in text:
        # Of two digits 50 to 99 mean the century before (RFC 5322 section 4.3).
        parsed = parsed.replace(year=parsed.year - 100)
    time = _TIME.search(text)
    after = _BESIDE_ZONE.sub("", text[time.end() :]).strip() if time is not None else ""
    ahead = _AHEAD.fullmatch(after)
    if ahead is not None:
        sign, hours, minutes = ahead.groups("0")
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        parsed = parsed.replace(tzinfo=timezone(-offset if sign == "-" else offset))
    elif parsed.tzinfo is None:
        problem = "What stands after the time in the Date field is not understood; UTC was taken."
        return parsed.replace(tzinfo=UTC), problem if after else None
    return parsed.astimezone(UTC), None


def _joined(values: list[bytes]) -> str:
    joined = b" ".join(values)
    return joined.decode("ascii") if joined.isascii() else decode_unlabelled(joined)


def _unfold(text: str) -> str:
    return text.replace("\r\n", "").replace("\n", "") if "\n" in text else text


def _simple(text: str) -> list[tuple[str, str]] | None:
    pairs = []
    position = 0
    while True:
        match = _SIMPLE.match(text, position)
        if match is None:
            return None
        quoted, phrase, bracketed, bare, separator = match.groups()
        pairs.append((quoted or phrase or "", bracketed or bare))
        position = match.end()
        if not separator:
            return pairs


def _tolerant(text: str) -> list[tuple[str, str]]:
    # Newer standard libraries refuse a whole field when one address in it looks forged; an
    # archive keeps what the field says, so that check is turned off where it exists.
    try:
        if getattr(email.utils, "supports_strict_parsing", False):
            return email.utils.getaddresses([text], strict=False)
        return email.utils.getaddresses([text])
    except (ValueError, IndexError, TypeError, AttributeError, RecursionError):
        # Fields that even it cannot take apart are kept whole, as a name.
        return [(text.strip(), "")]
