"""Who is let through to a view: somebody known, or anybody where it is open, and not too often.

Capturing is not counted. What an organisation must keep should not be refused because there is much
of it; how much of it is taken at once is bounded by the threads that take it.
"""

from typing import Final

from flask import g, request

from api import context
from api.console import resending
from api.problems import TOO_MANY_REQUESTS, ProblemError
from archive.errors import UnauthenticatedError
from archive.users.attempts import whole

SIGN_IN_WEIGHT: Final = 100
_UNCOUNTED: Final = frozenset({"service.healthz"})
_SIGNING_IN: Final = frozenset({"console.enter", "console.from_provider"})
_CAPTURING: Final = frozenset({"interactions.capture_one", "bulk.capture_many"})


def admit() -> None:
    """Find who asks, and count the request.

    Raises UnauthenticatedError, or ProblemError for whoever has asked too often. Only what turns
    out to be nobody's is counted for an address, so that one bad caller behind a shared address
    does not lock out those who are known.
    """
    try:
        context.authenticate()
    except UnauthenticatedError:
        _count_stranger(1)
        if resending.gives_back():
            _read_form()
        raise
    found = g.get("actor")
    limits = context.door().limits
    if found is None:
        if request.endpoint not in _UNCOUNTED:
            _count_stranger(SIGN_IN_WEIGHT if request.endpoint in _SIGNING_IN else 1)
        if request.method not in context.SAFE_METHODS:
            _read_form()
    elif limits.users is not None and request.endpoint not in _CAPTURING:
        _require(limits.users.count(found.id))


def _read_form() -> None:
    """Read a stranger's form where few places are for it: slow ones keep nobody else waiting."""
    with context.door().limits.forms.taken():
        request.get_data(parse_form_data=True)


def _count_stranger(weight: int) -> None:
    address = context.address()
    caller = "unknown" if address is None else whole(address)
    _require(context.door().limits.strangers.count(caller, weight))


def _require(seconds: float) -> None:
    if seconds:
        raise ProblemError(
            TOO_MANY_REQUESTS,
            f"This is asked too often; try again in {seconds:.0f} s or more.",
            retry_after=seconds,
        )
