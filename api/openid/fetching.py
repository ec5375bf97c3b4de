"""A provider asked over HTTP: in bounded time, for a bounded answer, and only where it is meant."""

import json
from http.client import HTTPException, HTTPMessage
from queue import Empty, SimpleQueue
from threading import Thread
from typing import IO, Any, Final
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from archive.errors import UnavailableError
from archive.provider_settings import is_safe_address

TIMEOUT_SECONDS: Final = 5.0
LONGEST: Final = 256 * 1024

Answer = tuple[int, dict[str, Any]]


class SilentError(UnavailableError):
    """The provider kept us waiting, and has not answered."""


def fetch(url: str, *, body: str | None = None, headers: dict[str, str] | None = None) -> Answer:
    """Return the status and the JSON object of an answer; with a body it is a POST of a form.

    Raises UnavailableError where there is none in time, or none that is a JSON object, and for an
    address that is not https.
    """
    if not is_safe_address(url):
        raise _wrong("names an address that is not https")
    answers: SimpleQueue[Answer | UnavailableError] = SimpleQueue()
    request = Request(
        url,
        None if body is None else body.encode(),
        {"Accept": "application/json", "User-Agent": "muniment", **(headers or {})},
    )
    # A time-out of a connection begins anew with each byte; nobody waits for this thread.
    Thread(target=_fetch, args=(request, answers), daemon=True).start()
    try:
        answer = answers.get(timeout=TIMEOUT_SECONDS)
    except Empty:
        raise SilentError(
            f"The OpenID Connect provider has not answered within {TIMEOUT_SECONDS:g} seconds.",
            retry_after=30,
        ) from None
    if isinstance(answer, UnavailableError):
        raise answer
    return answer


def _fetch(request: Request, answers: "SimpleQueue[Answer | UnavailableError]") -> None:
    try:
        try:
            response = build_opener(_NoRedirects).open(request, timeout=TIMEOUT_SECONDS)
        except HTTPError as error:
            response = error
        with response:
            status, text = response.status, response.read(LONGEST + 1)
    except (OSError, HTTPException, ValueError) as error:
        answers.put(_wrong(f"does not answer: {type(error).__name__}"))
        return
    answers.put(_read(status, text))


def _read(status: int, text: bytes) -> Answer | UnavailableError:
    if len(text) > LONGEST:
        return _wrong(f"gave an answer longer than {LONGEST // 1024} KiB")
    if status >= 500 or 300 <= status < 400:
        return _wrong(f"answered with the HTTP status {status}")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return _wrong("gave an answer that is not JSON")
    if not isinstance(document, dict):
        return _wrong("gave an answer that is no JSON object")
    return status, document


class _NoRedirects(HTTPRedirectHandler):
    """Follows none: a secret is not to go where nobody said."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


def _wrong(what: str) -> UnavailableError:
    return UnavailableError(f"The OpenID Connect provider {what}.", retry_after=30)
