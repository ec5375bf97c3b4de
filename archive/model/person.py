"""A person as the organisation knows them: under all of the addresses and names that are theirs."""

from uuid import UUID

from archive.model.interaction import Frozen


class KnownPerson(Frozen):
    """Somebody with aliases, each an address, or the name of who takes part without an address.

    `name` is what they are called; queries find them by it, but it is no alias.
    """

    id: UUID
    name: str
    aliases: tuple[str, ...]
