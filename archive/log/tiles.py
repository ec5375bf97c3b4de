"""The tree as tiles: 256 hashes a file, in the layout of C2SP tlog-tiles.

A tile at tile level L holds hashes of perfect subtrees of 256**L leaves. A full tile never
changes. The last tile of a level may be partial: it says its width in its name, and stays until
the full one is there.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from struct import Struct

from archive.errors import CorruptError, NotFoundError
from archive.log.merkle import HASH_SIZE, Subtrees, node_hash

HEIGHT = 8
WIDTH = 1 << HEIGHT
_LENGTH = Struct(">H")
_HIGHEST_LEVEL = 63
_PATH = re.compile(
    r"(?P<level>entries|0|[1-9][0-9]?)/(?P<index>(?:x[0-9]{3}/)*[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """Which tile: its level, its index there, and how many hashes it holds, 1 to 256."""

    level: int
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Its path below `tile/`, as `1/x001/234.p/5`."""
        return f"{self.level}/{_suffix(self.index, self.width)}"

    @property
    def bundle_path(self) -> str:
        """The path of the entry bundle that belongs to it; it must be of level 0."""
        return f"entries/{_suffix(self.index, self.width)}"


def parse_path(path: str) -> tuple[Tile, bool]:
    """Return the tile that a path below `tile/` names, and whether its entry bundle is meant.

    NotFoundError for a path that names none, or not in the one form that it has.
    """
    match = _PATH.fullmatch(path)
    if match is None:
        raise NotFoundError("There is no such tile.")
    is_bundle = match["level"] == "entries"
    level = 0 if is_bundle else int(match["level"])
    index = int(re.sub("[x/]", "", match["index"]))
    tile = Tile(level, index, int(match["width"] or WIDTH))
    # Leading zeroes beyond the last three digits, or a width of 256 written out, are other names.
    if (
        level > _HIGHEST_LEVEL
        or tile.width > WIDTH
        or path != (tile.bundle_path if is_bundle else tile.path)
    ):
        raise NotFoundError("There is no such tile.")
    return tile, is_bundle


def subtrees_of(size: int, read: Callable[[Tile], bytes]) -> Subtrees:
    """Return the perfect subtrees of a tree of `size` leaves, from tiles that `read` returns."""
    return partial(_subtree, size, read)


def _subtree(size: int, read: Callable[[Tile], bytes], level: int, index: int) -> bytes:
    tile_level, above = divmod(level, HEIGHT)
    first = index << above
    place = first % WIDTH
    wanted = first // WIDTH
    held = size >> (HEIGHT * tile_level)
    tile = Tile(tile_level, wanted, min(WIDTH, held - wanted * WIDTH))
    hashes = read(tile)
    if len(hashes) != tile.width * HASH_SIZE:
        raise CorruptError(f"The tile {tile.path} is not {tile.width} hashes.")
    row = split_hashes(hashes[place * HASH_SIZE : (place + (1 << above)) * HASH_SIZE])
    return _combine(row)


def split_hashes(data: bytes) -> list[bytes]:
    """Return the hashes in a tile."""
    return [data[start : start + HASH_SIZE] for start in range(0, len(data), HASH_SIZE)]


def _combine(row: Sequence[bytes]) -> bytes:
    while len(row) > 1:
        row = [node_hash(*row[place : place + 2]) for place in range(0, len(row), 2)]
    return row[0]


def tile_root(data: bytes) -> bytes:
    """Return the hash of a full tile, which stands in the tile above it."""
    return _combine(split_hashes(data))


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """Return an entry bundle: each entry after its length in 16 bits, big-endian."""
    return b"".join(_LENGTH.pack(len(entry)) + entry for entry in entries)


def decode_bundle(data: bytes) -> list[bytes]:
    """Return the entries of a bundle; CorruptError if it is cut short."""
    entries: list[bytes] = []
    view, position = memoryview(data), 0
    while position < len(data):
        # Entries mostly are of one length, so runs of those are read at once.
        length = int.from_bytes(view[position : position + _LENGTH.size], "big")
        layout = Struct(f">H{length}s")
        fit = (len(data) - position) // layout.size
        if not fit:
            raise CorruptError("An entry bundle is cut short.")
        for size, entry in layout.iter_unpack(view[position : position + fit * layout.size]):
            if size != length:
                break
            entries.append(entry)
            position += layout.size
    return entries


def _suffix(index: int, width: int) -> str:
    groups = [f"{index % 1000:03}"]
    while index := index // 1000:
        groups.append(f"x{index % 1000:03}")
    path = "/".join(reversed(groups))
    return path if width == WIDTH else f"{path}.p/{width}"
