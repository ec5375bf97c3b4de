"""The records in which a person takes part, as the search index tells now."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final
from uuid import UUID

from archive.errors import InvalidError
from archive.events.records import Loaded, Records
from archive.index.cursor import Cursor, Sort
from archive.index.searcher import MOST_HITS, Searcher
from archive.model.record import Record
from archive.query.people import person
from archive.query.tree import Person

_WILD: Final = str.maketrans({mark: f"\\{mark}" for mark in "\\*?"})


class PeopleRecords:
    """Finds records by a participant's address. Nothing of them is shown to anybody."""

    def __init__(self, searcher: Callable[[], tuple[Searcher, int]], records: Records) -> None:
        self._searcher = searcher
        self._records = records

    def of(self, address: str) -> Iterator[UUID]:
        """Yield the records of an address; InvalidError if it is none.

        Erased records are not among them, since nothing says any more who took part.
        """
        someone = person(address, quoted=True)
        if someone is None or "@" not in someone[1:]:
            raise InvalidError("A person is named by a whole address, as in ann@example.com.")
        node = Person(someone.translate(_WILD), "participants")
        searcher, as_of = self._searcher()

        def settle(ids: Sequence[UUID]) -> Iterator[Record]:
            for loaded in self._records.load_each(ids, as_of=as_of):
                if isinstance(loaded, Loaded):
                    yield loaded.record()

        after: Cursor | None = None
        while True:
            hits = searcher.search(
                node, as_of=as_of, limit=MOST_HITS, sort=Sort.NEWEST, after=after, settle=settle
            )
            yield from (hit.id for hit in hits.hits)
            if hits.cursor is None:
                return
            after = Cursor.decode(hits.cursor, node, Sort.NEWEST)
