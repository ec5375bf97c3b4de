"""What is read out of each kind of document."""

from collections.abc import Callable
from struct import pack

import pytest

from archive.capture.extract.document import read_document
from archive.capture.extract.sink import Extracted, Sink
from archive.model.unreadable import Unreadable
from tests.capture import documents


def extracted(data: bytes, room: int = 100_000) -> Extracted:
    sink = Sink(room)
    read_document(data, sink)
    return sink.extracted()


def text_of(data: bytes) -> str:
    found = extracted(data)
    assert found.unreadable is None
    return found.text or ""


MAKERS: list[Callable[[str], bytes]] = [
    documents.docx,
    documents.pptx,
    documents.odt,
    documents.pdf,
    documents.doc,
    documents.ppt,
    lambda text: documents.xlsx([[text]]),
    lambda text: rb"{\rtf1\ansi\ansicpg1252 %s\par}" % text.encode("ascii"),
    lambda text: f"<html><body><p>{text}</p></body></html>".encode(),
    lambda text: documents.package({"letter.txt": text}),
    lambda text: text.encode("utf-16"),
]


@pytest.mark.parametrize("make", MAKERS)
def test_every_kind_gives_its_text(make: Callable[[str], bytes]) -> None:
    assert "A side letter about fees" in text_of(make("A side letter about fees"))


def test_a_workbook_is_read_row_by_row() -> None:
    text = text_of(documents.xlsx([["Account", "Fee"], ["4711", 250]]))
    assert text.splitlines()[:3] == ["Ledger", "Account\tFee", "4711\t250"]
    assert "Confidential" in text


def test_a_word_document_gives_what_stands_beside_its_text() -> None:
    text = text_of(
        documents.docx(
            "The body",
            **{
                "word/header1.xml": documents.word_part("<w:p><w:t>The header</w:t></w:p>"),
                "word/footnotes.xml": documents.word_part("<w:p><w:t>The footnote</w:t></w:p>"),
                "word/comments.xml": documents.word_part("<w:p><w:t>The comment</w:t></w:p>"),
                "word/charts/chart1.xml": documents.word_part("<a:p><a:t>The chart</a:t></a:p>"),
                "word/_rels/document.xml.rels": "<Relationships><Relationship "
                'TargetMode="External" Target="https://example.test/a"/></Relationships>',
            },
        )
    )
    for said in ("body", "header", "footnote", "comment", "chart", "https://example.test/a"):
        assert said in text


def test_words_do_not_run_together_and_deleted_text_does_not_part_a_phrase() -> None:
    inside = (
        "<w:p><w:t>no</w:t><w:t>tice</w:t><w:tab/><w:t>of</w:t>"
        "<w:delText>all</w:delText><w:t xml:space='preserve'> default</w:t></w:p>"
        "<mc:Choice><w:p><w:t>boxed</w:t></w:p></mc:Choice>"
        "<mc:Fallback><w:p><w:t>boxed</w:t></w:p></mc:Fallback>"
    )
    text = text_of(documents.docx("x", **{"word/header1.xml": documents.word_part(inside)}))
    assert "notice\tof default" in text
    assert text.count("boxed") == 1
    assert "all" in text.split()


def test_documents_inside_documents_are_read() -> None:
    inner = documents.docx("the innermost words")
    sheet = documents.docx("outer", **{"word/embeddings/Microsoft_Word.docx": inner})
    assert "the innermost words" in text_of(documents.package({"a/b.docx": sheet}))
    assert "the innermost words" in text_of(documents.pdf("outer", files={"inner.docx": inner}))


def test_objects_inside_older_documents_are_read() -> None:
    inner = documents.docx("the innermost words")
    native = (
        bytes(6) + b"a.docx\0c:\\a.docx\0" + pack("<II", 0x30000, 2) + b"t\0"
        + pack("<I", len(inner)) + inner
    )  # fmt: skip
    for streams in ({"Package": inner}, {"\x01Ole10Native": native}, {"CONTENTS": inner}):
        held = documents.compound(streams)
        outer = documents.docx("outer", **{"word/embeddings/oleObject1.bin": held})
        assert "the innermost words" in text_of(outer)


