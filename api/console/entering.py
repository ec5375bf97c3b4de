"""Coming and going: sign in and out, say why, choose how the pages look."""

from flask import Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from api import context
from api.console.site import APPEARANCES, local, signed_in, with_appearance, with_session
from api.sessions import COOKIE
from archive.access.roles import Purpose
from archive.errors import InvalidError, UnauthenticatedError

DEFAULT_PURPOSE = "compliance"


def sign_in() -> str:
    """Show the form for a token."""
    return render_template(
        "sign_in.html", onward=local(request.args.get("next")), chosen=DEFAULT_PURPOSE
    )


def enter() -> BaseResponse:
    """Exchange a token for a session."""
    token = request.form.get("token", "").strip()
    onward = local(request.form.get("next"))
    try:
        chosen = str(_stated_purpose())
        context.archive().entrance.by_token(token)
    except (UnauthenticatedError, InvalidError) as error:
        known = isinstance(error, UnauthenticatedError)
        page = render_template(
            "sign_in.html",
            onward=onward,
            chosen=request.form.get("purpose", DEFAULT_PURPOSE),
            message="This token is not valid." if known else str(error),
        )
        return Response(page, 401 if known else 400)
    return with_session(redirect(onward, 303), context.sealer().begin(token, chosen))


def leave() -> BaseResponse:
    """End the session."""
    response = redirect(url_for("console.sign_in"), 303)
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


def _stated_purpose() -> Purpose:
    detail = request.form.get("detail", "").strip()
    kind = request.form.get("purpose", "")
    return Purpose.parse(f"{kind}:{detail}" if detail else kind)
