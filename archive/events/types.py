"""The closed table of event types, and how an event is laid out for its two boxes.

The short name of a type stands in the frame's clear header and in SQL. A name is looked up here
and nowhere else: nothing stored in the archive can make it import code. Adding a type is adding
a class to `EVENT_TYPES`; changing one is raising `class_version` and giving the class an
`upcast_vN_vN+1` static method, as the event library does it.

Evidence is what was captured and may one day be shown to an outsider; the fields named in
`custody_fields` are the organisation's own and go into the other box.
"""

from abc import ABC, abstractmethod
from datetime import UTC, datetime
from functools import cache
from struct import Struct
from typing import Any, ClassVar
from uuid import UUID

from pydantic import Field, TypeAdapter
from pydantic_core import from_json

from archive.errors import CorruptError
from archive.model.interaction import Content, Frozen

_LENGTH = Struct(">I")
NEVER = datetime.min.replace(tzinfo=UTC)
"""Stands for a time that was in a box whose key is destroyed."""


@cache
def _adapter(cls: "type[Event]") -> "TypeAdapter[Event]":
    """Return what writes events of a class; it gives bytes, where a model gives text."""
    return TypeAdapter(cls)


class Event(Frozen):
    """One thing that happened; `recorded_at` is the archive's clock."""

    type: ClassVar[str]
    class_version: ClassVar[int] = 1
    custody_fields: ClassVar[frozenset[str]] = frozenset()
    _outside: ClassVar[frozenset[str]] = frozenset({"originator_id", "originator_version"})

    originator_id: UUID
    originator_version: int
    recorded_at: datetime

    @property
    def key(self) -> tuple[bytes, int]:
        """What may exist once only: the stream's id as 16 bytes, and the place in it."""
        return self.originator_id.bytes, self.originator_version

    def evidence_box(self) -> bytes:
        """Return the evidence box's plaintext."""
        hidden = set(self.custody_fields | self._outside)
        document = _adapter(type(self)).dump_json(self, exclude=hidden, exclude_defaults=True)
        if self.class_version > 1:
            return b'{"class_version":%d,%s' % (self.class_version, document[1:])
        return document

    def custody_box(self) -> bytes:
        """Return the custody box's plaintext; empty where there is nothing to keep apart."""
        if not self.custody_fields:
            return b""
        shown = set(self.custody_fields)
        return _adapter(type(self)).dump_json(self, include=shown, exclude_defaults=True)

    @classmethod
    def fields_of(cls, evidence: bytes, custody: bytes) -> dict[str, Any]:
        """Return the fields in both boxes; ValueError if they are not what was written."""
        fields: dict[str, Any] = from_json(evidence)
        if custody:
            fields |= from_json(custody)
        return fields


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


class _Interaction(Event):
    """What capturing and revising have in common: content, original, and who held it."""

    custody_fields = frozenset({"custodian", "labels", "blob_keys"})

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
            return b"{}"
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


class InteractionCaptured(_Interaction):
    """An interaction came in from a source."""

    type = "interaction.captured"


class InteractionRevised(_Interaction):
    """The source shows the same interaction with other content."""

    type = "interaction.revised"


class InteractionWithdrawn(Event):
    """The source no longer shows the interaction; the archive keeps it and says so."""

    type = "interaction.withdrawn"


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


class UserRegistered(Event):
    """Somebody may come in, in one role."""

    type = "user.registered"

    name: str
    role: str


class TokenIssued(Event):
    """A bearer token was given out; only its keyed digest is kept."""

    type = "token.issued"

    digest: str


class AccessRecorded(Event):
    """Somebody read, searched or was refused: who, why, what, and how much came out."""

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


class Erased(Event):
    """What an event whose key has been destroyed reads as; never written."""

    type = "erased"

    recorded_at: datetime = NEVER
    erased_type: str


EVENT_TYPES: dict[str, type[Event]] = {
    event_type.type: event_type
    for event_type in (
        InteractionCaptured,
        InteractionRevised,
        InteractionWithdrawn,
        CodeAssigned,
        ArchiveCreated,
        UserRegistered,
        TokenIssued,
        AccessRecorded,
    )
}


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
