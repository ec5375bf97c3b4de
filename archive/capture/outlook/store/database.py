"""The lowest layer of a store: nodes and blocks, found through two trees ([MS-PST] section 2.2).

Three layouts exist: ANSI (until Outlook 2002), Unicode, and Unicode with pages of 4 KiB, whose
blocks may be compressed (OST since Outlook 2013; not in the specification, known from practice).
Trees are followed downwards only, chains are bounded, and what one item may read is too.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import SEEK_END
from typing import BinaryIO, Final

from archive.capture.outlook.store.encoding import CYCLIC, decoded
from archive.errors import InvalidError

MAGIC: Final = b"!BDN"
# More than any item of a store: Outlook itself refuses far smaller ones.
MOST_READ: Final = 1 << 29
_DEEPEST = 8
_LEAST_COST = 4096
_INTERNAL = 2
_BLOCK_PAGE, _NODE_PAGE = 0x80, 0x81


@dataclass(frozen=True, slots=True)
class _Layout:
    is_wide: bool
    page: int
    cursor: int
    trailer: int
    block_end: int
    align: int
    largest: int


_ANSI = _Layout(False, 512, 496, 12, 12, 64, 8192 - 12)
_UNICODE = _Layout(True, 512, 488, 16, 16, 64, 8192 - 16)
_LARGE = _Layout(True, 4096, 4056, 24, 24, 512, 65536 - 24)


@dataclass(frozen=True, slots=True)
class Node:
    """A node: its data, its own smaller nodes, and the folder that it stands in."""

    number: int
    data: int
    subnodes: int
    parent: int


class Database:
    """The nodes of a store; `file` can be sought and stays the caller's.

    Raises:
        InvalidError: it is no store, or one of a kind that cannot be read.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = file.seek(0, SEEK_END)
        file.seek(0)
        header = file.read(564)
        if len(header) < 512 or not header.startswith(MAGIC):
            raise InvalidError("It is not an Outlook store.")
        version = int.from_bytes(header[10:12], "little")
        if version in (14, 15):
            self._layout = _ANSI
            self._nodes, self._blocks = struct.unpack_from("<I4xI", header, 188)
            self._method = header[461]
        elif 20 <= version < 36:
            self._layout = _UNICODE
            self._nodes, self._blocks = struct.unpack_from("<Q8xQ", header, 224)
            self._method = header[513]
        elif version >= 36:
            self._layout = _LARGE
            self._nodes, self._blocks = struct.unpack_from("<Q8xQ", header, 224)
            self._method = header[513]
        else:
            raise InvalidError("The Outlook store is of an unknown version.")
        if self._method > CYCLIC:
            raise InvalidError("The Outlook store is encrypted and cannot be read.")
        self._left = MOST_READ
        self.problems: list[str] = []

    @property
    def is_wide(self) -> bool:
        """Whether numbers of blocks have eight bytes and not four."""
        return self._layout.is_wide

    @property
    def has_large_pages(self) -> bool:
        """Whether pages have 4 KiB, which changes how places within a heap are written."""
        return self._layout is _LARGE

    def begin(self) -> None:
        """Begin another item: count anew what is read, and what is wrong."""
        self._left = MOST_READ
        self.problems = []

    def nodes(self) -> Iterator[Node]:
        """Give every node, in the order of their numbers.

        Raises:
            InvalidError: a page of the tree cannot be read; the nodes below it are missing.
        """
        # A tree whose branches meet again has more pages than the file.
        yield from self._walk(self._nodes, _DEEPEST, [self._size // self._layout.page])

    def _walk(self, place: int, depth: int, left: list[int]) -> Iterator[Node]:
        left[0] -= 1
        if left[0] < 0:
            raise InvalidError("The Outlook store's index has no end.")
        level, entries = self._page(place, _NODE_PAGE, depth)
        for entry in entries:
            if level == 0:
                yield self._node(entry)
            else:
                _, _, below = self._branch(entry)
                yield from self._walk(below, level - 1, left)

    def node(self, number: int) -> Node | None:
        """Return the node with a number, or None."""
        entry = self._find(self._nodes, _NODE_PAGE, number, 0xFFFFFFFF)
        return self._node(entry) if entry is not None else None

    def _node(self, entry: bytes) -> Node:
        if self._layout.is_wide:
            number, data, subnodes, parent = struct.unpack_from("<I4xQQI", entry)
        else:
            number, data, subnodes, parent = struct.unpack_from("<IIII", entry)
        return Node(number, data, subnodes, parent)

    def _branch(self, entry: bytes) -> tuple[int, int, int]:
        key, block, place = struct.unpack_from("<QQQ" if self._layout.is_wide else "<III", entry)
        return key, block, place

    def _page(self, place: int, kind: int, depth: int) -> tuple[int, list[bytes]]:
        layout = self._layout
        page = self._read(place, layout.page)
        if len(page) < layout.page or page[-layout.trailer] != kind:
            raise InvalidError("A page of the Outlook store's index is damaged.")
        if layout is _LARGE:
            count, _, size, level = struct.unpack_from("<HHBB", page, layout.cursor)
        else:
            count, _, size, level = struct.unpack_from("<BBBB", page, layout.cursor)
        if level > depth or size < (
            12 if not layout.is_wide else 24 if level or kind == 0x80 else 32
        ):
            raise InvalidError("A page of the Outlook store's index is damaged.")
        most = layout.cursor // size
        return level, [page[i * size : i * size + size] for i in range(min(count, most))]

    def _read(self, place: int, size: int) -> bytes:
        if place >= self._size:
            return b""
        self._file.seek(place)
        return self._file.read(size)

    def _find(self, place: int, kind: int, wanted: int, mask: int) -> bytes | None:
        depth = _DEEPEST
        while True:
            level, entries = self._page(place, kind, depth)
            found = None
            for entry in entries:
                key = int.from_bytes(entry[: 8 if self._layout.is_wide else 4], "little") & mask
                if key > wanted:
                    break
                found = entry
                if level == 0 and key == wanted:
                    return entry
            if level == 0 or found is None:
                return None
            place, depth = self._branch(found)[2], level - 1

    def _block(self, number: int) -> bytes:
        """Return the bytes of one block; data is decoded, the lists of blocks never are encoded."""
        number &= ~1
        entry = self._find(self._blocks, _BLOCK_PAGE, number, 0xFFFFFFFFFFFFFFFE)
        if entry is None:
            raise InvalidError("A block of the Outlook store is missing.")
        layout = self._layout
        inflated = 0
        if layout is _LARGE:
            place, size, inflated = struct.unpack_from("<8xQHH", entry)
        elif layout.is_wide:
            place, size = struct.unpack_from("<8xQH", entry)
        else:
            place, size = struct.unpack_from("<4xIH", entry)
        # Small blocks cost as well, since finding them does.
        self._spend(max(size, inflated, _LEAST_COST))
        whole = -(-(size + layout.block_end) // layout.align) * layout.align
        stored = self._read(place, whole)
        data = stored[:size]
        if len(data) < size:
            raise InvalidError("A block of the Outlook store is missing; the file is cut short.")
        self._check(stored, data)
        if inflated > size:
            try:
                data = zlib.decompressobj().decompress(data, inflated)
            except zlib.error:
                raise InvalidError("A block of the Outlook store is damaged.") from None
        return data if number & _INTERNAL else decoded(data, self._method, number & 0xFFFFFFFF)

    def _check(self, stored: bytes, data: bytes) -> None:
        if self._layout is _LARGE:
            return
        start = len(stored) - self._layout.block_end
        (crc,) = struct.unpack_from("<I", stored, start + (4 if self._layout.is_wide else 8))
        # The same polynomial as elsewhere, without the inversions at both ends.
        if zlib.crc32(data, 0xFFFFFFFF) ^ 0xFFFFFFFF != crc:
            self.problems.append("a block of the store does not match its checksum")

    def _spend(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise InvalidError(f"The item is larger than {MOST_READ >> 20} MiB.")

    def blocks(self, number: int) -> list[bytes]:
        """Return the data of a node block by block, or [] where it has none.

        Raises:
            InvalidError: a block is missing or damaged, or the item is too large.
        """
        return list(self._data(number, 2)) if number else []

    def _data(self, number: int, depth: int) -> Iterator[bytes]:
        block = self._block(number)
        if not number & _INTERNAL:
            yield block
            return
        if len(block) < 8 or block[0] != 1 or depth <= 0:
            raise InvalidError("A list of blocks of the Outlook store is damaged.")
        (count,) = struct.unpack_from("<H", block, 2)
        for each in self._numbers(block[8:], count):
            yield from self._data(each, depth - 1)

    def _numbers(self, data: bytes, count: int) -> Iterator[int]:
        size = 8 if self._layout.is_wide else 4
        for index in range(min(count, len(data) // size)):
            yield int.from_bytes(data[index * size : index * size + size], "little")

    def subnodes(self, number: int) -> dict[int, Node]:
        """Return a node's own smaller nodes by number.

        Raises:
            InvalidError: as `blocks`.
        """
        found: dict[int, Node] = {}
        if number:
            self._add_subnodes(number, found, 2)
        return found

    def _add_subnodes(self, number: int, found: dict[int, Node], depth: int) -> None:
        block = self._block(number)
        if len(block) < 4 or block[0] != 2 or depth <= 0:
            raise InvalidError("A list of nodes of the Outlook store is damaged.")
        level = block[1]
        (count,) = struct.unpack_from("<H", block, 2)
        wide = self._layout.is_wide
        if level == 0:
            form = struct.Struct("<I4xQQ" if wide else "<III")
        else:
            form = struct.Struct("<I4xQ" if wide else "<II")
        start = 8 if wide else 4
        for index in range(min(count, (len(block) - start) // form.size)):
            entry = form.unpack_from(block, start + index * form.size)
            if level == 0:
                found[entry[0]] = Node(entry[0], entry[1], entry[2], 0)
            else:
                self._add_subnodes(entry[1], found, depth - 1)
