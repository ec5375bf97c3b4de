"""What one request knows: its archive, who asks, and why.

`Door` belongs to the application; the rest lives in Flask's `g` for the length of the request.
Everything but the few open endpoints is refused here to whoever has not signed in, so that a new
view is closed unless it is named.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import TYPE_CHECKING, cast

from flask import current_app, g, request

from api.openid.renewing import renewed
from api.problems import purpose_required
from api.rates import Limits
from api.sessions import COOKIE, Session, SessionSealer
from archive.clock import Clock
from archive.errors import InvalidError, UnauthenticatedError
from archive.model.roles import Actor, Purpose

if TYPE_CHECKING:
    from api.openid.provider import Provider
    from archive.opening import Archive

EXTENSION = "muniment"
OPEN_ENDPOINTS = frozenset(
    {
        *("service.healthz", "static"),
        *("published.checkpoint", "published.earlier", "published.tile", "published.vkey"),
        "published.timestamp",
        *("console.sign_in", "console.enter", "console.choose_appearance"),
        *("console.to_provider", "console.from_provider"),
    }
)
REQUEST_ID = "X-Request-ID"
_NO_TOKEN = "A token is needed: Authorization: Bearer TOKEN."
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Door:
    """What the application's views share; `provider` gives the open archive of this process.

    `openid` is the provider that people may sign in by, if there is one; `proxies` is how many of
    our own stand between this process and whoever asks; `limits` is how much each may ask.
    """

    provider: "Callable[[], Archive]"
    clock: Clock
    limits: Limits
    proxies: int = 0
    openid: "Provider | None" = None


def door() -> Door:
    """Give what the application's views share."""
    return cast(Door, current_app.extensions[EXTENSION])


def archive() -> "Archive":
    """Give the open archive; ConfigurationError or UnavailableError when it cannot be had."""
    return door().provider()


def clock() -> Clock:
    """Give the application's clock."""
    return door().clock


def sealer() -> SessionSealer:
    """Give what makes and opens the console's sessions."""
    return SessionSealer(archive().session_key(), clock())


def authenticate() -> None:
    """Find who asks, by token or by the console's session, unless the endpoint is open.

    A session changes things only through the console's own forms, which carry its secret; the
    JSON API takes it for reading alone. Raises UnauthenticatedError.
    """
    if request.endpoint in OPEN_ENDPOINTS:
        return
    token = _token()
    if token is not None:
        _let_in(archive().entrance.by_token(token, address()))
        return
    if request.method in SAFE_METHODS or request.blueprint == "console":
        current = _session_of_cookie()
        if current is not None:
            found = archive().entrance.by_session(current.key, address())
            g.session = _vouched_for(current)
            if g.session is not current:
                # What the provider said just now may have changed who they are here.
                g.session_changed = True
                found = archive().entrance.by_session(current.key, address())
            _let_in(found)
            return
    raise UnauthenticatedError(_NO_TOKEN)


def _token() -> str | None:
    """Give the token that the request brings; UnauthenticatedError for what is in another form."""
    header = request.headers.get("Authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise UnauthenticatedError("Send the token as: Authorization: Bearer TOKEN.")
    return token.strip()


def _let_in(found: Actor) -> None:
    """Note who asks, from where, and in which request: each of their audit events says so."""
    g.actor = replace(found, address=address(), request_id=request_id())


def actor_anew() -> Callable[[], Actor]:
    """Give what looks again, in any thread, who the request's token lets in.

    It is for a request that goes on for long; each look raises UnauthenticatedError once the token
    opens nothing any more.
    """
    token = _token()
    if token is None:
        raise UnauthenticatedError(_NO_TOKEN)
    entrance, at, id = archive().entrance, address(), request_id()
    return lambda: replace(entrance.by_token(token, at), address=at, request_id=id)


def _vouched_for(current: Session) -> Session:
    """Give the session as its provider vouches for it, which is asked when that is due."""
    if current.vouching is None:
        return current
    users, provider = archive().provided_users, door().openid
    return renewed(current, provider, users, clock(), address())


def _session_of_cookie() -> Session | None:
    value = request.cookies.get(COOKIE)
    return sealer().open(value) if value else None


def address() -> str | None:
    """Give the IP address that the request comes from, as far as our own proxies tell."""
    passed = request.headers.get("X-Forwarded-For", "").split(",")
    proxies = door().proxies
    # What stands further to the left was written by whoever asks.
    text = passed[-proxies] if 0 < proxies <= len(passed) else request.remote_addr
    try:
        return str(ip_address((text or "").strip()))
    except ValueError:
        return None


def actor() -> Actor:
    """Give who asks; UnauthenticatedError where nobody has been found."""
    found = cast(Actor | None, g.get("actor"))
    if found is None:
        raise UnauthenticatedError(_NO_TOKEN)
    return found


def session() -> Session | None:
    """Give the console's session, where the request came with one."""
    return cast(Session | None, g.get("session"))


def session_has_changed() -> bool:
    """Say whether the request changed its session, so that its cookie must be written anew."""
    return bool(g.get("session_changed"))


def purpose(stated: str | None = None) -> Purpose:
    """Give why the content is read: as stated, else as the console's session says.

    Raises ProblemError, which lists the purposes, where neither says a known one.
    """
    current = session()
    text = stated if stated is not None or current is None else current.purpose
    try:
        return Purpose.parse(text)
    except InvalidError as error:
        # The web server empties a header that is not ASCII.
        hint = " What is not ASCII is percent-encoded: matter:M%C3%BCller." if stated == "" else ""
        raise purpose_required(f"{error}{hint}") from error


def is_secure() -> bool:
    """Say whether the browser came over https: to us, or to a proxy that says so.

    Whoever forges that only makes their own cookie and their own browser stricter.
    """
    return request.is_secure or request.headers.get("X-Forwarded-Proto") == "https"


def request_id() -> str:
    """Give the id that ties this request's answer to its log lines.

    It is that of our own proxies, where there are any and they give one.
    """
    if "request_id" not in g:
        given = request.headers.get(REQUEST_ID, "") if door().proxies else ""
        g.request_id = given if _REQUEST_ID.fullmatch(given) else str(clock().uuid7())
    return cast(str, g.request_id)
