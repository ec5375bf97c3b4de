"""What happens to users, their tokens and their sessions, as events (docs/access.md).

A user's stream holds everything that decides whether and as what they may come in, so that one
look at it is always enough. `by` is the id of whoever did it and `address` where they came from,
both `local` on the command line; events of before that was kept have no address.
Secrets and their digests go into the custody box, which no proof ever opens.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from archive.events.event import Event


class Change(Event):
    """What somebody did who may."""

    by: str
    address: str | None = None


class UserRegistered(Change):
    """Somebody may come in, in the roles named.

    `issuer` and `subject` say by which OpenID Connect provider, and whom it means; None for those
    who come in by a password or a token.
    """

    type = "user.registered"
    class_version = 2

    name: str
    roles: tuple[str, ...]
    by: str = "local"
    issuer: str | None = None
    subject: str | None = None

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        """Read what was written when a user had one role."""
        state["roles"] = [state.pop("role")]


class UserRolesChanged(Change):
    """A user acts in other roles from now on."""

    type = "user.roles-changed"

    roles: tuple[str, ...]


class UserRestricted(Change):
    """A user sees only the records of these custodians, departments and matters; None is all."""

    type = "user.restricted"

    custodians: tuple[str, ...] | None
    departments: tuple[str, ...] | None = None
    matters: tuple[str, ...] | None = None


class UserDisabled(Change):
    """A user may not come in, by any way."""

    type = "user.disabled"


class UserEnabled(Change):
    """A user who was disabled may come in again."""

    type = "user.enabled"


class PasswordSet(Change):
    """A user has another password; `hash` is an Argon2id string (PHC format)."""

    type = "user.password-set"
    custody_fields = frozenset({"hash"})

    hash: str


class CodesStarted(Change):
    """A user signs in with one-time codes too (RFC 6238); `secret` is base32.

    `recovery` holds keyed digests of codes that each replace one of them, once.
    """

    type = "user.codes-started"
    custody_fields = frozenset({"secret", "recovery"})

    secret: str
    recovery: tuple[str, ...]


class CodesStopped(Change):
    """A user signs in without one-time codes."""

    type = "user.codes-stopped"


class RecoveryCodeUsed(Event):
    """A recovery code took the place of a one-time code; it is spent."""

    type = "user.recovery-code-used"
    custody_fields = frozenset({"digest"})

    digest: str


class SessionsEnded(Change):
    """All sessions of a user that began before this event are over."""

    type = "user.sessions-ended"


class TokenIssued(Change):
    """A bearer token was given out; only its keyed digest is kept.

    No permissions or no purposes mean all that the user's roles give; `expires_at` None, never.
    """

    type = "token.issued"

    digest: str
    label: str = ""
    permissions: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    expires_at: datetime | None = None
    by: str = "local"


class TokenRevoked(Change):
    """A token does not open anything any more."""

    type = "token.revoked"

    digest: str


class AdministratorsChanged(Change):
    """Who administers has changed; `members` are all of them now.

    This stream stands for the rule that one must be left: whoever changes it writes its next
    version in the same commit, so that two changes made at once cannot both pass.
    """

    type = "administrators.changed"

    members: tuple[UUID, ...]


class SessionBegan(Event):
    """Somebody signed in to the console.

    `means` is `password`, `code`, `recovery`, `token` or `openid`.
    """

    type = "session.began"

    user: UUID
    means: str
    address: str | None = None


class SessionEnded(Event):
    """Somebody signed out. Older events do not say who.

    `why` tells where it was not they who ended it, but the provider that let them in.
    """

    type = "session.ended"

    user: UUID | None = None
    address: str | None = None
    why: str | None = None


class SignInRefused(Event):
    """Somebody tried to come in and could not. `user` is None where no user has that name.

    `token` is the id of a token that opens nothing any more, where they came with one; `why` is
    told of those whom an OpenID Connect provider sent.
    """

    type = "sign-in.refused"

    user: UUID | None = None
    address: str | None = None
    token: str | None = None
    why: str | None = None


USER_EVENTS: tuple[type[Event], ...] = (
    UserRegistered,
    UserRolesChanged,
    UserRestricted,
    UserDisabled,
    UserEnabled,
    PasswordSet,
    CodesStarted,
    CodesStopped,
    RecoveryCodeUsed,
    SessionsEnded,
    TokenIssued,
    TokenRevoked,
    AdministratorsChanged,
    SessionBegan,
    SessionEnded,
    SignInRefused,
)
