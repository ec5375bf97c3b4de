"""The process that reads documents: what hostile ones do to it, and that others do not notice."""

import os
import signal
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from archive.capture.extract import reader as reader_module
from archive.capture.extract.limits import room_for
from archive.capture.extract.reader import DocumentReader
from archive.model.unreadable import Unreadable
from tests.capture import documents


@pytest.fixture
def reader() -> Iterator[DocumentReader]:
    reader = DocumentReader()
    yield reader
    reader.close()


def children() -> set[int]:
    task = Path(f"/proc/{os.getpid()}/task")
    return {
        int(pid)
        for thread in task.iterdir()
        for pid in (thread / "children").read_text().split()
        if b"archive.capture.extract" in Path(f"/proc/{pid}/cmdline").read_bytes()
    }


def test_one_process_reads_one_document_after_another(reader: DocumentReader) -> None:
    assert children() == set()
    for word in ("alpha", "beta"):
        for make in (documents.docx, documents.pdf, documents.odt, documents.doc):
            assert reader.read(make(word), 1000).text == word
    assert len(children()) == 1
    reader.close()
    assert children() == set()


def test_a_document_is_read_though_the_process_was_ended(reader: DocumentReader) -> None:
    assert reader.read(documents.docx("alpha"), 1000).text == "alpha"
    (process,) = children()
    os.kill(process, signal.SIGKILL)
    assert reader.read(documents.docx("beta"), 1000).text == "beta"


def test_a_document_that_unpacks_to_very_much_is_given_up(reader: DocumentReader) -> None:
    part = b"<w:t>" + b" fee" * (20 << 20) + b"</w:t>"
    data = documents.docx("x", **{"word/document.xml": part})
    assert len(data) < 1 << 20
    found = reader.read(data, room_for(len(data)))
    assert found.unreadable is Unreadable.TOO_LARGE
    assert reader.read(documents.docx("beta"), 1000).text == "beta"


def test_a_sheet_that_claims_all_cells_there_are_is_given_up(reader: DocumentReader) -> None:
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c>'
    with zipfile.ZipFile(BytesIO(documents.xlsx([["x"]]))) as opened:
        members = {name: opened.read(name) for name in opened.namelist()}
    sheet = members["xl/worksheets/sheet1.xml"].decode()
    inside = f"<sheetData>{rows}</row></sheetData>"
    start, end = sheet.index("<sheetData>"), sheet.index("</sheetData>") + len("</sheetData>")
    members["xl/worksheets/sheet1.xml"] = (sheet[:start] + inside + sheet[end:]).encode()
    found = reader.read(documents.package(members), 1000)
    assert found.unreadable in (Unreadable.TOO_LARGE, Unreadable.DAMAGED)
    assert reader.read(documents.docx("beta"), 1000).text == "beta"


def test_a_document_that_never_ends_is_given_up(
    reader: DocumentReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert reader.read(documents.docx("alpha"), 1000).text == "alpha"
    (process,) = children()
    os.kill(process, signal.SIGSTOP)
    monkeypatch.setattr(reader_module, "SECONDS_TO_KILL", 0.2)
    assert reader.read(documents.docx("beta"), 1000).unreadable is Unreadable.TOO_SLOW
    monkeypatch.undo()
    assert reader.read(documents.docx("beta"), 1000).text == "beta"


def test_the_process_knows_nothing_that_it_need_not(
    reader: DocumentReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUNIMENT_KEK", "env:SECRET")
    monkeypatch.setenv("SECRET", "not for this process")
    reader.read(documents.docx("alpha"), 1000)
    (process,) = children()
    environment = Path(f"/proc/{process}/environ").read_bytes()
    assert b"SECRET" not in environment
    limits = Path(f"/proc/{process}/limits").read_text()
    assert "Max open files            3                    3" in limits
    assert {fd.name for fd in Path(f"/proc/{process}/fd").iterdir()} <= {"0", "1", "2"}
