"""What happens in a case of a request for access, as events (docs/access-requests.md)."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from archive.events.case_events import (
    MOST_ALIASES,
    MOST_RECORDS,
    Alias,
    CaseClosed,
    CaseEvent,
    CaseExtended,
    CaseOpened,
    CaseSearched,
)
from archive.model.interaction import Frozen

LONGEST_STATEMENT = 20_000
MOST_FILES = 1_000

Statement = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_STATEMENT)]


class Inclusion(StrEnum):
    """Whether the person is given a copy of a record."""

    INCLUDE = "include"
    WITHHOLD = "withhold"


class Withheld(StrEnum):
    """Why a record is not given.

    The first three are decided: `rights-of-others` by Article 15(4), `exemption` by another law
    (Article 23), `unrelated` because it is not about the person. The others are so whoever decides.
    """

    RIGHTS_OF_OTHERS = "rights-of-others"
    EXEMPTION = "exemption"
    UNRELATED = "unrelated"
    RESTRICTED = "restricted"
    UNREADABLE = "unreadable"
    ERASED = "erased"


class AccessRuling(Frozen):
    """One decision over records; `ground` is why they are withheld.

    `files` are those that are given as they are of the one record that is included: the part of an
    attachment, or `original`.
    """

    decision: Inclusion
    records: Annotated[tuple[UUID, ...], Field(max_length=MOST_RECORDS)]
    ground: Withheld | None = None
    files: Annotated[tuple[str, ...], Field(max_length=MOST_FILES)] = ()


class AccessRequestOpened(CaseOpened):
    """Somebody asked for access to their data, and a case was opened."""

    type = "access-request.opened"


class AccessRequestSearched(CaseSearched):
    """Records of somebody who asked for access were looked for."""

    type = "access-request.searched"


class AccessRequestExtended(CaseExtended):
    """The time to answer somebody who asked for access is longer."""

    type = "access-request.extended"


class AccessRequestStated(CaseEvent):
    """The organisation said what it tells of itself, in place of what it said before."""

    type = "access-request.stated"

    statement: Statement


class AccessRequestOthersNamed(CaseEvent):
    """Somebody read of others who take part in no record, and they are to have pseudonyms too."""

    type = "access-request.others-named"

    others: Annotated[tuple[Alias, ...], Field(max_length=MOST_ALIASES)]


class AccessRequestDecided(CaseEvent):
    """It was decided of records whether they are given; it goes before what was decided of them."""

    type = "access-request.decided"

    rulings: tuple[AccessRuling, ...]
    reason: str = ""


class AccessRequestPackaged(CaseEvent):
    """A package was made, of version `version` of the case and as of sequence number `as_of`.

    `made_at` is the time that it bears; made once more, it bears that of the first.

    `sha256` (hex) and `bytes` are those of the whole; `records` are in it. `checkpoint` is the
    log's newest at that time, empty where nothing was published yet.
    """

    type = "access-request.packaged"

    version: int
    as_of: int
    made_at: datetime
    sha256: str
    bytes: int
    records: int
    files: int
    checkpoint: str = ""


class AccessRequestClosed(CaseClosed):
    """The case of a request for access is over."""

    type = "access-request.closed"


ACCESS_REQUEST_EVENTS: tuple[type[CaseEvent], ...] = (
    AccessRequestOpened,
    AccessRequestSearched,
    AccessRequestExtended,
    AccessRequestStated,
    AccessRequestOthersNamed,
    AccessRequestDecided,
    AccessRequestPackaged,
    AccessRequestClosed,
)
