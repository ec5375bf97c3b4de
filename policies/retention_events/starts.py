"""Which retention event starts a record's clock (docs/retention-events.md). Pure.

Of those that reach a record the latest counts. One that may reach it or not starts no clock, and
counts only where it is later than one that does: so whatever is not known keeps longer.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Self
from uuid import UUID

from archive.query.scopes import read_scope
from archive.query.tree import Node
from policies.evaluation import Start
from policies.records import Found
from policies.retention_events.event import InForce
from policies.scopes import Standing, standings


class Starts:
    """Retention events in force, ready to be held against many records."""

    def __init__(self, events: Collection[InForce]) -> None:
        self.events = events
        self._by_name: dict[str, list[tuple[Start, Node]]] = defaultdict(list)
        for each in sorted(events, key=_latest_first):
            start = Start(each.statement.date, each.id)
            # What is kept is in canonical form, which means the same in any zone.
            self._by_name[each.name].append((start, read_scope(each.statement.query)))

    def named(self, names: Collection[str]) -> Self:
        """Return those of some names alone."""
        return type(self)([each for each in self.events if each.name in names])

    def of(self, name: str, found: Found) -> Start | None:
        """Return what starts a record's clock that starts at an event of a name, None if nothing.

        Events are looked at until one reaches the record for certain.
        """
        events = self._by_name.get(name)
        if not events:
            return None
        standing = standings(found.record, found.conversation)
        return started((start, standing(query)) for start, query in events)


def started(latest_first: Iterable[tuple[Start, Standing]]) -> Start | None:
    """Return the start that counts of events, each with whether it reaches the record."""
    latest: Start | None = None
    for start, where in latest_first:
        if where is Standing.OUT:
            continue
        latest = latest or start
        if where is Standing.IN:
            return latest
    return None


def _latest_first(event: InForce) -> tuple[float, UUID]:
    return -event.statement.date.timestamp(), event.id
