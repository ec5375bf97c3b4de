"""Index queries joined by AND, OR and NOT, alone and in bounds. A query of None finds nothing."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from tantivy import FieldType, Occur, Query, Schema

_FARTHEST_NUMBER: Final = 2**63 - 1


class Bounds(NamedTuple):
    """What certainly holds all matches, and what certainly holds nothing else; None is nothing."""

    upper: Query | None
    lower: Query | None
    exact: bool


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
    return Bounds(query, query, True)


def all_bounds(parts: Sequence[Bounds]) -> Bounds:
    """Return the bounds of what all find."""
    if all(part.exact for part in parts):
        return exactly(all_of([part.upper for part in parts]))
    return Bounds(
        all_of([part.upper for part in parts]),
        all_of([part.lower for part in parts]),
        False,
    )


def any_bounds(parts: Sequence[Bounds]) -> Bounds:
    """Return the bounds of what any finds."""
    if all(part.exact for part in parts):
        return exactly(any_of([part.upper for part in parts]))
    return Bounds(
        any_of([part.upper for part in parts]),
        any_of([part.lower for part in parts]),
        False,
    )
