"""Outlook's forms: MSG and TNEF that the tests make, and what stores of the corpus hold."""

import io
import os
import struct
from base64 import encodebytes
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.capture.outlook import msg, rtf, tnef, writer
from archive.capture.outlook.item import (
    BINARY,
    STRING8,
    TIME,
    UNICODE,
    Attached,
    Id,
    Item,
    Name,
    Properties,
    Value,
)
from archive.capture.outlook.store import encoding
from archive.capture.outlook.store.items import items, read
from archive.capture.parse import attachment_bytes, parse
from archive.capture.slices import Slice, find
from archive.errors import InvalidError
from archive.model.interaction import Content, Kind

CORPUS = Path(
    os.environ.get("MUNIMENT_CORPUS", Path(__file__).parents[2].parent / "shared" / "data")
)
STORES = sorted((CORPUS / "email-mime-torture").glob("*/*.pst")) if CORPUS.is_dir() else []
NAMED = Name(UUID("00062002-0000-0000-c000-000000000046"), "Colour")
SENT = 132000000000000000


def text(value: str) -> Value:
    return Value(UNICODE, value.encode("utf-16-le"))


def message(**more: Value) -> Item:
    values = {
        Id.MESSAGE_CLASS: text("IPM.Note"),
        Id.SUBJECT: text("\x01\x01Terms"),
        Id.BODY: text("Dear Bob,\r\nagreed."),
        Id.CLIENT_SUBMIT_TIME: Value(TIME, SENT.to_bytes(8, "little")),
        Id.SENT_REPRESENTING_NAME: text("Ann"),
        Id.SENT_REPRESENTING_SMTP_ADDRESS: text("Ann@Example.com"),
        0x8000: text("red"),
        0x0FFF: Value(0x101F, b"", (b"a\0", b"b\0c\0")),
    }
    values |= {Id[name]: value for name, value in more.items()}
    bob = Properties(
        {
            Id.RECIPIENT_TYPE: Value(0x0003, (2).to_bytes(4, "little")),
            Id.DISPLAY_NAME: text("Bob"),
            Id.ADDRESS_TYPE: text("EX"),
            Id.EMAIL_ADDRESS: text("/O=EX/CN=BOB"),
        }
    )
    file = Attached(Properties({Id.ATTACH_LONG_FILENAME: text("big.bin")}), b"x" * 5000)
    return Item(Properties(values, {0x8000: NAMED}), (bob,), (file,))


def content(raw: bytes, format: str) -> Content:
    return parse(raw, format=format, source="s", path="").content


def test_what_is_written_is_read():
    inner = message(SUBJECT=text("Inner terms"))
    attached = Attached(Properties({Id.DISPLAY_NAME: text("inner")}), None, inner)
    item = message()
    item = Item(
        item.properties, item.recipients, (*item.attachments, attached), ("a page is torn",)
    )
    raw = writer.write(item)
    assert raw == writer.write(item)
    found = msg.read(raw)
    assert found.properties.values[0x0FFF] == item.properties.values[0x0FFF]
    assert NAMED in found.properties.names.values()
    again = found.attachments[1].item
    assert again is not None
    assert writer.write(again) == writer.write(inner)
    assert found.problems == item.problems
    parsed = parse(raw, format="msg", source="s", path="")
    assert [(p.role.value, p.address, p.name) for p in parsed.content.participants] == [
        ("from", "ann@example.com", "Ann"),
        ("cc", "/o=ex/cn=bob", "Bob"),
    ]
    assert parsed.content.subject == "Terms"
    assert parsed.content.occurred_at == datetime(2019, 4, 17, 18, 40, tzinfo=UTC)
    assert (parsed.content.text or "").startswith("Dear Bob,\nagreed.\n\nSubject: Inner terms\n")
    assert "Part outermost: a page is torn." in parsed.content.problems
    names = {each.part: each.filename for each in parsed.content.attachments}
    assert names == {"1": "big.bin", "2": "inner", "2.1": "big.bin"}
    for number in ("1", "2.1"):
        assert attachment_bytes(raw, parsed.media_type, number) == b"x" * 5000
    assert attachment_bytes(raw, parsed.media_type, "2") == writer.write(inner)


def test_a_mail_that_holds_an_msg_file():
    mail = (
        b"From: a@b\nSubject: outer\nContent-Type: application/octet-stream; name=x.msg\n"
        b"Content-Transfer-Encoding: base64\n\n" + encodebytes(writer.write(message()))
    )
    found = parse(mail, format="eml", source="s", path="")
    assert "agreed." in (found.content.text or "") and "Subject: Terms" in (
        found.content.text or ""
    )
    assert [each.part for each in found.content.attachments] == ["1", "1.1"]
    assert attachment_bytes(mail, found.media_type, "1.1") == b"x" * 5000


def attribute(level: int, number: int, data: bytes) -> bytes:
    return (
        struct.pack("<BHHI", level, number, 6, len(data))
        + data
        + struct.pack("<H", sum(data) & 0xFFFF)
    )


def rows(*values: tuple[int, int, bytes]) -> bytes:
    out = struct.pack("<I", len(values))
    for kind, number, data in values:
        out += struct.pack("<HH", kind, number)
        if kind in (UNICODE, STRING8, BINARY):
            out += struct.pack("<II", 1, len(data))
        out += data + b"\0" * (-len(data) % 4)
    return out


