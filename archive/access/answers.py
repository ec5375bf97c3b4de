"""What is answered of records: the shapes, the same for HTTP, console and command line."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from archive.access.passages import Said
from archive.model.interaction import Attachment, Frozen, Metrics, Participant
from archive.model.roles import View


class OriginalInfo(Frozen):
    """The captured bytes, by measure: `sha256` in hex, `size` in bytes.

    The hash is empty where the view hides it.
    """

    media_type: str
    size: int
    sha256: str


class Place(Frozen):
    """Where a record stands in its conversation, by time and from 1; erased ones count too.

    `previous` and `next` are the nearest records that can be read.
    """

    position: int
    total: int
    previous: UUID | None = None
    next: UUID | None = None


class MarkedPassage(Frozen):
    """Lines of a text that are quoted, or a signature: character offsets, the end exclusive."""

    start: int
    end: int
    said: Said


class RecordAnswer(Frozen):
    """One interaction as it stands now, or as it stood as of a sequence number.

    `leaf_hash` (hex) is that of event `seq` in the log; None in the pages of a conversation.
    `redacted` is the case of erasure by which a person was taken out of it: what was captured is
    withheld then, and `sha256` is empty.
    """

    id: UUID
    version: int
    seq: int
    captured_at: datetime
    source: str
    native_id: str
    channel: str
    kind: str
    direction: str | None
    occurred_at: datetime | None
    conversation: str | None
    in_reply_to: str | None
    participants: tuple[Participant, ...]
    subject: str | None
    text: str | None
    html_text: str | None
    passages: tuple[MarkedPassage, ...] = ()
    language: str | None
    location: str | None
    attachments: tuple[Attachment, ...]
    metrics: Metrics | None
    problems: tuple[str, ...]
    custodian: str | None
    labels: dict[str, str]
    edited: bool
    deleted: bool
    redacted: UUID | None = None
    original: OriginalInfo
    place: Place | None = None
    leaf_hash: str | None = None
    view: View = View.FULL


class ConversationItem(Frozen):
    """One record of a conversation; where it cannot be shown, `state` and `problem` say why."""

    id: UUID
    position: int
    state: Literal["shown", "erased", "damaged"] = "shown"
    problem: str | None = None
    record: RecordAnswer | None = None


class ConversationAnswer(Frozen):
    """A page of a conversation in order of time, undated ones last; `total` is of all pages."""

    id: UUID
    total: int
    items: tuple[ConversationItem, ...]
    cursor: str | None = None
    view: View = View.FULL


class HistoryEvent(Frozen):
    """One event of an interaction, without its content.

    `sent_by` is who sent it, a user by name where there is one, and `sent_token` the id of the
    token that they came by; null where that was not kept, or the view hides it. `case` is the case
    of erasure of a redaction.
    """

    seq: int
    version: int
    type: str
    recorded_at: datetime | None
    leaf_hash: str
    segment: str
    sent_by: str | None = None
    sent_token: str | None = None
    case: UUID | None = None


class HistoryAnswer(Frozen):
    """What happened to an interaction, oldest first."""

    id: UUID
    events: tuple[HistoryEvent, ...]


class EvidenceAnswer(Frozen):
    """One event as it is sealed, and what opens its evidence and nothing else.

    `frame` and `subkey` are base64; the repr shows neither. `log_key` is the log's verifier key.
    """

    record: UUID
    version: int
    seq: int
    frame: str = Field(repr=False)
    subkey: str = Field(repr=False)
    log_key: str


class ProofAnswer(Frozen):
    """That an event is in the log (docs/evidence.md); hashes are base64, from leaf to root.

    `index` counts entries from 0. `evidence` is None where the record has been erased.
    """

    index: int
    size: int
    hashes: tuple[str, ...]
    leaf_hash: str
    checkpoint: str
    tlog_proof: str
    evidence: EvidenceAnswer | None


class ConsistencyAnswer(Frozen):
    """That the log of `first` entries is in the one of `second`: hashes in base64, RFC 9162."""

    first: int
    second: int
    hashes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Original:
    """The captured bytes as a stream, with a file name safe for a header."""

    info: OriginalInfo
    filename: str
    chunks: Iterator[bytes]
