"""What every event is: a frozen model of a short type, and its two boxes.

Evidence is what was captured and may one day be shown to an outsider; the fields named in
`custody_fields` are the organisation's own and go into the other box.
"""

from datetime import UTC, datetime
from functools import cache
from typing import Any, ClassVar
from uuid import UUID

from pydantic import TypeAdapter
from pydantic_core import from_json

from archive.model.interaction import Frozen

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
