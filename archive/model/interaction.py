"""What an interaction is, whichever system it came from.

Channel says how people talked, source says which export or system the record came from; the two
are separate axes. All models are frozen and refuse unknown fields, so that a misspelt key in an
import is an error and not a silent loss.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from archive.model.moment import Moment
from archive.model.unreadable import Unreadable

LONGEST_NAME = 1024
"""How many characters the name of a source or custodian has at most."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME)]


class Frozen(BaseModel):
    """A value: immutable, and strict about its fields."""

    # There are many, and a process uses few: each is prepared when it is first needed.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Channel(StrEnum):
    """How people talked."""

    EMAIL = "email"
    CHAT = "chat"
    SOCIAL = "social"
    VOICE = "voice"
    VIDEO = "video"
    TICKET = "ticket"
    FILE = "file"


class Kind(StrEnum):
    """What one interaction is, within its channel."""

    MESSAGE = "message"
    POST = "post"
    REPLY = "reply"
    REPOST = "repost"
    COMMENT = "comment"
    TICKET = "ticket"
    CALL = "call"
    MEETING = "meeting"
    JOIN = "join"
    LEAVE = "leave"
    TOPIC = "topic"
    FILE = "file"


class Direction(StrEnum):
    """Whether it came in, went out, or stayed within the organisation."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"


class ParticipantRole(StrEnum):
    """What a participant did in the interaction."""

    FROM = "from"
    TO = "to"
    CC = "cc"
    BCC = "bcc"
    AUTHOR = "author"
    AGENT = "agent"
    CUSTOMER = "customer"
    SPEAKER = "speaker"
    MEMBER = "member"


class Participant(Frozen):
    """One person or address, as the source names them; identities are never guessed."""

    role: ParticipantRole
    address: str | None = None
    name: str | None = None
    organisation: str | None = None
    department: str | None = None
    location: str | None = None


# A number that JSON can write again: what is no number would be kept as nothing.
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]


class Metrics(Frozen):
    """What compensation and analytics count."""

    handling_seconds: Number | None = None
    outcome: str | None = None
    value: Number | None = None


class Attachment(Frozen):
    """A part that travelled with the interaction; its bytes stand in the original.

    `part` is the path at which the capture module finds the bytes in the original again
    (for mail the MIME part numbers, as `2.1`). `sha256` is of the decoded bytes, in hex.
    `text` is what was read out of it at capture, empty where its words stand in the interaction's
    own text or it holds nobody's; `unreadable` is why nothing, or not everything, could be read.
    Neither stands in records from before attachments were read.
    """

    filename: str | None = None
    media_type: str = "application/octet-stream"
    size: int = Field(ge=0)
    sha256: str
    part: str
    text: str | None = None
    unreadable: Unreadable | None = None


class Content(Frozen):
    """The evidence: what was said, by whom, when, as the source claims it.

    `text` is the plain text; `html_text` is what a reader of the HTML parts would see. Both are
    derived from the original, which is kept unchanged. `conversation` is the source's own thread
    id; `references` (oldest first) and `in_reply_to` are native ids. `problems` says what could
    not be read, in sentences.
    """

    source: Name
    native_id: str
    channel: Channel
    kind: Kind = Kind.MESSAGE
    direction: Direction | None = None
    occurred_at: AwareDatetime | None = None
    conversation: str | None = None
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    participants: tuple[Participant, ...] = ()
    subject: str | None = None
    text: str | None = None
    html_text: str | None = None
    language: str | None = None
    location: str | None = None
    attachments: tuple[Attachment, ...] = ()
    metrics: Metrics | None = None
    problems: tuple[str, ...] = ()

    def as_given(self) -> "Content":
        """Return what the source gave, without what was read out of its attachments.

        Two captures of one thing are equal in this, whichever version of a reader read them.
        """
        if all(each.text is None and each.unreadable is None for each in self.attachments):
            return self
        bare = (
            each.model_copy(update={"text": None, "unreadable": None}) for each in self.attachments
        )
        return self.model_copy(update={"attachments": tuple(bare)})


class IncomingAttachment(Frozen):
    """An attachment as the API and NDJSON take it: bytes in base64."""

    filename: str | None = None
    media_type: str = "application/octet-stream"
    data: str


class KeptInteraction(Frozen):
    """What is read again out of the JSON text of an interaction that is archived.

    It was taken, and is read whatever would be refused today.
    """

    model_config = ConfigDict(extra="ignore")

    html: str | None = None
    attachments: tuple[IncomingAttachment, ...] = ()


class IncomingInteraction(Frozen):
    """One interaction as the API and NDJSON take it (docs/api.md).

    `original` is base64 of the source's own bytes; where it is missing, the JSON text itself is
    the original. Beyond the types, `archive.capture.ndjson` checks that there is something to keep.
    """

    source: Name
    native_id: Name
    channel: Channel
    occurred_at: Moment
    participants: tuple[Participant, ...] = Field(min_length=1)
    kind: Kind = Kind.MESSAGE
    direction: Direction | None = None
    conversation: str | None = None
    in_reply_to: str | None = None
    subject: str | None = None
    text: str | None = None
    html: str | None = None
    language: str | None = None
    location: str | None = None
    attachments: tuple[IncomingAttachment, ...] = ()
    original: str | None = None
    custodian: Name | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    metrics: Metrics | None = None


def rfc3339(value: datetime) -> str:
    """Write a time as RFC 3339 in UTC, the one form that leaves the archive."""
    return value.isoformat().replace("+00:00", "Z")


JsonObject = dict[str, Any]
