"""Dates and sizes of a query as numbers: seconds since 1970 in UTC, and bytes.

Every value names a span: `2001-05` is the whole of May. Spans are half open, `low <= n < high`.
"""

import re
from calendar import isleap, monthrange
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final

from archive.errors import InvalidError
from archive.query.fields import FieldKind

_DATE: Final = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[Tt](\d\d):(\d\d)(?::(\d\d))?([Zz]|[+-]\d\d:?\d\d)?)?)?)?"
)
_SIZE: Final = re.compile(
    r"(\d{1,15})(?:\.(\d{1,9}))?(b|kb|mb|gb|tb|kib|mib|gib|tib)?", re.IGNORECASE
)
_UNITS: Final = {
    "b": 1,
    **{f"{letter}b": 1000**power for power, letter in enumerate("kmgt", 1)},
    **{f"{letter}ib": 1024**power for power, letter in enumerate("kmgt", 1)},
}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DATES: Final = range(-62_135_596_800, 253_402_300_800)
"""The seconds of the years 1 to 9999 in UTC."""
_SIZES: Final = range(2**62)
Bounds = tuple[int | None, int | None]


def seconds(moment: datetime) -> int:
    """Return whole seconds since 1970, rounded down."""
    return (moment - _EPOCH) // timedelta(seconds=1)


def utc_text(value: int) -> str:
    """Write seconds since 1970 as the query language does: `2001-05-01T00:00:00Z`."""
    moment = _EPOCH + timedelta(seconds=value)
    return f"{moment.replace(tzinfo=None).isoformat()}Z"


def compared(kind: FieldKind, operator: str, text: str, zone: tzinfo) -> Bounds:
    """Return the bounds that `field operator text` means; raises InvalidError."""
    low, high = span(kind, text, zone)
    possible = _DATES if kind is FieldKind.DATE else _SIZES
    match operator:
        case ">=":
            return low, None
        case ">" if high in possible:
            return high, None
        case "<" if low > possible.start:
            return None, low
        case "<=":
            return None, high
        case "=":
            return low, high
        case _:
            raise InvalidError(f"Nothing can be {operator} {text}.")


def ranged(kind: FieldKind, text: str, zone: tzinfo) -> Bounds:
    """Return the bounds of `value`, `value..value`, `value..`, `..value` or `*`.

    Both ends belong to the range. Raises InvalidError.
    """
    if text == "*":
        return None, None
    first, dots, last = text.partition("..")
    if not dots:
        return span(kind, text, zone)
    low = span(kind, first, zone)[0] if first else None
    high = span(kind, last, zone)[1] if last else None
    if low is None and high is None:
        raise InvalidError("A range needs a value before or after the two dots.")
    if low is not None and high is not None and low >= high:
        raise InvalidError(f"The range {text} ends before it begins.")
    return low, high


def span(kind: FieldKind, text: str, zone: tzinfo) -> tuple[int, int]:
    """Return the first number of what `text` names and the first after it."""
    return _date_span(text, zone) if kind is FieldKind.DATE else _size_span(text)


def _size_span(text: str) -> tuple[int, int]:
    match = _SIZE.fullmatch(text)
    if match is None:
        raise InvalidError(f"{text} is not a size; write bytes or a unit, as in 500kb or 1mb.")
    whole, fraction, unit = match[1], match[2] or "", _UNITS[(match[3] or "b").lower()]
    size, broken = divmod(int(whole + fraction) * unit, 10 ** len(fraction))
    if broken:
        raise InvalidError(f"{text} is no whole number of bytes.")
    return size, size + 1


def _date_span(text: str, zone: tzinfo) -> tuple[int, int]:
    match = _DATE.fullmatch(text)
    if match is None:
        raise InvalidError(
            f"{text} is not a date; write 2001, 2001-05, 2001-05-31 or 2001-05-31T14:30:00+02:00."
        )
    year, month, day, hour, minute, second = (
        int(group) if group else None for group in match.groups()[:6]
    )
    try:
        start = datetime(
            year or 0, month or 1, day or 1, hour or 0, minute or 0, second or 0,
            tzinfo=_offset(match[7]) if match[7] else zone,
        )  # fmt: skip
    except ValueError as error:
        raise InvalidError(f"There is no date {text}.") from error
    first = seconds(start)
    if hour is not None:
        # Where clocks were put back a time comes twice, and both are meant.
        end = seconds(start.replace(fold=1)) + (60 if second is None else 1)
    else:
        end = _end(start, month is None, day is None)
    if first not in _DATES or end - 1 not in _DATES:
        raise InvalidError(f"The date {text} lies outside the years 1 to 9999 in UTC.")
    if first >= end:
        raise InvalidError(
            f"There is no {text} in {zone}, where the clocks were put past it; write the date "
            "before or after it, or a time with an offset."
        )
    return first, end


def _end(start: datetime, whole_year: bool, whole_month: bool) -> int:
    """Return the first second after the year, month or day that begins at `start`.

    Reckoned on the calendar of the zone and not in hours: a day may have 23 or 25 of them.
    """
    if whole_year:
        days = 366 if isleap(start.year) else 365
    else:
        days = monthrange(start.year, start.month)[1] if whole_month else 1
    try:
        return seconds(start + timedelta(days))
    except OverflowError:
        # Only the last day of the year 9999 has no day after it.
        return seconds(start) + days * 86_400


def _offset(text: str) -> timezone:
    if text in "Zz":
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)
