"""What a search takes and answers: the shapes, the same for HTTP, console and command line."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from archive.capture.answers import Unsearched
from archive.errors import InvalidError
from archive.model.interaction import Frozen
from archive.model.roles import View

Sort = Literal["date", "-date", "relevance"]


class Filter(Frozen):
    """One value of a facet, to which a search is narrowed."""

    facet: str
    value: str

    @classmethod
    def parse(cls, text: str) -> "Filter":
        """Read `facet:value`; InvalidError where there is no colon."""
        facet, colon, value = text.partition(":")
        if not colon:
            raise InvalidError(f"A filter is a facet and a value, as in channel:email; not {text}.")
        return cls(facet=facet, value=value)


class SearchRequest(Frozen):
    """A search as a door takes it; `limit` is the page's length, `as_of` a sequence number.

    With `hash` the results are hashed, however many there are.
    """

    query: str = ""
    filters: tuple[Filter, ...] = ()
    limit: int = Field(default=20, ge=1, le=1000)
    cursor: str | None = None
    sort: Sort = "-date"
    as_of: int | None = Field(default=None, ge=0)
    facets: bool = False
    count: bool = False
    hash: bool = False


class ParsedQuery(Frozen):
    """The query as it was understood: its canonical text and its syntax tree."""

    parsed: str
    ast: dict[str, Any]


class Highlight(Frozen):
    """A match in a snippet: character offsets, end exclusive."""

    start: int
    end: int


class SearchResult(Frozen):
    """One line of a result page; `unsearched` is empty unless it `is:unsearchable`.

    `sender` is an address, or a name where there is none; `sender_name` the name beside an address.
    `highlights` are of the snippet, `subject_highlights` of the subject.
    """

    id: UUID
    seq: int
    channel: str
    kind: str
    source: str
    custodian: str | None
    sender: str | None = Field(serialization_alias="from")
    sender_name: str | None = Field(default=None, serialization_alias="from_name")
    recipients: tuple[str, ...] = Field(serialization_alias="to")
    subject: str | None
    occurred_at: datetime | None
    snippet: str
    highlights: tuple[Highlight, ...] = ()
    subject_highlights: tuple[Highlight, ...] = ()
    has_attachment: bool = False
    edited: bool = False
    deleted: bool = False
    unsearched: tuple[Unsearched, ...] = ()


class NamedPerson(Frozen):
    """Somebody whom a query names, all of whose aliases it finds."""

    id: UUID
    name: str


class NotSearched(Frozen):
    """How many records could not be searched, or not wholly, whether they match or not.

    `unread` hold no words, or an attachment that was not wholly read; `unopened` had to be opened
    to decide this search and could not be; `damaged` cannot be opened at all; `erased` were
    captured by the answer's sequence number, and have been erased by now.
    """

    unread: int = 0
    unopened: int = 0
    damaged: int = 0
    erased: int = 0

    @property
    def total(self) -> int:
        """All of them; none is counted twice."""
        return self.unread + self.unopened + self.damaged + self.erased


class SearchAnswer(Frozen):
    """A page of results; `total` is exact, and true as of sequence number `as_of`.

    `result_hash` (hex) is that of all results, on whatever page; null where they are too many to be
    hashed unasked. `people` are those whom the query names, and whose aliases it finds too.
    `view` says, here and below, how much the purpose shows; what it hides is empty.
    """

    query: ParsedQuery
    total: int
    as_of: int
    result_hash: str | None = None
    unsearchable: int
    not_searched: NotSearched = NotSearched()
    results: tuple[SearchResult, ...]
    facets: dict[str, dict[str, int]] | None = None
    cursor: str | None = None
    people: tuple[NamedPerson, ...] = ()
    view: View = View.FULL


class SimilarAnswer(Frozen):
    """The records likest to one, the likest first, as of sequence number `as_of`."""

    id: UUID
    as_of: int
    results: tuple[SearchResult, ...]
    view: View = View.FULL
