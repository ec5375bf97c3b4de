"""Holds as their events tell them: what each reached, from when to when. Pure.

What an event that cannot be read held is not known: the book says so, and nothing may go.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from archive.events import hold_events as happened
from archive.events.event import Event
from archive.events.hold_events import HoldScope
from archive.model.person import KnownPerson
from policies.versions import Act


@dataclass(frozen=True, slots=True)
class Reached:
    """A scope that a hold has, or had until `ended`; `began` says who gave it to it and when.

    It stands in the event of this `version`. `reason` is why, and `condemned` are records that it
    came too late for. `known` are those whom it may name: everybody in the directory of people when
    it began, and everybody in that of now.
    """

    version: int
    scope: HoldScope
    reason: str
    began: Act
    condemned: tuple[UUID, ...] = ()
    ended: Act | None = None
    known: tuple[tuple[KnownPerson, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Hold:
    """One hold with every scope that it has had, oldest first."""

    name: str
    matter: str
    reached: tuple[Reached, ...]
    released: Act | None = None
    release_reason: str = ""

    @property
    def scope(self) -> HoldScope:
        """What it reaches, or reached last."""
        return self.reached[-1].scope

    @property
    def placed(self) -> Act:
        """Who placed it, and when."""
        return self.reached[0].began


@dataclass(frozen=True, slots=True)
class HoldBook:
    """All holds by name, as of version `newest` of their stream.

    `changed` is the sequence number of the newest event by which a hold changed. `unreadable` says
    that an event of the stream cannot be read, and `people_unreadable` that one of the directory of
    people cannot, so that somebody may have aliases that no scope knows.
    """

    newest: int = 0
    changed: int = 0
    holds: Mapping[str, Hold] = field(default_factory=dict)
    unreadable: bool = False
    people_unreadable: bool = False

    def in_force(self) -> dict[str, Hold]:
        """Return the holds that are not released, by name."""
        return {name: hold for name, hold in sorted(self.holds.items()) if hold.released is None}


def evolve(book: HoldBook, event: Event) -> HoldBook:
    """Return the book after an event of its stream that could be read."""
    book = replace(book, newest=event.originator_version)
    if isinstance(event, happened.HoldsChecked):
        return book
    if not isinstance(event, happened.HoldEvent):
        return replace(book, unreadable=True)
    act = Act(event.by, event.recorded_at)
    known = book.holds.get(event.hold)
    if isinstance(event, happened.HoldPlaced):
        reached = Reached(event.originator_version, event.scope, event.reason, act, event.condemned)
        changed = Hold(event.hold, event.matter, (reached,))
    elif known is None:
        # What it is about stood in an event that cannot be read.
        return replace(book, unreadable=True)
    elif isinstance(event, happened.HoldScopeChanged):
        reached = Reached(event.originator_version, event.scope, event.reason, act, event.condemned)
        changed = replace(known, reached=(*_ended(known, act), reached))
    elif isinstance(event, happened.HoldReleased):
        changed = replace(
            known, reached=_ended(known, act), released=act, release_reason=event.reason
        )
    return replace(book, holds={**book.holds, event.hold: changed})


def lose(book: HoldBook, version: int) -> HoldBook:
    """Return the book after an event that cannot be read."""
    return replace(book, newest=version, unreadable=True)


def _ended(hold: Hold, act: Act) -> tuple[Reached, ...]:
    return (*hold.reached[:-1], replace(hold.reached[-1], ended=act))
