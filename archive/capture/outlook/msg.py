"""Reading MSG files ([MS-OXMSG]): one object of Outlook in a compound file."""

import re
import struct
from typing import BinaryIO
from uuid import UUID

from archive.capture.outlook.compound import MAGIC, Compound, Storage
from archive.capture.outlook.item import (
    FIXED_SIZES,
    MULTIPLE,
    NAMED,
    OBJECT,
    PROBLEMS,
    Attached,
    Id,
    Item,
    Name,
    Properties,
    Value,
)
from archive.errors import InvalidError

MEDIA_TYPE = "application/vnd.ms-outlook"

# Deeper than anyone forwards; what lies below is kept in the original and said.
DEEPEST = 16
MOST_PARTS = 5000

_STREAM = re.compile(r"__substg1\.0_([0-9A-Fa-f]{4})([0-9A-Fa-f]{4})(?:-([0-9A-Fa-f]{8}))?\Z")
_PROPERTIES = "__properties_version1.0"
_NAMES = "__nameid_version1.0"
_EMBEDDED = "__substg1.0_3701000D"
_PS_MAPI = UUID("00020328-0000-0000-c000-000000000046")
_PS_PUBLIC_STRINGS = UUID("00020329-0000-0000-c000-000000000046")


def is_message(file: BinaryIO) -> bool:
    """Say whether a compound file holds a message: its first names are those of properties."""
    header = file.read(512)
    if len(header) < 512 or not header.startswith(MAGIC):
        return False
    (shift,) = struct.unpack_from("<H", header, 30)
    (first,) = struct.unpack_from("<I", header, 48)
    if shift not in (9, 12):
        return False
    file.seek((first + 1) << shift)
    directory = file.read(1 << shift)
    marks = ("__nameid_version1.0", "__properties_version1.0", "__substg1.0_", "__recip_version1.0")
    return any(mark.encode("utf-16-le") in directory for mark in marks)


def read(data: bytes) -> Item:
    """Read an MSG file.

    Raises:
        InvalidError: it is no compound file, or holds no properties.
    """
    root = Compound(data).root()
    if _PROPERTIES not in root.stream_names() and not any(
        _STREAM.match(name) for name in root.stream_names()
    ):
        raise InvalidError("The compound file holds no message.")
    names = {}
    names_storage = root.storage(_NAMES)
    if names_storage is not None:
        streams = (f"__substg1.0_{number:04X}0102" for number in (2, 3, 4))
        names = names_of(*(names_storage.stream(each) or b"" for each in streams))
    return _item(root, 32, names, 0)


def _item(storage: Storage, header: int, names: dict[int, Name], depth: int) -> Item:
    problems: list[str] = []
    own = _properties(storage, header, names, None, problems)
    page = own.integer(Id.MESSAGE_CODEPAGE) or own.integer(Id.INTERNET_CODEPAGE)
    recipients, attachments = [], []
    for name in storage.storage_names()[:MOST_PARTS]:
        inner = storage.storage(name)
        if inner is None:
            continue
        if name.startswith("__recip_version1.0_"):
            recipients.append(_properties(inner, 8, names, page, problems))
        elif name.startswith("__attach_version1.0_"):
            attachments.append(_attached(inner, names, page, depth, problems))
    if len(storage.storage_names()) > MOST_PARTS:
        problems.append("it has more recipients and attachments than are read")
    for number, meaning in own.names.items():
        if meaning == PROBLEMS:
            problems += (own.text(number) or "").splitlines()
    return Item(own, tuple(recipients), tuple(attachments), tuple(dict.fromkeys(problems)))


def _attached(
    storage: Storage, names: dict[int, Name], page: int | None, depth: int, problems: list[str]
) -> Attached:
    properties = _properties(storage, 8, names, page, problems)
    inner = storage.storage(_EMBEDDED)
    if inner is None:
        return Attached(properties, properties.binary(Id.ATTACH_DATA))
    if _PROPERTIES not in inner.stream_names():
        return Attached(properties, None, parts=tuple(_streams(inner, "")))
    if depth >= DEEPEST:
        problems.append("messages are nested too deep to be read")
        return Attached(properties, None)
    return Attached(properties, None, _item(inner, 24, names, depth + 1))


def _streams(storage: Storage, above: str) -> list[tuple[str, bytes]]:
    found = [(above + name, storage.stream(name) or b"") for name in storage.stream_names()]
    for name in storage.storage_names():
        inner = storage.storage(name)
        if inner is not None and above.count("/") < DEEPEST:
            found += _streams(inner, f"{above}{name}/")
    return found


def _properties(
    storage: Storage,
    header: int,
    names: dict[int, Name],
    page: int | None,
    problems: list[str],
) -> Properties:
    values: dict[int, Value] = {}
    table = storage.stream(_PROPERTIES) or b""
    for start in range(header, len(table) - 15, 16):
        kind, number = struct.unpack_from("<HH", table, start)
        if kind in FIXED_SIZES:
            size = FIXED_SIZES[kind]
            values[number] = Value(kind, table[start + 8 : start + 8 + size])
    several: dict[int, dict[int, bytes]] = {}
    for name in storage.stream_names():
        found = _STREAM.match(name)
        if found is None:
            continue
        number, kind = int(found[1], 16), int(found[2], 16)
        data = storage.stream(name) or b""
        if len(data) < storage.stream_size(name):
            problems.append("the file is cut short or damaged")
        if found[3] is not None:
            several.setdefault(number, {})[int(found[3], 16)] = data
        else:
            values[number] = Value(kind, data)
    for number, pieces in several.items():
        known = values.get(number)
        kind = known.type if known is not None else MULTIPLE | 0x1F
        # What stands under the name without a number is the lengths of these.
        values[number] = Value(kind, b"", tuple(pieces[each] for each in sorted(pieces)))
    if storage.storage(_EMBEDDED) is not None:
        values[Id.ATTACH_DATA] = Value(OBJECT, b"")
    used = {number: names[number] for number in values if number >= NAMED and number in names}
    return Properties(values, used, page)


def names_of(sets: bytes, entries: bytes, texts: bytes) -> dict[int, Name]:
    """Return what numbers from 0x8000 on stand for ([MS-OXMSG] section 2.2.3, [MS-PST] 2.4.7)."""
    names = {}
    for start in range(0, len(entries) - 7, 8):
        name_or_offset, kind, index = struct.unpack_from("<IHH", entries, start)
        name: int | str = name_or_offset
        if kind & 1:
            size = int.from_bytes(texts[name_or_offset : name_or_offset + 4], "little")
            text = texts[name_or_offset + 4 : name_or_offset + 4 + min(size, 1024)]
            name = text.decode("utf-16-le", "replace")
        place = kind >> 1
        if place == 1:
            scope = _PS_MAPI
        elif place == 2:
            scope = _PS_PUBLIC_STRINGS
        else:
            raw = sets[(place - 3) * 16 : (place - 3) * 16 + 16] if place >= 3 else b""
            if len(raw) < 16:
                continue
            scope = UUID(bytes_le=raw)
        names[NAMED + index] = Name(scope, name)
    return names
