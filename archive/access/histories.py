"""What happened to a record, told without its content."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from archive.access.answers import HistoryAnswer, HistoryEvent
from archive.bucket.names import segment_name
from archive.events.pointers import PointerRow
from archive.events.types import Erased, Event, InteractionRedacted, Sent


def senders(events: Sequence[Event | None]) -> set[str]:
    """Return the ids of whoever sent something; an event is None where it cannot be opened."""
    return {each.sent_by for each in events if isinstance(each, Sent) and each.sent_by}


def history(
    record_id: UUID,
    rows: Sequence[PointerRow],
    events: Sequence[Event | None],
    names: Mapping[str, str],
) -> HistoryAnswer:
    """Return what happened to a record; who sent it is told where `names` knows them by id."""
    told = (_told(row, event, names) for row, event in zip(rows, events, strict=True))
    return HistoryAnswer(id=record_id, events=tuple(told))


def _told(row: PointerRow, event: Event | None, names: Mapping[str, str]) -> HistoryEvent:
    known = event is not None and not isinstance(event, Erased)
    sent = event if isinstance(event, Sent) and event.sent_by in names else None
    return HistoryEvent(
        seq=row.seq,
        version=row.originator_version,
        type=row.type,
        recorded_at=event.recorded_at if known and event else None,
        leaf_hash=row.pointer.leaf_hash.hex(),
        segment=segment_name(row.pointer.segment_id),
        sent_by=names[sent.sent_by] if sent and sent.sent_by else None,
        sent_token=sent.sent_token if sent else None,
        case=event.case if isinstance(event, InteractionRedacted) else None,
    )
