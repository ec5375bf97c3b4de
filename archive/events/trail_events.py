"""What is decided about how long the audit trail is kept, as events (docs/trail-retention.md).

All of them stand in one stream. None is ever erased. `by` is the id of whoever did it and
`address` where they came from.
"""

from datetime import datetime

from archive.events.event import Event
from archive.events.policy_events import PeriodText


class TrailRetentionEvent(Event):
    """What somebody did who governs; `version` is the one that it is about."""

    by: str
    address: str | None = None
    version: int


class TrailRetentionProposed(TrailRetentionEvent):
    """It was proposed to keep entries for a period, or for ever where there is none.

    `shortens` says why a second person must approve it, and is empty where nobody must; only then
    `effective_at` is known already.
    """

    type = "audit-retention.proposed"

    keep: PeriodText | None = None
    shortens: str = ""
    effective_at: datetime | None = None


class TrailRetentionApproved(TrailRetentionEvent):
    """A second person approved a version that shortens."""

    type = "audit-retention.approved"

    effective_at: datetime


class TrailRetentionWithdrawn(TrailRetentionEvent):
    """A version that was pending will not take effect."""

    type = "audit-retention.withdrawn"


TRAIL_EVENTS: tuple[type[Event], ...] = (
    TrailRetentionProposed,
    TrailRetentionApproved,
    TrailRetentionWithdrawn,
)
