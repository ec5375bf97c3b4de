"""The headers that every answer carries, so that a browser does with it what it is for and no more.

A view that needs another policy sets its own header; these are for all that did not. What the web
server refuses by itself (a request that is no HTTP, headers that are too large) does not come this
far: it is answered without a body.
"""

from typing import Final

from flask import request
from werkzeug.wrappers import Response

from api import context

CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
FRAMING_POLICY: Final = f"{CONTENT_SECURITY_POLICY}; frame-src 'self'"
"""For a page that has a frame of ours in it."""
FRAMED_POLICY: Final = "; ".join(
    (
        # A link may open a window, which is none of ours; nothing runs, asks or posts.
        "sandbox allow-popups allow-popups-to-escape-sandbox",
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src data:",
        "form-action 'none'",
        "frame-ancestors 'self'",
        "base-uri 'none'",
    )
)
"""For what strangers wrote, in that frame."""
_UNUSED: Final = (
    *("accelerometer", "autoplay", "camera", "clipboard-read", "display-capture", "fullscreen"),
    *("geolocation", "gyroscope", "magnetometer", "microphone", "midi", "payment"),
    *("picture-in-picture", "publickey-credentials-get", "screen-wake-lock", "usb"),
)
SECURITY_HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: under that the browser sends our own forms with a null Origin.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _UNUSED),
    "Cache-Control": "no-store",
}
# A year, as RFC 6797 suggests; the names beside this one are not ours to speak for.
STRICT_TRANSPORT: Final = "max-age=31536000"


def frame(response: Response) -> None:
    """Let an answer stand in the frame of a page of ours, where it can do nothing."""
    response.headers["Content-Security-Policy"] = FRAMED_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    response.headers["Referrer-Policy"] = "no-referrer"


def add(response: Response) -> None:
    """Put into an answer what its view has not."""
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint == "static":
        response.headers["Cache-Control"] = "public, max-age=3600"
    if context.is_secure():
        response.headers["Strict-Transport-Security"] = STRICT_TRANSPORT
    response.headers[context.REQUEST_ID] = context.request_id()
