"""What a search of one index is asked, and what it answers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from archive.index.cursor import Cursor, Sort
from archive.model.record import Record
from archive.query.attributes import Known
from archive.query.tree import Aliases, Node

Settle = Callable[[Sequence[UUID]], Iterator[Record]]
"""Opens records as of the search's sequence; one that cannot be opened is left out."""
Rewrite = Callable[[Record], Record]
"""Takes words out of a record's texts."""
Facets = Mapping[str, Sequence[tuple[str, int]]]


class Earlier(NamedTuple):
    """The versions of a record that were superseded, and the ids of the archive's own thread."""

    versions: Sequence[Record]
    conversation: Known


class Hit(NamedTuple):
    """One result; `order` is what it is sorted by.

    `version` is the record's, and `seq` of the event that made it; 0 where a search did not ask
    for `versions`.
    """

    id: UUID
    order: int
    version: int = 0
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Hits:
    """A page of results.

    `total` is exact, and counts all pages. `unread` counts the records, whether they match or not,
    of which not all words could be read, and `unopened` those that had to be opened and could not
    be. `result_hash` is None where there are more results than were to be hashed, or conversations
    are asked for; `cursor` on the last page.
    """

    total: int
    hits: tuple[Hit, ...]
    unread: int
    unopened: int
    facets: Facets | None
    cursor: str | None
    result_hash: str | None

    @property
    def unsearchable(self) -> int:
        """How many records could not be searched, or not wholly."""
        return self.unread + self.unopened


@dataclass(frozen=True, slots=True)
class Matched:
    """All that matched: the sequence number of each version, with its number of attachments.

    `unopened` is how many had to be opened to decide it, and could not be.
    """

    attachments: Mapping[int, int]
    unopened: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What one search is asked; `versions` says that its hits are to tell theirs."""

    node: Node
    within: Node
    as_of: int
    limit: int
    sort: Sort
    after: Cursor | None
    settle: Settle
    rewritten: Rewrite | None
    aliases: Aliases
    versions: bool = False
