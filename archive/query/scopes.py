"""Queries that are kept, and mean the same whenever they are asked again."""

from datetime import UTC, tzinfo

from archive.errors import InvalidError
from archive.query.fields import OF_CONTENT
from archive.query.parser import parse
from archive.query.tree import Node


def read_scope(query: str) -> Node:
    """Return the tree of a query that was kept, from its canonical text.

    Whether the index takes it is asked when it is written, never again: were its library to refuse
    a pattern one day, what is held by it would stay held.
    """
    return parse(query, kept=True)


def parse_scope(
    query: str, name: str, zone: tzinfo = UTC, *, if_empty: str = "write * for every record"
) -> Node:
    """Return the tree of a query that is kept, which its canonical text stands for in any zone.

    It asks for content alone: what a hold or a matter reaches would change what it means. `name`
    says what the query is, `if_empty` what to do about an empty one. Raises InvalidError where it
    is none; `column` says where.
    """
    if not query.strip():
        raise InvalidError(f"The {name} is empty; {if_empty}.")
    try:
        return parse(query, zone, OF_CONTENT)
    except InvalidError as error:
        raise InvalidError(
            f"The {name}: {error}", column=error.column, query=error.query
        ) from error
