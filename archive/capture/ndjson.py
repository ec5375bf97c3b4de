"""Interactions as JSON, one a line: the archive's own form (docs/sources.md).

A line stands for itself: it names its own source, and a line that is wrong is refused with the
field that is wrong while the others go on. The original is the line's exact bytes, unless the
line carries the source's own bytes in `original`.
"""

import binascii
from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC
from hashlib import sha256
from typing import BinaryIO

from pydantic import ValidationError

from archive.capture.charset import clean
from archive.capture.html import visible_text
from archive.capture.parsed import Parsed
from archive.capture.sniff import is_mail
from archive.errors import InvalidError, NotFoundError
from archive.model.interaction import (
    LONGEST_NAME,
    Attachment,
    Content,
    IncomingInteraction,
    KeptInteraction,
    Participant,
)

MEDIA_TYPE = "application/json"
LONGEST_LINE = 256 << 20
MOST_MEMBERS = 100_000

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_BLANK = (b"", _BYTE_ORDER_MARK)
_CHUNK = 1 << 20
_PREFIX = "attachments/"
# What is wrong with a field, where the model's own words are those of a programmer.
_WRONG = {
    "datetime": "there is no such time; one is written as in 2024-05-06T07:08:09Z",
    "dict_type": "it is no object",
    "model_type": "it is no object",
    "string_too_long": f"it has more than {LONGEST_NAME:,} characters",
    "string_too_short": "it is empty",
    "string_type": "it is no text",
    "timezone_aware": "it has no offset from UTC, as in 2024-05-06T07:08:09+02:00",
    "too_short": "it needs at least one",
    "tuple_type": "it is no list",
}


def spans(stream: BinaryIO) -> Iterator[tuple[int, int]]:
    """Give the offset and length of each line that is not blank, without its line end."""
    begin = position = 0
    head = b""
    while chunk := stream.read(_CHUNK):
        *ended, rest = chunk.split(b"\n")
        for piece in ended:
            if _head(head, piece) not in _BLANK:
                yield begin, position + len(piece) - begin
            position += len(piece) + 1
            begin = position
            head = b""
        head = _head(head, rest)
        position += len(rest)
    if head not in _BLANK:
        yield begin, position - begin


def _head(head: bytes, piece: bytes) -> bytes:
    """Add the next piece of a line to what it begins with, which is enough to see if it is blank.

    A line may come in pieces of any length, and a byte order mark in three of them.
    """
    if len(head) > len(_BYTE_ORDER_MARK):
        return head
    return (head + (piece if head else piece.lstrip()))[: len(_BYTE_ORDER_MARK) + 1]


def parse(raw: bytes) -> Parsed:
    """Read one line.

    Raises:
        InvalidError: The line is no interaction; the message names the field.
    """
    if _has_too_many_members(raw):
        raise InvalidError(f"The line has more than {MOST_MEMBERS:,} fields and items.")
    return from_incoming(checked(raw), raw)


def _has_too_many_members(raw: bytes) -> bool:
    """Say whether a JSON text has more members than any interaction.

    Each takes some hundred times its size in memory when it is read, so they are counted first: by
    what parts them, which within strings does not count.
    """
    if _marks(raw) <= MOST_MEMBERS:
        return False
    # A field is two strings at most, and each has two quotes.
    if raw.count(b'"') - raw.count(b'\\"') > 4 * MOST_MEMBERS:
        return True
    return marks_outside_strings(raw) > MOST_MEMBERS


def marks_outside_strings(raw: bytes) -> int:
    """Count what opens an array or object, or parts members, in a JSON text."""
    bare = raw.replace(b"\\\\", b"").replace(b'\\"', b"")
    return sum(map(_marks, bare.split(b'"')[::2]))


def _marks(text: bytes) -> int:
    return text.count(b",") + text.count(b"[") + text.count(b"{")


def checked(raw: bytes) -> IncomingInteraction:
    """Return the interaction that a JSON text is; errors as in `parse`."""
    try:
        return IncomingInteraction.model_validate_json(raw.removeprefix(_BYTE_ORDER_MARK))
    except ValidationError as error:
        raise InvalidError(_sentence(error)) from None


def kept(raw: bytes) -> KeptInteraction:
    """Return what is read again out of an archived JSON text; errors as in `parse`."""
    try:
        return KeptInteraction.model_validate_json(raw.removeprefix(_BYTE_ORDER_MARK))
    except ValidationError as error:
        raise InvalidError(_sentence(error)) from None


