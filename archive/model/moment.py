"""Times as callers write them: RFC 3339, with an offset, and never a bare number."""

import re
from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator

_DATE = re.compile(r"\d{4}-\d\d-\d\d[Tt ]")


def _in_writing(value: object) -> object:
    # A number would be taken for seconds since 1970, which nobody means who is asked for a time.
    if isinstance(value, datetime) or (isinstance(value, str) and _DATE.match(value)):
        return value
    raise ValueError("a time is written as in 2024-05-06T07:08:09Z")


Moment = Annotated[AwareDatetime, BeforeValidator(_in_writing)]
