"""The trail and its reports as CSV (RFC 4180) and NDJSON, a line at a time.

A cell that a spreadsheet would take for a formula is written with an apostrophe before it, and
every cell stands in quotes, as OWASP advises ("CSV Injection"): queries and names come from people.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel

from archive.trail.answers import AccessReview, Seen, WhoSaw
from archive.trail.entry import TrailEntry

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")

REVIEW_COLUMNS: Final = (
    *("actor", "name", "roles", "enabled", "custodians", "departments", "matters", "registered_at"),
    *(
        "has_password",
        "has_codes",
        "last_sign_in",
        "last_act",
        "last_read",
        "searches",
        "reads",
        "records",
    ),
    *("refused", "flags", "tokens"),
)


def cell(value: object) -> str:
    """Return a value as a cell that no spreadsheet calculates."""
    match value:
        case None:
            text = ""
        case bool():
            text = "yes" if value else "no"
        case datetime():
            text = value.isoformat()
        case Mapping():
            text = json.dumps(dict(value), ensure_ascii=False, default=str) if value else ""
        case str():
            text = value
        case Iterable():
            text = " ".join(map(str, value))
        case _:
            text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def ndjson(entries: Iterable[BaseModel]) -> Iterator[str]:
    """Yield each as a line of JSON."""
    for each in entries:
        yield each.model_dump_json() + "\n"


def csv_of_entries(entries: Iterable[TrailEntry]) -> Iterator[str]:
    """Yield the header, then each entry."""
    return _csv(tuple(TrailEntry.model_fields), (dict(each) for each in entries))


def csv_of_sightings(report: WhoSaw) -> Iterator[str]:
    """Yield the header, then each line of who saw what."""
    return _csv(tuple(Seen.model_fields), (dict(each) for each in report.seen))


def csv_of_review(report: AccessReview) -> Iterator[str]:
    """Yield the header, then each user; their tokens share a cell."""
    return _csv(REVIEW_COLUMNS, _reviewed(report))


def _reviewed(report: AccessReview) -> Iterator[dict[str, Any]]:
    for each in report.users:
        shown = dict(each.user) if each.user else {"roles": (each.name,), "enabled": True}
        tokens = [
            f"{token.id} {token.state}, {token.age_days} days old, "
            f"expires {token.expires_at.isoformat() if token.expires_at else 'never'}, "
            f"last used {token.last_used.isoformat() if token.last_used else 'never'}"
            for token in each.tokens
        ]
        yield {**shown, **dict(each), "tokens": "; ".join(tokens)}


def _csv(columns: tuple[str, ...], rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(columns)
    yield written.getvalue()
    for row in rows:
        written.seek(0)
        written.truncate()
        writer.writerow([cell(row.get(name)) for name in columns])
        yield written.getvalue()
