"""From filters to entries: the index is asked in SQL, and words are looked for in the events."""

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement, and_

from archive.catalog.tables import trail
from archive.errors import InvalidError
from archive.events.codebook import CUSTODIAN, Codebook
from archive.events.feed import Feed
from archive.events.pointers import PointerRow
from archive.model.roles import LOCAL_ACTOR
from archive.query.analysis import value
from archive.trail import index as sql
from archive.trail.asked import Order, TrailFilter
from archive.trail.entry import TrailEntry, entry
from archive.trail.index import TrailIndex
from archive.trail.people import PeopleRecords
from archive.users.directory import Users

MOST_READ: Final = 50_000
"""How many entries are opened at most to look for words in them."""
_AT_ONCE: Final = 500

Captures: TypeAlias = Callable[[Sequence[UUID]], Sequence[PointerRow]]
"""Gives the rows of records' own events."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was found: a condition for SQL, or where that cannot tell entries, oldest first."""

    index: TrailIndex
    where: ColumnElement[bool]
    seqs: tuple[int, ...] | None = None

    @property
    def total(self) -> int:
        """How many entries there are."""
        return self.index.count(self.where) if self.seqs is None else len(self.seqs)

    def page(self, order: Order, after: int | None, limit: int) -> list[int]:
        """Return the first sequence numbers in an order, from after one on."""
        if self.seqs is None:
            return self.index.seqs(self.where, order, after=after, limit=limit)
        if order == "newest":
            end = len(self.seqs) if after is None else bisect_left(self.seqs, after)
            return list(self.seqs[max(0, end - limit) : end][::-1])
        start = 0 if after is None else bisect_right(self.seqs, after)
        return list(self.seqs[start : start + limit])


class Finder:
    """Finds entries and reads them."""

    def __init__(
        self,
        index: TrailIndex,
        feed: Feed,
        users: Users,
        codebook: Codebook,
        people: PeopleRecords,
        captures: Captures,
    ) -> None:
        self.index = index
        self._feed = feed
        self._users = users
        self._codebook = codebook
        self._people = people
        self._captures = captures

    def find(self, asked: TrailFilter, as_of: int) -> Found:
        """Return the entries to which all filters apply.

        Raises InvalidError where too many are read, or captures are asked for of no one record.
        """
        found = Found(self.index, and_(*self._conditions(asked, as_of)))
        captured = self._sent(asked, as_of)
        if captured:
            acts = self.index.seqs(found.where, "oldest")
            found = replace(found, seqs=tuple(sorted({*acts, *captured})))
        if asked.person is not None:
            about = self.index.about(self._people.of(asked.person))
            seqs = self.index.seqs(found.where, "oldest")
            found = replace(found, seqs=tuple(seq for seq in seqs if seq in about))
        words = _plain(asked.words or "").split()
        if not words:
            return found
        if found.total > MOST_READ:
            raise InvalidError(
                f"Words would have to be looked for in {found.total} entries, and at most "
                f"{MOST_READ} are read for it: say since when, until when, or who."
            )
        candidates = found.page("oldest", None, MOST_READ)
        return replace(
            found,
            seqs=tuple(each.seq for each in self.entries(candidates) if _holds(each, words)),
        )

    def _sent(self, asked: TrailFilter, as_of: int) -> list[int]:
        """Return the captures of a record that are asked for by their types.

        They are no entries of the index: there is one for each record that came in.
        """
        kinds = [name for name in asked.action if name.startswith("interaction.")]
        if not kinds:
            return []
        if asked.record is None:
            raise InvalidError("Who sent it is told of one record: say which.")
        # None of these is told of a capture.
        about = (asked.custodian, asked.person, asked.user)
        why = (asked.purpose, asked.matter, asked.words, asked.address)
        if asked.allowed is False or any(each is not None for each in (*about, *why)):
            return []
        rows = [row for row in self._captures([asked.record]) if row.type in kinds]
        actor = None if asked.actor is None else self._id(asked.actor)
        return [
            told.seq
            for told in self.entries([row.seq for row in rows if row.seq <= as_of])
            if (actor is None or told.actor == actor)
            and (asked.since is None or (told.at is not None and asked.since <= told.at))
            and (asked.until is None or (told.at is not None and told.at < asked.until))
        ]

    def entries(self, seqs: Sequence[int]) -> Iterator[TrailEntry]:
        """Yield entries in the order given; one whose event is gone is told as damaged."""
        for start in range(0, len(seqs), _AT_ONCE):
            page = seqs[start : start + _AT_ONCE]
            told = {fed.row.seq: entry(fed.row, fed.event) for fed in self._feed.at(page)}
            for seq in page:
                yield self._named(told.get(seq) or TrailEntry(seq=seq, at=None, state="damaged"))

    def name(self, id: str | None) -> str | None:
        """Return the name of a user by id, None where there is none."""
        if id is None or id == LOCAL_ACTOR.id:
            return id
        try:
            user = self._users.find(UUID(id))
        except ValueError:
            return None
        return user.name if user else None

    def codes(self, custodian: str) -> list[int]:
        """Return the codes of a custodian, without regard to case, as everywhere."""
        wanted = value(custodian)
        named = self._codebook.names(CUSTODIAN).items()
        return [code for name, code in named if value(name) == wanted]

    def _named(self, told: TrailEntry) -> TrailEntry:
        names = {"actor_name": self.name(told.actor)}
        if told.user is not None:
            names["user_name"] = self.name(str(told.user))
        return told.model_copy(update=names)

    def _conditions(self, asked: TrailFilter, as_of: int) -> Iterator[ColumnElement[bool]]:
        digests = self.index.digests
        yield sql.span(1, as_of)
        yield sql.during(asked.since, asked.until)
        if asked.actor is not None:
            yield trail.c.actor == digests.actor(self._id(asked.actor))
        if asked.action:
            yield trail.c.action.in_([digests.action(name) for name in asked.action])
        if asked.purpose is not None:
            yield sql.purpose_kind(asked.purpose)
        if asked.matter is not None:
            yield sql.purpose_kind("matter")
            yield trail.c.detail == digests.detail(asked.matter)
        if asked.address is not None:
            yield trail.c.address == digests.address(asked.address)
        if asked.allowed is not None:
            yield trail.c.allowed == int(asked.allowed)
        if asked.record is not None:
            yield sql.about(asked.record)
        if asked.user is not None:
            yield sql.about(UUID(self._id(asked.user)))
        if asked.custodian is not None:
            yield sql.within(sql.of_custodian(self.codes(asked.custodian)))

    def _id(self, who: str) -> str:
        """Return the id that is meant by an id or a name; NotFoundError if nobody has it."""
        return who if who == LOCAL_ACTOR.id else str(self._users.meant(who).id)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _holds(told: TrailEntry, words: Sequence[str]) -> bool:
    text = _plain(f"{told.query or ''}\n{told.purpose or ''}")
    return all(word in text for word in words)
