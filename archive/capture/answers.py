"""What is answered of what was sent to be captured: the shapes, the same for every door."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from archive.model.interaction import Frozen
from archive.model.unreadable import Unreadable


class Unsearched(Frozen):
    """A part of a record whose words a search does not see, and why.

    `part` is the attachment's, or empty where the record itself holds no words.
    """

    part: str
    filename: str | None
    reason: Unreadable


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
