"""Who owns a record, so that they do not let it go alone (docs/disposition.md). Pure.

A record is owned by its custodian and by whoever takes part in it. A reviewer is known by their
user name, and by whatever the directory of people knows the person under whom it is recorded.
"""

from collections.abc import Iterable

from archive.model.person import KnownPerson
from archive.model.roles import LOCAL_ACTOR, Actor
from archive.people.directory import known_names
from archive.query.analysis import value
from policies.records import Found


def names_of(actor: Actor, people: Iterable[KnownPerson]) -> frozenset[str]:
    """Return what a reviewer is known by, as names are compared; nothing for `local`."""
    if actor.id == LOCAL_ACTOR.id:
        return frozenset()
    return known_names([actor.name], people)


def owns(names: frozenset[str], found: Found) -> bool:
    """Say whether somebody of these names owns a record, in any of its versions."""
    return any(
        known is not None and value(known) in names
        for record in found.versions
        for known in (
            record.custodian,
            *(one.address for one in record.content.participants),
            *(one.name for one in record.content.participants),
        )
    )
