"""Which holds keep an entry of the audit trail (docs/trail-retention.md, "Which entries"). Pure.

When in doubt an entry stays.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from archive.people.directory import known_names
from archive.query.analysis import value
from archive.trail.entry import TrailEntry
from archive.trail.follower import plain_detail
from policies.holds.hold import Hold, HoldBook, Reached
from policies.holds.reach import Held

HeldRecords = Callable[[Sequence[UUID]], Mapping[UUID, Held]]
"""Says what holds each of some records."""
Names = Callable[[Iterable[str]], Mapping[str, str]]
"""Gives the names of users by their ids."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """Whether a hold in force keeps an entry; else when the last one ended that had, if any."""

    held: bool
    released_at: datetime | None = None


class EntryHolds:
    """All holds as of one state of their stream, ready to be held against many entries."""

    def __init__(self, book: HoldBook, records: HeldRecords, names: Names) -> None:
        self._book = book
        self._records = records
        self._names = names
        self._matters: dict[str, list[Hold]] = {}
        # Until when whoever is known by a name was held, None for one that is.
        self._custodians: dict[str, list[datetime | None]] = {}
        for hold in book.holds.values():
            if matter := plain_detail(hold.matter):
                self._matters.setdefault(matter, []).append(hold)
            for reached in hold.reached:
                ended = reached.ended.at if reached.ended else None
                for name in _known(reached):
                    self._custodians.setdefault(name, []).append(ended)

    def keeping(self, entries: Sequence[TrailEntry]) -> list[Keeping]:
        """Say of each entry whether it is kept, in their order."""
        if not self._book.holds:
            return [Keeping(held=self._book.unreadable)] * len(entries)
        ids = dict.fromkeys(each for entry in entries for each in entry.records)
        held = self._records(list(ids))
        actors = {entry.actor for entry in entries if entry.actor is not None}
        names = {id: value(name) for id, name in self._names(actors).items()}
        return [self._one(entry, held, names) for entry in entries]

    def _one(
        self, entry: TrailEntry, held: Mapping[UUID, Held], names: Mapping[str, str]
    ) -> Keeping:
        records = [held[each] for each in entry.records]
        holds = self._matters.get(plain_detail(entry.matter or ""), [])
        spans = self._spans(names.get(entry.actor or "", ""))
        in_force = (
            self._book.unreadable
            or not all(each.free for each in records)
            or any(hold.released is None for hold in holds)
            or None in spans
        )
        ends = [
            *(each.released_at for each in records),
            *(hold.released.at for hold in holds if hold.released),
            *spans,
        ]
        return Keeping(in_force, max((end for end in ends if end is not None), default=None))

    def _spans(self, user: str) -> list[datetime | None]:
        """Return until when the user of a name was held, None where they are; "" is no user."""
        if user and self._book.people_unreadable:
            # Without all aliases, any of the custodians may be this user.
            return [ended for spans in self._custodians.values() for ended in spans]
        return self._custodians.get(user, [])


def _known(reached: Reached) -> frozenset[str]:
    """Return by what the custodians of a scope are known, then and now."""
    custodians = reached.scope.custodians
    found = [known_names(custodians, people) for people in reached.known] if custodians else []
    return frozenset(map(value, custodians)).union(*found)
