"""How the console writes values for people: pure functions, used by the templates."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import NamedTuple

from archive.access.answers import RecordAnswer
from archive.access.passages import Said
from archive.access.passages import passages as passages_of
from archive.access.search_answers import Highlight, SearchResult
from archive.model.interaction import Attachment, Participant, ParticipantRole
from archive.query.snippet import highlights
from archive.query.tree import Node

_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
_UNITS = ("bytes", "KB", "MB", "GB", "TB")
_QUOTED = 3
"""As many quoted lines in a row, or more, are folded away in a conversation."""
_BEFORE = 20
_AFTER = 12
"""How many characters of a query a phone has room for, around the one that is pointed at."""


class Segment(NamedTuple):
    """A run of a text, marked where it matches."""

    text: str
    marked: bool


class Passage(NamedTuple):
    """Lines of a text that are alike: written, quoted or a signature; `folded` if many quoted."""

    segments: tuple[Segment, ...]
    said: Said
    height: int

    @property
    def quoted(self) -> bool:
        """Whether the lines are quoted from elsewhere."""
        return self.said is Said.QUOTED

    @property
    def marked(self) -> int:
        """How many runs of it match."""
        return sum(run.marked for run in self.segments)

    @property
    def folded(self) -> bool:
        """Whether there are so many quoted lines that a conversation should not repeat them."""
        return self.quoted and self.height >= _QUOTED


def segments(text: str, marks: Sequence[Highlight]) -> list[Segment]:
    """Cut a text at its matches; overlapping ones are joined, and nothing is lost."""
    runs: list[Segment] = []
    place = 0
    for mark in sorted(marks, key=lambda mark: mark.start):
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


def lines(text: str, sought: Node, field: str = "body") -> list[Passage]:
    """Cut a whole text where quoting or a signature begins and ends, and mark what is sought in it.

    Joined again, the passages are the text.
    """
    places = highlights(text, sought, field)
    passages: list[Passage] = []
    for start, end, said, height in passages_of(text):
        # The places are in order and apart: those within are found without a look at the others.
        first = bisect_right(places, start, key=itemgetter(1))
        last = bisect_left(places, end, key=itemgetter(0))
        within = [
            Highlight(start=max(begun, start) - start, end=min(ended, end) - start)
            for begun, ended in places[first:last]
        ]
        passages.append(Passage(tuple(segments(text[start:end], within)), said, height))
    return passages


def pointed(query: str, column: int) -> str:
    """Write a query, or what of a long one is around a column (from 1), with a caret below it."""
    start, end = max(0, column - 1 - _BEFORE), column + _AFTER
    line = "".join(" " if each.isspace() else each for each in query[start:end])
    before, after = "… " if start else "", " …" if end < len(query) else ""
    return f"{before}{line}{after}\n{' ' * (len(before) + column - 1 - start)}^"


def moment(value: datetime | None, *, exact: bool = False) -> str:
    """Write a time in UTC to the minute, or exactly with its zone; or that there is none."""
    if value is None:
        return "undated"
    utc = value.astimezone(UTC)
    day = f"{utc.day} {utc:%b} {utc.year}"
    return f"{day}, {utc:%H:%M:%S} UTC" if exact else f"{day}, {utc:%H:%M}"


def day(value: datetime) -> str:
    """Write the day of a time, in UTC."""
    return value.astimezone(UTC).strftime("%Y-%m-%d")


def number(count: int) -> str:
    """Write a count with its thousands apart."""
    return f"{count:,}"


def share(count: int, greatest: int) -> str:
    """Write a count as a part of the greatest, in per cent, so that none is invisible."""
    return f"{max(1.0, 100 * count / greatest):.1f}%"


def byte_size(count: int) -> str:
    """Write a size in decimal units, exact below a thousand bytes."""
    size = float(count)
    for unit in _UNITS:
        if size < 1000 or unit == _UNITS[-1]:
            return f"{count} {unit}" if unit == _UNITS[0] else f"{size:.1f} {unit}"
        size /= 1000
    raise AssertionError("The last unit takes every size.")


def duration(seconds: float) -> str:
    """Write seconds as hours, minutes and seconds."""
    return str(timedelta(seconds=round(seconds)))


def label(name: str) -> str:
    """Write a name of a closed vocabulary as a word that begins a phrase."""
    return name.replace("-", " ").replace("_", " ").capitalize()


def person(participant: Participant) -> str:
    """Write a participant as name and address, whichever there are."""
    if participant.name and participant.address:
        return f"{participant.name} <{participant.address}>"
    return participant.name or participant.address or "unnamed"


def by_role(participants: Sequence[Participant]) -> dict[str, list[Participant]]:
    """Group people by what they did, in the order of the record."""
    grouped: dict[str, list[Participant]] = {}
    for participant in participants:
        grouped.setdefault(participant.role.value, []).append(participant)
    return grouped


def title(shown: SearchResult | RecordAnswer) -> str:
    """Write what a record is called: its subject, or else what it is and whose."""
    if shown.subject and shown.subject.strip():
        return shown.subject
    if isinstance(shown, SearchResult):
        sender = shown.sender
    else:
        authors = (
            ParticipantRole.FROM,
            ParticipantRole.AUTHOR,
            ParticipantRole.AGENT,
            ParticipantRole.CUSTOMER,
            ParticipantRole.SPEAKER,
        )
        chosen = next((one for one in shown.participants if one.role in authors), None)
        sender = (chosen.name or chosen.address) if chosen else None
    kind = label(shown.kind) if shown.kind != shown.channel else "Record"
    return f"{kind} from {sender}" if sender else f"{kind} without a subject"


def filename(name: str) -> str:
    """Write a file's name with the characters that turn the text after them named in it.

    They are those of UAX #9 by which `gpj.exe` is shown as `exe.jpg`.
    """
    return _TURNING.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", name)


def attachment_state(attachment: Attachment) -> str:
    """Say what was read out of an attachment, or why not."""
    if attachment.unreadable is not None:
        reason = attachment.unreadable.value.replace("-", " ")
        return f"partly read: {reason}" if attachment.text else f"not read: {reason}"
    return "text read and searchable" if attachment.text else ""
