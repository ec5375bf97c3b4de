"""Policies that can be in conflict: one keeps what another demands be deleted. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from archive.events.policy_events import Terms
from archive.query.scopes import read_scope
from archive.query.tree import And, Node, Or, Value
from policies.shortening import earlier_start


@dataclass(frozen=True, slots=True)
class Conflict:
    """A record in the scopes of both, by name, can be kept beyond the end of a maximum."""

    keeps: str
    deletes: str


def conflicts(in_force: Mapping[str, Terms]) -> list[Conflict]:
    """Return the pairs of policies of which the minimum of one can end after another's maximum.

    Whether any record stands in the scopes of both is not looked at, but for the channels that they
    ask for: a record has one.
    """
    return list(_conflicts(in_force))


def _conflicts(in_force: Mapping[str, Terms]) -> Iterator[Conflict]:
    for keeps, keeping in sorted(in_force.items()):
        for deletes, deleting in sorted(in_force.items()):
            if keeping.minimum is None or deleting.maximum is None or keeps == deletes:
                continue
            # Counted from its occurrence a period never ends later than counted from its capture.
            # An event may happen at any time, or never.
            clocks = keeping.clock, deleting.clock
            starts_later = keeping.clock != deleting.clock and clocks != ("occurred", "captured")
            ends_later = starts_later or earlier_start(keeping.minimum, deleting.maximum)
            if ends_later and not _apart(keeping.scope, deleting.scope):
                yield Conflict(keeps, deletes)


def _apart(one: str, other: str) -> bool:
    """Say whether two scopes ask for channels none of which is the same."""
    channels, others = _channels(read_scope(one)), _channels(read_scope(other))
    return channels is not None and others is not None and channels.isdisjoint(others)


def _channels(scope: Node) -> frozenset[str] | None:
    """Return the channels that a scope asks for, None where it does not."""
    for part in scope.children if isinstance(scope, And) else (scope,):
        asked = part.children if isinstance(part, Or) else (part,)
        named = [each.text for each in asked if isinstance(each, Value) and each.field == "channel"]
        if len(named) == len(asked):
            return frozenset(named)
    return None
