"""Reading compound files, the little file systems inside MSG files ([MS-CFB]).

Bounded whatever the bytes say: chains are no longer than the file, what is read in all is no more
than a few times its size, and storages are visited once.
"""

import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from archive.errors import InvalidError

MAGIC = bytes.fromhex("d0cf11e0a1b11ae1")

_NONE = 0xFFFFFFFA  # This and the numbers above it name no sector ([MS-CFB] section 2.1).
_NO_ENTRY = 0xFFFFFFFF
_ENTRY_SIZE = 128
_MOST_ENTRIES = 1 << 18
# Streams that share sectors would let a small file ask for any amount of memory.
_MOST_READ = 4


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    kind: int
    left: int
    right: int
    child: int
    start: int
    size: int


class Compound:
    """A compound file in memory.

    Raises:
        InvalidError: the bytes are no compound file, or its tables lead nowhere.
    """

    def __init__(self, data: bytes) -> None:
        if not data.startswith(MAGIC) or len(data) < 512:
            raise InvalidError("It is not a compound file.")
        self._data = data
        shift, mini_shift = struct.unpack_from("<HH", data, 30)
        if shift not in (9, 12) or mini_shift != 6:
            raise InvalidError("The compound file has sectors of an unknown size.")
        self._size = 1 << shift
        self._left = len(data) * _MOST_READ + (1 << 20)
        self._opened = 0
        (count, first_directory) = struct.unpack_from("<I", data, 44) + struct.unpack_from(
            "<I", data, 48
        )
        self._cutoff, first_mini, _, first_difat, _ = struct.unpack_from("<IIIII", data, 56)
        self._fat = self._read_fat(count, first_difat)
        self._entries = self._read_directory(first_directory)
        self._mini_fat = _numbers(self._chain(first_mini))
        root = self._entries[0]
        self._mini = self._chain(root.start)[: root.size]

    def _sector(self, number: int) -> bytes:
        # The header takes the place of the first sector, whatever its own size.
        start = (number + 1) * self._size
        return self._data[start : start + self._size]

    def _read_fat(self, count: int, first_difat: int) -> "array[int]":
        most = len(self._data) // self._size + 1
        numbers = list(struct.unpack_from("<109I", self._data, 76))
        number = first_difat
        for _ in range(most):
            if number >= _NONE:
                break
            table = _numbers(self._sector(number))
            if len(table) < 2:
                break
            numbers += table[:-1]
            number = table[-1]
        fat = array("I")
        for number in numbers[: min(count, most)]:
            if number < _NONE:
                sector = self._sector(number)
                fat += _numbers(sector.ljust(self._size, b"\xff"))
        return fat

    def _chain(self, start: int) -> bytes:
        pieces = []
        number = start
        for _ in range(len(self._fat)):
            if number >= len(self._fat):
                break
            piece = self._sector(number)
            self._spend(len(piece))
            pieces.append(piece)
            number = self._fat[number]
        return b"".join(pieces)

    def _spend(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise InvalidError("The compound file's streams are more than the file can hold.")

    def _read_directory(self, first: int) -> list[_Entry]:
        data = self._chain(first)
        entries = []
        for start in range(0, min(len(data), _MOST_ENTRIES * _ENTRY_SIZE), _ENTRY_SIZE):
            entry = data[start : start + _ENTRY_SIZE]
            if len(entry) < _ENTRY_SIZE:
                break
            length, kind, left, right, child = struct.unpack_from("<HBxIII", entry, 64)
            begin, size = struct.unpack_from("<IQ", entry, 116)
            # Version 3 files may leave rubbish in the upper half of the size.
            size = size if self._size == 4096 else size & 0xFFFFFFFF
            name = entry[: max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
            entries.append(_Entry(name, kind, left, right, child, begin, size))
        if not entries or entries[0].kind != 5:
            raise InvalidError("The compound file has no root.")
        return entries

    def root(self) -> "Storage":
        """Return the outermost storage."""
        return Storage(self, 0, frozenset((0,)))

    def _open(self, number: int) -> list[int]:
        # Storages that share their contents would let a small file branch without end.
        self._opened += 1
        if self._opened > 4 * len(self._entries):
            raise InvalidError("The compound file's storages are more than the file can hold.")
        return [each for each in self._children(number) if self._entries[each].name]

    def _children(self, number: int) -> Iterator[int]:
        waiting = [self._entries[number].child]
        seen: set[int] = set()
        while waiting:
            each = waiting.pop()
            if each >= len(self._entries) or each in seen:
                continue
            seen.add(each)
            yield each
            waiting += [self._entries[each].right, self._entries[each].left]

    def _stream(self, entry: _Entry) -> bytes:
        if entry.size >= self._cutoff:
            return self._chain(entry.start)[: entry.size]
        pieces = []
        number = entry.start
        for _ in range(entry.size // 64 + 1):
            if number >= len(self._mini_fat):
                break
            self._spend(64)
            pieces.append(self._mini[number * 64 : number * 64 + 64])
            number = self._mini_fat[number]
        return b"".join(pieces)[: entry.size]


class Storage:
    """A folder within a compound file."""

    def __init__(self, compound: Compound, number: int, above: frozenset[int]) -> None:
        self._compound = compound
        self._above = above
        entries = compound._entries
        found = compound._open(number)
        self._streams = {
            entries[each].name: entries[each] for each in found if entries[each].kind == 2
        }
        self._storages = {entries[each].name: each for each in found if entries[each].kind == 1}

    def stream_names(self) -> list[str]:
        """Return the names of the streams, in order."""
        return sorted(self._streams)

    def storage_names(self) -> list[str]:
        """Return the names of the storages, in order."""
        return sorted(self._storages)

    def stream(self, name: str) -> bytes | None:
        """Return the bytes of a stream, or None if there is none; cut short where the file is.

        Raises:
            InvalidError: the streams read so far are more than the file can hold.
        """
        entry = self._streams.get(name)
        return self._compound._stream(entry) if entry is not None else None

    def stream_size(self, name: str) -> int:
        """Return the size that the file gives a stream; 0 where there is none."""
        entry = self._streams.get(name)
        return entry.size if entry is not None else 0

    def storage(self, name: str) -> "Storage | None":
        """Return a storage in this one; None if there is none, or if it lies within itself."""
        number = self._storages.get(name)
        if number is None or number in self._above:
            return None
        return Storage(self._compound, number, self._above | {number})


def _numbers(data: bytes) -> "array[int]":
    numbers = array("I")
    numbers.frombytes(data[: len(data) & ~3])
    return numbers