def from_incoming(incoming: IncomingInteraction, raw: bytes) -> Parsed:
    """Turn a checked interaction into content; `raw` is the JSON text that it came in.

    Raises:
        InvalidError: It has nothing to keep, a field is no base64, or its time is out of range.
    """
    if not (incoming.text or incoming.html or incoming.attachments or incoming.original):
        raise InvalidError("There is nothing to keep: give text, html, an attachment or original.")
    original, media_type = raw, MEDIA_TYPE
    if incoming.original is not None:
        original = _base64(incoming.original, "original")
        media_type = "message/rfc822" if is_mail(original) else "application/octet-stream"
    data = {
        f"{_PREFIX}{index}": _base64(attachment.data, f"attachments.{index}.data")
        for index, attachment in enumerate(incoming.attachments)
    }
    try:
        occurred_at = incoming.occurred_at.astimezone(UTC)
    except OverflowError:
        raise InvalidError("The field occurred_at is not right: it is out of range.") from None
    # What `clean` takes out can only be written as an escape in JSON, and few lines have any.
    tidy = _clean if b"\\u" in raw else _as_it_is
    content = Content(
        source=tidy(incoming.source) or "",
        native_id=tidy(incoming.native_id) or "",
        channel=incoming.channel,
        kind=incoming.kind,
        direction=incoming.direction,
        occurred_at=occurred_at,
        conversation=tidy(incoming.conversation),
        in_reply_to=tidy(incoming.in_reply_to),
        participants=incoming.participants
        if tidy is _as_it_is
        else tuple(_participant(person) for person in incoming.participants),
        subject=tidy(incoming.subject),
        text=tidy(incoming.text),
        html_text=visible_text(incoming.html) if incoming.html is not None else None,
        language=tidy(incoming.language),
        location=tidy(incoming.location),
        attachments=tuple(
            Attachment(
                filename=_clean(attachment.filename),
                media_type=clean(attachment.media_type),
                size=len(data[part]),
                sha256=sha256(data[part]).hexdigest(),
                part=part,
            )
            for part, attachment in zip(data, incoming.attachments, strict=True)
        ),
        metrics=incoming.metrics,
    )
    return Parsed(
        content=content,
        original=original,
        media_type=media_type,
        custodian=_clean(incoming.custodian),
        labels={clean(name): clean(value) for name, value in incoming.labels.items()},
        extra_parts=data if incoming.original is not None else {},
    )


def attachment_bytes(kept: KeptInteraction, part: str) -> bytes:
    """Return the bytes of the attachment at a part path, such as `attachments/0`.

    Raises:
        NotFoundError: The interaction has no such attachment.
    """
    for index, attachment in enumerate(kept.attachments):
        if part == f"{_PREFIX}{index}":
            return _base64(attachment.data, part)
    raise NotFoundError(f"The interaction has no part {part}.")


def _participant(person: Participant) -> Participant:
    return Participant(
        role=person.role,
        address=_clean(person.address),
        name=_clean(person.name),
        organisation=_clean(person.organisation),
        department=_clean(person.department),
        location=_clean(person.location),
    )


def _as_it_is(text: str | None) -> str | None:
    return text


def _clean(text: str | None) -> str | None:
    return None if text is None else clean(text)


def _base64(text: str, field: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidError(f"The field {field} is not right: it is not base64.") from None


def _sentence(error: ValidationError) -> str:
    """Say what is wrong with the first wrong field, without repeating what it holds."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    first = details[0]
    # A field's name may be the caller's own, so it is cut to what can be a name.
    field = ".".join(str(step) for step in first["loc"])[:100]
    kind = "datetime" if first["type"].startswith("datetime_") else first["type"]
    message = first["msg"].removeprefix("Value error, ").replace("Input should", "it should", 1)
    message = _WRONG.get(kind, message[:1].lower() + message[1:])
    if not field:
        return f"The line is not an interaction: {message}."
    if first["type"] == "extra_forbidden":
        said = f"There is no field {field}"
    elif first["type"] == "missing":
        said = f"The field {field} is missing"
    else:
        said = f"The field {field} is not right: {message}"
    others = len(details) - 1
    return f"{said}{f' (and {others} more)' if others else ''}."
