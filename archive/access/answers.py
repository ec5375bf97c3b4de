"""What leaves the archive: the shapes of answers, the same for HTTP, console and command line."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from archive.access.passages import Said
from archive.access.roles import View
from archive.errors import InvalidError
from archive.model.interaction import Attachment, Frozen, Metrics, Participant
from archive.model.unreadable import Unreadable

Sort = Literal["date", "-date", "relevance"]


class Filter(Frozen):
    """One value of a facet, to which a search is narrowed."""

    facet: str
    value: str

    @classmethod
    def parse(cls, text: str) -> "Filter":
        """Read `facet:value`; InvalidError where there is no colon."""
        facet, colon, value = text.partition(":")
        if not colon:
            raise InvalidError(f"A filter is a facet and a value, as in channel:email; not {text}.")
        return cls(facet=facet, value=value)


class SearchRequest(Frozen):
    """A search as a door takes it; `limit` is the page's length, `as_of` a sequence number.

    With `hash` the results are hashed, however many there are.
    """

    query: str = ""
    filters: tuple[Filter, ...] = ()
    limit: int = Field(default=20, ge=1, le=1000)
    cursor: str | None = None
    sort: Sort = "-date"
    as_of: int | None = Field(default=None, ge=0)
    facets: bool = False
    count: bool = False
    hash: bool = False


class ParsedQuery(Frozen):
    """The query as it was understood: its canonical text and its syntax tree."""

    parsed: str
    ast: dict[str, Any]


class Highlight(Frozen):
    """A match in a snippet: character offsets, end exclusive."""

    start: int
    end: int


class Unsearched(Frozen):
    """A part of a record whose words a search does not see, and why.

    `part` is the attachment's, or empty where the record itself holds no words.
    """

    part: str
    filename: str | None
    reason: Unreadable


class SearchResult(Frozen):
    """One line of a result page; `unsearched` is empty unless it `is:unsearchable`.

    `sender` is an address, or a name where there is none; `sender_name` the name beside an address.
    `highlights` are of the snippet, `subject_highlights` of the subject.
    """

    id: UUID
    seq: int
    channel: str
    kind: str
    source: str
    custodian: str | None
    sender: str | None = Field(serialization_alias="from")
    sender_name: str | None = Field(default=None, serialization_alias="from_name")
    recipients: tuple[str, ...] = Field(serialization_alias="to")
    subject: str | None
    occurred_at: datetime | None
    snippet: str
    highlights: tuple[Highlight, ...] = ()
    subject_highlights: tuple[Highlight, ...] = ()
    has_attachment: bool = False
    edited: bool = False
    deleted: bool = False
    unsearched: tuple[Unsearched, ...] = ()


class NamedPerson(Frozen):
    """Somebody whom a query names, all of whose aliases it finds."""

    id: UUID
    name: str


class NotSearched(Frozen):
    """How many records could not be searched, or not wholly, whether they match or not.

    `unread` hold no words, or an attachment that was not wholly read; `unopened` had to be opened
    to decide this search and could not be; `damaged` cannot be opened at all; `erased` were
    captured by the answer's sequence number, and have been erased by now.
    """

    unread: int = 0
    unopened: int = 0
    damaged: int = 0
    erased: int = 0

    @property
    def total(self) -> int:
        """All of them; none is counted twice."""
        return self.unread + self.unopened + self.damaged + self.erased


class SearchAnswer(Frozen):
    """A page of results; `total` is exact, and true as of sequence number `as_of`.

    `result_hash` (hex) is that of all results, on whatever page; null where they are too many to be
    hashed unasked. `people` are those whom the query names, and whose aliases it finds too.
    `view` says, here and below, how much the purpose shows; what it hides is empty.
    """

    query: ParsedQuery
    total: int
    as_of: int
    result_hash: str | None = None
    unsearchable: int
    not_searched: NotSearched = NotSearched()
    results: tuple[SearchResult, ...]
    facets: dict[str, dict[str, int]] | None = None
    cursor: str | None = None
    people: tuple[NamedPerson, ...] = ()
    view: View = View.FULL


class SimilarAnswer(Frozen):
    """The records likest to one, the likest first, as of sequence number `as_of`."""

    id: UUID
    as_of: int
    results: tuple[SearchResult, ...]
    view: View = View.FULL


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


class CaptureResult(Frozen):
    """What became of one item: `seq` is that of its event where it is archived.

    `certificate` is that of its destruction, where it was erased under one, or redacted: nothing
    is added then to what is left. `unread` names the attachments of what is archived now that could
    not be read, or not wholly.
    """

    status: Literal["archived", "already", "erased", "redacted", "rejected"]
    id: UUID | None = None
    seq: int | None = None
    reason: str | None = None
    unread: tuple[Unsearched, ...] = Field(default=(), exclude_if=lambda unread: not unread)
    certificate: UUID | None = Field(default=None, exclude_if=lambda found: found is None)


class FollowerState(Frozen):
    """How far one follower has come; `lag` is in events."""

    name: str
    position: int
    lag: int


class Health(Frozen):
    """Whether the service can answer, and if not, why.

    `notes` say how the index came to be, what went wrong with its snapshots, and that the log has
    stopped. `erasures_pending` are condemned and not known to be destroyed.
    """

    ready: bool
    last_seq: int
    followers: tuple[FollowerState, ...]
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    erasures_pending: int = 0
