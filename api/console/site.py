"""What all pages share: who is signed in, where forms come from, and where to go on to."""

import hmac
from urllib.parse import urlsplit

from flask import Response, current_app, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from api import context
from api.console import resending
from api.sessions import COOKIE, Session
from archive.errors import ForbiddenError, InvalidError, UnauthenticatedError
from archive.events.audit import FOR_OPERATIONS
from archive.matters.naming import SEES_MATTERS
from archive.model.interaction import JsonObject
from archive.model.roles import PURPOSES, Actor, Permission, Purpose, View
from policies.holds.desk import SEES_HOLDS
from policies.requests.desk import SEES_CASES
from policies.reviewing.desk import SEES_REVIEWS

APPEARANCE_COOKIE = "muniment_appearance"
APPEARANCES = {"system": "System", "light": "Light", "dark": "Dark"}


def shared() -> JsonObject:
    """Give every page who is signed in, why, what they may do, and how it should look."""
    session = context.session()
    actor = context.actor() if session is not None else None
    chosen = request.cookies.get(APPEARANCE_COOKIE)
    return {
        "session": session,
        "actor": actor,
        "may_search": actor is not None and Permission.SEARCH in actor.permissions,
        "may_audit": actor is not None and _sees_whole(actor, frozenset({Permission.AUDIT})),
        "may_see_holds": actor is not None and _sees_whole(actor, SEES_HOLDS),
        "may_see_matters": actor is not None and not SEES_MATTERS.isdisjoint(actor.permissions),
        "may_see_cases": actor is not None and _sees_whole(actor, SEES_CASES),
        "may_hold": actor is not None and Permission.HOLD in actor.permissions,
        "may_see_reviews": actor is not None and _sees_whole(actor, SEES_REVIEWS),
        "may_administer": actor is not None and Permission.ADMINISTER in actor.permissions,
        "may_see_people": session is not None and _sees_people(session),
        "may_govern": actor is not None and governs(actor),
        "may_see_retention": actor is not None and sees_retention(actor),
        "organisation": context.archive().settings.organisation if session is not None else "",
        "purpose": Purpose.parse(session.purpose) if session is not None else None,
        "view": Purpose.parse(session.purpose).view if session is not None else None,
        "purposes": PURPOSES if actor is None else actor.kinds,
        "appearance": chosen if chosen in APPEARANCES else "system",
        "appearances": APPEARANCES,
        "here": request.full_path.rstrip("?") if request.method == "GET" else "/",
        "request_id": context.request_id(),
    }


def _sees_whole(actor: Actor, seen_by: frozenset[Permission]) -> bool:
    """Say whether somebody sees what is shown by these permissions to whoever sees all records."""
    return not seen_by.isdisjoint(actor.permissions) and not actor.restricted


def _sees_people(session: Session) -> bool:
    """Say whether the session's purpose shows its user the directory of people."""
    actor, stated = context.actor(), Purpose.parse(session.purpose)
    return (
        Permission.SEARCH in actor.permissions
        and stated.kind in actor.kinds
        and stated.view is not View.PSEUDONYMISED
        and not actor.restricted
    )


def governs(actor: Actor) -> bool:
    """Say whether somebody decides on retention: who sees a part of the records alone does not."""
    return Permission.GOVERN in actor.permissions and not actor.restricted


def reviews(actor: Actor) -> bool:
    """Say whether somebody decides on what is due before it goes."""
    return Permission.REVIEW in actor.permissions and not actor.restricted


def sees_retention(actor: Actor) -> bool:
    """Say whether somebody reads policies, purges and certificates."""
    return not actor.permissions.isdisjoint({Permission.GOVERN, Permission.AUDIT})


def refuse_foreign_forms() -> BaseResponse | None:
    """Refuse a form that another site made the browser send.

    Browsers say where a request comes from in Sec-Fetch-Site, older ones in Origin alone; forms
    of somebody signed in carry the session's secret besides. One of our own with the secret of an
    earlier session is given back.
    """
    if request.method in context.SAFE_METHODS:
        return None
    where = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if where is not None:
        same = where in ("same-origin", "none")
    else:
        same = origin is None or urlsplit(origin).netloc == request.host
    session = context.session()
    if session is not None:
        sent = request.form.get("form_secret", "")
        same = same and hmac.compare_digest(sent.encode(), session.form_secret.encode())
    if same:
        return None
    if session is not None:
        context.archive().audit.record(context.actor(), FOR_OPERATIONS, "form", allowed=False)
    if session is None or not resending.is_ours():
        raise ForbiddenError("The form did not come from this console; load the page again.")
    return Response(resending.page(page_above(request.path)), 403)


def signed_in() -> Session:
    """Give the session; a page for people is not for a bearer token."""
    session = context.session()
    if session is None:
        raise UnauthenticatedError("Sign in to the console first.")
    return session


def one_a_line(field: str) -> list[str]:
    """Read what stands in a field of a form, one on each line."""
    written = [line.strip() for line in request.form.get(field, "").splitlines()]
    return [line for line in written if line]


def require_meant() -> None:
    """Raise InvalidError unless the form says that what destroys for ever is meant."""
    if not request.form.get("meant"):
        raise InvalidError("Say that it is meant, since nothing brings back what goes.")


def local(target: str | None) -> str:
    """Give a place of this site to go on to, never another site's."""
    if target and target.startswith("/") and not target.startswith(("//", "/\\")):
        parts = urlsplit(target)
        if not parts.scheme and not parts.netloc and target.isprintable():
            return target
    return url_for("console.search")


def page_above(path: str) -> str:
    """Give the page nearest above the address of a form: where one sees what became of it."""
    routes = current_app.url_map.bind(request.host)
    while path and not routes.test(path, method="GET"):
        path = path.rpartition("/")[0]
    return path or url_for("console.search")


def with_session(response: BaseResponse, session: Session) -> BaseResponse:
    """Put the session's cookie into a response."""
    _set_cookie(response, COOKIE, context.sealer().seal(session))
    return response


def with_appearance(response: BaseResponse, appearance: str) -> BaseResponse:
    """Put how pages should look into a response; it outlives the session."""
    _set_cookie(response, APPEARANCE_COOKIE, appearance, max_age=365 * 24 * 3600)
    return response


def _set_cookie(
    response: BaseResponse, name: str, value: str, *, max_age: int | None = None
) -> None:
    response.set_cookie(
        name,
        value,
        httponly=True,
        samesite="Strict",
        secure=context.is_secure(),
        path="/",
        max_age=max_age,
    )
