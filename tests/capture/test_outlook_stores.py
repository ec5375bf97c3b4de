"""Stores that the tests make: one message in one folder, in the layouts that have a description."""

import struct
import zlib

import pytest

from archive.capture.outlook.store import encoding
from archive.capture.parse import parse, piece
from archive.capture.slices import Slice, find, items_in
from archive.errors import InvalidError

MESSAGE, FOLDER = 0x200024, 0x8022
UNICODE, TIME = 0x1F, 0x40


def heap(*values: tuple[int, int, bytes]) -> bytes:
    """A node of properties ([MS-PST] section 2.3.3): a heap with a tree, and the values."""
    records, held = b"", []
    for number, kind, value in sorted(values):
        held.append(value)
        records += struct.pack("<HHI", number, kind, (2 + len(held)) << 5)
    allocations = [struct.pack("<BBBBI", 0xB5, 2, 6, 0, 2 << 5), records, *held]
    body, starts = b"", [12]
    for each in allocations:
        body += each
        starts.append(12 + len(body))
    body += b"\0" * (len(body) % 2)
    place = 12 + len(body)
    places = struct.pack(f"<HH{len(starts)}H", len(allocations), 0, *starts)
    return struct.pack("<HBBI4x", place, 0xEC, 0xBC, 1 << 5) + body + places


def encoded(data: bytes, method: int, block: int) -> bytes:
    if method == encoding.PERMUTED:
        plain = bytes(range(256))
        return data.translate(bytes.maketrans(encoding.decoded(plain, method, 0), plain))
    return encoding.decoded(data, method, block)


def page(entries: list[bytes], kind: int, *, is_wide: bool) -> bytes:
    room = 488 if is_wide else 496
    size = len(entries[0])
    counts = struct.pack("<BBBB", len(entries), room // size, size, 0) + b"\0" * (4 * is_wide)
    trailer = struct.pack("<BB", kind, kind) + bytes(14 if is_wide else 10)
    return b"".join(entries).ljust(room, b"\0") + counts + trailer


def store(*, is_wide: bool, method: int) -> bytes:
    sent = (132000000000000000).to_bytes(8, "little")
    message = heap(
        (0x001A, UNICODE, "IPM.Note".encode("utf-16-le")),
        (0x0037, UNICODE, "Terms".encode("utf-16-le")),
        (0x0039, TIME, sent),
        (0x1000, UNICODE, "agreed".encode("utf-16-le")),
    )
    folder = heap((0x3001, UNICODE, "Inbox".encode("utf-16-le")))
    word = "Q" if is_wide else "I"
    blocks, nodes, data = [], [], b""
    for number, (node, parent, content) in enumerate(
        [(FOLDER, 0x122, folder), (MESSAGE, FOLDER, message)], start=1
    ):
        block = number * 4
        stored = encoded(content, method, block)
        crc = zlib.crc32(stored, 0xFFFFFFFF) ^ 0xFFFFFFFF
        end = 16 if is_wide else 12
        trailer = struct.pack("<HH", len(stored), 0)
        trailer += struct.pack("<IQ", crc, block) if is_wide else struct.pack("<II", block, crc)
        place = 2048 + len(data)
        size = -(-(len(stored) + end) // 64) * 64
        data += stored.ljust(size - end, b"\0") + trailer
        blocks.append(
            struct.pack(f"<{word}{word}HH{'4x' if is_wide else ''}", block, place, len(stored), 2)
        )
        if is_wide:
            nodes.append(struct.pack("<QQQI4x", node, block, 0, parent))
        else:
            nodes.append(struct.pack("<IIII", node, block, 0, parent))
    header = bytearray(1024)
    header[:12] = b"!BDN\0\0\0\0SM" + struct.pack("<H", 23 if is_wide else 14)
    if is_wide:
        struct.pack_into("<Q8xQ", header, 224, 1024, 1536)
    else:
        struct.pack_into("<I4xI", header, 188, 1024, 1536)
    header[513 if is_wide else 461] = method
    tables = page(nodes, 0x81, is_wide=is_wide) + page(blocks, 0x80, is_wide=is_wide)
    return bytes(header) + tables + data


def items_of(data: bytes, name: str = "box.pst") -> list[Slice]:
    found = list(items_in(Slice(name, name, "", 0, len(data), ""), data))
    assert all(isinstance(each, Slice) for each in found)
    return [each for each in found if isinstance(each, Slice)]


@pytest.mark.parametrize("is_wide", [True, False])
@pytest.mark.parametrize("method", [encoding.PLAIN, encoding.PERMUTED, encoding.CYCLIC])
def test_a_store_of_one_message(is_wide, method):
    data = store(is_wide=is_wide, method=method)
    (item,) = items_of(data)
    assert (item.item, item.format, item.folder) == ("#1", "pst", "Inbox")
    raw = piece(item, data)
    assert raw == piece(item, data)
    parsed = parse(raw, format="pst", source="s", path="box.pst", folder=item.folder)
    content = parsed.content
    assert (content.subject, content.text) == ("Terms", "agreed")
    assert content.occurred_at is not None and content.occurred_at.year == 2019
    assert content.problems == ()
    assert parsed.labels == {"folder": "Inbox"}


def test_a_block_that_does_not_match_its_checksum_is_said(tmp_path):
    data = store(is_wide=True, method=encoding.PLAIN)
    changed = data.replace("agreed".encode("utf-16-le"), "denied".encode("utf-16-le"))
    (item,) = items_of(changed)
    content = parse(piece(item, changed), format="pst", source="s", path="").content
    assert content.text == "denied"
    assert content.problems == (
        "Part outermost: a block of the store does not match its checksum.",
    )


def test_stores_that_cannot_be_read_are_listed(tmp_path):
    data = bytearray(store(is_wide=True, method=encoding.PLAIN))
    (tmp_path / "cut").write_bytes(data[:1500])
    data[513] = 16
    (tmp_path / "sealed").write_bytes(data)
    listed = {
        each.path: each.reason for each in find([tmp_path], None) if not isinstance(each, Slice)
    }
    assert listed == {
        "cut": "A page of the Outlook store's index is damaged.",
        "sealed": "The Outlook store is encrypted and cannot be read.",
    }


def test_an_index_that_turns_back_on_itself_is_refused():
    data = bytearray(store(is_wide=True, method=encoding.PLAIN))
    # Every page says that it has another below it, and that is the same one.
    data[1024 + 488 : 1024 + 492] = struct.pack("<BBBB", 20, 20, 24, 8)
    data[1024 : 1024 + 480] = struct.pack("<QQQ", 1, 1, 1024) * 20
    found = list(items_in(Slice("x", "x", "", 0, len(data), ""), bytes(data)))
    assert [type(each).__name__ for each in found] == ["Unreadable"]
    with pytest.raises(InvalidError):
        piece(Slice("x", "x", "pst", MESSAGE, 0, "#1"), bytes(data))
