"""Writing an object of Outlook as an MSG file ([MS-OXMSG], [MS-CFB]).

This is what becomes of an object that stands in a store or in another object: a file of its own
that Outlook opens, with every property byte for byte. The same object always gives the same
bytes, since an original's hash belongs to a record's identity.
"""

import struct
from dataclasses import dataclass, field
from uuid import UUID
from zlib import crc32

from archive.capture.outlook.item import (
    BINARY,
    FIXED_SIZES,
    MULTIPLE,
    NAMED,
    OBJECT,
    PROBLEMS,
    STRING8,
    UNICODE,
    Attached,
    Id,
    Item,
    Name,
    Properties,
    Value,
)

_SECTOR = 512
_MINI = 64
_CUTOFF = 4096
_FREE, _END, _FAT, _DIFAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFC
_MESSAGE_CLASS_ID = UUID("00020d0b-0000-0000-c000-000000000046")
_PS_MAPI = UUID("00020328-0000-0000-c000-000000000046")
_PS_PUBLIC_STRINGS = UUID("00020329-0000-0000-c000-000000000046")
_PROPERTIES = "__properties_version1.0"


@dataclass(slots=True)
class _Folder:
    streams: dict[str, bytes] = field(default_factory=dict)
    folders: "dict[str, _Folder]" = field(default_factory=dict)


def write(item: Item) -> bytes:
    """Return an MSG file that holds the object."""
    names = _Names()
    root = _message(item, names, is_embedded=False)
    root.folders["__nameid_version1.0"] = names.folder()
    return _File(root).data()


class _Names:
    """Gives named properties the numbers that they have in this file."""

    def __init__(self) -> None:
        self._numbers: dict[Name, int] = {}

    def number(self, name: Name) -> int:
        return self._numbers.setdefault(name, NAMED + len(self._numbers))

    def folder(self) -> _Folder:
        sets: list[UUID] = []
        entries, texts = b"", b""
        buckets: dict[int, bytes] = {}
        for index, name in enumerate(self._numbers):
            if name.set not in (_PS_MAPI, _PS_PUBLIC_STRINGS) and name.set not in sets:
                sets.append(name.set)
            place = {_PS_MAPI: 1, _PS_PUBLIC_STRINGS: 2}.get(name.set)
            place = place if place is not None else sets.index(name.set) + 3
            if isinstance(name.name, int):
                kind, first, check = place << 1, name.name, name.name
            else:
                encoded = name.name.encode("utf-16-le", "surrogatepass")
                kind, first, check = place << 1 | 1, len(texts), crc32(encoded)
                texts += struct.pack("<I", len(encoded)) + encoded + b"\0" * (-len(encoded) % 4)
            entries += struct.pack("<IHH", first, kind, index)
            # Where a reader looks a name up by its hash ([MS-OXMSG] section 2.2.3.2).
            bucket = 0x1000 + (check ^ kind) % 0x1F
            buckets[bucket] = buckets.get(bucket, b"") + struct.pack("<IHH", check, kind, index)
        streams = {
            "__substg1.0_00020102": b"".join(each.bytes_le for each in sets),
            "__substg1.0_00030102": entries,
            "__substg1.0_00040102": texts,
        }
        streams |= {f"__substg1.0_{each:04X}0102": data for each, data in buckets.items()}
        return _Folder(streams)


def _message(item: Item, names: _Names, *, is_embedded: bool) -> _Folder:
    counts = len(item.recipients), len(item.attachments)
    header = struct.pack("<8xIIII", *counts, *counts) + (b"" if is_embedded else bytes(8))
    folder = _properties(_with_problems(item), names, header)
    for index, recipient in enumerate(item.recipients):
        folder.folders[f"__recip_version1.0_#{index:08X}"] = _properties(recipient, names, bytes(8))
    for index, attached in enumerate(item.attachments):
        folder.folders[f"__attach_version1.0_#{index:08X}"] = _attachment(attached, names)
    return folder


