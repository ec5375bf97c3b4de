"""A blob: an original or attachment of any size, sealed in chunks (docs/formats.md, "Blob").

STREAM (Hoang, Reyhanitabar, Rogaway and Vizár: Online Authenticated-Encryption and its
Nonce-Reuse Misuse-Resistance, 2015) over AES-256-GCM: the nonce numbers the chunks and marks the
last, so that a blob cut short, extended or put in another order does not open. Memory stays flat,
at a few chunks, whatever the size.
"""

from collections.abc import Iterable, Iterator
from struct import Struct
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from archive.errors import CorruptError, InvalidError
from archive.sealing.primitives import TAG_SIZE, compress, decompress, expand

BLOB_MAGIC = b"MUNIMBLB"
BLOB_VERSION = 1
CHUNK_SIZE = 1024 * 1024
MAXIMUM_CHUNK_SIZE = 16 * CHUNK_SIZE

_HEADER = Struct(">8sB16s16sI")
_LENGTH = Struct(">I")
_NONCE = Struct(">7xIB")
_MAXIMUM_COUNT = 1 << 32
_LABEL = "muniment/blob/1"


def seal_blob(
    archive_id: UUID,
    blob_id: UUID,
    key: bytes,
    source: Iterable[bytes],
    *,
    chunk_size: int = CHUNK_SIZE,
) -> Iterator[bytes]:
    """Seal `source`, in pieces of any size, and give the blob's bytes in order.

    The key must be random and may seal one blob only: after an error send the same bytes again,
    or draw a new key. When iteration begins, InvalidError if the key is not 32 bytes;
    later, if there are more than 2^32 chunks.
    """
    if not 0 < chunk_size <= MAXIMUM_CHUNK_SIZE:
        raise InvalidError(f"A chunk must be 1 to {MAXIMUM_CHUNK_SIZE} bytes.")
    header = _HEADER.pack(BLOB_MAGIC, BLOB_VERSION, archive_id.bytes, blob_id.bytes, chunk_size)
    cipher = AESGCM(expand(key, _LABEL, blob_id.bytes))
    yield header
    for number, (chunk, last) in enumerate(_chunks(source, chunk_size)):
        if number == _MAXIMUM_COUNT:
            raise InvalidError(f"Blob {blob_id} has more chunks than can be numbered.")
        nonce = _NONCE.pack(number, last)
        ciphertext = cipher.encrypt(nonce, compress(chunk, chunk_size), header)
        yield _LENGTH.pack(len(ciphertext)) + ciphertext


def open_blob(
    source: Iterable[bytes], archive_id: UUID, blob_id: UUID, key: bytes
) -> Iterator[bytes]:
    """Open a blob that comes in pieces of any size, and give its plaintext a chunk at a time.

    CorruptError, naming the blob and the chunk, at the first that is not as it was sealed. What
    was given before is authentic, but only the end of the iteration says that it was everything.
    """
    name = f"Blob {blob_id}"
    reader = _Reader(source)
    header = reader.take(_HEADER.size)
    if len(header) < _HEADER.size:
        raise CorruptError(f"{name} is cut short in its header.")
    magic, version, archive, blob, chunk_size = _HEADER.unpack(header)
    if magic != BLOB_MAGIC or version != BLOB_VERSION:
        raise CorruptError(f"{name} is of a kind or version ({version}) that is not known.")
    if archive != archive_id.bytes or blob != blob_id.bytes:
        raise CorruptError(f"What should be blob {blob_id} says that it is another.")
    if not 0 < chunk_size <= MAXIMUM_CHUNK_SIZE:
        raise CorruptError(f"{name} says that its chunks have {chunk_size} bytes.")
    cipher = AESGCM(expand(key, _LABEL, blob_id.bytes))
    for number in range(_MAXIMUM_COUNT):
        prefix = reader.take(_LENGTH.size)
        if len(prefix) < _LENGTH.size:
            raise CorruptError(f"{name} is cut short before chunk {number}.")
        (length,) = _LENGTH.unpack(prefix)
        if not TAG_SIZE < length <= _sealed_bound(chunk_size):
            raise CorruptError(f"{name} says that chunk {number} has {length} bytes.")
        ciphertext = reader.take(length)
        if len(ciphertext) < length:
            raise CorruptError(f"{name} is cut short in chunk {number}.")
        last = reader.at_end()
        try:
            data = cipher.decrypt(_NONCE.pack(number, last), ciphertext, header)
            chunk = decompress(data, chunk_size)
        except InvalidTag:
            raise CorruptError(
                f"{name} does not open at chunk {number}: it was changed, cut short or extended."
            ) from None
        except CorruptError as error:
            raise CorruptError(f"{name} does not open at chunk {number}: {error}") from None
        if (not chunk and number) if last else len(chunk) < chunk_size:
            raise CorruptError(f"{name} was cut into wrong chunks at chunk {number}.")
        yield chunk
        if last:
            return
    raise CorruptError(f"{name} has more chunks than can be numbered.")


def _chunks(source: Iterable[bytes], size: int) -> Iterator[tuple[bytes, bool]]:
    """Cut `source` into chunks of `size` bytes, and say of each whether it is the last."""
    buffer = bytearray()
    for piece in source:
        buffer += piece
        # One byte beyond a chunk must be there before it is known not to be the last.
        while len(buffer) > size:
            yield bytes(buffer[:size]), False
            del buffer[:size]
    yield bytes(buffer), True


def _sealed_bound(chunk_size: int) -> int:
    """Return a bound for a sealed chunk: zstd adds at most a 256th and a few bytes."""
    return chunk_size + chunk_size // 256 + 128 + TAG_SIZE


class _Reader:
    """Reads exact amounts from an iterable of pieces, holding no more than it must."""

    def __init__(self, source: Iterable[bytes]) -> None:
        self._pieces = iter(source)
        self._buffer = bytearray()

    def take(self, count: int) -> bytes:
        """Return `count` bytes, fewer only if the source ends."""
        self._fill(count)
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def at_end(self) -> bool:
        """Say whether nothing is left."""
        self._fill(1)
        return not self._buffer

    def _fill(self, count: int) -> None:
        while len(self._buffer) < count:
            piece = next(self._pieces, None)
            if piece is None:
                return
            self._buffer += piece
