"""A reader of the published log, written from the specifications and not from the program.

C2SP tlog-tiles, tlog-checkpoint and signed-note, RFC 9162 section 2.1.1; what they leave open is in
docs/formats.md. It is given objects by name and believes nothing else.
"""

import base64
import re
from collections.abc import Mapping
from functools import cache
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_ENTRY_SIZE = 49


def check_log(objects: Mapping[str, bytes], *, settled: bool = True) -> list[bytes]:
    """Check everything that is published; return the entries under the largest checkpoint.

    Unless it is settled, a larger one may stand there than the one at the newest one's place.
    """
    log = {name: data for name, data in objects.items() if name.startswith("log/")}
    name, key_id, key = log["log/vkey"].decode().strip().split("+", 2)
    checkpoints = {
        each.removeprefix("log/checkpoints/"): data
        for each, data in log.items()
        if each.startswith("log/checkpoints/")
    }
    opened = {
        each: _open_checkpoint(data, name, key_id, base64.b64decode(key))
        for each, data in checkpoints.items()
    }
    newest = _open_checkpoint(log["log/checkpoint"], name, key_id, base64.b64decode(key))
    largest = max(opened.values())
    assert newest == largest or not settled, "the newest checkpoint is not the largest"
    assert newest in opened.values()
    size = largest[0]
    leaves = [_tile(log, size, 0, index) for index in range(size)]
    entries = [each for index in range(-(-size // 256)) for each in _bundle(log, size, index)]
    for entry, leaf in zip(entries, leaves, strict=True):
        assert len(entry) == _ENTRY_SIZE
        assert entry[17:] == bytes(32) or sha256(b"\0" + entry).digest() == leaf

    @cache
    def tree(start: int, end: int) -> bytes:
        if end - start == 1:
            return leaves[start]
        half = 1 << (end - start - 1).bit_length() - 1
        return sha256(b"\1" + tree(start, start + half) + tree(start + half, end)).digest()

    level = 1
    while count := size >> 8 * level:
        for index in range(count):
            subtree = tree(index << 8 * level, index + 1 << 8 * level)
            assert _tile(log, size, level, index) == subtree
        level += 1
    for each, (own_size, root) in opened.items():
        assert each == f"{own_size}-{root.hex()}"
        assert tree(0, own_size) == root, f"the checkpoint of {own_size} is of another tree"
        _check_tiles_of(log, own_size)
    allowed = re.compile(
        r"log/(vkey|checkpoint|checkpoints/\d+-[0-9a-f]{64}"
        r"|tile/(entries|\d+)/(x\d{3}/)*\d{3}(\.p/\d+)?)"
    )
    assert not [each for each in log if not allowed.fullmatch(each)]
    return entries


def _open_checkpoint(data: bytes, name: str, key_id: str, key: bytes) -> tuple[int, bytes]:
    text, _, signature = data.decode().partition("\n\n")
    text += "\n"
    origin, size, root = text.splitlines()
    dash, signer, encoded = signature.rstrip("\n").split(" ")
    assert (dash, signer, origin) == ("—", name, name)
    signed = base64.b64decode(encoded)
    assert signed[:4].hex() == key_id == sha256(f"{name}\n".encode() + key).hexdigest()[:8]
    assert key[0] == 1
    Ed25519PublicKey.from_public_bytes(key[1:]).verify(signed[4:], text.encode())
    return int(size), base64.b64decode(root)


def _path(index: int) -> str:
    groups = [f"{index % 1000:03}"]
    while index := index // 1000:
        groups.insert(0, f"x{index % 1000:03}")
    return "/".join(groups)


def _object(log: Mapping[str, bytes], size: int, level: int, kind: str, index: int) -> bytes:
    """Return a tile or bundle of a tree, full or as wide as the tree has it."""
    full = f"log/tile/{kind}/{_path(index)}"
    width = min(256, (size >> 8 * level) - index * 256)
    return log[full] if full in log else log[f"{full}.p/{width}"]


def _tile(log: Mapping[str, bytes], size: int, level: int, index: int) -> bytes:
    tile = _object(log, size, level, str(level), index // 256)
    return tile[index % 256 * 32 :][:32]


def _bundle(log: Mapping[str, bytes], size: int, index: int) -> list[bytes]:
    data = _object(log, size, 0, "entries", index)
    entries = []
    while data:
        length = int.from_bytes(data[:2], "big")
        entries.append(data[2 : 2 + length])
        data = data[2 + length :]
    return entries[: size - index * 256]


def _check_tiles_of(log: Mapping[str, bytes], size: int) -> None:
    """Check that a checkpoint has all its tiles and bundles."""
    level = 0
    while count := size >> 8 * level:
        for index in range(-(-count // 256)):
            width = min(256, count - index * 256)
            assert len(_object(log, size, level, str(level), index)) >= 32 * width
        level += 1
    for index in range(-(-size // 256)):
        assert len(_bundle(log, size, index)) == min(256, size - index * 256)
