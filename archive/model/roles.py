"""Roles, purposes and views: closed tables of who may do what, why, and what they then see.

Administrators run the service and do not read content. A read names a purpose; the reader's roles
say whether they may read for it, and the purpose decides the view. What no table lists is refused.
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
    GOVERN = "govern"
    HOLD = "hold"
    REVIEW = "review"


GRANTS: dict[Role, frozenset[Permission]] = {
    Role.ADMINISTRATOR: frozenset({Permission.CAPTURE, Permission.OPERATE, Permission.ADMINISTER}),
    Role.COMPLIANCE_OFFICER: frozenset(
        {
            Permission.SEARCH,
            Permission.READ,
            Permission.OPERATE,
            Permission.AUDIT,
            Permission.GOVERN,
            Permission.REVIEW,
        }
    ),
    Role.LEGAL: frozenset(
        {
            Permission.CAPTURE,
            Permission.SEARCH,
            Permission.READ,
            Permission.HOLD,
            Permission.REVIEW,
        }
    ),
    Role.TRAINER: frozenset({Permission.SEARCH, Permission.READ}),
    Role.AUDITOR: frozenset({Permission.OPERATE, Permission.AUDIT}),
    Role.COLLECTOR: frozenset({Permission.CAPTURE}),
    Role.LOCAL: frozenset(Permission),
}

PURPOSES = (
    "matter",
    "compliance",
    "data-subject-request",
    "operations",
    "training",
    "compensation",
)
"""Every kind of purpose."""


class View(StrEnum):
    """How much of a record is shown."""

    FULL = "full"
    PSEUDONYMISED = "pseudonymised"
    METADATA = "metadata"


VIEWS: dict[str, View] = {
    "matter": View.FULL,
    "compliance": View.FULL,
    "data-subject-request": View.FULL,
    "operations": View.FULL,
    "training": View.PSEUDONYMISED,
    "compensation": View.METADATA,
}
"""What each kind of purpose shows."""

READ_FOR: dict[Role, frozenset[str]] = {
    Role.ADMINISTRATOR: frozenset(),
    Role.COMPLIANCE_OFFICER: frozenset({"compensation"}),
    Role.LEGAL: frozenset({"matter", "compliance", "data-subject-request", "operations"}),
    Role.TRAINER: frozenset({"training"}),
    Role.AUDITOR: frozenset(),
    Role.COLLECTOR: frozenset(),
    Role.LOCAL: frozenset(PURPOSES),
}
"""The kinds of purpose for which each role searches and reads."""

COMBINED = frozenset({Role.COMPLIANCE_OFFICER, Role.LEGAL, Role.TRAINER})
"""The roles that one user may have together; each of the others stands alone."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: a user behind a token or a session, or `local`, who can open the key on the host.

    `further` are the user's other roles. What a token narrows is None where it narrows nothing:
    `scope` to some of the roles' permissions, `purposes` to some kinds of purpose; `expiring` says
    that it will end. A restricted user sees the records of `custodians`, those in which
    `departments` take part, and those that stand in `matters`, by code, as far as these let them;
    all three are None for all records.

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
    departments: frozenset[str] | None = None
    matters: frozenset[str] | None = None
    address: str | None = None
    request_id: str | None = None
    token: str | None = None

    @property
    def restricted(self) -> bool:
        """Whether they see a part of the records alone."""
        only = (self.custodians, self.departments, self.matters)
        return any(names is not None for names in only)

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

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of purpose they read for, as far as the token reaches."""
        listed = _listed(self.roles)
        return tuple(
            kind
            for kind in PURPOSES
            if kind in listed and (self.purposes is None or kind in self.purposes)
        )


LOCAL_ACTOR = Actor(id="local", name="local", role=Role.LOCAL, address="local")

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

    @property
    def view(self) -> View:
        """What it shows of a record."""
        return VIEWS[self.kind]

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
    """Raise ForbiddenError unless the actor's roles, and the token, read for this purpose."""
    if purpose.kind in actor.kinds:
        return
    listed = _listed(actor.roles)
    if purpose.kind in listed:
        only = ", ".join(sorted(actor.purposes or ()))
        raise ForbiddenError(f"This token is not for {purpose.kind}, only for {only}.")
    role = " and ".join(actor.roles)
    only = f"only for {', '.join(sorted(listed))}" if listed else "nor for any other purpose"
    raise ForbiddenError(f"The role {role} does not read for {purpose.kind}, {only}.")


def require_full_view(purpose: Purpose) -> None:
    """Raise ForbiddenError for what shows captured bytes, where the purpose shows less."""
    if purpose.view is not View.FULL:
        raise ForbiddenError(
            f"Reading for {purpose.kind} shows less than what was captured, and so neither "
            "originals, nor proofs with their evidence, nor records that are alike; ask somebody "
            "who reads for a matter."
        )


def _listed(roles: Sequence[Role]) -> frozenset[str]:
    return frozenset[str]().union(*(READ_FOR[role] for role in roles))
