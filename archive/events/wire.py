"""Between a process that has events and the host's committer: a Unix socket in the home folder.

The folder is private to its owner, so who can connect could as well read the key; still, messages
are typed MessagePack, never pickles. One request is a length (u32, big-endian) and a message, its
answer the same; a connection carries one request at a time.
"""

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from struct import Struct
from typing import Literal
from uuid import UUID

import msgspec

from archive.errors import ConflictError, MunimentError, UnavailableError
from archive.events.groups import Group
from archive.events.pointers import BlobCondemnedError, BlobUse
from archive.events.sealer import CompressedEvent

SOCKET_NAME = "committer.sock"
MAX_MESSAGE = 1 << 30
_LENGTH = Struct(">I")
_SMALL = 64 * 1024


class WireBlob(msgspec.Struct, array_like=True, frozen=True):
    """A blob use; ids as 16 bytes."""

    blob_id: bytes
    digest: bytes
    sealed_size: int
    originator_id: bytes
    originator_version: int
    new: bool


class Request(msgspec.Struct, array_like=True, frozen=True):
    """A group to commit, compressed: so that each caller does that, and not one for all.

    `form` says so. A process of another version that runs beside does not take it for its own form,
    in which boxes were sent as they are, nor is what it sends taken for this one.
    """

    form: Literal[2]
    events: list[CompressedEvent]
    atomic: bool
    blobs: list[WireBlob]


class Answer(msgspec.Struct, array_like=True, frozen=True):
    """Per event, in order: its sequence number, and whether it was there already.

    `error` is empty on success; `condemned` names the blob for that kind of conflict.
    """

    seqs: list[int]
    already: list[bool]
    error: Literal["", "conflict", "condemned", "unavailable"] = ""
    message: str = ""
    condemned: bytes = b""


_encoder = msgspec.msgpack.Encoder()
_request_decoder = msgspec.msgpack.Decoder(Request)
_answer_decoder = msgspec.msgpack.Decoder(Answer)


def encode_request(group: Group) -> bytes:
    """Return the message for a group; InvalidError if a box is over 64 MiB."""
    return _encoder.encode(
        Request(
            2,
            [event.compress() for event in group.events],
            group.atomic,
            [
                WireBlob(
                    use.blob_id.bytes,
                    use.digest,
                    use.sealed_size,
                    use.originator_id.bytes,
                    use.originator_version,
                    use.new,
                )
                for use in group.blobs
            ],
        )
    )


def decode_request(message: bytes) -> Group:
    """Return the group in a message; msgspec.ValidationError if it is not one."""
    request = _request_decoder.decode(message)
    return Group(
        request.events,
        atomic=request.atomic,
        blobs=[
            BlobUse(
                UUID(bytes=use.blob_id),
                use.digest,
                use.sealed_size,
                UUID(bytes=use.originator_id),
                use.originator_version,
                use.new,
            )
            for use in request.blobs
        ],
    )


def encode_answer(group: Group, error: MunimentError | None) -> bytes:
    """Return the message that tells what became of a group."""
    if isinstance(error, BlobCondemnedError):
        return _encoder.encode(Answer([], [], "condemned", str(error), error.blob_id.bytes))
    if isinstance(error, ConflictError):
        return _encoder.encode(Answer([], [], "conflict", str(error)))
    if error is not None:
        return _encoder.encode(Answer([], [], "unavailable", str(error)))
    known = group.seqs | group.already
    return _encoder.encode(
        Answer(
            [known[key] for key in group.keys],
            [key not in group.seqs for key in group.keys],
        )
    )


def take_answer(group: Group, message: bytes) -> None:
    """Fill the group from an answer, or raise the error that it carries."""
    answer = _answer_decoder.decode(message)
    if answer.error == "condemned":
        raise BlobCondemnedError(UUID(bytes=answer.condemned))
    if answer.error == "conflict":
        raise ConflictError(answer.message)
    if answer.error:
        raise UnavailableError(answer.message)
    for key, seq, already in zip(group.keys, answer.seqs, answer.already, strict=True):
        (group.already if already else group.seqs)[key] = seq


def send(connection: socket.socket, message: bytes) -> None:
    """Send one message; OSError if the other side is gone."""
    head = _LENGTH.pack(len(message))
    if len(message) <= _SMALL:
        # In one piece, so that the other side is not woken up twice.
        connection.sendall(head + message)
    else:
        connection.sendall(head)
        connection.sendall(message)


def receive(connection: socket.socket) -> bytes | None:
    """Return the next message, None at the end; OSError for a cut or oversized one."""
    head = _read(connection, _LENGTH.size)
    if head is None:
        return None
    length = _LENGTH.unpack(head)[0]
    if length > MAX_MESSAGE:
        raise OSError("a message is longer than allowed")
    body = _read(connection, length)
    if body is None:
        raise OSError("a message was cut off")
    return body


def _read(connection: socket.socket, count: int) -> bytes | None:
    buffer = bytearray(count)
    view, got = memoryview(buffer), 0
    while got < count:
        read = connection.recv_into(view[got:])
        if not read:
            if got:
                raise OSError("a message was cut off")
            return None
        got += read
    return bytes(buffer)


@contextmanager
def socket_path(folder: Path) -> Iterator[str]:
    """Give a path for the socket in `folder` that is short enough for the kernel.

    A socket's path may have 107 bytes; a longer one is reached through the folder's descriptor.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if stat.S_IMODE(os.fstat(descriptor).st_mode) & 0o077:
            raise UnavailableError(f"{folder} is open to other users; make it private: chmod 700.")
        path = str(folder / SOCKET_NAME)
        short = len(os.fsencode(path)) <= 100
        yield path if short else f"/proc/self/fd/{descriptor}/{SOCKET_NAME}"
    finally:
        os.close(descriptor)
