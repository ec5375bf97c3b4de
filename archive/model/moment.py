"""Times and days as callers write them: RFC 3339, a time with an offset; never a bare number."""

import re
from datetime import date, datetime
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator

_DATE = re.compile(r"\d{4}-\d\d-\d\d[Tt ]")
_LEAP_SECOND = re.compile(r"(?<=[Tt ]\d\d:\d\d:)60", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def _in_writing(value: object) -> object:
    # A number would be taken for seconds since 1970, which nobody means who is asked for a time.
    if isinstance(value, datetime):
        return value
    if isinstance(value, str) and _DATE.match(value):
        # RFC 3339 has the second that is put in now and then; a datetime has not.
        return _LEAP_SECOND.sub("59", value, count=1)
    raise ValueError("a time is written as in 2024-05-06T07:08:09Z")


def _day_in_writing(value: object) -> object:
    if isinstance(value, date) or (isinstance(value, str) and _DAY.fullmatch(value)):
        return value
    raise ValueError("a day is written as in 2024-05-06")


Moment = Annotated[AwareDatetime, BeforeValidator(_in_writing)]
Day = Annotated[date, BeforeValidator(_day_in_writing)]
