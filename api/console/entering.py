"""Coming and going: sign in and out, say why, choose how the pages look."""

from collections.abc import Sequence

from flask import Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from api import context
from api.console.site import APPEARANCES, local, signed_in, with_appearance, with_session
from api.problems import headers_for, of_error
from api.sessions import COOKIE
from archive.errors import (
    InvalidError,
    MunimentError,
    ThrottledError,
    UnauthenticatedError,
    UnavailableError,
)
from archive.model.interaction import JsonObject
from archive.model.roles import Purpose

DEFAULT_PURPOSE = "compliance"
NOTICES = {
    "password": "The password is set. Sign in with it.",
    "ended": "You are signed out everywhere.",
    "left": "You are signed out here. The provider may still know you.",
}


def sign_in() -> str:
    """Show the form for a name and password, or a token."""
    return render_template(
        "sign_in.html",
        **_ways_in(),
        onward=local(request.args.get("next")),
        chosen=DEFAULT_PURPOSE,
        notice=NOTICES.get(request.args.get("notice", "")),
    )


def enter() -> BaseResponse:
    """Exchange a password, or a token, for a session."""
    form, onward = request.form, local(request.form.get("next"))
    token = form.get("token", "").strip()
    entrance = context.archive().entrance
    try:
        stated = _stated_purpose()
        if token:
            key = entrance.sign_in_by_token(token, context.address())
        else:
            key = entrance.sign_in(
                form.get("name", ""),
                form.get("password", ""),
                form.get("code", ""),
                context.address(),
            )
    except (UnauthenticatedError, InvalidError, ThrottledError) as error:
        return refused(error, by_token=bool(token))
    chosen = fitting(stated, entrance.by_session(key).kinds)
    return with_session(redirect(onward, 303), context.sealer().begin(key, str(chosen)))


def refused(error: MunimentError, *, by_token: bool = False) -> BaseResponse:
    """Show the sign-in page again, with the reason."""
    form, problem = request.form, of_error(error)
    page = render_template(
        "sign_in.html",
        **_ways_in(),
        onward=local(request.values.get("next")),
        chosen=form.get("purpose", DEFAULT_PURPOSE),
        detail=form.get("detail", ""),
        name=form.get("name", ""),
        by_token=by_token,
        message=str(error),
    )
    response = Response(page, problem.status)
    if isinstance(error, (ThrottledError, UnavailableError)):
        response.headers.update(headers_for(problem, error))
    return response


def leave() -> BaseResponse:
    """End the session, for whoever has a copy of its cookie too."""
    context.archive().entrance.sign_out(signed_in().key, context.address())
    return to_sign_in("left" if signed_in().vouching else None)


def to_sign_in(notice: str | None = None) -> BaseResponse:
    """Send somebody whose session has ended to the first page, with one of the notices."""
    response = redirect(url_for("console.sign_in", notice=notice), 303)
    response.delete_cookie(COOKIE, path="/")
    return response


def choose_purpose() -> BaseResponse:
    """Change why the session reads."""
    session = signed_in().model_copy(update={"purpose": str(_stated_purpose())})
    return with_session(redirect(local(request.form.get("next")), 303), session)


def choose_appearance() -> BaseResponse:
    """Change how pages look; nobody needs to be signed in for that."""
    chosen = request.form.get("appearance", "")
    if chosen not in APPEARANCES:
        raise InvalidError(f"An appearance is one of {', '.join(APPEARANCES)}.")
    return with_appearance(redirect(local(request.form.get("next")), 303), chosen)


def fitting(stated: Purpose, kinds: Sequence[str]) -> Purpose:
    """Return the purpose stated at sign-in, or one that the roles read for; each page names it.

    The form is sent before anybody knows whose roles they are.
    """
    if stated.kind in kinds or not kinds:
        return stated
    return Purpose(DEFAULT_PURPOSE if DEFAULT_PURPOSE in kinds else kinds[0])


def _ways_in() -> JsonObject:
    """Give the sign-in page its provider, and where that signs people out."""
    provider = context.door().openid
    leaving = provider is not None and request.args.get("notice") == "left"
    return {
        "provider": provider.name if provider else None,
        "logout": provider.logout_address() if provider and leaving else None,
    }


def _stated_purpose() -> Purpose:
    detail = request.form.get("detail", "").strip()
    kind = request.form.get("purpose", "")
    return Purpose.parse(f"{kind}:{detail}" if detail else kind)
