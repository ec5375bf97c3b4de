"""Roles, purposes and what each may do: one closed table, deny by default.

Administrators run the service and do not read content. A read names a purpose; what a purpose
cannot yet be served with (pseudonymised text for training, metadata for compensation) is refused
rather than answered with more than it may see.
"""

import re
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


GRANTS: dict[Role, frozenset[Permission]] = {
    Role.ADMINISTRATOR: frozenset({Permission.CAPTURE, Permission.OPERATE}),
    Role.COMPLIANCE_OFFICER: frozenset({Permission.OPERATE}),
    Role.LEGAL: frozenset({Permission.CAPTURE, Permission.SEARCH, Permission.READ}),
    Role.TRAINER: frozenset(),
    Role.AUDITOR: frozenset({Permission.OPERATE}),
    Role.COLLECTOR: frozenset({Permission.CAPTURE}),
    Role.LOCAL: frozenset(Permission),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: a user behind a token, or `local`, whoever can open the key on the host."""

    id: str
    name: str
    role: Role


LOCAL_ACTOR = Actor(id="local", name="local", role=Role.LOCAL)

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


def require(actor: Actor, permission: Permission) -> None:
    """Raise ForbiddenError unless the actor's role grants the permission."""
    if permission not in GRANTS[actor.role]:
        raise ForbiddenError(f"The role {actor.role} may not {permission}.")


def require_full_view(purpose: Purpose) -> None:
    """Raise ForbiddenError for a purpose whose reduced view is not built yet."""
    if purpose.kind not in _FULL_VIEW:
        raise ForbiddenError(
            f"Reading for {purpose.kind} shows a reduced view, which is not available yet; "
            "use a purpose of " + ", ".join(sorted(_FULL_VIEW)) + " where it applies."
        )
