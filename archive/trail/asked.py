"""What somebody asks of the trail: filters, the page, and where a page ended."""

import base64
import binascii
import json
import struct
from datetime import datetime
from hashlib import sha256
from typing import Final, Literal
from uuid import UUID

from pydantic import Field

from archive.errors import InvalidError
from archive.model.interaction import Frozen
from archive.model.moment import Moment

Order = Literal["newest", "oldest"]
PurposeKind = Literal[
    "matter", "compliance", "data-subject-request", "operations", "training", "compensation"
]
_CURSOR: Final = struct.Struct(">Bqq16s")
_VERSION: Final = 1


class TrailFilter(Frozen):
    """Which entries are meant: those to which everything that is said applies.

    `actor` and `user` are an id or a name, or `local`; `person` is the address of a participant of
    records that were read; `words` must all stand in the query or the purpose.
    """

    actor: str | None = Field(default=None, description="Who acted: a user's id or name, or local.")
    action: tuple[str, ...] = Field(
        default=(), description="What was done, as in `search` or `user.disabled`; any of several."
    )
    purpose: PurposeKind | None = Field(default=None, description="The kind of purpose.")
    matter: str | None = Field(default=None, description="The matter that the purpose names.")
    record: UUID | None = Field(default=None, description="A record that was shown or asked for.")
    custodian: str | None = Field(
        default=None, description="Whose records were shown or asked for; not erased ones."
    )
    person: str | None = Field(
        default=None, description="The address of a participant of such records; not erased ones."
    )
    user: str | None = Field(default=None, description="Whom an act on users was about.")
    address: str | None = Field(default=None, description="The IP address, or local.")
    allowed: bool | None = Field(default=None, description="Only what was allowed, or refused.")
    since: Moment | None = Field(default=None, description="From this time on.")
    until: Moment | None = Field(default=None, description="Before this time.")
    words: str | None = Field(
        default=None, max_length=200, description="Words of the query or of the purpose's detail."
    )

    def told(self) -> str | None:
        """Return what was asked, for the entry that the asking leaves; None for everything."""
        document = self.model_dump(mode="json", exclude_defaults=True)
        return json.dumps(document, ensure_ascii=False, sort_keys=True) if document else None


class TrailRequest(TrailFilter):
    """A page of the trail; `as_of` is a sequence number."""

    order: Order = Field(default="newest", description="The order, which is that of the log.")
    limit: int = Field(default=50, ge=1, le=1000, description="How many entries a page holds.")
    cursor: str | None = Field(default=None, description="The place the last page ended at.")
    as_of: int | None = Field(
        default=None, ge=0, description="The sequence number to answer as of; the newest if left."
    )

    def filter(self) -> TrailFilter:
        """Return the filters alone."""
        return TrailFilter.model_validate(self.model_dump(include=set(TrailFilter.model_fields)))


class TrailCursor(Frozen):
    """The last entry of a page, and as of which sequence number the page is true."""

    seq: int
    as_of: int

    def encode(self, asked: TrailRequest) -> str:
        """Return the cursor as text, bound to the filters and the order."""
        packed = _CURSOR.pack(_VERSION, self.seq, self.as_of, _binding(asked))
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")

    @classmethod
    def decode(cls, asked: TrailRequest) -> "TrailCursor | None":
        """Return the request's cursor; InvalidError if it is of another search."""
        if asked.cursor is None:
            return None
        text = asked.cursor
        try:
            packed = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
            version, seq, as_of, binding = _CURSOR.unpack(packed)
        except (binascii.Error, ValueError, struct.error):
            raise InvalidError("The cursor is not one that the trail gave.") from None
        if version != _VERSION or binding != _binding(asked):
            raise InvalidError("The cursor belongs to other filters or another order; ask anew.")
        return cls(seq=seq, as_of=as_of)


def milliseconds(moment: datetime) -> int:
    """Return a time as the trail's index holds it."""
    return int(moment.timestamp() * 1000)


def _binding(asked: TrailRequest) -> bytes:
    return sha256(f"{asked.order}\0{asked.filter().told()}".encode()).digest()[:16]
