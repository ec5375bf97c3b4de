"""Users whom an OpenID Connect provider vouches for (docs/access.md, "OpenID Connect").

Who somebody is, is the provider's issuer and the subject it names, never a name or an address that
may be given to somebody else. Their roles follow from the groups it tells, each time it is asked.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from archive.clock import Clock
from archive.errors import ConflictError, ForbiddenError, InvalidError, UnauthenticatedError
from archive.events.group import Committer
from archive.events.identity import Identity
from archive.model.roles import Actor, Role, check_roles
from archive.users.administration import PROVIDER_ID, Administration
from archive.users.directory import Users
from archive.users.entrance import SessionKey
from archive.users.sign_ins import SignIns
from archive.users.user import ProvidedIdentity, User

PROVIDER_ACTOR = Actor(id=PROVIDER_ID, name="OpenID Connect", role=Role.LOCAL)
"""Who registers provided users and changes their roles, in the trail."""
_LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Vouched:
    """What the provider says of somebody: who it is, what they are called, their groups."""

    identity: ProvidedIdentity
    called: str
    groups: frozenset[str]


class ProvidedUsers:
    """Lets in whom the provider vouches for; `roles` are those that each of its groups gives."""

    def __init__(
        self,
        roles: Mapping[str, tuple[Role, ...]],
        *,
        users: Users,
        administration: Administration,
        committer: Committer,
        identity: Identity,
        clock: Clock,
    ) -> None:
        self._roles = roles
        self._users = users
        self._administration = administration
        self._sign_ins = SignIns(committer, identity, clock)
        self._identity = identity

    def sign_in(self, vouched: Vouched, state: str, address: str | None) -> SessionKey:
        """Begin a session. `state` is the secret of this one attempt, and serves once.

        Raises UnauthenticatedError, once that is recorded, for whoever may not come in, and for
        a state that served before.
        """
        user = self._users.find(self._users.id_of_provided(vouched.identity))
        try:
            user = self._as_told(user, vouched)
        except (ConflictError, ForbiddenError, InvalidError) as error:
            self.refuse(address, str(error), user)
            raise UnauthenticatedError(str(error)) from error
        session = self._identity.stream(f"openid/{state}")
        if not self._sign_ins.begin(session, user, "openid", address):
            why = "This sign-in has been used before; begin anew."
            self.refuse(address, why, user)
            raise UnauthenticatedError(why)
        return SessionKey(id=session, user=user.id, version=user.version)

    def renew(self, key: SessionKey, vouched: Vouched, address: str | None) -> None:
        """Bring a user's roles up to what the provider says now.

        Raises UnauthenticatedError, and ends the user's sessions, where it gives them none that
        they may have.
        """
        user = self._users.get(key.user)
        try:
            if user.provided != vouched.identity:
                raise ForbiddenError("The provider answered about somebody else.")
            self._as_told(user, vouched)
        except (ConflictError, ForbiddenError, InvalidError) as error:
            self.refuse(address, str(error), user)
            self._administration.end_sessions(PROVIDER_ACTOR, str(user.id))
            raise UnauthenticatedError(str(error)) from error

    def end(self, key: SessionKey, why: str, address: str | None) -> None:
        """End a session that the provider does not answer for any more; `why` is recorded."""
        self._sign_ins.end(key.id, key.user, address, why)

    def refuse(self, address: str | None, why: str, user: User | None = None) -> None:
        """Record that somebody did not come in by the provider."""
        self._sign_ins.refuse(user, address, why=why)

    def _as_told(self, user: User | None, vouched: Vouched) -> User:
        """Return the user, registered or changed as their groups say."""
        roles = self._given(vouched.groups)
        check_roles(roles)
        if user is None:
            name = _named(vouched)
            return self._administration.register(
                PROVIDER_ACTOR, name, roles, provided=vouched.identity
            )
        if not user.enabled:
            raise ForbiddenError("This user is disabled.")
        if set(roles) == set(user.roles):
            return user
        return self._administration.change_roles(PROVIDER_ACTOR, str(user.id), roles)

    def _given(self, groups: Iterable[str]) -> tuple[Role, ...]:
        given = {role for group in groups for role in self._roles.get(group, ())}
        if not given:
            raise ForbiddenError("Your groups at the provider give you no role here.")
        return tuple(role for role in Role if role in given)


def _named(vouched: Vouched) -> str:
    """Return a name for people to read; the subject keeps two of one name apart."""
    subject = vouched.identity.subject
    called = "".join(letter for letter in vouched.called if letter.isprintable()).strip()
    if not called or called == subject:
        return _short(subject)
    return f"{_short(called[:60])} ({_short(subject)})"


def _short(text: str) -> str:
    shown = "".join(letter for letter in text if letter.isprintable())
    return shown[:_LONGEST_NAME] or "unnamed"
