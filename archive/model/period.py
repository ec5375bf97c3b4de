"""Periods of the calendar, by which retention and locks are counted. Pure.

Calendar arithmetic is in UTC: one year after 29 February is 28 February.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from archive.errors import InvalidError

_MONTHS_IN_YEAR = 12
_SHORTEST_MONTH = 28
_LONGEST_YEARS = 100
_PERIOD = re.compile(r"([1-9][0-9]{0,4})([ymd])")
_UNITS = {"y": "year", "m": "month", "d": "day"}
# From here on any two periods can be compared; it is the first of a leap cycle.
_REFERENCE = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of the calendar: so many years, months or days (`unit` is y, m or d)."""

    count: int
    unit: str

    @classmethod
    def parse(cls, text: str) -> "Period":
        """Read `7y`, `18m` or `90d`; InvalidError for anything else, or over 100 years."""
        match = _PERIOD.fullmatch(text)
        if match is None:
            raise InvalidError(f"{text!r} is not a period such as 7y, 18m or 90d.")
        period = cls(int(match[1]), match[2])
        if period.exceeds(cls(_LONGEST_YEARS, "y")):
            raise InvalidError(f"{text} is longer than {_LONGEST_YEARS} years.")
        return period

    def after(self, moment: datetime) -> datetime:
        """Return the moment (UTC) that is this much later, on the last day of a shorter month."""
        # Most moments are in UTC already, which asking them takes longer than seeing.
        start = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
        if self.unit == "d":
            return start + timedelta(days=self.count)
        months = self.count * (_MONTHS_IN_YEAR if self.unit == "y" else 1)
        years, month = divmod(start.month - 1 + months, _MONTHS_IN_YEAR)
        year, month = start.year + years, month + 1
        day = start.day
        if day > _SHORTEST_MONTH:
            day = min(day, monthrange(year, month)[1])
        return start.replace(year=year, month=month, day=day)

    def exceeds(self, other: "Period") -> bool:
        """Say whether this is longer, counted from the beginning of a leap year."""
        return self._days() > other._days()

    def _days(self) -> int:
        if self.unit == "d":
            return self.count
        # Years beyond what a date can hold are over every limit all the same.
        years = min(self.count // (1 if self.unit == "y" else _MONTHS_IN_YEAR), 5_000)
        whole = Period(years, "y").after(_REFERENCE)
        months = self.count % _MONTHS_IN_YEAR if self.unit == "m" else 0
        return (Period(months, "m").after(whole) - _REFERENCE).days

    @property
    def text(self) -> str:
        """The period as it is written in settings."""
        return f"{self.count}{self.unit}"

    def __str__(self) -> str:
        return f"{self.count} {_UNITS[self.unit]}{'' if self.count == 1 else 's'}"
