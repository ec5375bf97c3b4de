"""The body of a request as views read it: it comes whole and in time, or the request is ended.

The web server waits for a body as long as its sender likes, and with it one of the few threads
that answer. So every piece is read by a thread of its own, which is waited for so long; one that
waits on in vain is left behind, and ends when its connection does.
"""

import threading
from typing import Final, Protocol

from api.problems import INVALID_REQUEST, TOO_SLOW, ProblemError

PIECE_BYTES: Final = 65_536
PIECE_SECONDS: Final = 30.0
FORM_SECONDS: Final = 5.0


class Readable(Protocol):
    """The part of a binary stream that is used here."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; none at the end."""
        ...


class Body:
    """A request's body. `length` is what its Content-Length says, None where it says nothing."""

    def __init__(self, stream: Readable, length: int | None, piece_seconds: float) -> None:
        self._stream = stream
        self._length = length
        self._seconds = piece_seconds
        self._read = 0

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes, all that are left if it is negative; none at the end.

        Raises ProblemError where a piece does not come in time, and where the body ends before
        its Content-Length: half a body must not pass for a whole one.
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
        piece = self._waited_for(size)
        self._read += len(piece)
        if not piece and self._length is not None:
            raise ProblemError(
                INVALID_REQUEST, f"The body ended after {self._read:,} bytes of {self._length:,}."
            )
        return piece

    def _waited_for(self, size: int) -> bytes:
        came: list[bytes] = []
        failed: list[Exception] = []

        def read() -> None:
            try:
                came.append(self._stream.read(size))
            except Exception as error:
                failed.append(error)

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        reader.join(self._seconds)
        if failed:
            raise failed[0]
        if not came:
            raise ProblemError(
                TOO_SLOW,
                f"The body comes too slowly: it must bring {PIECE_BYTES // 1024} KiB, or its end, "
                f"every {self._seconds:.0f} s.",
            )
        return came[0]
