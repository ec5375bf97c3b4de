"""What is told of users and tokens: the shapes of answers, the same at every door."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from archive.model.interaction import Frozen
from archive.model.roles import Permission, Role
from archive.users.user import Token, User

TokenState = Literal["valid", "expired", "revoked"]


class UserAnswer(Frozen):
    """A user as who administers sees them.

    `custodians`, `departments` and `matters` all null mean that they see all records.
    """

    id: UUID
    name: str
    roles: tuple[Role, ...]
    enabled: bool
    registered_at: datetime
    custodians: tuple[str, ...] | None
    departments: tuple[str, ...] | None
    matters: tuple[str, ...] | None
    has_password: bool
    has_codes: bool
    valid_tokens: int

    @classmethod
    def of(cls, user: User, now: datetime) -> "UserAnswer":
        """Tell of a user."""
        return cls(
            id=user.id,
            name=user.name,
            roles=user.roles,
            enabled=user.enabled,
            registered_at=user.registered_at,
            custodians=_sorted(user.custodians),
            departments=_sorted(user.departments),
            matters=_sorted(user.matters),
            has_password=user.password is not None,
            has_codes=user.codes is not None,
            valid_tokens=sum(token.holds(now) for token in user.tokens.values()),
        )


class UsersAnswer(Frozen):
    """All users, by name, or a page of them."""

    users: tuple[UserAnswer, ...]
    cursor: str | None = None


class TokenAnswer(Frozen):
    """A token without its secret; no permissions or purposes mean all that the roles give."""

    id: str
    user: UUID
    user_name: str
    label: str
    permissions: tuple[Permission, ...]
    purposes: tuple[str, ...]
    issued_at: datetime
    issued_by: str
    expires_at: datetime | None
    state: TokenState

    @classmethod
    def of(cls, user: User, token: Token, now: datetime) -> "TokenAnswer":
        """Tell of a user's token."""
        live: TokenState = "valid" if token.holds(now) else "expired"
        return cls(
            id=token.id,
            user=user.id,
            user_name=user.name,
            label=token.label,
            permissions=tuple(sorted(token.permissions)),
            purposes=tuple(sorted(token.purposes)),
            issued_at=token.issued_at,
            issued_by=token.by,
            expires_at=token.expires_at,
            state="revoked" if token.revoked else live,
        )


class NewTokenAnswer(TokenAnswer):
    """A token that was just made: the only time that its text is told."""

    token: str = Field(repr=False)


class TokensAnswer(Frozen):
    """Tokens, the newest first, or a page of them."""

    tokens: tuple[TokenAnswer, ...]
    cursor: str | None = None


def _sorted(names: frozenset[str] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(sorted(names))


def tokens_of(user: User, now: datetime) -> list[TokenAnswer]:
    """Tell of all tokens of a user, the newest first."""
    return [TokenAnswer.of(user, token, now) for token in reversed(user.tokens.values())]
