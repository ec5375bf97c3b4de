"""The closed table of event types, and how an event is laid out for its two boxes.

The short name of a type stands in the frame's clear header and in SQL. A name is looked up here
and nowhere else: nothing stored in the archive can make it import code. Adding a type is adding
a class to `EVENT_TYPES`; changing one is raising `class_version` and giving the class an
`upcast_vN_vN+1` static method, as the event library does it.
"""

import json
from abc import ABC, abstractmethod
from datetime import datetime
from functools import lru_cache
from struct import Struct
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from archive.errors import CorruptError
from archive.events.access_request_events import ACCESS_REQUEST_EVENTS
from archive.events.disposition_events import DISPOSITION_EVENTS
from archive.events.erasure_events import ERASURE_EVENTS
from archive.events.event import NEVER
from archive.events.event import Event as Event
from archive.events.hold_events import HOLD_EVENTS
from archive.events.matter_events import MATTER_EVENTS
from archive.events.people_events import PEOPLE_EVENTS
from archive.events.policy_events import POLICY_EVENTS
from archive.events.purge_events import PURGE_EVENTS
from archive.events.retention_events import RETENTION_EVENTS
from archive.events.search_events import SEARCH_EVENTS
from archive.events.trail_events import TRAIL_EVENTS
from archive.events.user_events import USER_EVENTS, SessionBegan, SessionEnded, SignInRefused
from archive.model.interaction import Content, Frozen

_LENGTH = Struct(">I")


class BlobPlace(Frozen):
    """A blob that holds a part: its id, and the measure of its sealed form."""

    id: UUID
    digest: str
    sealed_size: int
    sealed_sha256: str


class Part(Frozen):
    """Where bytes are kept: within the frame from `offset`, or in a blob.

    `name` is empty for the original, and otherwise the attachment's part path.
    """

    name: str = ""
    media_type: str
    size: int
    sha256: str
    offset: int = 0
    blob: BlobPlace | None = None


class Sent(Event):
    """What somebody sent: `sent_by` is their id, `sent_token` that of the token they came by.

    Both are None in events from before that was kept.
    """

    custody_fields = frozenset({"sent_by", "sent_token"})

    sent_by: str | None = None
    sent_token: str | None = None


class _Interaction(Sent):
    """What capturing and revising have in common: content, original, and who held it."""

    custody_fields = Sent.custody_fields | {"custodian", "labels", "blob_keys"}

    content: Content
    original: Part
    extra_parts: tuple[Part, ...] = ()
    custodian: str | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    blob_keys: dict[str, str] = Field(default_factory=dict)
    inline: bytes = Field(default=b"", exclude=True, repr=False)

    def custody_box(self) -> bytes:
        if self.custodian is None and not self.labels and not self.blob_keys:
            # What the model would write, without asking it: most lines of a bulk have no more.
            return _sender_box(self.sent_by, self.sent_token)
        return super().custody_box()

    def evidence_box(self) -> bytes:
        document = super().evidence_box()
        return b"".join((_LENGTH.pack(len(document)), document, self.inline))

    @classmethod
    def fields_of(cls, evidence: bytes, custody: bytes) -> dict[str, Any]:
        if len(evidence) < _LENGTH.size:
            raise ValueError("the evidence box is too short")
        end = _LENGTH.size + _LENGTH.unpack_from(evidence)[0]
        fields = super().fields_of(evidence[_LENGTH.size : end], custody)
        fields["inline"] = evidence[end:]
        return fields


@lru_cache(maxsize=256)
def _sender_box(by: str | None, token: str | None) -> bytes:
    told = {"sent_by": by, "sent_token": token}
    given = {name: value for name, value in told.items() if value is not None}
    return json.dumps(given, separators=(",", ":"), ensure_ascii=False).encode()


class InteractionCaptured(_Interaction):
    """An interaction came in from a source."""

    type = "interaction.captured"


class InteractionRevised(_Interaction):
    """The source shows the same interaction with other content."""

    type = "interaction.revised"


class InteractionWithdrawn(Sent):
    """The source no longer shows the interaction; the archive keeps it and says so."""

    type = "interaction.withdrawn"


class InteractionRedacted(Event):
    """What one person said, and every word that names them, was taken out of an interaction.

    It holds the document anew, and every event before it is destroyed (docs/erasure.md). What was
    captured is withheld: `size` is the length of the original's bytes, of `media_type`. `edited`
    and `withdrawn` are as they were, `captured_at` is when the interaction came in. `threads` and
    `duplicate` are the keyed digests, in hex, by which the original stands in SQL. `case` is the
    case of erasure that `decided_by` decided it in, by id.
    """

    type = "interaction.redacted"
    custody_fields = frozenset({"custodian", "labels", "threads", "duplicate"})

    content: Content
    captured_at: datetime
    size: int
    media_type: str
    case: UUID
    decided_by: str
    edited: bool = False
    withdrawn: bool = False
    custodian: str | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    threads: tuple[str, ...] = ()
    duplicate: str


