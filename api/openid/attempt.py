"""One attempt to sign in by the provider, from leaving for it to coming back.

What must match on the way back stands in a sealed cookie of its own. It is sent along when the
provider's page leads here, which the session's cookie, kept from other sites' links, is not.
"""

import base64
import hmac
from typing import Final

from flask import request
from pydantic import ValidationError
from werkzeug.wrappers import Response as BaseResponse

from api import context
from api.sessions import Box
from archive.errors import UnauthenticatedError
from archive.model.interaction import Frozen

COOKIE: Final = "muniment_openid"
PATH: Final = "/sign-in/openid"
_LONGEST_SECONDS: Final = 600
_INFO: Final = b"muniment openid attempt v1"


class Attempt(Frozen):
    """What one attempt is known by; `began_at` is in seconds since the epoch."""

    state: str
    nonce: str
    verifier: str
    onward: str
    began_at: int


def begin(onward: str) -> Attempt:
    """Make a new attempt, after which the browser goes on to `onward`."""
    clock = context.clock()
    state, nonce, verifier = (
        base64.urlsafe_b64encode(clock.random_bytes(32)).rstrip(b"=").decode() for _ in range(3)
    )
    return Attempt(
        state=state,
        nonce=nonce,
        verifier=verifier,
        onward=onward,
        began_at=int(clock.now().timestamp()),
    )


def keep(response: BaseResponse, attempt: Attempt) -> None:
    """Put the attempt's cookie into a response."""
    response.set_cookie(
        COOKIE,
        _box().seal(attempt.model_dump_json().encode()),
        max_age=_LONGEST_SECONDS,
        path=PATH,
        httponly=True,
        samesite="Lax",
        secure=context.is_secure(),
    )


def forget(response: BaseResponse) -> None:
    """Take the attempt's cookie away."""
    response.delete_cookie(COOKIE, path=PATH)


def under_way() -> Attempt:
    """Return the attempt that the request comes back from.

    Raises UnauthenticatedError where this browser has begun none, or another, or long ago.
    """
    opened = _box().open(request.cookies.get(COOKIE, ""))
    try:
        attempt = None if opened is None else Attempt.model_validate_json(opened)
    except ValidationError:
        attempt = None
    now = int(context.clock().now().timestamp())
    sent = request.args.get("state", "")
    if (
        attempt is None
        or now - attempt.began_at >= _LONGEST_SECONDS
        or not hmac.compare_digest(sent.encode(), attempt.state.encode())
    ):
        raise UnauthenticatedError("This sign-in was not begun here, or too long ago; begin anew.")
    return attempt


def _box() -> Box:
    return Box(context.archive().session_key(), _INFO, context.clock())
