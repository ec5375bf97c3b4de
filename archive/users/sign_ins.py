"""What is recorded of coming in, whichever way: a session began or ended, or was refused."""

from datetime import UTC
from uuid import UUID

from archive.clock import Clock
from archive.errors import ConflictError
from archive.events.event import Event
from archive.events.group import Committer
from archive.events.groups import Group
from archive.events.identity import Identity
from archive.events.plain import plain
from archive.events.user_events import SessionBegan, SessionEnded, SignInRefused
from archive.users.user import User


class SignIns:
    """Commits these events; UnavailableError where that cannot be done."""

    def __init__(self, committer: Committer, identity: Identity, clock: Clock) -> None:
        self._committer = committer
        self._identity = identity
        self._clock = clock

    def begin(
        self,
        session: UUID,
        user: User,
        means: str,
        address: str | None,
        spent: Event | None = None,
    ) -> bool:
        """Record that a session began, after what was spent for it; False if it had before."""
        began = SessionBegan(
            originator_id=session,
            originator_version=1,
            recorded_at=self._clock.now(),
            user=user.id,
            means=means,
            address=address,
        )
        events = [began] if spent is None else [spent, began]
        try:
            self._committer.commit(Group([plain(event) for event in events]))
        except ConflictError:
            return False
        return True

    def end(
        self, session: UUID, user_id: UUID, address: str | None, why: str | None = None
    ) -> None:
        """Record that a session ended; one that has ended stays so."""
        ended = SessionEnded(
            originator_id=session,
            originator_version=2,
            recorded_at=self._clock.now(),
            user=user_id,
            address=address,
            why=why,
        )
        self._committer.commit(Group([plain(ended)], atomic=False))

    def refuse(
        self,
        user: User | None,
        address: str | None,
        *,
        token: str | None = None,
        why: str | None = None,
    ) -> None:
        """Record that somebody could not come in; `token` is the id of the one they had.

        Of a token that is recorded once in an hour for each address: a program that goes on with
        one would fill the archive.
        """
        now = self._clock.now()
        stream = self._clock.uuid7()
        if token is not None:
            hour = f"{now.astimezone(UTC):%Y-%m-%dT%H}"
            stream = self._identity.stream(f"refused/{token}/{address}/{hour}")
        refused = SignInRefused(
            originator_id=stream,
            originator_version=1,
            recorded_at=now,
            user=user.id if user else None,
            address=address,
            token=token,
            why=why,
        )
        self._committer.commit(Group([plain(refused)], atomic=False))
