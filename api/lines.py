"""Lines of a stream in flat memory: what `/v1/interactions/bulk` reads.

A line that is too long is passed over to its end without being held, and told of in its place, so
that one bad line neither fills the memory nor stops the others.
"""

from collections.abc import Iterator
from typing import NamedTuple

from api.bodies import Readable

CHUNK_BYTES = 65_536


class Line(NamedTuple):
    """One line, counted from 1, without its end; `data` is None where it was too long."""

    number: int
    data: bytes | None


def read_lines(stream: Readable, *, longest: int) -> Iterator[Line]:
    """Yield the stream's lines that hold more than white space; numbers count every line."""
    number = 1
    parts: list[bytes] = []
    held = 0
    while chunk := stream.read(CHUNK_BYTES):
        *ended, rest = chunk.split(b"\n")
        for piece in ended:
            held += len(piece)
            if held > longest:
                yield Line(number, None)
            else:
                data = b"".join((*parts, piece)) if parts else piece
                if data.strip():
                    yield Line(number, data)
            number += 1
            held = 0
            parts.clear()
        held += len(rest)
        if held > longest:
            parts.clear()
        elif rest:
            parts.append(rest)
    if held > longest:
        yield Line(number, None)
    elif b"".join(parts).strip():
        yield Line(number, b"".join(parts))
