"""The body of a request as views read it: in pieces, and whole or not at all.

The web server waits for a body as long as its sender likes, and none can be given up: a read
that is left behind holds a lock which the server itself then waits for, and with it all of its
connections. So a slow body holds the thread that reads it, and what is bounded is how many threads
strangers may hold so (`api.rates.Places`).
"""

import math
from typing import Final, Protocol

from werkzeug.exceptions import RequestEntityTooLarge

from api.problems import INVALID_REQUEST, ProblemError

PIECE_BYTES: Final = 65_536


class Readable(Protocol):
    """The part of a binary stream that is used here."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; none at the end."""
        ...


class Body:
    """A request's body. `length` is what its Content-Length says, None where it says nothing.

    It may have so many bytes as `limit` says, any number where that is None.
    """

    def __init__(self, stream: Readable, length: int | None, limit: int | None = None) -> None:
        self._stream = stream
        self._length = length
        self._limit = math.inf if limit is None else limit
        self._read = 0

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes, all that are left if it is negative; none at the end.

        Half a body must not pass for a whole one.

        Raises:
            ProblemError: the body ends before its Content-Length.
            RequestEntityTooLarge: it is longer than its limit, or says so.
        """
        if size >= 0:
            return self._piece(min(size, PIECE_BYTES))
        pieces = []
        while piece := self._piece(PIECE_BYTES):
            pieces.append(piece)
        return b"".join(pieces)

    def _piece(self, size: int) -> bytes:
        if size == 0 or self._read == self._length:
            return b""
        if self._length is not None and self._length > self._limit:
            raise RequestEntityTooLarge
        piece = self._stream.read(size)
        self._read += len(piece)
        if self._read > self._limit:
            raise RequestEntityTooLarge
        if not piece and self._length is not None:
            raise ProblemError(
                INVALID_REQUEST, f"The body ended after {self._read:,} bytes of {self._length:,}."
            )
        return piece
