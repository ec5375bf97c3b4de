"""A record: one version of an interaction as the archive holds it, ready to be shown or indexed."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from archive.model.interaction import Content


@dataclass(frozen=True, slots=True)
class Record:
    """One interaction at one version.

    `seq` is the sequence number of the event that made this version; `first_seq` the one that
    captured the interaction. `size` is the original's length in bytes. `redacted` is the case of
    erasure by which a person was taken out of it, and the original with them: `sha256` is empty.
    """

    id: UUID
    version: int
    seq: int
    first_seq: int
    captured_at: datetime
    content: Content
    custodian: str | None
    labels: dict[str, str]
    size: int
    sha256: str
    media_type: str
    edited: bool = False
    deleted: bool = False
    duplicate: bool = False
    redacted: UUID | None = None
