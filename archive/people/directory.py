"""The directory of people: what each event makes of it, and reading it as of any sequence number.

It is read from its events alone, so that a search as of an earlier number asks with the aliases
that were recorded then.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from uuid import UUID

from archive.events import people_events as happened
from archive.events.event import Event
from archive.events.identity import Identity
from archive.events.mapper import EventMapper
from archive.events.opener import Opener
from archive.events.pointers import PointerRecorder
from archive.events.reading import read_each
from archive.model.person import KnownPerson
from archive.query.analysis import value


@dataclass(frozen=True, slots=True)
class Directory:
    """Everybody who is known, in the order in which they were recorded, and whose each alias is.

    Aliases are compared as addresses are: case folded. `unreadable` says that an event of it cannot
    be read, so that somebody may have aliases that are not here.
    """

    people: Mapping[UUID, KnownPerson] = field(default_factory=dict)
    owners: Mapping[str, UUID] = field(default_factory=dict)
    unreadable: bool = False


def known_names(names: Iterable[str], people: Iterable[KnownPerson]) -> frozenset[str]:
    """Return names as they are compared, with all names and aliases of whoever has one of them."""
    asked = frozenset(map(value, names))
    found = set(asked)
    for person in people:
        known = {value(each) for each in (person.name, *person.aliases)}
        if not asked.isdisjoint(known):
            found |= known
    return frozenset(found)


class Folding:
    """A directory in the making: events are applied to it one after the other."""

    def __init__(self, directory: Directory | None = None) -> None:
        before = directory or Directory()
        self._people = dict(before.people)
        self._owners = dict(before.owners)
        self._unreadable = before.unreadable

    @property
    def directory(self) -> Directory:
        """What has come of all events so far; it changes with the next."""
        return Directory(self._people, self._owners, self._unreadable)

    def apply(self, event: Event | None) -> None:
        """Apply the next event, None for one that is lost: what it said is missing from then on."""
        match event:
            case happened.PersonRecorded():
                self._record(event.person, event.name, event.aliases)
            case happened.PersonAliased() if event.person in self._people:
                self._give(event.person, event.aliases)
            case happened.PersonMerged() if {event.person, event.other} <= self._people.keys():
                self._give(event.person, self._people.pop(event.other).aliases)
            case happened.PersonSplit() if event.person in self._people:
                self._record(event.other, event.name, event.aliases)
            case _:
                # It is lost or erased, or about somebody of whom such an event told.
                self._unreadable = True

    def _record(self, id: UUID, name: str, aliases: Iterable[str]) -> None:
        self._people[id] = KnownPerson(id=id, name=name, aliases=())
        self._give(id, aliases)

    def _give(self, id: UUID, aliases: Iterable[str]) -> None:
        """Give aliases to a person, and take them from whoever had them."""
        for alias in aliases:
            key = value(alias)
            before = self._owners.get(key)
            if before in self._people:
                kept = (each for each in self._people[before].aliases if value(each) != key)
                self._change(before, tuple(kept))
            self._owners[key] = id
            self._change(id, (*self._people[id].aliases, alias))

    def _change(self, id: UUID, aliases: tuple[str, ...]) -> None:
        self._people[id] = self._people[id].model_copy(update={"aliases": aliases})


class People:
    """Reads the directory. Safe for threads: events are read once, and looked for each time."""

    def __init__(
        self, pointers: PointerRecorder, opener: Opener, mapper: EventMapper, identity: Identity
    ) -> None:
        self._pointers = pointers
        self._opener = opener
        self._mapper = mapper
        self._identity = identity
        self._lock = Lock()
        self._seqs: list[int] = []
        self._events: list[Event | None] = []
        self._version = 0
        self._last = (0, Directory())

    @property
    def stream(self) -> UUID:
        """The id of the one stream in which the directory stands."""
        return self._identity.stream("people")

    def directory(self, as_of: int | None = None) -> Directory:
        """Return the directory as of a sequence number, or of now.

        An event that cannot be read, or is erased, says nothing, and the directory says that it is
        so; verify names it. Raises UnavailableError where the database or the bucket do not answer.
        """
        with self._lock:
            self._read()
            count = len(self._seqs) if as_of is None else bisect_right(self._seqs, as_of)
            return self._folded(count)

    def newest(self) -> tuple[Directory, int]:
        """Return the directory as of now, and the version of the stream's last event."""
        with self._lock:
            self._read()
            return self._folded(len(self._seqs)), self._version

    def _folded(self, count: int) -> Directory:
        applied, directory = self._last
        if count != applied:
            # Most searches are as of now: what was made of the events before is gone on from.
            start, before = (applied, directory) if applied < count else (0, None)
            folding = Folding(before)
            for event in self._events[start:count]:
                folding.apply(event)
            directory = folding.directory
            self._last = count, directory
        return directory

    def _read(self) -> None:
        rows = self._pointers.select_pointers(
            self.stream, gt=self._version, lte=None, desc=False, limit=None
        )
        for row, event in read_each(rows, self._opener, self._mapper):
            self._version = row.originator_version
            self._seqs.append(row.seq)
            self._events.append(event)
