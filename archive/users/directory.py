"""Reading users from their events, always as of now.

SQL says in one look which events a user's stream has; what was read before is kept, so that only
new ones are opened. So a revocation holds from the moment its commit stands, on every host, no
matter how far the catalog has come.
"""

import json
import unicodedata
from uuid import UUID

from eventsourcing.persistence import MapperDeserialisationError

from archive.catalog.catalog import Catalog
from archive.errors import InvalidError, NotFoundError
from archive.events.event import Event
from archive.events.identity import Identity
from archive.events.mapper import EventMapper
from archive.events.opener import DamagedEvent, Opened, Opener
from archive.events.pointers import PointerRecorder
from archive.events.types import Erased
from archive.model.roles import Role
from archive.users.user import ProvidedIdentity, User, evolve, lose

LONGEST_NAME = 200


class Users:
    """Finds users. Safe for threads: what it keeps are whole, frozen users by id."""

    def __init__(
        self,
        pointers: PointerRecorder,
        opener: Opener,
        mapper: EventMapper,
        catalog: Catalog,
        identity: Identity,
    ) -> None:
        self._pointers = pointers
        self._opener = opener
        self._mapper = mapper
        self._catalog = catalog
        self._identity = identity
        self._known: dict[UUID, User] = {}

    def find(self, user_id: UUID) -> User | None:
        """Return a user as of now, None if there is none of this id."""
        user = self._known.get(user_id)
        rows = self._pointers.select_pointers(
            user_id, gt=user.version if user else None, lte=None, desc=False, limit=None
        )
        if not rows:
            return user
        for opened in self._opener.open_each(rows):
            event = self._event(opened)
            row = opened.row
            if event is None:
                user = lose(user, row.type, row.originator_version)
            else:
                user = evolve(user, event)
        if user is not None:
            self._known[user_id] = user
        return user

    def get(self, user_id: UUID) -> User:
        """Return a user as of now; NotFoundError if there is none of this id."""
        user = self.find(user_id)
        if user is None:
            raise NotFoundError(f"There is no user {user_id}.")
        return user

    def named(self, name: str) -> User | None:
        """Return the user of a name, None if nobody has it."""
        return self.find(self.id_of(name))

    def meant(self, text: str) -> User:
        """Return the user whose id or name this is; NotFoundError if there is none."""
        try:
            user = self.find(UUID(text))
        except ValueError:
            user = None
        user = user or self.named(text) or self._provided(text)
        if user is None:
            raise NotFoundError(f"There is no user {text}.")
        return user

    def _provided(self, name: str) -> User | None:
        """Return the one whom a provider vouches for under a name, which says nothing of their id.

        Nobody where two have it: they are then told apart by their ids.
        """
        wanted = normal_name(name).casefold()
        named = [user for user in self.all() if user.provided and user.name.casefold() == wanted]
        return named[0] if len(named) == 1 else None

    def all(self) -> list[User]:
        """Return everybody the catalog knows of, by name."""
        found = [user for each in self._catalog.users() if (user := self.find(each)) is not None]
        return sorted(found, key=lambda user: (user.name.casefold(), user.registered_at))

    def administrators(self) -> set[UUID]:
        """Return those who administer; who was registered just now may be missing."""
        ids = self._catalog.users(Role.ADMINISTRATOR)
        return {each for each in ids if (user := self.find(each)) is not None and user.administers}

    def id_of(self, name: str) -> UUID:
        """Return the id that follows from a name, so that no two users ever have the same one."""
        return self._identity.stream(f"user/{normal_name(name).casefold()}")

    def id_of_provided(self, identity: ProvidedIdentity) -> UUID:
        """Return the id of the user whom a provider means, whatever they are called there."""
        parts = json.dumps([identity.issuer, identity.subject])
        return self._identity.stream(f"provided-user/{parts}")

    def _event(self, opened: Opened) -> Event | None:
        if isinstance(opened, DamagedEvent):
            return None
        try:
            event = self._mapper.event(opened)
        except MapperDeserialisationError:
            return None
        return None if isinstance(event, Erased) else event


def normal_name(name: str) -> str:
    """Return a user's name in its one form: NFKC, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", name).split())


def checked_name(name: str) -> str:
    """Return a new user's name in its one form; InvalidError if it cannot be one."""
    normal = normal_name(name)
    if not 0 < len(normal) <= LONGEST_NAME or not normal.isprintable():
        raise InvalidError(f"A user's name has 1 to {LONGEST_NAME} printable characters.")
    return normal