def _with_problems(item: Item) -> Properties:
    own = item.properties
    if not item.problems or PROBLEMS in own.names.values():
        return own
    number = max([NAMED - 1, *own.values]) + 1
    text = Value(UNICODE, "\n".join(item.problems).encode("utf-16-le", "replace"))
    values, names = {**own.values, number: text}, {**own.names, number: PROBLEMS}
    return Properties(values, names, own.code_page)


def _attachment(attached: Attached, names: _Names) -> _Folder:
    values = dict(attached.properties.values)
    if attached.data is not None:
        values[Id.ATTACH_DATA] = Value(BINARY, attached.data)
    elif attached.item is not None or attached.parts:
        values[Id.ATTACH_DATA] = Value(OBJECT, b"")
    properties = Properties(values, attached.properties.names, attached.properties.code_page)
    folder = _properties(properties, names, bytes(8))
    inner = f"__substg1.0_{Id.ATTACH_DATA:04X}{OBJECT:04X}"
    if attached.item is not None:
        folder.streams.pop(inner, None)
        folder.folders[inner] = _message(attached.item, names, is_embedded=True)
    elif attached.parts:
        folder.streams.pop(inner, None)
        folder.folders[inner] = _Folder()
        for path, data in attached.parts:
            place = folder.folders[inner]
            *above, name = path.split("/")
            for each in above:
                place = place.folders.setdefault(each, _Folder())
            place.streams[name] = data
    return folder


def _properties(properties: Properties, names: _Names, header: bytes) -> _Folder:
    folder = _Folder()
    table = [header]
    for number, value in sorted(properties.values.items()):
        if number in properties.names:
            number = names.number(properties.names[number])
        readable = 0x6  # Readable and writable.
        if value.type in FIXED_SIZES:
            table.append(struct.pack("<HHI8s", value.type, number, readable, value.data))
            continue
        size = len(value.data)
        stream = f"__substg1.0_{number:04X}{value.type:04X}"
        if value.type & MULTIPLE and value.several:
            wide = value.type & 0xFFF == BINARY
            lengths = [struct.pack("<Q" if wide else "<I", len(each)) for each in value.several]
            folder.streams[stream] = b"".join(lengths)
            size = len(folder.streams[stream])
            for index, each in enumerate(value.several):
                folder.streams[f"{stream}-{index:08X}"] = each
        else:
            folder.streams[stream] = value.data
        # Texts count with the zero that ends them; objects have no size.
        size += {UNICODE: 2, STRING8: 1}.get(value.type, 0)
        size = 0xFFFFFFFF if value.type == OBJECT else size
        table.append(struct.pack("<HHIII", value.type, number, readable, size, 0))
    folder.streams[_PROPERTIES] = b"".join(table)
    return folder


@dataclass(slots=True)
class _Entry:
    name: str
    kind: int
    data: bytes = b""
    left: int = _FREE
    right: int = _FREE
    child: int = _FREE
    is_black: bool = True
    start: int = _END


