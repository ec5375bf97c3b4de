"""Conversations as answers: their records in order, page by page, and where one stands in its own.

Nothing here asks who reads or why, or notes it: `archive.access.desk` has done so before.
"""

import base64
import binascii
import struct
from collections.abc import Callable
from functools import partial
from typing import Final, TypeAlias
from uuid import UUID

from archive.access.answers import (
    ConversationAnswer,
    ConversationItem,
    MarkedPassage,
    OriginalInfo,
    Place,
    RecordAnswer,
)
from archive.access.passages import Said, passages
from archive.access.views.viewer import Viewer
from archive.catalog.conversations import ConversationCatalog, Member, Moment, Seen
from archive.errors import CorruptError, GoneError, InvalidError
from archive.events.records import Loaded, Records
from archive.model.record import Record
from archive.model.roles import View

_CURSOR: Final = struct.Struct(">Bqq")
_VERSION: Final = 1

Sees: TypeAlias = Callable[[Record], bool]


class Conversations:
    """Reads conversations from the catalog and their records from the events."""

    def __init__(self, catalog: ConversationCatalog, records: Records) -> None:
        self._catalog = catalog
        self._records = records

    def page(
        self,
        conversation: UUID,
        viewer: Viewer,
        limit: int,
        cursor: str | None,
        seen: Seen | None = None,
        sees: Sees = lambda _: True,
    ) -> ConversationAnswer:
        """Return the page after a cursor, or the first; InvalidError for a wrong cursor.

        Of what is not `seen`, here and below, nothing is told or counted. Each record is shown only
        if `sees` says so of it as it stands now.
        """
        after = None if cursor is None else _decode(cursor)
        found = self._catalog.members(conversation, limit + 1, after=after, seen=seen)
        count = partial(self._catalog.count, conversation, seen=seen)
        before = 0 if after is None else count(up_to=after)
        members = found[:limit]
        there = [member.id for member in members if not member.erased]
        records = dict(zip(there, self._records.load_each(there), strict=True))
        items = (
            self._item(member, at, records.get(member.id), conversation, viewer, sees)
            for at, member in enumerate(members, before + 1)
        )
        return ConversationAnswer(
            id=conversation,
            total=count(),
            items=tuple(item for item in items if item is not None),
            cursor=_encode(found[limit - 1].moment) if len(found) > limit else None,
            view=viewer.view,
        )

    def _item(
        self,
        member: Member,
        position: int,
        found: Loaded | GoneError | CorruptError | None,
        conversation: UUID,
        viewer: Viewer,
        sees: Sees,
    ) -> ConversationItem | None:
        try:
            if found is None:
                raise GoneError(f"Record {member.id} has been erased.")
            if not isinstance(found, Loaded):
                raise found
            record = found.record()
        except (GoneError, CorruptError) as error:
            return ConversationItem(
                id=member.id,
                position=position,
                state="damaged" if isinstance(error, CorruptError) else "erased",
                problem=str(error),
            )
        if not sees(record):
            return None
        shown = record_answer(viewer.shown(record), conversation, viewer.view)
        return ConversationItem(id=member.id, position=position, record=shown)

    def place(self, record_id: UUID, conversation: UUID, seen: Seen | None = None) -> Place | None:
        """Return where a record stands in its conversation, None if it is not catalogued."""
        moment = self._catalog.moment(record_id)
        if moment is None:
            return None
        previous, following = self._catalog.neighbours(conversation, moment, seen=seen)
        return Place(
            position=self._catalog.count(conversation, up_to=moment, seen=seen),
            total=self._catalog.count(conversation, seen=seen),
            previous=previous,
            next=following,
        )


def record_answer(
    record: Record,
    conversation: UUID | None,
    view: View,
    place: Place | None = None,
    leaf_hash: str | None = None,
) -> RecordAnswer:
    """Return a record, as a view shows it, as it leaves; `conversation` is the archive's own."""
    content = record.content
    return RecordAnswer(
        id=record.id,
        version=record.version,
        seq=record.seq,
        captured_at=record.captured_at,
        conversation=str(conversation) if conversation else None,
        custodian=record.custodian,
        labels=record.labels,
        edited=record.edited,
        deleted=record.deleted,
        redacted=record.redacted,
        original=OriginalInfo(media_type=record.media_type, size=record.size, sha256=record.sha256),
        place=place,
        leaf_hash=leaf_hash,
        passages=tuple(
            MarkedPassage(start=each.start, end=each.end, said=each.said)
            for each in passages(content.text or "")
            if each.said is not Said.OWN
        ),
        view=view,
        **{
            name: getattr(content, name)
            for name in RecordAnswer.model_fields
            if name in type(content).model_fields and name != "conversation"
        },
    )


def _encode(moment: Moment) -> str:
    packed = _CURSOR.pack(_VERSION, moment.time, moment.first_seq)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def _decode(text: str) -> Moment:
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
        version, time, first_seq = _CURSOR.unpack(packed)
    except (binascii.Error, ValueError, struct.error):
        version = 0
    if version != _VERSION:
        raise InvalidError("The cursor is not one that a conversation gave.")
    return Moment(time, first_seq)
