"""What happens in a case of erasure, as events (docs/erasure.md)."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from archive.events.case_events import (
    MOST_RECORDS,
    CaseClosed,
    CaseEvent,
    CaseExtended,
    CaseOpened,
    CaseSearched,
    Explanation,
)
from archive.events.event import Event
from archive.events.purge_events import PurgedGroup
from archive.model.interaction import Frozen


class Decision(StrEnum):
    """What is to become of a record."""

    ERASE = "erase"
    REDACT = "redact"
    RESTRICT = "restrict"
    REFUSE = "refuse"


class Ground(StrEnum):
    """Why.

    `request` is the wish of the person and nothing against it; `hold`, `minimum` and `unreadable`
    forbid to erase, whoever decides; `exemption` is one of Article 17(3), and `unrelated` says that
    the record is not about the person.
    """

    REQUEST = "request"
    HOLD = "hold"
    MINIMUM = "minimum"
    UNREADABLE = "unreadable"
    EXEMPTION = "exemption"
    UNRELATED = "unrelated"


class Cause(Frozen):
    """A ground: of a hold its name, of a minimum the policy, its version and when it ends.

    `certain` is False where words could not be read, or the policies or holds themselves.
    """

    ground: Ground
    name: str | None = None
    version: int | None = None
    until: datetime | None = None
    certain: bool = True


class Ruling(Frozen):
    """One decision over records, for the same causes."""

    decision: Decision
    causes: tuple[Cause, ...]
    records: Annotated[tuple[UUID, ...], Field(max_length=MOST_RECORDS)]


class ErasureOpened(CaseOpened):
    """Somebody asked to be erased, and a case was opened."""

    type = "erasure.opened"


class ErasureSearched(CaseSearched):
    """Records of somebody who is to be erased were looked for."""

    type = "erasure.searched"


class ErasureExtended(CaseExtended):
    """The time to answer somebody who asked to be erased is longer."""

    type = "erasure.extended"


class ErasureDecided(CaseEvent):
    """It was decided what is to become of records; it goes before what was decided of them."""

    type = "erasure.decided"

    rulings: tuple[Ruling, ...]
    reason: str = ""


class ErasureLifted(CaseEvent):
    """Records are not restricted any more, and stay."""

    type = "erasure.lifted"

    records: Annotated[tuple[UUID, ...], Field(max_length=MOST_RECORDS)]
    reason: Explanation


class ErasureOrdered(CaseEvent):
    """Somebody who decided none of it ordered that records are erased, and so many `redacted`."""

    type = "erasure.ordered"

    records: int
    redacted: int = 0


class ErasureCondemned(Event):
    """Records were condemned, by the erasure that stands in the same commit.

    `groups` count those that go. A batch that redacts condemns what stood before: `redacted` are
    its records, which `redactions` count, and `groups` is empty.
    """

    type = "erasure.condemned"

    erasure: UUID
    groups: tuple[PurgedGroup, ...]
    redacted: Annotated[tuple[UUID, ...], Field(max_length=MOST_RECORDS)] = ()
    redactions: tuple[PurgedGroup, ...] = ()


class ErasureCarriedOut(Event):
    """Everything that an order condemned is destroyed; without a certificate, nothing was.

    `redacted` counts the records of which only what stood before is. `kept` counts what was ordered
    and stays as it was, by reason.
    """

    type = "erasure.carried-out"

    destroyed: int
    redacted: int = 0
    kept: dict[str, int]
    certificate: UUID | None = None


class ErasureClosed(CaseClosed):
    """The case of erasure is over."""

    type = "erasure.closed"


ERASURE_EVENTS: tuple[type[Event], ...] = (
    ErasureOpened,
    ErasureSearched,
    ErasureExtended,
    ErasureDecided,
    ErasureLifted,
    ErasureOrdered,
    ErasureCondemned,
    ErasureCarriedOut,
    ErasureClosed,
)
