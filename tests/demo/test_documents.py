"""The documents that the demo makes are what they say."""

import zipfile
from io import BytesIO
from xml.etree import ElementTree

from scripts.demo import documents


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


def test_office_files_hold_well_formed_parts() -> None:
    rows = [["serial", "Wh"], ["T5<1>", "4800"]]
    for made in (
        documents.docx("d", "Title & more", ["one", "two"]),
        documents.xlsx("x", "S", rows),
    ):
        with zipfile.ZipFile(BytesIO(made.data)) as package:
            assert package.testzip() is None
            texts = "".join(
                "".join(ElementTree.fromstring(package.read(name)).itertext())
                for name in package.namelist()
            )
        assert "Title & more" in texts or "T5<1>" in texts


def test_the_same_twice() -> None:
    assert documents.table("t", [["a", "b,c"]]).data == b'a,"b,c"\r\n'
    assert documents.docx("d", "t", ["x"]) == documents.docx("d", "t", ["x"])
