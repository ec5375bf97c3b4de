"""An OpenID Connect provider as it is set: its address, our name there, what its groups give."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from archive.errors import InvalidError, SettingError
from archive.model.roles import Role, check_roles

NAMES = (
    "MUNIMENT_OPENID_ISSUER",
    "MUNIMENT_OPENID_CLIENT_ID",
    "MUNIMENT_OPENID_CLIENT_SECRET",
    "MUNIMENT_OPENID_ROLES",
    "MUNIMENT_OPENID_GROUPS_CLAIM",
)
GROUPS_CLAIM = "groups"
_FILE = "file:"
_PRINTABLE = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """One provider. `roles` are those that each of its groups gives."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    secret_from: str
    groups_claim: str
    roles: dict[str, tuple[Role, ...]]

    @classmethod
    def load(cls, value: Callable[[str, str], str]) -> "ProviderSettings | None":
        """Read the settings by `value(name, default)`; None where no issuer is named.

        Raises SettingError, which repeats no secret.
        """
        issuer, client_id, secret, roles, claim = (
            value(name, GROUPS_CLAIM if name == NAMES[-1] else "") for name in NAMES
        )
        if not issuer:
            return None
        if not is_safe_address(issuer) or urlsplit(issuer).query:
            raise SettingError(
                "MUNIMENT_OPENID_ISSUER must be https://HOST/PATH, as the provider writes it; "
                "http:// only on this machine itself."
            )
        if not _PRINTABLE.fullmatch(client_id):
            raise SettingError("MUNIMENT_OPENID_CLIENT_ID must be what the provider knows us by.")
        return cls(
            issuer=issuer,
            client_id=client_id,
            client_secret=_secret(secret),
            secret_from=secret if secret.startswith(_FILE) else "***",
            groups_claim=claim,
            roles=parse_roles(roles),
        )

    def shown(self) -> dict[str, str]:
        """Return the settings for display, the secret masked."""
        given = "; ".join(f"{group}={','.join(roles)}" for group, roles in self.roles.items())
        shown = (self.issuer, self.client_id, self.secret_from, given, self.groups_claim)
        return dict(zip(NAMES, shown, strict=True))


def is_safe_address(url: str) -> bool:
    """Say whether an address of a provider is one to talk to: https, or http on this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
        parts.port  # noqa: B018 - a property that raises where the port is none.
    except ValueError:
        return False
    if not host or parts.username is not None or parts.fragment or not _PRINTABLE.fullmatch(url):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))


def parse_roles(text: str) -> dict[str, tuple[Role, ...]]:
    """Read `GROUP=ROLE[,ROLE…]; …`; SettingError says which part is not right."""
    found: dict[str, tuple[Role, ...]] = {}
    for part in filter(None, map(str.strip, text.split(";"))):
        group, _, names = part.rpartition("=")
        try:
            roles = tuple(Role(name.strip()) for name in names.split(","))
            check_roles(roles)
        except (ValueError, InvalidError) as error:
            raise SettingError(f"MUNIMENT_OPENID_ROLES: {part!r}: {error}") from error
        if not group.strip() or group.strip() in found:
            raise SettingError(f"MUNIMENT_OPENID_ROLES: {part!r} names no group, or again.")
        found[group.strip()] = roles
    if not found:
        raise SettingError(
            "MUNIMENT_OPENID_ROLES must say which groups give which roles: "
            "GROUP=legal; OTHER=auditor."
        )
    return found


def _secret(text: str) -> str:
    if text.startswith(_FILE):
        path = Path(text.removeprefix(_FILE))
        try:
            text = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingError(f"MUNIMENT_OPENID_CLIENT_SECRET: {path} cannot be read.") from error
    if not text:
        raise SettingError(
            "MUNIMENT_OPENID_CLIENT_SECRET must be the secret that the provider gave, "
            "or file:PATH of a file with it."
        )
    return text


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
