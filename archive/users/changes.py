"""How users are changed: over the newest state, and never so that nobody is left who administers.

Changes are optimistic: each writes the next version of a stream, and whoever was second reads
again and decides anew. What changes the set of administrators also writes the next version of one
stream that stands for that set, in the same commit: the rule that one must be left then holds
whoever else changes it at the same moment.
"""

from collections.abc import Callable, Iterable, Sequence, Set
from typing import Any
from uuid import UUID

from archive.clock import Clock
from archive.errors import ConflictError
from archive.events import user_events as happened
from archive.events.deciding import commit_decided
from archive.events.event import Event
from archive.events.group import Committer
from archive.events.identity import Identity
from archive.events.pointers import PointerRecorder
from archive.model.roles import Actor
from archive.users.directory import Users
from archive.users.user import User

Decide = Callable[[User], Iterable[Event]]


class Changes:
    """Commits what is decided about users. Nothing here asks who may decide it.

    Raises ConflictError, where it commits, after several tries in which others were quicker, and
    UnavailableError where the change cannot be committed.
    """

    def __init__(
        self,
        users: Users,
        pointers: PointerRecorder,
        committer: Committer,
        identity: Identity,
        clock: Clock,
    ) -> None:
        self._users = users
        self._pointers = pointers
        self._committer = committer
        self._identity = identity
        self._clock = clock

    def commit(self, decide: Callable[[], Sequence[Event]]) -> None:
        """Commit what is decided, nothing if that is nothing; an error of `decide` comes out."""
        commit_decided(self._committer, decide)

    def change(self, user: str, decide: Decide) -> User:
        """Commit what is decided over a user's newest state, and return the one after it."""
        user_id = self._users.meant(user).id
        self.commit(lambda: list(decide(self._users.get(user_id))))
        return self._users.get(user_id)

    def one(self, kind: type[happened.Change], user: str, actor: Actor, **fields: Any) -> User:
        """Commit one event of a user's, whatever their state."""
        return self.change(user, lambda found: [self.next(kind, found, actor, **fields)])

    def next(self, kind: type[happened.Change], user: User, actor: Actor, **fields: Any) -> Event:
        """Return the next event of a user's, which says who caused it."""
        return kind(
            originator_id=user.id,
            originator_version=user.version + 1,
            recorded_at=self._clock.now(),
            by=actor.id,
            address=actor.address,
            **fields,
        )

    def guarded(self, actor: Actor, user: User, *, now_administers: bool) -> list[Event]:
        """Return what keeps the set of administrators, where a change of a user changes it."""
        if user.administers == now_administers:
            return []
        if now_administers:
            return self.guard(actor, add={user.id})
        return self.guard(actor, remove={user.id})

    def guard(
        self, actor: Actor, *, add: Set[UUID] = frozenset(), remove: Set[UUID] = frozenset()
    ) -> list[Event]:
        """Return the next event of the set of administrators; ConflictError if it were empty."""
        stream = self._identity.stream("administrators")
        # The version is read before the set: what changes after that makes the commit conflict.
        newest = self._pointers.select_pointers(stream, gt=None, lte=None, desc=True, limit=1)
        members = (self._users.administrators() | add) - remove
        if not members:
            raise ConflictError("This is the last administrator: make somebody else one first.")
        return [
            happened.AdministratorsChanged(
                originator_id=stream,
                originator_version=newest[0].originator_version + 1 if newest else 1,
                recorded_at=self._clock.now(),
                members=tuple(sorted(members)),
                by=actor.id,
                address=actor.address,
            )
        ]
