"""A time-stamping authority asked over HTTP (RFC 3161, section 3.4), believing nothing it sends."""

from collections.abc import Callable
from hashlib import sha256
from http.client import HTTPException, HTTPMessage
from queue import Empty, SimpleQueue
from threading import Thread
from typing import IO, Final
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from archive.errors import CorruptError, UnavailableError
from archive.log.tokens import Query, Timestamp, make_query, read_timestamp

TIMEOUT_SECONDS: Final = 10.0
LONGEST: Final = 64 * 1024
_TICK_SECONDS = 0.25
_HEADERS = {
    "Content-Type": "application/timestamp-query",
    "Accept": "application/timestamp-reply",
    "User-Agent": "muniment",
}


def ask(
    url: str,
    document: bytes,
    *,
    stopped: Callable[[], bool] = lambda: False,
    seconds: float = TIMEOUT_SECONDS,
) -> tuple[bytes, Timestamp] | None:
    """Return the authority's answer about a document, and what it says; None when stopped.

    `stopped` is asked four times a second.

    Raises:
        UnavailableError: it does not answer in time, or its answer is no timestamp of this document
            that others could check; the message says which.
    """
    query = make_query(document)
    answers: SimpleQueue[bytes | UnavailableError] = SimpleQueue()
    # A time-out of a connection begins anew with each byte; nobody waits for this thread, so that
    # an authority which sends one now and then holds up nothing else.
    Thread(target=_fetch, args=(url, query, seconds, answers), daemon=True).start()
    for _ in range(max(1, round(seconds / _TICK_SECONDS))):
        try:
            answer = answers.get(timeout=_TICK_SECONDS)
        except Empty:
            if stopped():
                return None
            continue
        if isinstance(answer, UnavailableError):
            raise answer
        return answer, _checked(url, answer, document, query)
    raise _late(url, seconds)


def _checked(url: str, answer: bytes, document: bytes, query: Query) -> Timestamp:
    try:
        found = read_timestamp(answer)
    except CorruptError as error:
        raise _wrong(url, f"gave an answer that is {error}") from error
    if found.digest != sha256(document).digest():
        raise _wrong(url, "gave a timestamp of something else than was asked")
    if found.nonce != query.nonce:
        raise _wrong(url, "gave a timestamp with another nonce: it answers another question")
    if not found.certified:
        raise _wrong(url, "gave a timestamp without its certificate, which nobody could check")
    return found


def _fetch(
    url: str, query: Query, seconds: float, answers: "SimpleQueue[bytes | UnavailableError]"
) -> None:
    request = Request(url, query.data, _HEADERS, method="POST")
    try:
        with build_opener(_NoRedirects).open(request, timeout=seconds) as response:
            answer = response.read(LONGEST + 1)
    except HTTPError as error:
        error.close()
        answers.put(_wrong(url, f"answered with the HTTP status {error.code}"))
    except TimeoutError:
        answers.put(_late(url, seconds))
    except URLError as error:
        late = isinstance(error.reason, TimeoutError)
        said = _wrong(url, f"does not answer: {error.reason}")
        answers.put(_late(url, seconds) if late else said)
    except (OSError, HTTPException, ValueError) as error:
        answers.put(_wrong(url, f"does not answer as HTTP has it: {type(error).__name__}"))
    else:
        long = _wrong(url, f"gave an answer longer than {LONGEST // 1024} KiB")
        answers.put(long if len(answer) > LONGEST else answer)


class _NoRedirects(HTTPRedirectHandler):
    """Follows none: a query is not to go where nobody said, and would lose its body on the way."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


def _late(url: str, seconds: float) -> UnavailableError:
    return _wrong(url, f"has not answered within {seconds:g} seconds")


def _wrong(url: str, what: str) -> UnavailableError:
    return UnavailableError(f"The time-stamping authority at {url} {what}.")
