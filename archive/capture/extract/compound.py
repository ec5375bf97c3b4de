"""Compound files ([MS-CFB]): the Word and PowerPoint of 1997 to 2003, and locked newer files.

Word's text stands in pieces, in the order of [MS-DOC] 2.4.1: the body, then footnotes, headers,
comments and text boxes. PowerPoint's stands in text atoms ([MS-PPT] 2.9).
"""

import re
from collections.abc import Callable
from io import BytesIO
from struct import Struct
from struct import error as StructError
from typing import Final

import olefile

from archive.capture.extract.properties import utc
from archive.capture.extract.sheets import read_sheets
from archive.capture.extract.sink import Properties, Sink, UnreadableError
from archive.model.unreadable import Unreadable

_U16: Final = Struct("<H")
_U32: Final = Struct("<I")
_PAIR: Final = Struct("<II")
_PAIR_OF_U16: Final = Struct("<HH")
_FILE_PASS: Final = 0x002F
_BOUND_SHEET: Final = 0x0085
_RECORD: Final = Struct("<HHI")
_WORD_MAGIC: Final = 0xA5EC
_IS_ENCRYPTED: Final = 0x0100
_IN_TABLE_1: Final = 0x0200
_OLDEST: Final = 101
"""The `nFib` of Word 6; its text lies otherwise than in later versions."""
_PIECES: Final = 0x01A2
"""Where the file information block says where the table of pieces is (`fcClx`)."""
_COMPRESSED: Final = 0x40000000
_TEXT_UNITS: Final = 0x0FA0
_TEXT_BYTES: Final = 0x0FA8
_CRYPT: Final = 0x2F14
_IS_CONTAINER: Final = 0xF
_FIELDS: Final = re.compile("\x13([^\x13\x14\x15]*)\x14?")
_OBJECTS: Final = ("ObjectPool", "MBD")
"""Where Word and Excel keep the objects inside a document."""
_NATIVE: Final = "\x01Ole10Native"
_WHOLE_OBJECTS: Final = frozenset({"Package", "CONTENTS", _NATIVE})
"""The streams of an object that hold a file as it is."""
_MARKS: Final = str.maketrans(
    dict.fromkeys("\x0b\r\x0c", "\n")
    | dict.fromkeys("\x14\x15\x1f", "")
    | {"\x07": "\t", "\x1e": "-"}
)


def read_compound(data: bytes, sink: Sink, read_inside: Callable[[bytes], None]) -> None:
    """Read a compound file; `read_inside` is called with each document in it that is a whole one.

    Raises:
        UnreadableError: it is locked or damaged, or holds none of the known documents.
    """
    try:
        with olefile.OleFileIO(BytesIO(data)) as file:
            _read(file, data, sink)
            _read_objects(file, sink, read_inside)
    except (OSError, StructError, IndexError, ValueError, TypeError, RecursionError) as error:
        raise UnreadableError(Unreadable.DAMAGED) from error


def _read(file: olefile.OleFileIO, data: bytes, sink: Sink) -> None:
    if file.exists("EncryptedPackage"):
        raise UnreadableError(Unreadable.ENCRYPTED)
    if file.exists("\x05SummaryInformation"):
        sink.properties = _properties(file)
    if file.exists("WordDocument"):
        _read_word(file, sink)
    elif file.exists("PowerPoint Document"):
        _read_slides(file.openstream("PowerPoint Document").read(), sink)
    elif file.exists("Workbook") or file.exists("Book"):
        stream = "Workbook" if file.exists("Workbook") else "Book"
        if _is_locked_workbook(file.openstream(stream).read()):
            raise UnreadableError(Unreadable.ENCRYPTED)
        read_sheets(data, sink)
    elif not any(file.exists(name) for name in _WHOLE_OBJECTS):
        raise UnreadableError(Unreadable.UNSUPPORTED)


def _read_objects(
    file: olefile.OleFileIO, sink: Sink, read_inside: Callable[[bytes], None]
) -> None:
    """Read the objects inside ([MS-OLEDS]) that are whole files; note those that are not."""
    storages: set[tuple[str, ...]] = set()
    read: set[tuple[str, ...]] = set()
    for path in file.listdir():
        storage = tuple(path[:-1])
        if storage and storage[0].startswith(_OBJECTS):
            storages.add(storage)
        if path[-1] in _WHOLE_OBJECTS and (not storage or storage in storages):
            data = file.openstream(path).read()
            sink.unpacked(len(data))
            read_inside(_native(data) if path[-1] == _NATIVE else data)
            read.add(storage)
    if storages - read:
        sink.miss(Unreadable.UNSUPPORTED)


