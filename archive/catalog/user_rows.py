"""What stands in SQL of users: which there are, in which role, and whose each token is.

It says where to look: whether and as what they may come in is read from their events.
"""

from typing import Final

from sqlalchemy import Connection, Dialect, update

from archive.catalog.inserting import insert_for
from archive.catalog.tables import ROLES, tokens, users
from archive.events.event import Event
from archive.events.user_events import TokenIssued, UserRegistered, UserRolesChanged
from archive.model.roles import Role


class UserRows:
    """Writes the rows, within the transaction of the catalog's follower."""

    tables: Final = (users, tokens)
    events: Final = (UserRegistered, UserRolesChanged, TokenIssued)

    def __init__(self, dialect: Dialect) -> None:
        self._insert = insert_for(dialect)

    def apply(self, connection: Connection, seq: int, event: Event) -> None:
        """Apply an event of this sequence number, of `events`."""
        user = event.originator_id.bytes
        match event:
            case UserRegistered():
                registered = self._insert(users).values(id=user, role=_number(event))
                connection.execute(registered.on_conflict_do_nothing())
            case UserRolesChanged():
                changed = update(users).where(users.c.id == user).values(role=_number(event))
                connection.execute(changed)
            case TokenIssued():
                issued = self._insert(tokens).values(
                    digest=bytes.fromhex(event.digest), user_id=user
                )
                connection.execute(issued.on_conflict_do_nothing())


def _number(event: UserRegistered | UserRolesChanged) -> int:
    return ROLES[Role(event.roles[0])]
