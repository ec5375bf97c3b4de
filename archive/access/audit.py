"""The audit trail: each act is an event of its own, durable before its answer leaves."""

from collections.abc import Sequence
from uuid import UUID

from archive.access.roles import Actor, Permission, Purpose, require
from archive.clock import Clock
from archive.errors import ForbiddenError
from archive.events.commit import Group
from archive.events.group import Committer
from archive.events.plain import plain
from archive.events.types import AccessRecorded

FOR_OPERATIONS = Purpose("operations")
"""The purpose of an act that no purpose was stated for, such as a change of users."""


class Audit:
    """Writes audit events through the committer, where they join the commit under way."""

    def __init__(self, committer: Committer, clock: Clock) -> None:
        self._committer = committer
        self._clock = clock

    def record(
        self,
        actor: Actor,
        purpose: Purpose,
        action: str,
        *,
        allowed: bool = True,
        query: str | None = None,
        as_of: int | None = None,
        total: int | None = None,
        records: Sequence[UUID] = (),
    ) -> None:
        """Commit one audit event; UnavailableError means that no answer may be given."""
        event = AccessRecorded(
            originator_id=self._clock.uuid7(),
            originator_version=1,
            recorded_at=self._clock.now(),
            actor=actor.id,
            role=", ".join(actor.roles),
            purpose=str(purpose),
            action=action,
            allowed=allowed,
            query=query,
            as_of=as_of,
            total=total,
            records=tuple(records),
            address=actor.address,
            request_id=actor.request_id,
            token=actor.token,
        )
        # Not atomic: sent twice after a cut connection, the event meets itself and is passed over.
        self._committer.commit(Group([plain(event)], atomic=False))

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
