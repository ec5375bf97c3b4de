"""Policies that can be in conflict: one keeps what another demands be deleted. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from archive.events.policy_events import Terms
from policies.shortening import earlier_start


@dataclass(frozen=True, slots=True)
class Conflict:
    """A record in the scopes of both, by name, can be kept beyond the end of a maximum."""

    keeps: str
    deletes: str


def conflicts(in_force: Mapping[str, Terms]) -> list[Conflict]:
    """Return the pairs of policies of which the minimum of one can end after another's maximum.

    Whether any record stands in the scopes of both is not looked at.
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
            if starts_later or earlier_start(keeping.minimum, deleting.maximum):
                yield Conflict(keeps, deletes)
