"""The attachments of an item, read: what is a document is, and why the rest is not is said."""

from collections.abc import Callable
from dataclasses import replace

from archive.capture.extract.kinds import (
    IN_THIS_PROCESS,
    can_be_document,
    document_kind,
    is_signature,
)
from archive.capture.extract.limits import LARGEST, MOST_TEXT_OF_RECORD, room_for
from archive.capture.extract.plain import read_plain
from archive.capture.extract.reader import DocumentReader
from archive.capture.extract.sink import Extracted
from archive.capture.parse import attachment_opener
from archive.capture.parsed import Parsed
from archive.errors import NotFoundError
from archive.model.interaction import Attachment, Content, Participant, ParticipantRole
from archive.model.unreadable import Unreadable


def has_unread(content: Content) -> bool:
    """Say whether there are attachments of which nothing is known yet."""
    return any(each.text is None and each.unreadable is None for each in content.attachments)


def read_attachments(parsed: Parsed, reader: DocumentReader) -> Parsed:
    """Return an item with its attachments read; those that the format's module has read stay.

    Raises:
        UnavailableError: the process that reads documents cannot be started.
    """
    content = parsed.content
    room = MOST_TEXT_OF_RECORD - sum(len(each.text or "") for each in content.attachments)
    opened: Callable[[str], bytes] | None = None
    attachments: list[Attachment] = []
    for attachment in content.attachments:
        if attachment.text is None and attachment.unreadable is None:
            extracted = _without_bytes(attachment)
            if extracted is None:
                opened = opened or _opener(parsed)
                extracted = _read(attachment, opened, reader, room)
            room -= len(extracted.text or "")
            attachment = attachment.model_copy(
                update={"text": extracted.text, "unreadable": extracted.unreadable}
            )
            if not attachment.part:
                content = _with_properties(content, extracted)
        attachments.append(attachment)
    return replace(parsed, content=content.model_copy(update={"attachments": tuple(attachments)}))


def _opener(parsed: Parsed) -> Callable[[str], bytes]:
    in_original = attachment_opener(parsed.original, parsed.media_type)

    def opened(part: str) -> bytes:
        return parsed.extra_parts[part] if part in parsed.extra_parts else in_original(part)

    return opened


def _without_bytes(attachment: Attachment) -> Extracted | None:
    """Decide where the measure and the name are enough."""
    if is_signature(attachment.media_type, attachment.size):
        return Extracted("", None)
    if not attachment.size:
        return Extracted(None, Unreadable.NO_TEXT)
    if not can_be_document(attachment.filename, attachment.media_type):
        return Extracted(None, Unreadable.UNSUPPORTED)
    return Extracted(None, Unreadable.TOO_LARGE) if attachment.size > LARGEST else None


def _read(
    attachment: Attachment, opened: Callable[[str], bytes], reader: DocumentReader, room: int
) -> Extracted:
    try:
        data = opened(attachment.part)
    except NotFoundError:
        return Extracted(None, Unreadable.DAMAGED)
    kind = document_kind(data, attachment.media_type)
    if kind is None:
        return Extracted(None, Unreadable.UNSUPPORTED)
    if kind in IN_THIS_PROCESS:
        return read_plain(data, kind, room=room)
    return reader.read(data, min(room, room_for(len(data))))


def _with_properties(content: Content, extracted: Extracted) -> Content:
    """Return a file's content with the author and the date that the document itself names."""
    properties = extracted.properties
    people = content.participants
    if properties.author and not people:
        people = (Participant(role=ParticipantRole.AUTHOR, name=properties.author),)
    occurred_at = content.occurred_at or properties.modified or properties.created
    return content.model_copy(update={"participants": people, "occurred_at": occurred_at})
