"""Signing in by the OpenID Connect provider: on to it, and back from it."""

from typing import TYPE_CHECKING

from flask import Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from api import context
from api.console.entering import DEFAULT_PURPOSE, fitting, refused
from api.console.site import local, with_session
from api.openid import attempt, renewing
from archive.errors import NotFoundError, UnauthenticatedError, UnavailableError
from archive.model.roles import Purpose

if TYPE_CHECKING:
    from api.openid.provider import Provider


def to_provider() -> BaseResponse:
    """Send somebody to the provider."""
    begun = attempt.begin(local(request.args.get("next")))
    try:
        onward = _provider().authorization(
            redirect_uri=_return_address(),
            state=begun.state,
            nonce=begun.nonce,
            verifier=begun.verifier,
        )
    except UnavailableError as error:
        return refused(error)
    response = redirect(onward, 303)
    attempt.keep(response, begun)
    return response


def from_provider() -> BaseResponse:
    """Let in whom the provider sends back, if it vouches for them."""
    provider, users = _provider(), context.archive().provided_users
    try:
        begun = attempt.under_way()
        provider.check_issuer(request.args.get("iss"))
        code = request.args.get("code", "")
        if not code or "error" in request.args:
            raise UnauthenticatedError("The provider did not sign you in.")
        grant = provider.exchange(
            code, redirect_uri=_return_address(), verifier=begun.verifier, nonce=begun.nonce
        )
    except (UnauthenticatedError, UnavailableError) as error:
        users.refuse(context.address(), str(error))
        return _ended(refused(error))
    try:
        key = users.sign_in(grant.vouched, begun.state, context.address())
    except UnauthenticatedError as error:
        return _ended(refused(error))
    held = renewing.vouching(grant.vouched.identity.subject, grant.refresh_token, context.clock())
    kinds = context.archive().entrance.by_session(key).kinds
    session = context.sealer().begin(key, str(fitting(Purpose(DEFAULT_PURPOSE), kinds)), held)
    # A redirect would still be the provider's, and the session's cookie would not be sent with it.
    page = Response(render_template("signed_in.html", onward=begun.onward))
    return _ended(with_session(page, session))


def _ended(response: BaseResponse) -> BaseResponse:
    attempt.forget(response)
    return response


def _provider() -> "Provider":
    provider = context.door().openid
    if provider is None:
        raise NotFoundError("Nobody signs in by a provider here.")
    return provider


def _return_address() -> str:
    scheme = "https" if context.is_secure() else "http"
    return url_for("console.from_provider", _external=True, _scheme=scheme)
