"""Bytes of a known size and digest, on their way to somebody."""

from collections.abc import Iterable, Iterator
from hashlib import sha256

from archive.errors import CorruptError


def digested(
    chunks: Iterable[bytes], size: int, digest: str | None, problem: str
) -> Iterator[bytes]:
    """Yield chunks, the last of them once all have the size and the SHA-256 (hex; None for any).

    So whoever was told the size never takes for whole what is not. Raises CorruptError(problem).
    """
    measure, place, held = sha256(), 0, b""
    for chunk in filter(None, chunks):
        place += len(chunk)
        if place > size:
            break
        measure.update(chunk)
        if held:
            yield held
        held = chunk
    if place != size or digest not in (None, measure.hexdigest()):
        raise CorruptError(problem)
    if held:
        yield held
