"""Heaps, trees and tables within a node ([MS-PST] section 2.3)."""

import struct
from collections.abc import Iterator, Mapping

from archive.capture.outlook.item import FIXED_SIZES, GUID, MULTIPLE, Value
from archive.capture.outlook.store.database import Database, Node
from archive.errors import InvalidError

_TREE, _TABLE, _PROPERTIES = 0xB5, 0x7C, 0xBC
_DEEPEST = 8
_MOST_ROWS = 1 << 16


class Heap:
    """A node's data as a heap of allocations, and the smaller nodes that take what is too large.

    Raises:
        InvalidError: the node is no heap, or its blocks cannot be read.
    """

    def __init__(self, database: Database, node: Node) -> None:
        self.database = database
        self.subnodes = database.subnodes(node.subnodes)
        self._blocks = database.blocks(node.data)
        if not self._blocks or len(self._blocks[0]) < 12 or self._blocks[0][2] != 0xEC:
            raise InvalidError("A node of the Outlook store holds no properties.")
        self.kind = self._blocks[0][3]
        (self.root,) = struct.unpack_from("<I", self._blocks[0], 4)

    def allocation(self, place: int) -> bytes:
        """Return an allocation, b"" for none.

        Raises:
            InvalidError: there is no such place.
        """
        if place == 0:
            return b""
        bits = 14 if self.database.has_large_pages else 11
        index, block = place >> 5 & (1 << bits) - 1, place >> 5 + bits
        if place & 0x1F or block >= len(self._blocks) or not index:
            raise InvalidError("A place in the Outlook store leads nowhere.")
        data = self._blocks[block]
        try:
            (map_start,) = struct.unpack_from("<H", data)
            (count,) = struct.unpack_from("<H", data, map_start)
            start, end = struct.unpack_from("<HH", data, map_start + 2 + index * 2)
        except struct.error:
            raise InvalidError("A heap of the Outlook store is damaged.") from None
        if index > count or start > end or end > len(data):
            raise InvalidError("A heap of the Outlook store is damaged.")
        return data[start:end]

    def value(self, place: int) -> bytes:
        """Return what stands at a place in the heap or, for larger values, in a smaller node."""
        if place & 0x1F == 0:
            return self.allocation(place)
        return b"".join(self.value_blocks(place))

    def value_blocks(self, place: int) -> list[bytes]:
        """Return the same, block by block as it is stored."""
        if place & 0x1F == 0:
            return [self.allocation(place)]
        node = self.subnodes.get(place)
        if node is None:
            raise InvalidError("A value of the Outlook store is missing.")
        return self.database.blocks(node.data)

    def tree(self, place: int) -> Iterator[tuple[bytes, bytes]]:
        """Give key and entry of each record of the tree at a place."""
        header = self.allocation(place)
        if len(header) < 8 or header[0] != _TREE:
            raise InvalidError("A tree of the Outlook store is damaged.")
        key_size, entry_size, levels = header[1], header[2], header[3]
        (root,) = struct.unpack_from("<I", header, 4)
        if not key_size or levels > _DEEPEST:
            raise InvalidError("A tree of the Outlook store is damaged.")
        left = [_MOST_ROWS]
        yield from self._records(root, key_size, entry_size, levels, left)

    def _records(
        self, place: int, key_size: int, entry_size: int, level: int, left: list[int]
    ) -> Iterator[tuple[bytes, bytes]]:
        data = self.allocation(place)
        size = key_size + (4 if level else entry_size)
        for start in range(0, len(data) - size + 1, size):
            left[0] -= 1
            if left[0] < 0:
                raise InvalidError("A tree of the Outlook store has no end.")
            key, entry = data[start : start + key_size], data[start + key_size : start + size]
            if level:
                below = int.from_bytes(entry, "little")
                yield from self._records(below, key_size, entry_size, level - 1, left)
            else:
                yield key, entry


def properties(heap: Heap, problems: list[str]) -> dict[int, Value]:
    """Read the properties of a node; those that cannot be read are left out and said.

    Raises:
        InvalidError: the node holds no properties.
    """
    if heap.kind != _PROPERTIES:
        raise InvalidError("A node of the Outlook store holds no properties.")
    found: dict[int, Value] = {}
    for key, entry in heap.tree(heap.root):
        number = int.from_bytes(key, "little")
        if len(entry) < 6:
            continue
        kind, place = struct.unpack("<HI", entry)
        size = FIXED_SIZES.get(kind)
        try:
            if size is not None and size <= 4:
                found[number] = Value(kind, entry[2 : 2 + size])
            else:
                found[number] = _value(heap, kind, place)
        except InvalidError as error:
            problems.append(f"property {number:04x}: {str(error)[:1].lower()}{str(error)[1:-1]}")
    return found


def rows(heap: Heap, problems: list[str]) -> list[dict[int, Value]]:
    """Read the rows of a table.

    Raises:
        InvalidError: the node holds no table.
    """
    info = heap.allocation(heap.root)
    if heap.kind != _TABLE or len(info) < 22 or info[0] != _TABLE:
        raise InvalidError("A table of the Outlook store is damaged.")
    count = info[1]
    bits_start, row_size, index, place = struct.unpack_from("<4xHHII", info, 2)
    if not row_size:
        return []
    columns = [
        struct.unpack_from("<HHHBB", info, 22 + each * 8)
        for each in range(min(count, (len(info) - 22) // 8))
    ]
    # Rows do not reach over the ends of blocks.
    data = [
        block[start : start + row_size]
        for block in (heap.value_blocks(place) if place else [])
        for start in range(0, len(block) - row_size + 1, row_size)
    ]
    found = []
    for _, entry in heap.tree(index):
        ordinal = int.from_bytes(entry, "little")
        if ordinal < len(data):
            found.append(_row(heap, data[ordinal], columns, bits_start, problems))
    return found


def _row(
    heap: Heap,
    row: bytes,
    columns: list[tuple[int, int, int, int, int]],
    bits_start: int,
    problems: list[str],
) -> dict[int, Value]:
    found: dict[int, Value] = {}
    for kind, number, start, size, bit in columns:
        bits = row[bits_start + bit // 8 : bits_start + bit // 8 + 1]
        if not bits or not bits[0] >> 7 - bit % 8 & 1:
            continue
        cell = row[start : start + size]
        fixed = FIXED_SIZES.get(kind)
        try:
            if fixed is not None:
                found[number] = Value(kind, cell[:fixed].ljust(fixed, b"\0"))
            else:
                found[number] = _value(heap, kind, int.from_bytes(cell[:4], "little"))
        except InvalidError as error:
            problems.append(f"property {number:04x}: {str(error)[:1].lower()}{str(error)[1:-1]}")
    return found


def _value(heap: Heap, kind: int, place: int) -> Value:
    data = heap.value(place)
    plain = kind & ~MULTIPLE
    if kind == plain or plain in FIXED_SIZES or plain == GUID:
        return Value(kind, data)
    return Value(kind, b"", tuple(_several(data)))


def _several(data: bytes) -> Iterator[bytes]:
    if len(data) < 4:
        return
    count = min(int.from_bytes(data[:4], "little"), (len(data) - 4) // 4)
    starts: Mapping[int, int] = dict(enumerate(struct.unpack_from(f"<{count}I", data, 4)))
    for each in range(count):
        yield data[starts[each] : starts.get(each + 1, len(data))]