class CodeAssigned(Event):
    """A source or custodian got the code that stands for its name in SQL.

    The code is the event's version in the codebook's stream, so that two writers never give
    out one code twice.
    """

    type = "code.assigned"

    vocabulary: str
    name: str


class ArchiveCreated(Event):
    """The archive began; a sandbox stays one for ever."""

    type = "archive.created"

    sandbox: bool = False


class AccessRecorded(Event):
    """Somebody read, searched or was refused: who, why, what, and how much came out.

    `address` is where they came from (`local` on the command line), `token` the id of the token
    that they came by, `request_id` that of the answer. Older entries say none of the three.
    """

    type = "access.recorded"

    actor: str
    role: str
    purpose: str
    action: str
    allowed: bool = True
    query: str | None = None
    as_of: int | None = None
    total: int | None = None
    records: tuple[UUID, ...] = ()
    address: str | None = None
    request_id: str | None = None
    token: str | None = None


class KeysCondemned(Event):
    """Events were condemned: from now on their keys are destroyed, and nothing brings them back.

    It is the account of every slot that is missing from a key object, and is never erased itself.
    `events` are sequence numbers, `records` the interactions that are erased with them, `redacted`
    those of which all before their `interaction.redacted` in the same commit goes; `ground` says
    what for (a policy and its version, a case), without content. `threads` are, for each of
    `records`, the keyed digests that joined it to others, in hex: they hold its conversation
    together when the catalog is made anew.
    """

    type = "keys.condemned"
    custody_fields = frozenset({"threads"})

    actor: str
    ground: str
    events: tuple[int, ...]
    records: tuple[UUID, ...] = ()
    redacted: tuple[UUID, ...] = ()
    threads: tuple[str, ...] = ()


class KeysDestroyed(Event):
    """The keys of what was condemned in the same stream are destroyed, as read back.

    `epochs` are those that the key objects were under before: an older copy of the bucket stays
    readable with an older keyring until they are shredded. `blobs_left` are condemned and locked.
    """

    type = "keys.destroyed"

    segments: int
    epochs: tuple[int, ...]
    blobs: int = 0
    blobs_left: int = 0


class KeyringWritten(Event):
    """A keyring came into force: why, by whom, and which epochs are no longer in it."""

    type = "keyring.written"

    actor: str
    number: int
    reason: Literal["rotated", "shredded", "recovered"]
    epochs: tuple[int, ...]
    dropped: tuple[int, ...] = ()


class Erased(Event):
    """What an event whose key has been destroyed reads as; never written."""

    type = "erased"

    recorded_at: datetime = NEVER
    erased_type: str


_ALL: tuple[type[Event], ...] = (
    InteractionCaptured,
    InteractionRevised,
    InteractionWithdrawn,
    InteractionRedacted,
    CodeAssigned,
    ArchiveCreated,
    AccessRecorded,
    KeysCondemned,
    KeysDestroyed,
    KeyringWritten,
    *USER_EVENTS,
    *POLICY_EVENTS,
    *RETENTION_EVENTS,
    *PEOPLE_EVENTS,
    *SEARCH_EVENTS,
    *HOLD_EVENTS,
    *MATTER_EVENTS,
    *PURGE_EVENTS,
    *ERASURE_EVENTS,
    *ACCESS_REQUEST_EVENTS,
    *DISPOSITION_EVENTS,
    *TRAIL_EVENTS,
)
EVENT_TYPES: dict[str, type[Event]] = {event_type.type: event_type for event_type in _ALL}

GOING_ENTRIES = frozenset(
    {AccessRecorded.type, SessionBegan.type, SessionEnded.type, SignInRefused.type}
)
"""The types of the audit trail's entries that may go; the others tell what was decided."""


def is_erasable(event_type: str) -> bool:
    """Say whether events of a type may be erased; what is not named here never is."""
    return event_type.startswith("interaction.") or event_type in GOING_ENTRIES


class StateLayout(ABC):
    """How the event library's one `state` holds the plaintext of two boxes."""

    @abstractmethod
    def split(self, state: bytes) -> tuple[bytes, bytes]:
        """Return the evidence and the custody plaintext."""

    @abstractmethod
    def join(self, evidence: bytes, custody: bytes) -> bytes:
        """Return the state that `split` takes apart again."""


class TwoBoxes(StateLayout):
    """The archive's own layout: the evidence's length (u32, big-endian), evidence, custody."""

    def split(self, state: bytes) -> tuple[bytes, bytes]:
        if len(state) < _LENGTH.size:
            raise CorruptError("An event's state is shorter than its length field.")
        end = _LENGTH.size + _LENGTH.unpack_from(state)[0]
        return state[_LENGTH.size : end], state[end:]

    def join(self, evidence: bytes, custody: bytes) -> bytes:
        return b"".join((_LENGTH.pack(len(evidence)), evidence, custody))


class OneBox(StateLayout):
    """Everything is evidence: for event types that are not this project's own."""

    def split(self, state: bytes) -> tuple[bytes, bytes]:
        return state, b""

    def join(self, evidence: bytes, custody: bytes) -> bytes:
        return evidence
