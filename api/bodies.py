"""The body of a request as views read it: in pieces, and whole or not at all.

The web server waits for a body as long as its sender likes, until it has all the bytes that a read
asks for, and no read can be given up: one that is left behind holds a lock which the server itself
then waits for, and with it all of its connections. So a slow body holds the thread that reads it,
and what is bounded is how many threads strangers may hold so (`api.rates.Places`).
"""

import math
from typing import Final, Protocol

from werkzeug.exceptions import RequestEntityTooLarge

from api.problems import INVALID_REQUEST, ProblemError
from archive.clock import Clock

PIECE_BYTES: Final = 65_536
SLOW_SECONDS: Final = 0.25
EXACT_BYTES: Final = 65_536
"""How much is read line by line after a pause; it takes 25 ms."""
FAST_SHARE: Final = 256
"""Which part of what came without a pause is asked for at once; so much may wait for more."""


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
        return self._counted(self._stream.read(size))

    def readline(self, size: int) -> bytes:
        """Return up to `size` bytes, none from behind a line's end; errors as of `read`.

        It waits for no byte but these. Each is read by itself, in a third of a microsecond.
        """
        if self._length is not None:
            size = min(size, self._length - self._read)
        if size <= 0:
            return b""
        read, line = self._stream.read, bytearray()
        while len(line) < size and (byte := read(1)):
            line += byte
            if byte == b"\n":
                break
        return self._counted(bytes(line))

    def _counted(self, piece: bytes) -> bytes:
        self._read += len(piece)
        if self._read > self._limit:
            raise RequestEntityTooLarge
        if not piece and self._length is not None:
            raise ProblemError(
                INVALID_REQUEST, f"The body ended after {self._read:,} bytes of {self._length:,}."
            )
        return piece


class Arriving:
    """A body as it comes: what is there is given, however little, and whole lines of it.

    The web server does not say how much is there. So after each pause lines are read to their end
    and no further, and larger pieces only once so much came without one that its sender is fast.
    """

    def __init__(self, body: Body, clock: Clock) -> None:
        self._body = body
        self._clock = clock
        self._unbroken = 0

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, none at the end; errors as of `Body.read`."""
        before = self._clock.monotonic()
        if self._unbroken < EXACT_BYTES:
            piece = self._body.readline(size)
        else:
            piece = self._body.read(min(size, self._unbroken // FAST_SHARE))
        if self._clock.monotonic() - before > SLOW_SECONDS:
            self._unbroken = 0
        self._unbroken += len(piece)
        return piece