def test_documents_too_deep_inside_are_said() -> None:
    data = documents.docx("the innermost words")
    for _ in range(10):
        data = documents.package({"inside.zip": data})
    found = extracted(data)
    assert "innermost" not in (found.text or "")
    assert found.unreadable is Unreadable.TOO_LARGE


def test_what_a_document_says_of_itself() -> None:
    for data in (documents.docx("x"), documents.pdf("x")):
        properties = extracted(data).properties
        assert properties.author == "Ann Fee"
        assert properties.modified is not None
        assert properties.modified.isoformat().startswith("2020-02-03T0")


def test_rich_text_in_the_character_sets_of_its_fonts() -> None:
    raw = (
        rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0\fcharset0 A;}{\f1\fcharset238 B;}"
        rb"{\f2\fcharset128 C;}}{\info{\title hidden}}{\*\unknown hidden}"
        rb"{\header H\'e9ader\par}caf\'e9 {\f1 \'c8l\'e1nek} {\f2\'83e\'83X\'83g}"
        rb"\uc1 \u26085?\u55357 ?\u56832 ?{\pict ffff}\tab end\bin4 {{{xing\par}"
    )
    text = text_of(raw)
    assert text == "Héader\ncafé Článek テスト日😀\tending"
    assert "hidden" not in text


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (documents.odt("x", encrypted=True), Unreadable.ENCRYPTED),
        (documents.compound({"EncryptedPackage": b"x"}), Unreadable.ENCRYPTED),
        (documents.doc("x", flags=0x0300), Unreadable.ENCRYPTED),
        (documents.compound({"Workbook": b"\x09\x08\0\0\x2f\0\0\0"}), Unreadable.ENCRYPTED),
        (documents.compound({"Something": b"x"}), Unreadable.UNSUPPORTED),
        (documents.docx("x")[:200], Unreadable.DAMAGED),
        (documents.docx("x", **{"word/document.xml": "<a><b></a>"}), Unreadable.DAMAGED),
        (b"%PDF-1.7 and nothing else", Unreadable.DAMAGED),
        (documents.pdf(None), Unreadable.NO_TEXT),
        (documents.docx(" "), Unreadable.NO_TEXT),
        (b"\x89PNG\r\n\x1a\n\0\0\0\r", Unreadable.UNSUPPORTED),
    ],
)
def test_why_a_document_has_no_text(data: bytes, reason: Unreadable) -> None:
    found = extracted(data)
    assert (found.text, found.unreadable) == (None, reason)


def test_a_scanned_page_among_others_is_said() -> None:
    found = extracted(documents.pdf("first page", None))
    assert found.text == "first page"
    assert found.unreadable is Unreadable.NO_TEXT


def test_text_beyond_the_room_is_cut_and_said() -> None:
    found = extracted(documents.docx("word " * 100), room=50)
    assert found.unreadable is Unreadable.TOO_LARGE
    assert found.text is not None
    assert len(found.text) <= 50


def test_what_the_members_of_a_package_come_to_is_counted_together() -> None:
    data = documents.package({f"{number}.txt": b"fee " * 1000 for number in range(100)})
    sink = Sink(1_000_000, unpack_room=20_000)
    read_document(data, sink)
    assert sink.extracted().unreadable is Unreadable.TOO_LARGE
    assert (sink.extracted().text or "").count("fee") == 5000


def test_entities_do_not_expand() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "fee fee fee">]><w><t>&a;</t></w>'
    found = extracted(documents.docx("x", **{"word/document.xml": bomb}))
    assert found.unreadable is Unreadable.DAMAGED
    assert found.text is None
