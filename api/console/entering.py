"""Coming and going: sign in and out, say why, choose how the pages look."""

from collections.abc import Sequence

from flask import Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from api import context
from api.console.site import APPEARANCES, local, signed_in, with_appearance, with_session
from api.problems import headers_for, of_error
from api.sessions import COOKIE
from archive.access.roles import Purpose
from archive.errors import InvalidError, ThrottledError, UnauthenticatedError

DEFAULT_PURPOSE = "compliance"
NOTICES = {
    "password": "The password is set. Sign in with it.",
    "ended": "You are signed out everywhere.",
}


def sign_in() -> str:
    """Show the form for a name and password, or a token."""
    return render_template(
        "sign_in.html",
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
        problem = of_error(error)
        page = render_template(
            "sign_in.html",
            onward=onward,
            chosen=form.get("purpose", DEFAULT_PURPOSE),
            name=form.get("name", ""),
            by_token=bool(token),
            message=str(error),
        )
        response = Response(page, problem.status)
        if isinstance(error, ThrottledError):
            response.headers.update(headers_for(problem, error))
        return response
    chosen = _fitting(stated, entrance.by_session(key).kinds)
    return with_session(redirect(onward, 303), context.sealer().begin(key, str(chosen)))


def leave() -> BaseResponse:
    """End the session, for whoever has a copy of its cookie too."""
    context.archive().entrance.sign_out(signed_in().key, context.address())
    return to_sign_in()


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


def _fitting(stated: Purpose, kinds: Sequence[str]) -> Purpose:
    """Return the purpose stated at sign-in, or one that the roles read for; each page names it.

    The form is sent before anybody knows whose roles they are.
    """
    if stated.kind in kinds or not kinds:
        return stated
    return Purpose(DEFAULT_PURPOSE if DEFAULT_PURPOSE in kinds else kinds[0])


def _stated_purpose() -> Purpose:
    detail = request.form.get("detail", "").strip()
    kind = request.form.get("purpose", "")
    return Purpose.parse(f"{kind}:{detail}" if detail else kind)
