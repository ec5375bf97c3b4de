"""Conversations in queries: the index knows each by the id that it has now alone.

Which records stand in one is told by what was captured until now, not as of when a query asks.
"""

from collections.abc import Callable, Collection, Mapping
from uuid import UUID

from archive.query.tree import Node, Value, disjunction, replaced, walk

JoinedTo = Callable[[Collection[UUID]], Mapping[UUID, UUID]]
"""Tells what became of those of some ids that were a conversation's and are no more."""


def nothing_joined(_ids: Collection[UUID]) -> Mapping[UUID, UUID]:
    """Stand in for a catalog where there is none."""
    return {}


def asks_for_conversation(node: Node) -> bool:
    """Say whether a query asks for a conversation by the archive's own id, or what may be one."""
    return any(_id(each) is not None for each in walk(node))


def with_present_ids(node: Node, joined_to: JoinedTo) -> Node:
    """Return a query that asks for each conversation by the id that it has now as well."""
    asked = {id for each in walk(node) if (id := _id(each)) is not None}
    joined = joined_to(asked) if asked else {}
    if not joined:
        return node

    def put(value: Value) -> Node:
        id = _id(value)
        now = None if id is None else joined.get(id)
        return value if now is None else disjunction([value, Value(str(now), value.field)])

    return replaced(node, put)


def _id(node: Node) -> UUID | None:
    if not isinstance(node, Value) or node.field != "conversation":
        return None
    try:
        id = UUID(node.text)
    except ValueError:
        return None
    # Written otherwise it is not found: the source's own id may look so.
    return id if str(id) == node.text.lower() else None
