"""Matters as their events tell them. Pure.

What an event that cannot be read took away is not known: the book says so, and nobody sees anything
by a matter.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from archive.events import matter_events as happened
from archive.events.event import Event
from archive.events.matter_events import MatterContents
from archive.model.roles import Actor

Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Closing:
    """Who closed a matter, when, and why."""

    by: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Matter:
    """One matter: what it is called, what it has, and how it was closed, None while it is open."""

    code: str
    name: str
    description: str
    contents: MatterContents
    created_by: str
    created_at: datetime
    closed: Closing | None = None

    @property
    def open(self) -> bool:
        """Whether it is open."""
        return self.closed is None


@dataclass(frozen=True, slots=True)
class MatterBook:
    """All matters by code, as of version `newest` of their stream.

    `changed` is the sequence number of its newest event. `unreadable` says that an event of the
    stream cannot be read.
    """

    newest: int = 0
    changed: int = 0
    matters: Mapping[str, Matter] = field(default_factory=dict)
    unreadable: bool = False

    def open_to(self, actor: Actor) -> list[Matter]:
        """Return the matters by which somebody sees who is restricted to matters."""
        if actor.matters is None or self.unreadable:
            return []
        return [
            matter
            for code, matter in sorted(self.matters.items())
            if code in actor.matters
            and matter.open
            and actor.id in map(str, matter.contents.members)
        ]


def evolve(book: MatterBook, event: Event) -> MatterBook:
    """Return the book after an event of its stream that could be read."""
    book = replace(book, newest=event.originator_version)
    if isinstance(event, happened.MatterCreated):
        made = Matter(
            event.matter,
            event.name,
            event.description,
            event.contents,
            event.by,
            event.recorded_at,
        )
        return _with(book, made)
    known = book.matters.get(event.matter) if isinstance(event, happened.MatterEvent) else None
    if known is None:
        # What it is about stood in an event that cannot be read.
        return replace(book, unreadable=True)
    match event:
        case happened.MatterDescribed():
            return _with(book, replace(known, name=event.name, description=event.description))
        case happened.MatterAdded():
            return _with(book, replace(known, contents=joined(known.contents, event.contents)))
        case happened.MatterRemoved():
            return _with(book, replace(known, contents=without(known.contents, event.contents)))
        case happened.MatterClosed():
            closing = Closing(event.by, event.recorded_at, event.reason)
            return _with(book, replace(known, closed=closing))
        case happened.MatterReopened():
            return _with(book, replace(known, closed=None))
        case _:
            return replace(book, unreadable=True)


def lose(book: MatterBook, version: int) -> MatterBook:
    """Return the book after an event that cannot be read."""
    return replace(book, newest=version, unreadable=True)


def joined(first: MatterContents, second: MatterContents) -> MatterContents:
    """Return what either has, nothing twice."""
    return MatterContents(
        custodians=_once(first.custodians, second.custodians),
        queries=_once(first.queries, second.queries),
        records=_once(first.records, second.records),
        members=_once(first.members, second.members),
    )


def without(first: MatterContents, second: MatterContents) -> MatterContents:
    """Return what the first has and the second has not."""
    return MatterContents(
        custodians=_left(first.custodians, second.custodians),
        queries=_left(first.queries, second.queries),
        records=_left(first.records, second.records),
        members=_left(first.members, second.members),
    )


def _once(have: tuple[Thing, ...], more: tuple[Thing, ...]) -> tuple[Thing, ...]:
    return tuple(dict.fromkeys((*have, *more)))


def _left(have: tuple[Thing, ...], gone: tuple[Thing, ...]) -> tuple[Thing, ...]:
    lost = set(gone)
    return tuple(each for each in have if each not in lost)


def _with(book: MatterBook, matter: Matter) -> MatterBook:
    return replace(book, matters={**book.matters, matter.code: matter})
