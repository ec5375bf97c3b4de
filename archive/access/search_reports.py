"""The shapes of what is told of searches, beside what they find."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from archive.access.search_answers import NotSearched, ParsedQuery
from archive.capture.answers import Unsearched
from archive.model.interaction import Frozen
from archive.model.roles import View


class HitRequest(Frozen):
    """What a hit report is asked: terms, or those that the query itself looks for.

    The query narrows what is counted; each term is one too. `as_of` is a sequence number.
    """

    terms: tuple[str, ...] = ()
    query: str = ""
    as_of: int | None = Field(default=None, ge=0)


class TermHits(Frozen):
    """What one term finds: records, these with all attachments, and those no other term finds.

    `unopened` is how many records had to be opened to decide it, and could not be.
    """

    term: str
    records: int
    with_family: int
    unique: int
    unopened: int = 0


class HitReport(Frozen):
    """What each term finds among the records that `query` finds, of which there are `searched`.

    `records` and `with_family` are those that any of the terms finds.
    """

    query: ParsedQuery
    as_of: int
    searched: int
    not_searched: NotSearched
    terms: tuple[TermHits, ...]
    records: int
    with_family: int
    view: View = View.FULL


class UnsearchableRecord(Frozen):
    """A record that no search finds by all of its words.

    `seq` is of the event that made this version, or for what cannot be opened, of its capture.
    What tells of an `unread` one is as in a search's results; `unsearched` says what of it is not
    searched. Of the others there is none of that.
    """

    id: UUID
    seq: int
    state: Literal["unread", "damaged", "erased"]
    source: str | None = None
    custodian: str | None = None
    sender: str | None = Field(default=None, serialization_alias="from")
    subject: str | None = None
    occurred_at: datetime | None = None
    unsearched: tuple[Unsearched, ...] = ()


class UnsearchableAnswer(Frozen):
    """A page of the records that could not be searched as of sequence number `as_of`."""

    total: int
    as_of: int
    not_searched: NotSearched
    records: tuple[UnsearchableRecord, ...]
    cursor: str | None = None
    view: View = View.FULL