class _File:
    """Lays folders out as a compound file of version 3: sectors, mini sectors, directory."""

    def __init__(self, root: _Folder) -> None:
        self._entries = [_Entry("Root Entry", 5)]
        self._add(root, 0)
        self._sectors: list[bytes] = []
        self._fat: list[int] = []

    def _add(self, folder: _Folder, parent: int) -> None:
        first = len(self._entries)
        # Siblings stand in a search tree, ordered by length and then without regard to case.
        names = sorted(
            [*folder.streams, *folder.folders], key=lambda each: (len(each), each.upper())
        )
        for name in names:
            is_stream = name in folder.streams
            data = folder.streams[name] if is_stream else b""
            self._entries.append(_Entry(name, 2 if is_stream else 1, data))
        self._entries[parent].child = self._tree(first, first + len(names), len(names).bit_length())
        for index, name in enumerate(names):
            if name not in folder.streams:
                self._add(folder.folders[name], first + index)

    def _tree(self, first: int, end: int, height: int) -> int:
        """Balance entries as a red-black tree, in which only the lowest level is red."""
        if first >= end:
            return _FREE
        middle = (first + end) // 2
        entry = self._entries[middle]
        entry.left = self._tree(first, middle, height - 1)
        entry.right = self._tree(middle + 1, end, height - 1)
        entry.is_black = height > 1
        return middle

    def _place(self, data: bytes) -> int:
        """Append data in whole sectors; give the first."""
        if not data:
            return _END
        start = len(self._sectors)
        for offset in range(0, len(data), _SECTOR):
            self._sectors.append(data[offset : offset + _SECTOR].ljust(_SECTOR, b"\0"))
        self._fat += [*range(start + 1, len(self._sectors)), _END]
        return start

    def data(self) -> bytes:
        mini = bytearray()
        mini_fat: list[int] = []
        for entry in self._entries[1:]:
            if len(entry.data) >= _CUTOFF:
                entry.start = self._place(entry.data)
            elif entry.data:
                entry.start = len(mini_fat)
                mini += entry.data.ljust(-(-len(entry.data) // _MINI) * _MINI, b"\0")
                mini_fat += [*range(entry.start + 1, len(mini) // _MINI), _END]
        root = self._entries[0]
        root.data = bytes(mini)
        root.start = self._place(root.data)
        mini_start = self._place(_table(mini_fat))
        directory = b"".join(_packed(entry) for entry in self._entries)
        directory_start = self._place(_padded(directory))
        return self._header(directory_start, mini_start, len(_table(mini_fat)) // _SECTOR)

    def _header(self, directory: int, mini: int, mini_count: int) -> bytes:
        # The table of sectors must hold itself too, and so must the list of its sectors.
        known = len(self._sectors)
        fats = difats = 0
        while True:
            needed = -(-(known + fats + difats) // 128)
            lists = max(0, -(-(needed - 109) // 127))
            if (needed, lists) == (fats, difats):
                break
            fats, difats = needed, lists
        places = list(range(known, known + fats))
        chain = list(range(known + fats, known + fats + difats))
        table = _table([*self._fat, *[_FAT] * fats, *[_DIFAT] * difats])
        rest = b""
        for index in range(difats):
            part = places[109 + index * 127 : 109 + (index + 1) * 127]
            following = chain[index + 1] if index + 1 < difats else _END
            rest += struct.pack("<128I", *part, *[_FREE] * (127 - len(part)), following)
        header = struct.pack(
            "<8s16xHHHHH6xIIIIIIIII",
            bytes.fromhex("d0cf11e0a1b11ae1"),
            0x3E,
            3,
            0xFFFE,
            9,
            6,
            0,
            fats,
            directory,
            0,
            _CUTOFF,
            mini if mini_count else _END,
            mini_count,
            chain[0] if chain else _END,
            difats,
        )
        first = places[:109]
        header += struct.pack("<109I", *first, *[_FREE] * (109 - len(first)))
        return header + b"".join(self._sectors) + table + rest


def _padded(directory: bytes) -> bytes:
    free = struct.pack("<64xHBBIII16x4x16xIQ", 0, 0, 0, _FREE, _FREE, _FREE, 0, 0)
    return directory + free * (-len(directory) % _SECTOR // 128)


def _packed(entry: _Entry) -> bytes:
    name = entry.name.encode("utf-16-le", "replace")[:62]
    return struct.pack(
        "<64sHBBIII16s4x16xIQ",
        name,
        len(name) + 2,
        entry.kind,
        int(entry.is_black),
        entry.left,
        entry.right,
        entry.child,
        _MESSAGE_CLASS_ID.bytes_le if entry.kind == 5 else b"",
        entry.start if entry.kind != 1 else 0,
        len(entry.data),
    )


def _table(numbers: list[int]) -> bytes:
    data = struct.pack(f"<{len(numbers)}I", *numbers)
    return data + b"\xff" * (-len(data) % _SECTOR)
