"""The ways in: by token, by password and one-time code, and by a session that began with either.

Whoever does not come in is told one thing, whatever was wrong, after the same work. What a way in
rests on is read from the events each time, so that nobody outlasts a revocation.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from archive.catalog.catalog import Catalog
from archive.clock import Clock
from archive.errors import NotFoundError, UnauthenticatedError
from archive.events.event import Event
from archive.events.group import Committer
from archive.events.identity import Identity
from archive.events.pointers import PointerRecorder
from archive.events.user_events import RecoveryCodeUsed
from archive.model.interaction import Frozen
from archive.model.roles import Actor
from archive.users import totp
from archive.users.attempts import Attempts
from archive.users.directory import Users
from archive.users.passwords import Passwords
from archive.users.recovery import plain_code
from archive.users.sign_ins import SignIns
from archive.users.user import User

Means = Literal["password", "code", "recovery", "token"]
_REFUSED = "The name, the password or the code is not right."
_NO_TOKEN = "The token is not valid."
_PREFIX = "mun_"
_USER_BYTES, _SECRET_BYTES = 16, 32
_LONGEST = 1_000


class SessionKey(Frozen):
    """What a session rests on: its own id, its user, and the token it began with (by digest).

    `version` is that of the user's newest event when it began.
    """

    id: UUID
    user: UUID
    version: int
    token: str | None = None


@dataclass(frozen=True, slots=True)
class _Proof:
    """How somebody showed who they are: the session's id, and an event that spends a code."""

    means: Means
    session: UUID
    spent: Event | None = None


class Entrance:
    """Finds who comes in. Every method raises UnauthenticatedError for whoever may not."""

    def __init__(
        self,
        *,
        users: Users,
        catalog: Catalog,
        pointers: PointerRecorder,
        committer: Committer,
        identity: Identity,
        passwords: Passwords,
        attempts: Attempts,
        clock: Clock,
    ) -> None:
        self._users = users
        self._catalog = catalog
        self._pointers = pointers
        self._sign_ins = SignIns(committer, identity, clock)
        self._identity = identity
        self._passwords = passwords
        self._attempts = attempts
        self._clock = clock

    def by_token(self, token: str, address: str | None = None) -> Actor:
        """Return whoever holds the token; one that was theirs and opens nothing is recorded."""
        return self._by_digest(self._user_of(token), self._identity.token(token).hex(), address)

    def by_session(self, key: SessionKey, address: str | None = None) -> Actor:
        """Return whose session it is, as long as it has not ended."""
        # An ended session has a second event: one look-up tells.
        if self._pointers.existing([(key.id.bytes, 2)]):
            raise UnauthenticatedError("The session has ended.")
        if key.token is not None:
            return self._by_digest(key.user, key.token, address, since=key.version)
        user = self._users.find(key.user)
        if user is None or not user.enabled or key.version < user.sessions_since:
            raise UnauthenticatedError("The session has ended.")
        return user.actor()

    def sign_in(
        self, name: str, password: str, code: str = "", address: str | None = None
    ) -> SessionKey:
        """Begin a session with a password, and a one-time or recovery code where one is asked for.

        Raises ThrottledError after too many attempts for this name or from this address.
        """
        # What is longer can be nobody's, and is not worth the work of comparing it.
        user_id, code = self._users.id_of(name[:_LONGEST]), code[:_LONGEST]
        with self._attempts.counted(f"sign-in/{user_id}", address) as attempt:
            user = self._users.find(user_id)
            able = user if user is not None and user.enabled else None
            right = self._passwords.matches(password, able.password if able else None)
            proof = self._proof(able, code) if able is not None and right else None
            if able is None or proof is None or not self._begun(able, proof, address):
                self._sign_ins.refuse(user, address)
                raise UnauthenticatedError(_REFUSED)
            attempt.succeed()
        return SessionKey(id=proof.session, user=user_id, version=able.version)

    def sign_in_by_token(self, token: str, address: str | None = None) -> SessionKey:
        """Begin a session with a token; it ends with the token."""
        digest = self._identity.token(token).hex()
        try:
            user = self._users.get(self._user_of(token))
            if digest not in user.tokens:
                raise UnauthenticatedError(_NO_TOKEN)
        except (UnauthenticatedError, NotFoundError):
            self._sign_ins.refuse(None, address)
            raise UnauthenticatedError(_NO_TOKEN) from None
        self._by_digest(user.id, digest, address)
        proof = _Proof("token", self._clock.uuid7())
        self._begun(user, proof, address)
        return SessionKey(id=proof.session, user=user.id, version=user.version, token=digest)

    def sign_out(self, key: SessionKey, address: str | None = None) -> None:
        """End a session; one that has ended stays so."""
        self._sign_ins.end(key.id, key.user, address)

    def _user_of(self, token: str) -> UUID:
        """Return whose token it would be: it says so itself, or is an old one the catalog knows."""
        text = token.removeprefix(_PREFIX)
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise UnauthenticatedError(_NO_TOKEN) from None
        if len(raw) == _USER_BYTES + _SECRET_BYTES:
            return UUID(bytes=raw[:_USER_BYTES])
        # The look-up is by keyed digest, so its timing tells nothing about any token.
        found = self._catalog.token(self._identity.token(token))
        if found is None:
            raise UnauthenticatedError(_NO_TOKEN)
        return found

    def _by_digest(
        self, user_id: UUID, digest: str, address: str | None, since: int | None = None
    ) -> Actor:
        user = self._users.find(user_id)
        token = user.tokens.get(digest) if user is not None else None
        if user is None or token is None:
            # It never was anybody's, so nobody is known to have been refused.
            raise UnauthenticatedError(_NO_TOKEN)
        if not user.enabled or not token.holds(self._clock.now()):
            self._sign_ins.refuse(user, address, token=token.id)
            raise UnauthenticatedError(_NO_TOKEN)
        if since is not None and since < user.sessions_since:
            raise UnauthenticatedError("The session has ended.")
        return user.actor(token)

    def _proof(self, user: User, code: str) -> _Proof | None:
        """Return what shows, beside the password, that it is they; None if it does not."""
        if user.codes is None:
            return _Proof("password", self._clock.uuid7())
        counter = totp.met(user.codes.secret, code.strip(), self._clock.now().timestamp())
        if counter is not None:
            # The session is named by the code, so that a second one by the same code conflicts.
            name = f"session/{user.id}/{user.codes.version}/{counter}"
            return _Proof("code", self._identity.stream(name))
        digest = self._identity.recovery(user.id, plain_code(code)).hex()
        if digest not in user.codes.recovery:
            return None
        spent = RecoveryCodeUsed(
            originator_id=user.id,
            originator_version=user.version + 1,
            recorded_at=self._clock.now(),
            digest=digest,
        )
        return _Proof("recovery", self._clock.uuid7(), spent)

    def _begun(self, user: User, proof: _Proof, address: str | None) -> bool:
        """Commit a session's beginning; False if its code was used before."""
        return self._sign_ins.begin(proof.session, user, proof.means, address, proof.spent)
