"""A user as the events tell: a pure fold over one stream.

An event that has been erased or cannot be read never opens a door. What it may have taken away
is taken away: a lost `user.disabled` disables, a lost revocation revokes every token before it,
a lost restriction shows nothing, and lost roles are none.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from archive.events import user_events as happened
from archive.events.event import Event
from archive.model.roles import Actor, Permission, Role

TOKEN_ID_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token, by its keyed digest in hex; empty `permissions` or `purposes` mean all."""

    digest: str
    label: str
    permissions: frozenset[Permission]
    purposes: frozenset[str]
    issued_at: datetime
    expires_at: datetime | None
    by: str
    revoked: bool = False

    @property
    def id(self) -> str:
        """The name by which it is listed and revoked: the beginning of its keyed digest."""
        return self.digest[:TOKEN_ID_LENGTH]

    def holds(self, now: datetime) -> bool:
        """Say whether it opens anything at a time."""
        return not self.revoked and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True, repr=False)
class Codes:
    """One-time codes: the secret (base32), and digests of recovery codes not yet spent.

    `version` is that of the event that set the secret.
    """

    secret: str
    recovery: frozenset[str]
    version: int


@dataclass(frozen=True, slots=True)
class ProvidedIdentity:
    """Who somebody is to an OpenID Connect provider: the two together are theirs for ever."""

    issuer: str
    subject: str


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may come in, or might once. `version` is that of the newest event.

    `provided` is None for those who come in by a password or a token. `custodians`, `departments`
    and `matters` all None mean all records. Sessions that began before version `sessions_since` are
    over. `tokens` are in the order in which they were issued.
    """

    id: UUID
    version: int
    name: str
    roles: tuple[Role, ...]
    registered_at: datetime
    enabled: bool = True
    custodians: frozenset[str] | None = None
    departments: frozenset[str] | None = None
    matters: frozenset[str] | None = None
    password: str | None = field(default=None, repr=False)
    codes: Codes | None = None
    sessions_since: int = 0
    tokens: dict[str, Token] = field(default_factory=dict)
    provided: ProvidedIdentity | None = None

    @property
    def administers(self) -> bool:
        """Whether they count as one of the administrators, of whom one must be left."""
        return self.enabled and Role.ADMINISTRATOR in self.roles

    def actor(self, token: Token | None = None) -> Actor:
        """Return them as who asks, by a token or without one."""
        return Actor(
            id=str(self.id),
            name=self.name,
            role=self.roles[0],
            further=self.roles[1:],
            scope=token.permissions if token and token.permissions else None,
            purposes=token.purposes if token and token.purposes else None,
            expiring=token is not None and token.expires_at is not None,
            custodians=self.custodians,
            departments=self.departments,
            matters=self.matters,
            token=token.id if token else None,
        )


def evolve(user: User | None, event: Event) -> User | None:
    """Return the user after an event of their stream that could be read."""
    if user is None:
        if not isinstance(event, happened.UserRegistered):
            return None
        return User(
            id=event.originator_id,
            version=event.originator_version,
            name=event.name,
            roles=tuple(Role(role) for role in event.roles),
            registered_at=event.recorded_at,
            provided=_provided(event),
        )
    user = replace(user, version=event.originator_version)
    match event:
        case happened.UserRolesChanged():
            return replace(user, roles=tuple(Role(role) for role in event.roles))
        case happened.UserRestricted():
            return replace(
                user,
                custodians=_only(event.custodians),
                departments=_only(event.departments),
                matters=_only(event.matters),
            )
        case happened.UserDisabled():
            return replace(user, enabled=False, sessions_since=user.version)
        case happened.UserEnabled():
            return replace(user, enabled=True)
        case happened.PasswordSet():
            return replace(user, password=event.hash, sessions_since=user.version)
        case happened.CodesStarted():
            codes = Codes(event.secret, frozenset(event.recovery), user.version)
            return replace(user, codes=codes, sessions_since=user.version)
        case happened.CodesStopped():
            return replace(user, codes=None, sessions_since=user.version)
        case happened.RecoveryCodeUsed() if user.codes is not None:
            left = user.codes.recovery - {event.digest}
            return replace(user, codes=replace(user.codes, recovery=left))
        case happened.SessionsEnded():
            return replace(user, sessions_since=user.version)
        case happened.TokenIssued():
            return replace(user, tokens={**user.tokens, event.digest: _token(event)})
        case happened.TokenRevoked() if event.digest in user.tokens:
            gone = replace(user.tokens[event.digest], revoked=True)
            return replace(user, tokens={**user.tokens, event.digest: gone})
    return user


def lose(user: User | None, type: str, version: int) -> User | None:
    """Return the user after an event of which no more than the type is left."""
    if user is None:
        return None
    user = replace(user, version=version)
    if type == happened.UserRolesChanged.type:
        return replace(user, roles=(), enabled=False)
    if type == happened.UserRestricted.type:
        return replace(user, custodians=frozenset(), departments=None, matters=None)
    if type == happened.UserDisabled.type:
        return replace(user, enabled=False, sessions_since=version)
    if type in (happened.PasswordSet.type, happened.CodesStarted.type):
        # Without knowing which codes are asked for, none can be right; nor is the old password.
        return replace(user, password=None, sessions_since=version)
    if type == happened.RecoveryCodeUsed.type and user.codes is not None:
        return replace(user, codes=replace(user.codes, recovery=frozenset()))
    if type == happened.SessionsEnded.type:
        return replace(user, sessions_since=version)
    if type == happened.TokenRevoked.type:
        revoked = {key: replace(token, revoked=True) for key, token in user.tokens.items()}
        return replace(user, tokens=revoked)
    return user


def _only(names: Sequence[str] | None) -> frozenset[str] | None:
    return None if names is None else frozenset(names)


def _provided(event: happened.UserRegistered) -> ProvidedIdentity | None:
    if event.issuer is None or event.subject is None:
        return None
    return ProvidedIdentity(event.issuer, event.subject)


def _token(event: happened.TokenIssued) -> Token:
    return Token(
        digest=event.digest,
        label=event.label,
        permissions=frozenset(Permission(each) for each in event.permissions),
        purposes=frozenset(event.purposes),
        issued_at=event.recorded_at,
        expires_at=event.expires_at,
        by=event.by,
    )
