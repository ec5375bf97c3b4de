"""One snapshot of a Tantivy index, with the library's traps behind it.

Tantivy panics on a limit of nothing, and its panic is a BaseException that `except Exception`
misses. Here a limit is at least one, and a panic becomes an UnavailableError.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import ParamSpec, TypeAlias, TypeVar
from uuid import UUID

import tantivy
from tantivy import DocAddress, Order, Query

from archive.errors import UnavailableError
from archive.index.bounds import between
from archive.index.documents import document_key
from archive.index.schema import CURRENT

Ordered: TypeAlias = tuple[int, DocAddress]
"""A document, behind the number that it is ordered by."""

_P = ParamSpec("_P")
_T = TypeVar("_T")

FEW = 2_000
"""So many documents cost less to keep while they are counted than to be found once more."""
# Over all facets together, Tantivy refuses more than 65,000.
_MOST_BUCKETS = 12_000
# Each segment hands on all its values, so that counts are exact over all of them.
_ALL_OF_SEGMENT = 2**31 - 1


def guarded(call: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """Call into the library; a panic of its own comes out as an UnavailableError."""
    try:
        return call(*args, **kwargs)
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise UnavailableError("The search index failed on this query.") from error


class Engine:
    """What an index held at one moment. A query of None finds nothing.

    `begun_by` is an event by which all documents began, None if none is known; `superseded` says
    that there may be some that are not valid any more. From `begun_by` on, where none is, a search
    need not ask which are valid, and `unread` is what they all say of that, None before the first.
    """

    def __init__(self, index: tantivy.Index) -> None:
        self.schema = index.schema
        self.begun_by: int | None = None
        self.superseded = True
        self.unread: int | None = None
        self._searcher = guarded(index.searcher)

    def look_over(self, position: int, *, superseded: bool) -> None:
        """Find out whether all documents began by an event, and whether any is superseded.

        Whether any is, is not looked for if they are known to be: finding them takes time.
        """
        if not self.count(between(self.schema, "since", position + 1, None)):
            self.begun_by = position
        ended = between(self.schema, "until", None, CURRENT - 1)
        self.superseded = superseded or self.count(ended) > 0

    def count(self, query: Query | None) -> int:
        """Return how many documents a query finds, exactly."""
        return self.counted(query, 1)[0]

    def counted(self, query: Query | None, most: int) -> tuple[int, list[DocAddress] | None]:
        """Return how many documents a query finds, and these, in no order, if at most so many."""
        if query is None:
            return 0, []
        constant = Query.const_score_query(query, 1.0)
        result = guarded(self._searcher.search, constant, limit=max(1, most), count=True)
        count = int(result.count)  # type: ignore[attr-defined]  # The stub leaves it out.
        return count, [address for _, address in result.hits] if count <= most else None

    def ordered(self, query: Query | None, field: str, most: int, *, rising: bool) -> list[Ordered]:
        """Return the first documents of a query by a number, which every document has."""
        return self.counted_in_order(query, field, most, rising=rising)[1]

    def counted_in_order(
        self, query: Query | None, field: str, most: int, *, rising: bool
    ) -> tuple[int, list[Ordered]]:
        """Return how many documents a query finds, and the first of them by a number."""
        if query is None:
            return 0, []
        result = guarded(
            self._searcher.search,
            query,
            limit=max(1, most),
            count=True,
            order_by_field=field,
            order=Order.Asc if rising else Order.Desc,
        )
        return int(result.count), result.hits[:most]  # type: ignore[attr-defined]  # As above.

    def scored(self, query: Query | None, limit: int) -> list[tuple[float, DocAddress]]:
        """Return the first documents of a query by relevance (BM25), with their scores."""
        if query is None:
            return []
        result = guarded(self._searcher.search, query, limit=max(1, limit), count=False)
        return [(float(score), address) for score, address in result.hits[:limit]]

    def every(self, query: Query | None) -> list[DocAddress]:
        """Return all documents of a query, in no order."""
        count, found = self.counted(query, FEW)
        return self.listed(query, count) if found is None else found

    def listed(self, query: Query | None, count: int) -> list[DocAddress]:
        """Return all documents of a query that is known to find so many, in no order."""
        if query is None or not count:
            return []
        constant = Query.const_score_query(query, 1.0)
        result = guarded(self._searcher.search, constant, limit=count, count=False)
        return [address for _, address in result.hits]

    def numbers(self, field: str, addresses: list[DocAddress]) -> list[int]:
        """Return a number of each document; every document must have it."""
        values = guarded(self._searcher.fast_field_values, field, addresses)
        return [int(value or 0) for value in values]

    def thread(self, id: UUID, version: int) -> str | None:
        """Return the archive's own thread of one document, if it has one."""
        key = Query.term_query(self.schema, "key", document_key(id, version), "basic")
        result = guarded(self._searcher.search, key, limit=1, count=False)
        for _, address in result.hits:
            thread = guarded(self._searcher.doc, address).get_first("thread")
            return None if thread is None else str(thread)
        return None

    def top(
        self, query: Query | None, fields: Mapping[str, Mapping[str, int]], limit: int
    ) -> dict[str, Sequence[tuple[str, int]]]:
        """Return the most frequent values of some fields and their exact counts.

        What `fields` gives for a field is counted on top. Equal counts come in order of value.
        """
        # A value that is rare here may be frequent with what is added, so all are then needed.
        wanted = {name: _MOST_BUCKETS if extra else limit for name, extra in fields.items()}
        buckets = self._buckets(query, wanted)
        top: dict[str, Sequence[tuple[str, int]]] = {}
        for name, extra in fields.items():
            counts = buckets[name]
            whole = len(counts) < wanted[name]
            for value, more in extra.items():
                if query is not None and value not in counts and not whole:
                    term = Query.term_query(self.schema, name, value, "basic")
                    counts[value] = self.count(query.and_must_match(term))
                counts[value] = counts.get(value, 0) + more
            top[name] = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:limit]
        return top

    def _buckets(self, query: Query | None, wanted: dict[str, int]) -> dict[str, dict[str, int]]:
        if query is None:
            return {name: {} for name in wanted}
        aggregations = {
            name: {"terms": {"field": name, "size": size, "segment_size": _ALL_OF_SEGMENT}}
            for name, size in wanted.items()
        }
        answer = guarded(self._searcher.aggregate, query, aggregations)
        return {
            name: {bucket["key"]: bucket["doc_count"] for bucket in answer[name]["buckets"]}
            for name in wanted
        }
