"""What a query names that is no content: holds, matters. Each name stands for records.

The names of a field are known to whoever keeps them, a part that this one need not know. They are
put in place once it is settled as of when a query is asked; index and matcher then agree by
themselves, and the same query as of the same sequence number finds the same.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias
from uuid import UUID

from archive.errors import InvalidError
from archive.model.roles import Actor
from archive.query.analysis import ANY_RUN, value
from archive.query.fields import names_of, suggestion
from archive.query.matcher import among
from archive.query.terms import has_wildcard, value_pattern
from archive.query.tree import Aliased, Named, Node, Value, replaced, walk

_MOST_TOLD: Final = 20

Earlier: TypeAlias = Callable[[Node], frozenset[UUID]]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one name stands for: some records, and what any of some queries finds.

    If `ever`, these are the records of which any version is found, and not the newest alone.
    """

    records: frozenset[UUID] = frozenset()
    queries: tuple[Aliased, ...] = ()
    ever: bool = False


class Names(ABC):
    """The names that one field takes. Safe for threads.

    Raises, in every method, UnavailableError where the database or the bucket do not answer, and
    CorruptError where an event cannot be read that may have changed what a name stands for.
    """

    @abstractmethod
    def changed(self) -> int:
        """Return the sequence number of the newest change of what the names stand for."""

    @abstractmethod
    def known(self, actor: Actor) -> Collection[str]:
        """Return the names that somebody may ask for, all that were ever given, as of now.

        Raises InvalidError where they may ask for none.
        """

    @abstractmethod
    def meanings(self, actor: Actor, as_of: int) -> Mapping[str, Meaning]:
        """Return what each of these stood for as of a sequence number; left out if for nothing."""

    @abstractmethod
    def told(self, actor: Actor) -> bool:
        """Say whether somebody may be told which names there are."""


class Naming:
    """The fields that name something, each with its names."""

    def __init__(self) -> None:
        self._fields: dict[str, Callable[[], Names]] = {}

    def add(self, field: str, names: Callable[[], Names]) -> None:
        """Let the values of a field be names, which are given when a query asks for them."""
        self._fields[field] = names

    def check(self, actor: Actor, named: Value) -> None:
        """Raise InvalidError where nothing has the name that a value gives.

        Which there are is told to those alone who may know.
        """
        names = self._of(named)
        known = sorted(names.known(actor))
        if has_wildcard(_pattern(named)) or among(_pattern(named), set(map(value, known))):
            return
        sentence = f"There is no {named.field} of this name."
        if names.told(actor):
            sentence += suggestion(named.text, known) or _told(named.field, known)
        raise InvalidError(sentence)

    def changed(self, node: Node) -> int:
        """Return the sequence number of the newest change of what a query names, 0 if nothing."""
        fields = {names_of(each.field, each.text) for each in walk(node) if isinstance(each, Value)}
        return max((self._fields[each]().changed() for each in fields if each), default=0)

    def known(self, actor: Actor, node: Node, as_of: int, earlier: Earlier) -> Node:
        """Return somebody's query with what it names put in place, as of a sequence number.

        `earlier` gives the records of which a version finds a query that was superseded by then.
        """
        read: dict[str, Mapping[str, Meaning]] = {}

        def put(named: Value) -> Node:
            field = names_of(named.field, named.text)
            if field is None:
                return named
            if field not in read:
                read[field] = self._of(named).meanings(actor, as_of)
            pattern = _pattern(named)
            meant = [each for name, each in read[field].items() if among(pattern, {value(name)})]
            records = frozenset[UUID]().union(*(each.records for each in meant))
            ever = tuple(query for each in meant if each.ever for query in each.queries)
            if ever:
                records |= earlier(Named(named, queries=ever))
            return Named(named, records, tuple(query for each in meant for query in each.queries))

        return replaced(node, put)

    def _of(self, named: Value) -> Names:
        field = names_of(named.field, named.text)
        names = self._fields.get(field or "")
        if names is None:
            raise InvalidError(f"{named.field}:{named.text} cannot be asked at this door.")
        return names()


def _pattern(named: Value) -> str:
    """Return the marked pattern of names that a value stands for: any of them for `has:`."""
    if named.field == "has" or named.text == "*":
        return ANY_RUN
    return value_pattern(named.text)


def _told(field: str, known: list[str]) -> str:
    if not known:
        return f" There is no {field} at all."
    more = len(known) - _MOST_TOLD
    return f" There are: {', '.join(known[:_MOST_TOLD])}{f', and {more} more' if more > 0 else ''}."
