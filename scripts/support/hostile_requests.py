"""Requests that mean harm, byte by byte, for every route; and how they are sent.

They are written to a socket as they are, since clients that mean well refuse to.
"""

import random
import re
import socket
import urllib.parse
from collections.abc import Sequence
from dataclasses import dataclass

from scripts.support.hostile import BROKEN, ODD

_METHODS = (
    "GET",
    "GET",
    "GET",
    "POST",
    "PUT",
    "DELETE",
    "PATCH",
    "HEAD",
    "OPTIONS",
    "TRACE",
    "BREW",
)
_NAMES = (
    "q", "limit", "cursor", "sort", "as_of", "facets", "filter", "count", "next", "version",
    "user", "first", "second", "after", "before", "x",
)  # fmt: skip
_HEADERS = (
    "Cookie", "Accept", "Muniment-Purpose", "Idempotency-Key", "X-Forwarded-For", "X-Request-ID",
    "Content-Type", "If-None-Match", "Range", "Accept-Language", "Origin", "Sec-Fetch-Site",
    "Forwarded", "X-Forwarded-Proto", "X-HTTP-Method-Override", "Upgrade", "Expect",
)  # fmt: skip
_PARAMETER = re.compile(r"<[^>]+>")
PATIENCE = 60.0


@dataclass(frozen=True)
class Request:
    """What is written to the socket; `garbled` where it need not be answered as HTTP."""

    data: bytes
    garbled: bool = False


class RequestMaker:
    """Makes requests, always the same ones from the same seed."""

    def __init__(self, seed: int, routes: Sequence[tuple[str, str]], token: str) -> None:
        self._random = random.Random(seed)
        self._routes = routes
        self._token = token

    def asking(self, number: int) -> Request:
        """Return a request that is HTTP, for each route in turn, with harm in all its parts."""
        usual, route = self._routes[number % len(self._routes)]
        method = self._random.choice((usual, usual, *_METHODS))
        path = _PARAMETER.sub(lambda _: self._value(), route)
        query = "&".join(
            f"{self._random.choice(_NAMES)}={self._value()}"
            for _ in range(self._random.randint(0, 4))
        )
        body = self._random.choice((b"", b"a=b", b'{"a":1}', *BROKEN)) * self._random.randint(0, 50)
        lines = [f"{method} {path}{'?' * bool(query)}{query} HTTP/1.1", "Host: localhost"]
        if self._random.random() < 0.8:
            lines += [f"Authorization: Bearer {self._token}", "Muniment-Purpose: operations"]
        for name in self._random.sample(_HEADERS, self._random.randint(0, 4)):
            value = self._header_value()
            if name not in ("Upgrade", "Expect") or number % 7 == 0:
                lines.append(f"{name}: {value}")
        lines += [f"Content-Length: {len(body)}", "Connection: close", "", ""]
        return Request("\r\n".join(lines).encode("utf-8", "surrogatepass") + body)

    def garbled(self) -> Request:
        """Return what is no HTTP, or two things at once."""
        head = b"GET /healthz HTTP/1.1\r\nHost: a\r\n"
        post = b"POST /sign-in HTTP/1.1\r\nHost: a\r\n"
        forms = (
            self._random.randbytes(200),
            b"GET / HTTP/9.9\r\n\r\n",
            b"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + self._random.randbytes(50),
            head + b"no colon\r\n\r\n",
            head + b"A: b\r\n c: d\r\n\r\n",
            head + b"A: \x00\x01\r\n\r\n",
            head + b": empty\r\nA\x20: b\r\n\r\n",
            head + b"X: " + b"a" * 600_000 + b"\r\n\r\n",
            head + b"".join(b"X-%d: a\r\n" % n for n in range(500)) + b"\r\n",
            b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
            post + b"Content-Length: -1\r\n\r\n",
            post + b"Content-Length: 99999999999999999999999\r\n\r\n",
            post + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
            post + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + head,
            post + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\nx\r\n0\r\n\r\n",
            post + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nx\r\n",
            post + b"Content-Length: 10\r\n\r\nabc",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        )  # fmt: skip
        return Request(self._random.choice(forms), garbled=True)

    def _value(self) -> str:
        kind = self._random.randrange(6)
        if kind == 0:
            return urllib.parse.quote_from_bytes(self._random.choice(BROKEN))
        if kind == 1:
            return "00000000-0000-0000-0000-000000000000"
        if kind == 2:
            return self._random.choice(
                ("-1", "1e9", "9" * 400, "..%2f..%2f", "%", "%zz", "a" * 2_000)
            )
        if kind == 3:
            return urllib.parse.quote("(" * self._random.randint(1, 300) + "a w/9 *b*")
        return urllib.parse.quote(self._random.choice(ODD), errors="replace")

    def _header_value(self) -> str:
        odd = "".join(letter for letter in self._random.choice(ODD) if letter not in "\r\n\0")
        return self._random.choice((odd, odd * 9, "text/html", '"', ";" * 99, "a=" * 500, "\xe9"))


def sent(address: tuple[str, int], request: Request) -> int | None:
    """Send one request and return the status of its answer, None where it got none."""
    with socket.create_connection(address, timeout=PATIENCE) as connection:
        try:
            connection.sendall(request.data)
            if request.garbled:
                connection.shutdown(socket.SHUT_WR)
            head = b""
            while b"\r\n" not in head and (piece := connection.recv(65_536)):
                head += piece
        except TimeoutError:
            raise
        except OSError:
            # It was cut off, while it was being sent or before it was answered.
            return None
    found = re.match(rb"HTTP/1\.[01] (\d{3})", head)
    return int(found[1]) if found else None
