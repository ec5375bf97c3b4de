"""From an object of Outlook to content: the readers of MSG, TNEF and items of a store."""

from archive.capture import mail
from archive.capture.mime import Part
from archive.capture.outlook import msg, tnef
from archive.capture.outlook.item import Id, Item
from archive.capture.outlook.parts import author_of, has_internet_author, part_of, recipients_of
from archive.capture.parsed import Parsed
from archive.model.interaction import Content, Kind, Participant, ParticipantRole

_FIELD_ROLES = {b"to": ParticipantRole.TO, b"cc": ParticipantRole.CC, b"bcc": ParticipantRole.BCC}
# What is no message, by the beginning of its class ([MS-OXCMSG]); the rest are messages.
_KINDS = (
    ("IPM.APPOINTMENT", Kind.MEETING),
    ("IPM.CONTACT", Kind.FILE),
    ("IPM.DISTLIST", Kind.FILE),
    ("IPM.TASK", Kind.FILE),
    ("IPM.STICKYNOTE", Kind.FILE),
    ("IPM.ACTIVITY", Kind.FILE),
    ("IPM.DOCUMENT", Kind.FILE),
    ("IPM.MICROSOFT.SCHEDULEDATA", Kind.FILE),
)


def parse(raw: bytes, *, source: str, folder: str = "") -> Parsed:
    """Read an MSG file, a TNEF stream, or an item of a store written as an MSG file.

    `folder` is where an item of a store lay.

    Raises:
        InvalidError: the bytes are no such thing.
    """
    item = _item(raw)
    media_type = tnef.MEDIA_TYPE if raw.startswith(tnef.MAGIC) else msg.MEDIA_TYPE
    return Parsed(
        content_of(item, source=source),
        raw,
        media_type,
        labels={"folder": folder} if folder else {},
        reusable_ids=True,
    )


def scanned(raw: bytes) -> Part:
    """Find the parts of an MSG file or a TNEF stream."""
    return part_of(_item(raw))


def content_of(item: Item, *, source: str) -> Content:
    """Return what an object says."""
    kind_name = item.properties.line(Id.MESSAGE_CLASS).upper()
    kind = next((kind for start, kind in _KINDS if kind_name.startswith(start)), Kind.MESSAGE)
    # Names and addresses come from the properties as they are, since internal addresses are
    # no addresses of mail; where there are none, those of the internet header count.
    author = author_of(item.properties)
    named = author is not None and ("@" in author[1] or not has_internet_author(item))
    people = [_participant(ParticipantRole.FROM, *author)] if named and author is not None else []
    people += [_participant(_FIELD_ROLES[role], *who) for role, *who in recipients_of(item)]
    known = {person.role for person in people}
    content = mail.content_of(part_of(item), source=source, known=known)
    people += content.participants
    return content.model_copy(update={"participants": tuple(people), "kind": kind})


def _participant(role: ParticipantRole, name: str, address: str) -> Participant:
    return Participant(role=role, address=address.lower() or None, name=name or None)


def _item(raw: bytes) -> Item:
    return tnef.read(raw) if raw.startswith(tnef.MAGIC) else msg.read(raw)