def _native(stream: bytes) -> bytes:
    """Return the file in a packager's stream: after its name, its place, and a temporary one."""
    position = 6
    for _ in range(2):
        position = stream.index(b"\0", position) + 1
    position += 8 + _U32.unpack_from(stream, position + 4)[0]
    size = _U32.unpack_from(stream, position)[0]
    return stream[position + 4 : position + 4 + size]


def _properties(file: olefile.OleFileIO) -> Properties:
    found = file.get_metadata()
    author = found.author.decode("cp1252", "replace") if isinstance(found.author, bytes) else None
    return Properties(
        author=" ".join(author.split())[:1024] or None if author else None,
        created=utc(found.create_time) if found.create_time else None,
        modified=utc(found.last_saved_time) if found.last_saved_time else None,
    )


def _is_locked_workbook(stream: bytes) -> bool:
    """Look for a `FilePass` record before the list of sheets ([MS-XLS] 2.4.117)."""
    position = 0
    while position + _PAIR_OF_U16.size <= len(stream):
        kind, length = _PAIR_OF_U16.unpack_from(stream, position)
        if kind in (_FILE_PASS, _BOUND_SHEET):
            return bool(kind == _FILE_PASS)
        position += _PAIR_OF_U16.size + length
    return False


def _read_word(file: olefile.OleFileIO, sink: Sink) -> None:
    document = file.openstream("WordDocument").read()
    if _U16.unpack_from(document)[0] != _WORD_MAGIC or _U16.unpack_from(document, 2)[0] <= _OLDEST:
        raise UnreadableError(Unreadable.UNSUPPORTED)
    flags = _U16.unpack_from(document, 10)[0]
    if flags & _IS_ENCRYPTED:
        raise UnreadableError(Unreadable.ENCRYPTED)
    table = file.openstream("1Table" if flags & _IN_TABLE_1 else "0Table").read()
    start, length = (
        _U32.unpack_from(document, _PIECES)[0],
        _U32.unpack_from(document, _PIECES + 4)[0],
    )
    pieces = "".join(_pieces(document, table[start : start + length]))
    # A field shows its result; what it was made of, such as an address, is added after all.
    codes = [found[1].strip() for found in _FIELDS.finditer(pieces)]
    sink.add(_FIELDS.sub("", pieces).translate(_MARKS))
    for code in codes:
        sink.add(f"\n{code}")


def _pieces(document: bytes, table: bytes) -> list[str]:
    """Return the pieces of text ([MS-DOC] 2.9.38, 2.9.177)."""
    position = 0
    while table[position] == 1:
        position += 3 + _U16.unpack_from(table, position + 1)[0]
    length = _U32.unpack_from(table, position + 1)[0]
    plan = table[position + 5 : position + 5 + length]
    count = (len(plan) - 4) // 12
    found = []
    for number in range(count):
        begin, end = (
            _U32.unpack_from(plan, 4 * number)[0],
            _U32.unpack_from(plan, 4 * number + 4)[0],
        )
        place = _U32.unpack_from(plan, 4 * (count + 1) + 8 * number + 2)[0]
        size = max(0, end - begin)
        if place & _COMPRESSED:
            offset = (place & ~_COMPRESSED) // 2
            found.append(document[offset : offset + size].decode("cp1252", "replace"))
        else:
            found.append(document[place : place + 2 * size].decode("utf-16-le", "replace"))
    return found


def _read_slides(stream: bytes, sink: Sink) -> None:
    position = 0
    while position + _RECORD.size <= len(stream):
        header, kind, length = _RECORD.unpack_from(stream, position)
        position += _RECORD.size
        if header & 0xF == _IS_CONTAINER:
            # Its records follow, one after the other.
            continue
        body = stream[position : position + length]
        position += length
        if kind == _CRYPT:
            raise UnreadableError(Unreadable.ENCRYPTED)
        if kind == _TEXT_UNITS:
            sink.add(body.decode("utf-16-le", "replace").translate(_MARKS) + "\n")
        elif kind == _TEXT_BYTES:
            sink.add(body.decode("latin-1").translate(_MARKS) + "\n")
