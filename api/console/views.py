"""The console's pages: sign in, say why, search, read one record."""

import hmac
from urllib.parse import urlsplit
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request, url_for
from pydantic import ValidationError
from werkzeug.wrappers import Response as BaseResponse

from api import context, problems
from api.console import text
from api.problems import ProblemError
from api.sessions import COOKIE, Session
from api.v1.interactions import download
from archive.access.answers import SearchAnswer, SearchRequest
from archive.access.roles import PURPOSES, Purpose
from archive.errors import ForbiddenError, InvalidError, UnauthenticatedError
from archive.model.interaction import JsonObject

PAGE_LENGTH = 25
SORTS = {"-date": "Newest first", "date": "Oldest first", "relevance": "Best match first"}
DEFAULT_PURPOSE = "compliance"

blueprint = Blueprint("console", __name__)
blueprint.add_app_template_filter(text.segments)
blueprint.add_app_template_filter(text.utc_time)
blueprint.add_app_template_filter(text.byte_size)
blueprint.add_app_template_filter(text.by_role)


@blueprint.app_context_processor
def _shared() -> JsonObject:
    """Give every page who is signed in, why, and the purposes to choose from."""
    session = context.session()
    return {
        "session": session,
        "actor": context.actor() if session is not None else None,
        "purpose": Purpose.parse(session.purpose) if session is not None else None,
        "purposes": PURPOSES,
        "request_id": context.request_id(),
    }


@blueprint.before_request
def _same_origin() -> None:
    """Refuse a form that another site made the browser send.

    Browsers say where a request comes from in Sec-Fetch-Site, older ones in Origin alone; forms
    of somebody signed in carry the session's secret besides.
    """
    if request.method in context.SAFE_METHODS:
        return
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site is not None:
        same = site in ("same-origin", "none")
    else:
        same = origin is None or urlsplit(origin).netloc == request.host
    session = context.session()
    if session is not None:
        sent = request.form.get("form_secret", "")
        same = same and hmac.compare_digest(sent.encode(), session.form_secret.encode())
    if not same:
        raise ForbiddenError("The form did not come from this console; load the page again.")


def _signed_in() -> Session:
    """Give the session; a page for people is not for a bearer token."""
    session = context.session()
    if session is None:
        raise UnauthenticatedError("Sign in to the console first.")
    return session


def _local(target: str | None) -> str:
    """Give a place of this site to go on to, never another site's."""
    if target and target.startswith("/") and not target.startswith(("//", "/\\")):
        parts = urlsplit(target)
        if not parts.scheme and not parts.netloc and target.isprintable():
            return target
    return url_for("console.search")


def _with_cookie(response: BaseResponse, session: Session) -> BaseResponse:
    # A proxy that ends TLS says so; whoever forges that only makes their own cookie stricter.
    secure = request.is_secure or request.headers.get("X-Forwarded-Proto") == "https"
    response.set_cookie(
        COOKIE,
        context.sealer().seal(session),
        httponly=True,
        samesite="Strict",
        secure=secure,
        path="/",
    )
    return response


@blueprint.get("/sign-in")
def sign_in() -> str:
    """Show the form for a token."""
    return render_template(
        "sign_in.html", onward=_local(request.args.get("next")), chosen=DEFAULT_PURPOSE
    )


@blueprint.post("/sign-in")
def enter() -> BaseResponse:
    """Exchange a token for a session."""
    token = request.form.get("token", "").strip()
    onward = _local(request.form.get("next"))
    try:
        chosen = str(_stated_purpose())
        context.archive().access.authenticate(token)
    except (UnauthenticatedError, InvalidError) as error:
        known = isinstance(error, UnauthenticatedError)
        page = render_template(
            "sign_in.html",
            onward=onward,
            chosen=request.form.get("purpose", DEFAULT_PURPOSE),
            message="This token is not valid." if known else str(error),
        )
        return Response(page, 401 if known else 400)
    return _with_cookie(redirect(onward, 303), context.sealer().begin(token, chosen))


@blueprint.post("/sign-out")
def leave() -> BaseResponse:
    """End the session."""
    response = redirect(url_for("console.sign_in"), 303)
    response.delete_cookie(COOKIE, path="/")
    return response


@blueprint.post("/purpose")
def choose_purpose() -> BaseResponse:
    """Change why the session reads."""
    session = _signed_in().model_copy(update={"purpose": str(_stated_purpose())})
    return _with_cookie(redirect(_local(request.form.get("next")), 303), session)


def _stated_purpose() -> Purpose:
    detail = request.form.get("detail", "").strip()
    kind = request.form.get("purpose", "")
    return Purpose.parse(f"{kind}:{detail}" if detail else kind)


@blueprint.get("/")
def search() -> Response:
    """Show the search form, and what it finds once there is a query."""
    _signed_in()
    asked = _search_of_url()
    answer: SearchAnswer | None = None
    refused: InvalidError | None = None
    if "q" in request.args:
        try:
            answer = context.archive().access.search(context.actor(), context.purpose(), asked)
        except InvalidError as error:
            refused = error
    page = render_template("search.html", asked=asked, answer=answer, refused=refused, sorts=SORTS)
    return Response(page, 400 if refused else 200)


def _search_of_url() -> SearchRequest:
    arguments = request.args
    try:
        return SearchRequest.model_validate(
            {
                "query": arguments.get("q", ""),
                "limit": PAGE_LENGTH,
                "sort": arguments.get("sort", "-date"),
                "cursor": arguments.get("cursor") or None,
                "as_of": arguments.get("as_of") or None,
            }
        )
    except ValidationError as error:
        problem = problems.of_validation(error)
        raise ProblemError(problems.INVALID_REQUEST, problem.detail) from error


@blueprint.get("/interactions/<uuid:id>")
def record(id: UUID) -> str:
    """Show one record."""
    _signed_in()
    shown = context.archive().access.show(context.actor(), context.purpose(), id)
    return render_template("record.html", record=shown)


@blueprint.get("/interactions/<uuid:id>/original")
def original(id: UUID) -> Response:
    """Download the captured bytes of one record."""
    _signed_in()
    return download(context.archive().access.original(context.actor(), context.purpose(), id))


@blueprint.get("/interactions/<uuid:id>/history")
def history(id: UUID) -> str:
    """Show what happened to one record."""
    _signed_in()
    answer = context.archive().access.history(context.actor(), context.purpose(), id)
    return render_template("history.html", history=answer)
