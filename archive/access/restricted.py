"""What `is:restricted` finds: the records that cases of erasure restrict (docs/erasure.md)."""

from collections.abc import Collection, Mapping
from uuid import UUID

from archive.catalog.catalog import Catalog
from archive.model.roles import Actor
from archive.query.fields import RESTRICTED
from archive.query.naming import Meaning, Names


class Restrictions:
    """What is restricted now. Safe for threads.

    There may be many, and every search asks for them. So they are kept as of the newest change of
    theirs, and read again after another, whichever process catalogued it.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._kept: tuple[int, frozenset[UUID]] | None = None

    def changed(self) -> int:
        """Return the sequence number of the newest change, 0 if none."""
        return self._catalog.restriction_changed()

    def read(self) -> tuple[int, frozenset[UUID]]:
        """Return the restricted records, with the sequence number of their newest change."""
        kept, changed = self._kept, self.changed()
        while kept is None or kept[0] != changed:
            found = frozenset(self._catalog.restricted())
            # What changes while it is read may be in it or not.
            before, changed = changed, self.changed()
            if before == changed:
                self._kept = kept = changed, found
        return kept


class Restricted(Names):
    """One name, which stands for all records that are restricted."""

    def __init__(self, catalog: Catalog, restrictions: Restrictions) -> None:
        self._catalog = catalog
        self._restrictions = restrictions

    def changed(self) -> int:
        return self._restrictions.changed()

    def known(self, actor: Actor) -> Collection[str]:
        return (RESTRICTED,)

    def meanings(self, actor: Actor, as_of: int) -> Mapping[str, Meaning]:
        changed, records = self._restrictions.read()
        if changed > as_of:
            records = frozenset(self._catalog.restricted(as_of))
        return {RESTRICTED: Meaning(records)}

    def told(self, actor: Actor) -> bool:
        return False
