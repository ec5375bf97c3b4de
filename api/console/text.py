"""How the console writes values for people: pure functions, used by the templates."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from archive.access.answers import Highlight
from archive.model.interaction import Participant

_UNITS = ("bytes", "KB", "MB", "GB", "TB")


class Segment(NamedTuple):
    """A run of a snippet, marked where it matches."""

    text: str
    marked: bool


def segments(text: str, highlights: Sequence[Highlight]) -> list[Segment]:
    """Cut a snippet at its matches; overlapping ones are joined, and nothing is lost."""
    runs: list[Segment] = []
    place = 0
    for mark in sorted(highlights, key=lambda mark: mark.start):
        start, end = max(mark.start, place), min(mark.end, len(text))
        if start >= end:
            continue
        if start > place:
            runs.append(Segment(text[place:start], False))
        runs.append(Segment(text[start:end], True))
        place = end
    if place < len(text):
        runs.append(Segment(text[place:], False))
    return runs


def utc_time(value: datetime | None) -> str:
    """Write a time in UTC to the second, or that there is none."""
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if value else "undated"


def byte_size(count: int) -> str:
    """Write a size in decimal units, exact below a thousand bytes."""
    size = float(count)
    for unit in _UNITS:
        if size < 1000 or unit == _UNITS[-1]:
            return f"{count} {unit}" if unit == _UNITS[0] else f"{size:.1f} {unit}"
        size /= 1000
    raise AssertionError("The last unit takes every size.")


def person(participant: Participant) -> str:
    """Write a participant as name and address, whichever there are."""
    if participant.name and participant.address:
        return f"{participant.name} <{participant.address}>"
    return participant.name or participant.address or "unnamed"


def by_role(participants: Sequence[Participant]) -> dict[str, list[str]]:
    """Group people by what they did, in the order of the record."""
    grouped: dict[str, list[str]] = {}
    for participant in participants:
        grouped.setdefault(participant.role.value, []).append(person(participant))
    return grouped
