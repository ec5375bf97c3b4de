"""What happens in a purge, as events (docs/retention.md, "Purge").

Each purge is a stream of its own. A batch is told of in the commit that condemns its keys, so that
what a purge condemned and what it says of it are never apart. None of these events is ever erased.
"""

from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from archive.events.event import Event
from archive.model.interaction import Frozen

AUDIT_TRAIL: Final = "audit-trail"
"""What purges of the audit trail are of; also the class of its entries, and their policy's name."""

PurgedKind = Literal["records", "audit-trail"]
"""What a purge takes from."""


class PolicyVersion(Frozen):
    """A version of a policy, by the policy's name."""

    policy: str
    version: int


class PurgedGroup(Frozen):
    """So many records of a class, which is the channel, that went by one version of a policy.

    Entries of the audit trail are a class and have a policy of their own, `audit-trail`; `records`
    counts them, and they have no originals.
    `started_by` is the retention event that had started its clock, None for a clock of dates.
    `first_at` and `last_at` are the dates that retention was counted from, both included; `bytes`
    is the size of the originals.
    """

    channel: str
    policy: str
    version: int
    started_by: UUID | None = None
    records: int
    bytes: int
    first_at: datetime
    last_at: datetime


class PurgePlanned(Event):
    """A purge began: of what is due as of `at`, by the policies that were in force then.

    `candidates` are as many records, or entries of the audit trail, as SQL names; each is judged
    again before it goes.
    """

    type = "purge.planned"

    of: PurgedKind = "records"
    by: str
    address: str | None = None
    at: datetime
    candidates: int
    policies: tuple[PolicyVersion, ...]


class PurgeCondemned(Event):
    """The records of a batch were condemned, by the erasure that stands in the same commit."""

    type = "purge.condemned"

    erasure: UUID
    groups: tuple[PurgedGroup, ...]


class PurgeCompleted(Event):
    """Everything that was condemned is destroyed; without a certificate, nothing was due.

    The rest counts what was due by its dates and stays: under a hold, or for another reason.
    `locked_until` is when the lock of the first of these ends.
    """

    type = "purge.completed"

    destroyed: int
    held: int
    kept: dict[str, int]
    locked_until: datetime | None = None
    certificate: UUID | None = None


class CertificateIssued(Event):
    """A certificate of destruction was issued, over what these erasures destroyed.

    `document` is its canonical JSON and `note` the signed note over it (docs/formats.md,
    "Certificate of destruction").
    """

    type = "certificate.issued"

    erasures: tuple[UUID, ...]
    document: str
    note: str


class CertificateSupplemented(Event):
    """The epochs that a certificate names have been shredded since; it stands in the same stream.

    `document` is the canonical JSON of the supplement and `note` the signed note over it
    (docs/formats.md, "Supplement to a certificate").
    """

    type = "certificate.supplemented"

    document: str
    note: str


PURGE_EVENTS: tuple[type[Event], ...] = (
    PurgePlanned,
    PurgeCondemned,
    PurgeCompleted,
    CertificateIssued,
    CertificateSupplemented,
)
