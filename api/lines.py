"""Lines of a stream in flat memory: what `/v1/interactions/bulk` reads.

A line that is too long is passed over to its end without being held, and told of in its place, so
that one bad line neither fills the memory nor stops the others.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from api.bodies import Readable

CHUNK_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Line:
    """One line, counted from 1, without its end; `data` is None where it was too long."""

    number: int
    data: bytes | None


def read_lines(stream: Readable, *, longest: int) -> Iterator[Line]:
    """Yield the stream's lines that hold more than white space; numbers count every line."""
    number = 1
    parts: list[bytes] = []
    held = 0
    too_long = False
    while chunk := stream.read(CHUNK_BYTES):
        pieces = chunk.split(b"\n")
        for place, piece in enumerate(pieces):
            held += len(piece)
            if held > longest:
                too_long = True
                parts.clear()
            else:
                parts.append(piece)
            if place < len(pieces) - 1:
                yield from _line(number, parts, too_long)
                number, parts, held, too_long = number + 1, [], 0, False
    yield from _line(number, parts, too_long)


def _line(number: int, parts: list[bytes], too_long: bool) -> Iterator[Line]:
    data = b"".join(parts)
    if too_long:
        yield Line(number, None)
    elif data.strip():
        yield Line(number, data)


def batches(lines: Iterator[Line], *, count: int, size: int) -> Iterator[list[Line]]:
    """Group lines, each group ended by the line that brings it to `count` lines or `size` bytes."""
    batch: list[Line] = []
    held = 0
    for line in lines:
        batch.append(line)
        held += len(line.data or b"")
        if len(batch) >= count or held >= size:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch
