"""What documents say of themselves: their author and their dates (Dublin Core, PDF)."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone

from archive.capture.charset import clean
from archive.capture.extract.sink import Properties

_PDF_DATE = re.compile(
    r"(?:D:)?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?\s*(?:(Z)|([+-])(\d\d)'?(\d\d)?'?)?"
)


def properties(values: Mapping[str, str]) -> Properties:
    """Return the properties among the values of a metadata document, by local name."""
    return Properties(
        author=_name(values.get("creator") or values.get("initial-creator")),
        created=_moment(values.get("created") or values.get("creation-date")),
        modified=_moment(values.get("modified") or values.get("date")),
    )


def pdf_properties(values: Mapping[str, str]) -> Properties:
    """Return the properties in a PDF's information dictionary (ISO 32000-1, 14.3.3)."""
    return Properties(
        author=_name(values.get("Author")),
        created=_pdf_moment(values.get("CreationDate")),
        modified=_pdf_moment(values.get("ModDate")),
    )


def utc(moment: datetime) -> datetime | None:
    """Return a time in UTC, which is assumed where no zone is given; None beyond the calendar."""
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return None


def _name(text: str | None) -> str | None:
    return " ".join(clean(text).split())[:1024] or None if text else None


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return utc(datetime.fromisoformat(text.strip()))
    except ValueError:
        return None


def _pdf_moment(text: str | None) -> datetime | None:
    found = _PDF_DATE.match(text.strip()) if text else None
    if found is None:
        return None
    year, *rest = (int(part) if part else None for part in found.groups()[:6])
    month, day, hour, minute, second = rest
    offset = timedelta(hours=int(found[9] or 0), minutes=int(found[10] or 0))
    try:
        zone = timezone(-offset if found[8] == "-" else offset)
        moment = datetime(year or 1, month or 1, day or 1, hour or 0, minute or 0, second or 0)
        return utc(moment.replace(tzinfo=zone))
    except ValueError:
        return None
