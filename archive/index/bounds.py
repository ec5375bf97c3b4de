"""Index queries joined by AND, OR and NOT, alone and in bounds. A query of None finds nothing."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from tantivy import FieldType, Occur, Query, Schema

_FARTHEST_NUMBER: Final = 2**63 - 1


class Bounds(NamedTuple):
    """What certainly holds all matches, and what certainly holds nothing else; None is nothing.

    `doubt` lies within the upper, and holds all of it that the lower does not; it is kept apart,
    since where a part of a query alone is in doubt, it is much faster to find.
    """

    upper: Query | None
    lower: Query | None
    doubt: Query | None

    @property
    def exact(self) -> bool:
        """Whether both are the same."""
        return self.doubt is None


def all_of(queries: Sequence[Query | None]) -> Query | None:
    """Return the query of what all find."""
    present = [query for query in queries if query is not None]
    if len(present) < len(queries):
        return None
    if len(present) == 1:
        return present[0]
    return Query.boolean_query([(Occur.Must, query) for query in present])


def any_of(queries: Sequence[Query | None]) -> Query | None:
    """Return the query of what any finds."""
    present = [query for query in queries if query is not None]
    if len(present) <= 1:
        return present[0] if present else None
    return Query.boolean_query([(Occur.Should, query) for query in present])


def without(query: Query | None, excluded: Query | None) -> Query | None:
    """Return the query of what the first finds and the second does not."""
    if query is None or excluded is None:
        return query
    return Query.boolean_query([(Occur.Must, query), (Occur.MustNot, excluded)])


def between(schema: Schema, field: str, low: int | None, high: int | None) -> Query:
    """Return the query of documents with `low <= number <= high`; None is no bound."""
    return Query.range_query(
        schema,
        field,
        FieldType.Integer,
        None if low is None else min(low, _FARTHEST_NUMBER),
        None if high is None else min(high, _FARTHEST_NUMBER),
    )


def exactly(query: Query | None) -> Bounds:
    """Return the bounds of a query that finds all matches and nothing else."""
    return Bounds(query, query, None)


def within(upper: Query | None, lower: Query | None = None) -> Bounds:
    """Return the bounds of matches that lie between two queries."""
    return Bounds(upper, lower, upper)


def all_bounds(parts: Sequence[Bounds]) -> Bounds:
    """Return the bounds of what all find."""
    upper = all_of([part.upper for part in parts])
    doubtful = sum(not part.exact for part in parts)
    if not doubtful:
        return exactly(upper)
    lower = all_of([part.lower for part in parts])
    if doubtful > 1:
        return within(upper, lower)
    # What the others find is in doubt where that one part is.
    doubt = all_of([part.upper if part.exact else part.doubt for part in parts])
    return Bounds(upper, lower, doubt)


def any_bounds(parts: Sequence[Bounds]) -> Bounds:
    """Return the bounds of what any finds."""
    upper = any_of([part.upper for part in parts])
    if all(part.exact for part in parts):
        return exactly(upper)
    return Bounds(
        upper, any_of([part.lower for part in parts]), any_of([part.doubt for part in parts])
    )


def no_bounds(part: Bounds) -> Bounds:
    """Return the bounds of what does not match."""
    everything = Query.all_query()
    upper = without(everything, part.lower)
    if part.exact:
        return exactly(upper)
    return Bounds(upper, without(everything, part.upper), without(part.doubt, part.lower))
