"""Roles, purposes and what each may do: one closed table, deny by default.

Administrators run the service and do not read content. A read names a purpose; what a purpose
cannot yet be served with (pseudonymised text for training, metadata for compensation) is refused
rather than answered with more than it may see.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from archive.errors import ForbiddenError, InvalidError


class Role(StrEnum):
    """What somebody is here to do."""

    ADMINISTRATOR = "administrator"
    COMPLIANCE_OFFICER = "compliance-officer"
    LEGAL = "legal"
    TRAINER = "trainer"
    AUDITOR = "auditor"
    COLLECTOR = "collector"
    LOCAL = "local"


class Permission(StrEnum):
    """One kind of act that a door asks leave for."""

    CAPTURE = "capture"
    SEARCH = "search"
    READ = "read"
    OPERATE = "operate"
    ADMINISTER = "administer"
    AUDIT = "audit"


GRANTS: dict[Role, frozenset[Permission]] = {
    Role.ADMINISTRATOR: frozenset({Permission.CAPTURE, Permission.OPERATE, Permission.ADMINISTER}),
    Role.COMPLIANCE_OFFICER: frozenset({Permission.OPERATE, Permission.AUDIT}),
    Role.LEGAL: frozenset({Permission.CAPTURE, Permission.SEARCH, Permission.READ}),
    Role.TRAINER: frozenset(),
    Role.AUDITOR: frozenset({Permission.OPERATE, Permission.AUDIT}),
    Role.COLLECTOR: frozenset({Permission.CAPTURE}),
    Role.LOCAL: frozenset(Permission),
}


COMBINED = frozenset({Role.COMPLIANCE_OFFICER, Role.LEGAL, Role.TRAINER})
"""The roles that one user may have together; each of the others stands alone."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: a user behind a token or a session, or `local`, who can open the key on the host.

    `further` are the user's other roles. What a token narrows is None where it narrows nothing:
    `scope` to some of the roles' permissions, `purposes` to some kinds of purpose; `expiring` says
    that it will end. `custodians` are those whose records alone the user sees, None for all.

    The last three say how they came this time: the IP address (`local` on the command line), the
    id of the request, and the id of the token behind it.
    """

    id: str
    name: str
    role: Role
    further: tuple[Role, ...] = ()
    scope: frozenset[Permission] | None = None
    purposes: frozenset[str] | None = None
    expiring: bool = False
    custodians: frozenset[str] | None = None
    address: str | None = None
    request_id: str | None = None
    token: str | None = None

    @property
    def restricted(self) -> bool:
        """Whether they see a part of the records alone."""
        return self.custodians is not None

    @property
    def roles(self) -> tuple[Role, ...]:
        """All roles, the first first."""
        return (self.role, *self.further)

    @property
    def whole(self) -> bool:
        """Whether they come as the user they are, not by a token that is less than that."""
        return self.scope is None and self.purposes is None and not self.expiring

    @property
    def permissions(self) -> frozenset[Permission]:
        """What the roles grant, as far as the token reaches."""
        granted = frozenset[Permission]().union(*(GRANTS[role] for role in self.roles))
        return granted if self.scope is None else granted & self.scope


LOCAL_ACTOR = Actor(id="local", name="local", role=Role.LOCAL, address="local")

PURPOSES = (
    "matter",
    "compliance",
    "data-subject-request",
    "operations",
    "training",
    "compensation",
)
_FULL_VIEW = frozenset({"matter", "compliance", "data-subject-request", "operations"})
_PURPOSE = re.compile(r"([a-z-]+)(?::([^\x00-\x1f\x7f]{1,200}))?")


@dataclass(frozen=True, slots=True)
class Purpose:
    """Why content is read: one of `PURPOSES`, with a detail such as the matter's name."""

    kind: str
    detail: str | None = None

    @classmethod
    def parse(cls, text: str | None) -> "Purpose":
        """Read `kind` or `kind:detail`; InvalidError lists the kinds."""
        found = _PURPOSE.fullmatch((text or "").strip())
        if found is None or found[1] not in PURPOSES:
            raise InvalidError(
                "Say why the content is read: a purpose of "
                + ", ".join(PURPOSES)
                + "; a detail may follow a colon, as in matter:Smith v. Jones."
            )
        return cls(found[1], found[2])

    def __str__(self) -> str:
        return self.kind if self.detail is None else f"{self.kind}:{self.detail}"


def check_roles(roles: Sequence[Role]) -> None:
    """Raise InvalidError unless one user may have these roles together."""
    if not roles or len(set(roles)) < len(roles):
        raise InvalidError("A user has one role or more, and none of them twice.")
    if Role.LOCAL in roles:
        raise InvalidError("The role local is that of whoever can open the key on the host.")
    if len(roles) > 1 and not COMBINED.issuperset(roles):
        raise InvalidError(
            "Only these roles go together: " + ", ".join(sorted(COMBINED)) + ". "
            "Whoever administers, audits or collects does nothing else."
        )


def require(actor: Actor, permission: Permission) -> None:
    """Raise ForbiddenError unless the actor's roles, and the token, allow it."""
    if permission in actor.permissions:
        return
    if any(permission in GRANTS[role] for role in actor.roles):
        raise ForbiddenError(f"This token may not {permission}.")
    raise ForbiddenError(f"The role {' and '.join(actor.roles)} may not {permission}.")


def require_purpose(actor: Actor, purpose: Purpose) -> None:
    """Raise ForbiddenError for a purpose that the actor's token is not for."""
    if actor.purposes is not None and purpose.kind not in actor.purposes:
        raise ForbiddenError(
            f"This token is not for {purpose.kind}, only for {', '.join(sorted(actor.purposes))}."
        )


def require_full_view(purpose: Purpose) -> None:
    """Raise ForbiddenError for a purpose whose reduced view is not built yet."""
    if purpose.kind not in _FULL_VIEW:
        raise ForbiddenError(
            f"Reading for {purpose.kind} shows a reduced view, which is not available yet; "
            "use a purpose of " + ", ".join(sorted(_FULL_VIEW)) + " where it applies."
        )
