"""What happens to the directory of people, as events (docs/people.md).

The whole directory stands in one stream, so that no alias is ever given to two people. `by` is the
id of whoever did it and `address` where they came from.
"""

from uuid import UUID

from archive.events.event import Event


class PersonEvent(Event):
    """What was said of a person."""

    person: UUID
    by: str
    address: str | None = None


class PersonRecorded(PersonEvent):
    """A person is known, by these aliases."""

    type = "person.recorded"

    name: str
    aliases: tuple[str, ...] = ()


class PersonAliased(PersonEvent):
    """A person is known by further aliases."""

    type = "person.aliased"

    aliases: tuple[str, ...]


class PersonMerged(PersonEvent):
    """Another is the same person: all aliases of theirs pass over, and they are no more."""

    type = "person.merged"

    other: UUID


class PersonSplit(PersonEvent):
    """Aliases of a person are those of another, who is recorded with them."""

    type = "person.split"

    other: UUID
    name: str
    aliases: tuple[str, ...]


PEOPLE_EVENTS: tuple[type[Event], ...] = (
    PersonRecorded,
    PersonAliased,
    PersonMerged,
    PersonSplit,
)
