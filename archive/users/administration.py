"""Changing who may come in. Every change is an event of the user's, and says who made it."""

import base64
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from archive.clock import Clock
from archive.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from archive.events import user_events as happened
from archive.events.audit import FOR_OPERATIONS, Audit
from archive.events.event import Event
from archive.events.identity import Identity
from archive.matters.book import Matters
from archive.model.roles import LOCAL_ACTOR, PURPOSES, Actor, Permission, Role, check_roles
from archive.users import totp
from archive.users.attempts import Attempts
from archive.users.changes import Changes
from archive.users.directory import Users, checked_name
from archive.users.passwords import Passwords
from archive.users.recovery import new_codes, plain_code
from archive.users.restriction import restriction
from archive.users.user import ProvidedIdentity, Token, User

LONGEST_LABEL = 100
PROVIDER_ID = "openid"
"""Who changes users in the name of an OpenID Connect provider, in the trail."""


class Administration:
    """Registers users and changes them, for those who may.

    Raises, in every method, ForbiddenError (audited) where the actor may not, NotFoundError where
    there is no such user, UnavailableError where the change cannot be committed.
    """

    def __init__(
        self,
        *,
        users: Users,
        matters: Matters,
        changes: Changes,
        identity: Identity,
        audit: Audit,
        passwords: Passwords,
        attempts: Attempts,
        clock: Clock,
    ) -> None:
        self._users = users
        self._matters = matters
        self._changes = changes
        self._identity = identity
        self._audit = audit
        self._passwords = passwords
        self._attempts = attempts
        self._clock = clock

    def everybody(self, actor: Actor) -> Sequence[User]:
        """Return all users by name; one who was registered a moment ago may be missing."""
        self._require(actor, "user.list")
        return self._users.all()

    def names(self, ids: Iterable[str]) -> dict[str, str]:
        """Return the names of users by id, for what says who did it; ids of nobody are left out."""
        wanted = set(ids) - {LOCAL_ACTOR.id, PROVIDER_ID}
        found = {each: self._users.find(UUID(each)) for each in wanted}
        return {each: user.name for each, user in found.items() if user is not None}

    def show(self, actor: Actor, user: str) -> User:
        """Return a user by id or name, to themselves or to who administers."""
        if actor.id != str(self._id(user)):
            self._require(actor, "user.show")
        return self._users.meant(user)

    def register(
        self,
        actor: Actor,
        name: str,
        roles: Sequence[Role],
        custodians: Sequence[str] | None = None,
        departments: Sequence[str] | None = None,
        matters: Sequence[str] | None = None,
        *,
        provided: ProvidedIdentity | None = None,
    ) -> User:
        """Register a user; ConflictError if the name is taken, for a name is never given twice.

        Whom a provider vouches for is known by what it says, and shares a name with nobody's id.
        InvalidError for a restriction that cannot be, as in `restrict`.
        """
        self._require(actor, "user.register")
        check_roles(roles)
        written = checked_name(name)
        now = self._clock.now()
        user_id = self._users.id_of_provided(provided) if provided else self._users.id_of(written)
        events: list[Event] = [
            happened.UserRegistered(
                originator_id=user_id,
                originator_version=1,
                recorded_at=now,
                name=written,
                roles=tuple(roles),
                by=actor.id,
                address=actor.address,
                issuer=provided.issuer if provided else None,
                subject=provided.subject if provided else None,
            )
        ]
        only = restriction(self._matters, custodians, departments, matters)
        if any(names is not None for names in only.values()):
            events.append(
                happened.UserRestricted(
                    originator_id=user_id,
                    originator_version=2,
                    recorded_at=now,
                    **only,
                    by=actor.id,
                    address=actor.address,
                )
            )

        def decide() -> list[Event]:
            if self._users.find(user_id) is not None:
                raise ConflictError(f"There is a user named {written} already.")
            if Role.ADMINISTRATOR not in roles:
                return events
            return [*events, *self._changes.guard(actor, add={user_id})]

        self._changes.commit(decide)
        return self._users.get(user_id)

    def change_roles(self, actor: Actor, user: str, roles: Sequence[Role]) -> User:
        """Give a user other roles; InvalidError if they do not go together."""
        self._require(actor, "user.roles")
        check_roles(roles)

        def decide(found: User) -> Iterable[Event]:
            if tuple(roles) == found.roles:
                return
            if actor.id != PROVIDER_ID:
                _require_unprovided(found, "their roles follow from their groups there")
            now_administers = found.enabled and Role.ADMINISTRATOR in roles
            yield self._changes.next(happened.UserRolesChanged, found, actor, roles=tuple(roles))
            yield from self._changes.guarded(actor, found, now_administers=now_administers)

        return self._changes.change(user, decide)

    def restrict(
        self,
        actor: Actor,
        user: str,
        custodians: Sequence[str] | None,
        departments: Sequence[str] | None = None,
        matters: Sequence[str] | None = None,
    ) -> User:
        """Show a user only the records of these custodians, departments and matters, or all again.

        InvalidError for an empty name, or a matter that is not there.
        """
        self._require(actor, "user.restrict")
        only = restriction(self._matters, custodians, departments, matters)
        return self._changes.one(happened.UserRestricted, user, actor, **only)

    def disable(self, actor: Actor, user: str) -> User:
        """Let a user in by no way any more; holds at once, for sessions under way too."""
        self._require(actor, "user.disable")

        def decide(found: User) -> Iterable[Event]:
            if found.enabled:
                yield self._changes.next(happened.UserDisabled, found, actor)
                yield from self._changes.guarded(actor, found, now_administers=False)

        return self._changes.change(user, decide)

    def enable(self, actor: Actor, user: str) -> User:
        """Let a user in again, with the password and the tokens they had."""
        self._require(actor, "user.enable")

        def decide(found: User) -> Iterable[Event]:
            if not found.enabled:
                yield self._changes.next(happened.UserEnabled, found, actor)
                administers = Role.ADMINISTRATOR in found.roles
                yield from self._changes.guarded(actor, found, now_administers=administers)

        return self._changes.change(user, decide)

    def set_password(
        self, actor: Actor, user: str, password: str, *, current: str | None = None
    ) -> User:
        """Set a password and end the user's sessions; InvalidError if it is too easy to guess.

        Who sets their own gives the `current` one, if there is one.
        """
        self._require_own(actor, self._id(user), "user.password")
        found = self._users.meant(user)
        _require_unprovided(found, "a password would outlast that")
        if actor.id == str(found.id) and found.password is not None:
            with self._attempts.counted(f"password/{found.id}") as attempt:
                if not self._passwords.matches(current or "", found.password):
                    self._audit.record(actor, FOR_OPERATIONS, "user.password", allowed=False)
                    raise InvalidError("The current password is not right.")
                attempt.succeed()
        hash = self._passwords.hash(password, found.name)
        return self._changes.one(happened.PasswordSet, user, actor, hash=hash)

    def start_codes(self, actor: Actor, secret: str, code: str) -> list[str]:
        """Ask for one-time codes when the actor signs in; return recovery codes, shown once.

        InvalidError unless `code` is one that the secret gives now.
        """
        if totp.met(secret, code, self._clock.now().timestamp()) is None:
            raise InvalidError("This is not the code that the secret gives now.")
        found = self._users.meant(actor.id)
        user_id = found.id
        self._require_own(actor, user_id, "user.start-codes")
        _require_unprovided(found, "it is the provider that asks for codes")
        codes = new_codes(self._clock)
        digests = tuple(self._identity.recovery(user_id, plain_code(each)).hex() for each in codes)
        self._changes.one(happened.CodesStarted, actor.id, actor, secret=secret, recovery=digests)
        return codes

    def stop_codes(self, actor: Actor, user: str) -> User:
        """Ask a user for no one-time codes any more: by an administrator, whose own are lost."""
        self._require(actor, "user.stop-codes")
        return self._changes.one(happened.CodesStopped, user, actor)

    def end_sessions(self, actor: Actor, user: str) -> User:
        """Sign a user out everywhere."""
        self._require_own(actor, self._id(user), "user.end-sessions")
        return self._changes.one(happened.SessionsEnded, user, actor)

    def issue_token(
        self,
        actor: Actor,
        user: str,
        *,
        label: str = "",
        permissions: Iterable[Permission] = (),
        purposes: Iterable[str] = (),
        expires_at: datetime | None = None,
    ) -> tuple[str, Token]:
        """Return a new token of a user's, which is never shown again, and what is kept of it.

        A token narrows: `permissions` and `purposes` are a part of what the user's roles give,
        empty for all. InvalidError where they are not, or where it would have expired.
        """
        user_id = self._id(user)
        self._require_own(actor, user_id, "token.issue")
        wanted, kinds = frozenset(permissions), frozenset(purposes)
        if not kinds <= set(PURPOSES):
            raise InvalidError("A purpose is one of " + ", ".join(PURPOSES) + ".")
        if expires_at is not None and expires_at <= self._clock.now():
            raise InvalidError("A token expires at a time to come.")
        if len(label) > LONGEST_LABEL or not label.isprintable():
            raise InvalidError(f"A label has up to {LONGEST_LABEL} printable characters.")
        secret = user_id.bytes + self._clock.random_bytes(32)
        text = "mun_" + base64.urlsafe_b64encode(secret).rstrip(b"=").decode()
        digest = self._identity.token(text).hex()

        def decide(found: User) -> Iterable[Event]:
            if not found.enabled:
                raise InvalidError(f"The user {found.name} is disabled.")
            _require_unprovided(found, "a token would outlast that: give it to a user of its own")
            given = found.actor()
            if not (wanted <= given.permissions and kinds <= set(given.kinds)):
                raise InvalidError(f"The role of {found.name} does not give all that.")
            yield self._changes.next(
                happened.TokenIssued,
                found,
                actor,
                digest=digest,
                label=label,
                permissions=tuple(sorted(wanted)),
                purposes=tuple(sorted(kinds)),
                expires_at=expires_at,
            )

        return text, self._changes.change(str(user_id), decide).tokens[digest]

    def revoke_token(
        self, actor: Actor, token_id: str, user: str | None = None
    ) -> tuple[User, Token]:
        """Revoke a token by its id; it opens nothing from the moment this returns.

        It may be the actor's own, or anybody's for who administers. Unless it is told whose it is,
        that of a user who was registered a moment ago may not be found.
        """
        holder, digest = self._holder(actor, token_id, user)

        def decide(found: User) -> Iterable[Event]:
            if not found.tokens[digest].revoked:
                yield self._changes.next(happened.TokenRevoked, found, actor, digest=digest)

        changed = self._changes.change(str(holder.id), decide)
        return changed, changed.tokens[digest]

    def _holder(self, actor: Actor, token_id: str, user: str | None) -> tuple[User, str]:
        """Return whose token it is, and its digest; their own are looked at first."""
        for own in self._own(actor):
            for token in own.tokens.values():
                if token.id == token_id:
                    self._require_own(actor, own.id, "token.revoke")
                    return own, token.digest
        self._require(actor, "token.revoke")
        for holder in self._users.all() if user is None else [self._users.meant(user)]:
            for token in holder.tokens.values():
                if token.id == token_id:
                    return holder, token.digest
        raise NotFoundError(f"There is no token {token_id}.")

    def _own(self, actor: Actor) -> list[User]:
        if actor.role is Role.LOCAL:
            return []
        return [self._users.meant(actor.id)]

    def _id(self, user: str) -> UUID:
        try:
            return UUID(user)
        except ValueError:
            return self._users.id_of(user)

    def _require(self, actor: Actor, action: str) -> None:
        self._audit.require(actor, Permission.ADMINISTER, action)

    def _require_own(self, actor: Actor, user_id: UUID, action: str) -> None:
        if actor.id != str(user_id):
            self._require(actor, action)
        elif not actor.whole:
            # It could else make itself a way in that reaches further or lasts longer.
            self._audit.record(actor, FOR_OPERATIONS, action, allowed=False)
            raise ForbiddenError("A token that is narrowed or expires changes nothing of its user.")


def _require_unprovided(user: User, why: str) -> None:
    """Raise InvalidError for a user who comes in by a provider alone."""
    if user.provided is not None:
        raise InvalidError(f"{user.name} comes in by the OpenID Connect provider; {why}.")
