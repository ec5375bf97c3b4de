"""What `hold:` and `has:hold` find: the records that holds in force reach, or may reach."""

from collections.abc import Collection, Mapping

from archive.errors import CorruptError, InvalidError
from archive.matters.answers import MatterAnswer, people
from archive.matters.matter import Matter
from archive.model.roles import Actor
from archive.opening import Archive
from archive.query.naming import Meaning, Names
from archive.query.tree import Aliased
from policies.holds.book import HoldReader, hold_reader
from policies.holds.desk import SEES_HOLDS
from policies.holds.hold import HoldBook, Reached
from policies.holds.reach import Reach
from policies.scopes import possible


class HoldNames(Names):
    """The holds by name; one that is released reaches nothing."""

    def __init__(self, holds: HoldReader) -> None:
        self._holds = holds

    def changed(self) -> int:
        return self._holds.changed()

    def known(self, actor: Actor) -> Collection[str]:
        _require_whole(actor)
        return self._read().holds.keys()

    def meanings(self, actor: Actor, as_of: int) -> Mapping[str, Meaning]:
        _require_whole(actor)
        in_force = self._read(as_of).in_force()
        return {name: _meaning(hold.reached[-1]) for name, hold in in_force.items()}

    def told(self, actor: Actor) -> bool:
        return not SEES_HOLDS.isdisjoint(actor.permissions)

    def _read(self, as_of: int | None = None) -> HoldBook:
        book = self._holds.read(as_of)
        if book.unreadable:
            raise CorruptError(
                "An event of the holds cannot be read: verify names it. What they reach is not "
                "known; nothing is destroyed meanwhile."
            )
        return book


def hold_names(archive: Archive) -> HoldNames:
    """Return what the holds of an archive are called."""
    return HoldNames(hold_reader(archive))


def matter_told(archive: Archive, actor: Actor, matter: Matter) -> MatterAnswer:
    """Tell of a matter, and of the holds in force that name it as theirs."""
    names = archive.administration.names(people(matter))
    return MatterAnswer.of(matter, names, _holds_of(archive, actor, matter.code))


def _holds_of(archive: Archive, actor: Actor, matter: str) -> list[str]:
    """Return the holds of a matter, to whoever may know of holds."""
    if actor.restricted:
        return []
    in_force = hold_reader(archive).read().in_force()
    return [name for name, hold in in_force.items() if hold.matter.strip() == matter]


def _require_whole(actor: Actor) -> None:
    if actor.restricted:
        raise InvalidError("Whoever sees a part of the records alone does not ask for holds.")


def _meaning(reached: Reached) -> Meaning:
    reach = Reach.of(reached.scope, reached.known)
    if reach.query is None:
        return Meaning(reach.records)
    held = possible(reach.query)
    queries = tuple(Aliased(held, aliases) for aliases in reach.aliases)
    return Meaning(reach.records, queries, ever=True)
