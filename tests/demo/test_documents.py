"""The documents that the demo makes are what they say."""

from archive.capture.extract.document import read_document
from archive.capture.extract.sink import Sink
from scripts.demo import documents
from scripts.demo.items import Enclosure


def test_a_pdf_has_its_words_and_a_table_that_fits() -> None:
    made = documents.pdf("q", "Quote (1)", [f"line {number} – 5 €" for number in range(60)])
    assert made.data.startswith(b"%PDF-1.4") and made.data.endswith(b"%%EOF\n")
    assert b"(Quote \\(1\\)) Tj" in made.data and b"line 59" in made.data
    assert made.data.count(b"/Type /Page ") == 2
    start = int(made.data.rsplit(b"startxref\n", 1)[1].split()[0])
    places = made.data[start:].split(b"\n")[3:]
    for number, line in enumerate(places[: places.index(b"startxref") - 1], 1):
        place = int(line.split()[0])
        assert made.data[place:].startswith(b"%d 0 obj" % number)


def said(made: Enclosure) -> str:
    sink = Sink(10_000)
    read_document(made.data, sink)
    assert sink.extracted().unreadable is None
    return sink.extracted().text or ""


def test_the_archive_reads_their_words() -> None:
    assert "5 € (net)" in said(documents.pdf("q", "Quote", ["Wallbox, 5 € (net)"]))
    assert "one & two" in said(documents.docx("d", "Title", ["one & two"]))
    assert "T5<1>" in said(documents.xlsx("x", "S", [["serial", "Wh"], ["T5<1>", "4800"]]))
    assert "4800" in said(documents.table("t", [["serial", "Wh"], ["T5", "4800"]]))
    assert "a note" in said(documents.text("n", ["a note"]))


def test_the_same_twice() -> None:
    assert documents.table("t", [["a", "b,c"]]).data == b'a,"b,c"\r\n'
    assert documents.docx("d", "t", ["x"]) == documents.docx("d", "t", ["x"])
