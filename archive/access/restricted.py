"""What `is:restricted` finds: the records that cases of erasure restrict (docs/erasure.md)."""

from collections.abc import Collection, Mapping

from archive.catalog.catalog import Catalog
from archive.model.roles import Actor
from archive.query.fields import RESTRICTED
from archive.query.naming import Meaning, Names


class Restricted(Names):
    """One name, which stands for all records that are restricted."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def changed(self) -> int:
        return self._catalog.restriction_changed()

    def known(self, actor: Actor) -> Collection[str]:
        return (RESTRICTED,)

    def meanings(self, actor: Actor, as_of: int) -> Mapping[str, Meaning]:
        return {RESTRICTED: Meaning(frozenset(self._catalog.restricted(as_of)))}

    def told(self, actor: Actor) -> bool:
        return False
