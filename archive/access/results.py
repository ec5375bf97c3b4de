"""One line of a result page, from a record and the query that found it."""

from collections.abc import Iterable, Iterator

from archive.access.search_answers import Highlight, SearchResult
from archive.capture.answers import Unsearched
from archive.model.interaction import Content, Direction, Participant, ParticipantRole
from archive.model.record import Record
from archive.model.unreadable import Unreadable
from archive.query import attributes
from archive.query.snippet import highlights, snippet
from archive.query.tree import Node

_SENDERS = (ParticipantRole.FROM, ParticipantRole.AUTHOR)
_RECIPIENTS = (ParticipantRole.TO, ParticipantRole.CC, ParticipantRole.BCC)
SNIPPET_WIDTH = 200


def _parties(content: Content) -> tuple[Participant | None, tuple[str, ...]]:
    """Return who sent it and to whom.

    Calls and tickets name no sender: there it is whoever began, as the direction tells.
    """
    people = content.participants
    beginner = (
        ParticipantRole.CUSTOMER
        if content.direction is Direction.INBOUND
        else ParticipantRole.AGENT
    )
    ranked = sorted(people, key=lambda one: (one.role not in _SENDERS, one.role is not beginner))
    sender = next((one for one in ranked if one.role not in _RECIPIENTS), None)
    to = [one for one in people if one.role in _RECIPIENTS]
    others = to or [one for one in people if one is not sender]
    return sender, tuple(map(_written, others))


def _written(participant: Participant) -> str:
    return participant.address or participant.name or ""


def search_result(record: Record, node: Node) -> SearchResult:
    """Return a record as a line of results, with a snippet around what matches."""
    content = record.content
    found = snippet(record, node, SNIPPET_WIDTH)
    sender, recipients = _parties(content)
    return SearchResult(
        id=record.id,
        seq=record.seq,
        channel=content.channel,
        kind=content.kind,
        source=content.source,
        custodian=record.custodian,
        sender=None if sender is None else _written(sender),
        sender_name=sender.name if sender is not None and sender.address else None,
        recipients=recipients,
        subject=content.subject,
        occurred_at=content.occurred_at,
        snippet=found.text,
        highlights=_told(found.highlights),
        subject_highlights=_told(highlights(content.subject or "", node, "subject")),
        has_attachment=bool(content.attachments),
        edited=record.edited,
        deleted=record.deleted,
        unsearched=tuple(_unsearched(record)),
    )


def _told(places: Iterable[tuple[int, int]]) -> tuple[Highlight, ...]:
    return tuple(Highlight(start=start, end=end) for start, end in places)


def _unsearched(record: Record) -> Iterator[Unsearched]:
    if attributes.searchable(record):
        return
    for each in record.content.attachments:
        if each.unreadable is not None:
            yield Unsearched(part=each.part, filename=each.filename, reason=each.unreadable)
    if attributes.attachments_read(record):
        yield Unsearched(part="", filename=None, reason=Unreadable.NO_TEXT)
