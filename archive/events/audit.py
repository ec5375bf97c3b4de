"""The audit trail: each act is an event of its own, durable before its answer leaves."""

from collections.abc import Callable, Sequence
from typing import TypedDict, Unpack
from uuid import UUID

from archive.clock import Clock
from archive.errors import ForbiddenError
from archive.events.group import Committer
from archive.events.groups import Group
from archive.events.plain import plain
from archive.events.types import AccessRecorded
from archive.model.roles import Actor, Permission, Purpose, require

FOR_OPERATIONS = Purpose("operations")
"""The purpose of an act that no purpose was stated for, such as a change of users."""


class About(TypedDict, total=False):
    """What an act was about; left out, it was allowed, and about nothing."""

    allowed: bool
    query: str | None
    as_of: int | None
    total: int | None
    records: Sequence[UUID]


class Audit:
    """Writes audit events through the committer, where they join the commit under way."""

    def __init__(self, committer: Committer, clock: Clock) -> None:
        self._committer = committer
        self._clock = clock

    def record(self, actor: Actor, purpose: Purpose, action: str, **about: Unpack[About]) -> None:
        """Commit one audit event; UnavailableError means that no answer may be given."""
        self.begin(actor, purpose, action, **about)()

    def begin(
        self, actor: Actor, purpose: Purpose, action: str, **about: Unpack[About]
    ) -> Callable[[], None]:
        """Begin to commit one audit event, and return what waits until it is committed.

        The answer may be made in between, and given once that returns. UnavailableError, here or
        there, means that none may be given.
        """
        event = AccessRecorded(
            originator_id=self._clock.uuid7(),
            originator_version=1,
            recorded_at=self._clock.now(),
            actor=actor.id,
            role=", ".join(actor.roles),
            purpose=str(purpose),
            action=action,
            allowed=about.get("allowed", True),
            query=about.get("query"),
            as_of=about.get("as_of"),
            total=about.get("total"),
            records=tuple(about.get("records", ())),
            address=actor.address,
            request_id=actor.request_id,
            token=actor.token,
        )
        # Not atomic: sent twice after a cut connection, the event meets itself and is passed over.
        return self._committer.begin(Group([plain(event)], atomic=False))

    def require(
        self,
        actor: Actor,
        permission: Permission,
        action: str,
        purpose: Purpose = FOR_OPERATIONS,
    ) -> None:
        """Raise ForbiddenError, once that is recorded, unless the actor has a permission."""
        try:
            require(actor, permission)
        except ForbiddenError:
            self.record(actor, purpose, action, allowed=False)
            raise