TNEF = (
    tnef.MAGIC
    + b"\1\0"
    + attribute(1, 0x9007, struct.pack("<II", 1251, 0))
    + attribute(
        1,
        0x9003,
        rows(
            (STRING8, Id.SUBJECT, "Счёт\0".encode("cp1251")),
            (
                BINARY,
                Id.RTF_COMPRESSED,
                struct.pack("<IIII", 40, 28, 0x414C454D, 0) + rb"{\rtf1\ansi Dear \u1040 ?\par}",
            ),
        ),
    )
    + attribute(2, 0x9002, bytes(14))
    + attribute(2, 0x8010, b"SHORT.TXT\0")
    + attribute(2, 0x800F, b"file")
)


def test_tnef_alone_and_in_a_mail():
    alone = content(TNEF, "tnef")
    assert alone.subject == "Счёт"
    assert (alone.text or "").startswith("Dear \u0410")
    assert [(each.filename, each.size) for each in alone.attachments] == [("SHORT.TXT", 4)]
    mail = b"From: a@b\nContent-Type: application/ms-tnef; name=winmail.dat\n\n"
    found = parse(mail + TNEF, format="eml", source="s", path="")
    assert [each.filename for each in found.content.attachments] == ["winmail.dat", "SHORT.TXT"]
    assert attachment_bytes(mail + TNEF, found.media_type, "1.1") == b"file"
    assert "Subject: Счёт" in (found.content.text or "")


def test_rtf_that_holds_html_gives_the_html():
    document = (
        rb"{\rtf1\ansi\ansicpg1252\fromhtml1 {\fonttbl{\f0 Arial;}}{\*\htmltag64 <p>}"
        rb"\htmlrtf \b \htmlrtf0 caf\'e9{\*\htmltag72 </p>}\htmlrtf\par\htmlrtf0}"
    )
    assert rtf.read(document) == rtf.Rtf("<p>caf\xe9</p>", is_html=True)
    assert rtf.read(rb"{\rtf1{\info{\author x}}a\tab b\par\'82\'a0{\*\x y}}").content.startswith(
        "a\tb\n"
    )


def test_packed_rtf_of_the_specification():
    # The second example of [MS-OXRTFCP] section 4.2, in which runs overlap what they write.
    packed = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
    assert rtf.unpack(packed) == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"


@pytest.mark.parametrize("format", ["msg", "tnef"])
@given(place=st.integers(min_value=0), size=st.integers(1, 64), filler=st.binary(max_size=64))
def test_damaged_files_are_read_or_refused(format, place, size, filler):
    whole = writer.write(message()) if format == "msg" else TNEF
    place %= len(whole)
    raw = whole[:place] + filler + whole[place + size :]
    try:
        found = parse(raw, format=format, source="s", path="")
    except InvalidError:
        return
    assert Content.model_validate_json(found.content.model_dump_json()) == found.content
    for each in found.content.attachments:
        assert len(attachment_bytes(raw, found.media_type, each.part)) == each.size


@given(data=st.binary())
def test_any_bytes_are_rtf_or_refused(data):
    assert isinstance(rtf.read(b"{\\rtf1" + data).content, str)
    try:
        rtf.unpack(data[:8] + struct.pack("<I", 0x75465A4C) + data[8:])
    except InvalidError as error:
        assert "RTF" in str(error)


@given(data=st.binary(), block=st.integers(0, 2**32 - 1))
def test_the_disguise_of_stores_is_undone(data, block):
    twice = encoding.decoded(encoding.decoded(data, encoding.CYCLIC, block), encoding.CYCLIC, block)
    assert twice == data
    assert sorted(encoding.decoded(bytes(range(256)), encoding.PERMUTED, 0)) == list(range(256))


@pytest.mark.skipif(not STORES, reason="skipped: no corpus")
def test_items_of_stores():
    found = {}
    for each in find(STORES, None):
        assert isinstance(each, Slice)
        with Path(each.file).open("rb") as file:
            raw = read(file, each.offset)
        parsed = parse(raw, format="pst", source="s", path="", folder=each.folder)
        found[Path(each.file).stem, each.item] = parsed
        assert parsed.labels == {"folder": each.folder}
    various = [parsed for (stem, _), parsed in found.items() if stem == "testPST_variousBodyTypes"]
    assert len(various) == 4
    assert all("original email" in (each.content.subject or "") for each in various)
    assert {each.content.participants[0].address for each in various} == {"tallison@mitre.org"}
    kinds = {parsed.content.kind for (stem, _), parsed in found.items() if stem == "dist-list"}
    assert kinds == {Kind.MEETING, Kind.FILE}


@pytest.mark.skipif(not STORES, reason="skipped: no corpus")
@settings(max_examples=30)
@given(
    store=st.sampled_from(STORES or [Path()]),
    place=st.integers(min_value=0),
    filler=st.binary(min_size=1, max_size=16),
)
def test_damaged_stores_are_read_or_refused(store, place, filler):
    data = bytearray(store.read_bytes())
    # Where there is something: the header, and the pages and blocks behind the maps.
    place = place % 600 if place % 2 else 17000 + place % (len(data) - 18000)
    data[place : place + len(filler)] = filler
    numbers = []
    try:
        numbers = [found.node for found in items(io.BytesIO(data))]
    except InvalidError as error:
        assert "Outlook store" in str(error)
    for number in numbers:
        try:
            raw = read(io.BytesIO(data), number)
        except InvalidError as error:
            assert str(error).endswith(".")
        else:
            assert parse(raw, format="pst", source="s", path="").original == raw
