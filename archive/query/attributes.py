"""What a record offers to a query, by field: the one place that index and matcher both ask.

Texts are looked into word by word, values compared whole, numbers by order.
"""

from collections.abc import Iterable
from typing import Final, TypeAlias

from archive.model.interaction import Channel, Content, Participant, ParticipantRole
from archive.model.record import Record
from archive.query.analysis import normalise, value
from archive.query.fields import TEXTS
from archive.query.people import address_terms
from archive.query.values import seconds

ROLE_FIELDS: Final = {
    ParticipantRole.FROM: "from",
    ParticipantRole.AUTHOR: "from",
    ParticipantRole.TO: "to",
    ParticipantRole.CC: "cc",
    ParticipantRole.BCC: "bcc",
}
"""The field of each role; the roles that have none are found by `participants:` alone."""

_OPENING: Final = 500
"""How many characters of the body the opening reaches into."""

WORDED_TEXTS: Final = ("subject", "text", "html")
"""The texts that hold what the record itself says, where nothing was read out of attachments."""

Known: TypeAlias = tuple[str, ...]
"""The ids by which a conversation is known: its own first, then those of what was joined to it."""

OTHERS: Final = "others"
PEOPLE: Final = ("from", "to", "cc", "bcc", OTHERS)


def role_field(role: ParticipantRole) -> str:
    """Return the one of PEOPLE that a role belongs to."""
    return ROLE_FIELDS.get(role, OTHERS)


def participants(record: Record, part: str) -> list[Participant]:
    """Return those whom one of PEOPLE means, in order."""
    return [one for one in record.content.participants if role_field(one.role) == part]


def texts(record: Record, name: str) -> list[str]:
    """Return the texts of one name, in order; a phrase never goes from one to the next.

    The `opening` is the subject and how the body begins, read on as one text, the way a page
    shows them: a phrase may begin in the one and end in the other.
    """
    content = record.content
    match name:
        case "subject":
            found = [content.subject]
        case "opening":
            found = [_opening(content)]
        case "text":
            found = [content.text]
        case "html":
            found = [content.html_text]
        case "location":
            found = [content.location, *(one.location for one in content.participants)]
        case "attachment":
            found = [text for one in content.attachments for text in (one.filename, one.text)]
        case _:
            people = participants(record, name)
            found = [part for someone in people for part in (someone.name, someone.address)]
    return [text for text in found if text]


def people_terms(record: Record, field: str) -> set[str]:
    """Return the address and domain terms of a field of people (archive.query.people)."""
    return {
        term
        for part in TEXTS[field]
        for someone in participants(record, part)
        if someone.address
        for term in address_terms(someone.address)
    }


def known_as(record: Record, parts: Iterable[str]) -> set[str]:
    """Return by what those are known whom some of PEOPLE mean, as aliases are compared.

    Everybody is known by their address, or by their name where there is none.
    """
    return {
        value(known)
        for part in parts
        for someone in participants(record, part)
        if (known := someone.address or someone.name)
    }


def values(
    record: Record, *, searchable: bool, conversation: Known = ()
) -> dict[str, tuple[str, ...]]:
    """Return the whole values of every field that has such, as they are compared.

    `conversation` are the ids of the archive's own thread; the source's is found as well.
    `searchable` is what the function of that name says, for callers who know it already.
    """
    content = record.content
    threads = (*conversation, content.conversation)
    digests = (record.sha256, *(attachment.sha256 for attachment in content.attachments))
    return {
        "channel": (content.channel.value,),
        "kind": (content.kind.value,),
        "direction": (content.direction.value,) if content.direction else (),
        "source": (value(content.source),),
        "custodian": _optional(record.custodian),
        "department": departments(content),
        "outcome": _optional(content.metrics.outcome if content.metrics else None),
        "filename": tuple(value(each.filename) for each in content.attachments if each.filename),
        "language": languages(content.language),
        "conversation": tuple(identifier(thread) for thread in threads if thread),
        "id": (str(record.id), record.id.hex, identifier(content.native_id)),
        "hash": tuple(digest.lower() for digest in digests if digest),
        "has": has(record),
        "is": marks(record) if searchable else (*marks(record), "unsearchable"),
    }


def departments(content: Content) -> tuple[str, ...]:
    """Return the departments that take part, as they are compared."""
    named = (value(one.department) for one in content.participants if one.department)
    return tuple(dict.fromkeys(named))


def number(record: Record, field: str) -> int | None:
    """Return the number of a field: seconds since 1970 for dates, bytes for the size."""
    match field:
        case "sent":
            occurred = record.content.occurred_at
            return None if occurred is None else seconds(occurred)
        case "captured":
            return seconds(record.captured_at)
        case _:
            return record.size


def identifier(text: str) -> str:
    """Return the form in which ids are compared: without the brackets of a Message-ID."""
    text = " ".join(text.split())
    inner = text[1:-1] if text.startswith("<") and text.endswith(">") else text
    return inner[:8_000]


def searchable(record: Record) -> bool:
    """Say whether all that a record says can be searched: it has words, and all were read."""
    worded = any(
        normalise(text).exact.strip() for name in WORDED_TEXTS for text in texts(record, name)
    )
    return attachments_read(record) and (worded or attachments_worded(record))


def attachments_read(record: Record) -> bool:
    """Say whether no attachment is there that could not be read, or not wholly."""
    return all(attachment.unreadable is None for attachment in record.content.attachments)


def attachments_worded(record: Record) -> bool:
    """Say whether text was read out of an attachment; text without words is never kept."""
    return any(attachment.text for attachment in record.content.attachments)


def sender(record: Record) -> str | None:
    """Return the first author's address, lower case, or else the name."""
    for author in participants(record, "from"):
        return value(author.address) if author.address else author.name
    return None


def _opening(content: Content) -> str | None:
    if not content.subject:
        return None
    body = content.text or content.html_text or ""
    if len(body) > _OPENING:
        # Cut between words, so that no piece of one is found.
        body = body[:_OPENING].rsplit(maxsplit=1)[0]
    return f"{content.subject}\n{body}"


def _optional(text: str | None) -> tuple[str, ...]:
    return (value(text),) if text else ()


def languages(language: str | None) -> tuple[str, ...]:
    """Return a language tag and what it is a kind of: `en-gb`, `en` (RFC 4647 look-up)."""
    if not language:
        return ()
    parts = value(language).replace("_", "-").split("-")
    return tuple("-".join(parts[:count]) for count in range(len(parts), 0, -1))


def has(record: Record) -> tuple[str, ...]:
    """Return what of `has:` a record has."""
    content = record.content
    audio = any(a.media_type.startswith("audio/") for a in content.attachments)
    audio = audio or (content.channel is Channel.VOICE and record.media_type.startswith("audio/"))
    found = {
        "attachment": bool(content.attachments),
        "text": bool(content.text and content.text.strip()),
        "html": content.html_text is not None,
        "audio": audio,
    }
    return tuple(name for name, there in found.items() if there)


def marks(record: Record) -> tuple[str, ...]:
    """Return what of `is:` a record is, as far as its words need not be counted for that."""
    content = record.content
    blank = not (content.text and content.text.strip())
    found = {
        "edited": record.edited,
        "deleted": record.deleted,
        "duplicate": record.duplicate,
        "undated": content.occurred_at is None,
        "html-only": content.html_text is not None and blank,
    }
    return tuple(name for name, true in found.items() if true)
