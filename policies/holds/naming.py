"""What `hold:` and `has:hold` find: the records that holds in force reach, or may reach."""

from collections.abc import Iterable, Mapping

from archive.access.naming import Meaning, Names
from archive.access.roles import Actor
from archive.errors import CorruptError
from archive.opening import Archive
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

    def known(self) -> Iterable[str]:
        return self._read().holds

    def meanings(self, as_of: int) -> Mapping[str, Meaning]:
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


def _meaning(reached: Reached) -> Meaning:
    reach = Reach.of(reached.scope, reached.known)
    if reach.query is None:
        return Meaning(reach.records)
    held = possible(reach.query)
    queries = tuple(Aliased(held, aliases) for aliases in reach.aliases)
    return Meaning(reach.records, queries, ever=True)
