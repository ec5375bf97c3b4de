"""What leaves the trail: pages, exports and reports, the same at every door."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from archive.model.interaction import Frozen
from archive.trail.entry import TrailEntry
from archive.users.answers import TokenAnswer, UserAnswer


class TrailPage(Frozen):
    """A page of the trail; `total` is exact, and true as of sequence number `as_of`.

    In this and the others no entry is missing from `whole_since` on; null while none is at all.
    """

    total: int
    as_of: int
    whole_since: datetime | None
    entries: tuple[TrailEntry, ...]
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class TrailExport:
    """All entries that were asked for, as a stream, and how many they are."""

    total: int
    as_of: int
    whole_since: datetime | None
    entries: Iterator[TrailEntry]


class Seen(Frozen):
    """That somebody saw a record for a purpose: how often, and when first and last.

    `refused` counts how often they asked and were not let.
    """

    record: UUID
    actor: str | None
    actor_name: str | None
    purpose: str | None
    matter: str | None
    times: int
    refused: int
    first: datetime
    last: datetime


class WhoSaw(Frozen):
    """Who saw what about a record, a custodian or a person."""

    about: str
    since: datetime | None
    until: datetime | None
    as_of: int
    whole_since: datetime | None
    seen: tuple[Seen, ...]


class Reader(Frozen):
    """Somebody who read some of many records: of how many, and when first and last.

    Of `downloaded` they were given the captured bytes, or a proof with its evidence.
    """

    name: str
    opened: int
    downloaded: int
    first_at: datetime
    last_at: datetime


class ReadFor(Frozen):
    """That some of many records were read in these roles, for this kind of purpose."""

    roles: tuple[str, ...]
    purpose: str
    records: int
    first_at: datetime
    last_at: datetime


class TokenReview(TokenAnswer):
    """A token, its age, and when it was last used for an act of the trail."""

    age_days: int
    last_used: datetime | None


class Reviewed(Frozen):
    """What one user may do, what they did in the period, and what is worth a look.

    `user` is None for `local`, who can open the key on the host. Times are the last ever, counts of
    the period; `records` are the different ones that they saw.
    """

    actor: str
    name: str
    user: UserAnswer | None
    tokens: tuple[TokenReview, ...]
    last_sign_in: datetime | None
    last_act: datetime | None
    last_read: datetime | None
    searches: int
    reads: int
    records: int
    refused: int
    flags: tuple[str, ...]


class AccessReview(Frozen):
    """Every user, as a periodic review of access wants them; `dormant_days` as it was asked."""

    since: datetime
    until: datetime
    as_of: int
    whole_since: datetime | None
    dormant_days: int
    users: tuple[Reviewed, ...]
