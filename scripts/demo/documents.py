"""Small real documents with text inside: PDF, DOCX, XLSX and CSV, byte for byte repeatable.

Nothing is compressed, since compressors differ from one machine to the next.
"""

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

from scripts.demo.items import Enclosure

Rows = Sequence[Sequence[str]]
_EPOCH = (2000, 1, 1, 0, 0, 0)
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PREFIX = "application/vnd.openxmlformats-officedocument"
_LINES_PER_PAGE = 46


def text(name: str, lines: Sequence[str]) -> Enclosure:
    """Return a plain text file."""
    return Enclosure(f"{name}.txt", "text/plain", "\n".join((*lines, "")).encode())


def table(name: str, rows: Rows) -> Enclosure:
    """Return a CSV file (RFC 4180)."""
    file = io.StringIO(newline="")
    csv.writer(file).writerows(rows)
    return Enclosure(f"{name}.csv", "text/csv", file.getvalue().encode())


def pdf(name: str, title: str, lines: Sequence[str]) -> Enclosure:
    """Return a PDF (ISO 32000-1) in Helvetica; letters beyond Windows-1252 become `?`."""
    pages = [lines[at : at + _LINES_PER_PAGE] for at in range(0, len(lines), _LINES_PER_PAGE)]
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, page in enumerate(pages):
        stream = _page(title if number == 0 else f"{title} ({number + 1})", page)
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R"
            b" >> >> /Contents %d 0 R >>" % (5 + 2 * number)
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
    return Enclosure(f"{name}.pdf", "application/pdf", _assembled(objects))


def _page(title: str, lines: Sequence[str]) -> bytes:
    shown = [b"BT /F1 16 Tf 56 780 Td (%s) Tj /F1 10 Tf 0 -12 Td" % _shown(title)]
    shown += [b"0 -15 Td (%s) Tj" % _shown(line) for line in lines]
    return b"\n".join((*shown, b"ET"))


def _shown(line: str) -> bytes:
    encoded = line.replace("\u202f", " ").encode("cp1252", "replace")
    return encoded.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


def _assembled(objects: Sequence[bytes]) -> bytes:
    file = io.BytesIO()
    file.write(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, content in enumerate(objects, 1):
        places.append(file.tell())
        file.write(b"%d 0 obj\n%s\nendobj\n" % (number, content))
    start = file.tell()
    file.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    file.writelines(b"%010d 00000 n \n" % place for place in places)
    file.write(b"trailer << /Size %d /Root 1 0 R >>\n" % (len(objects) + 1))
    file.write(b"startxref\n%d\n%%%%EOF\n" % start)
    return file.getvalue()


def docx(name: str, title: str, paragraphs: Sequence[str]) -> Enclosure:
    """Return a Word document (ECMA-376) of a title and paragraphs."""
    body = "".join(
        f'<w:p><w:r><w:t xml:space="preserve">{escape(line)}</w:t></w:r></w:p>'
        for line in (title, *paragraphs)
    )
    document = f'<w:document xmlns:w="{_WORD}"><w:body>{body}</w:body></w:document>'
    main = f"{_PREFIX}.wordprocessingml.document"
    parts = {"word/document.xml": (f"{main}.main+xml", document)}
    return Enclosure(f"{name}.docx", main, _package(parts, "word/document.xml"))


def xlsx(name: str, sheet: str, rows: Rows) -> Enclosure:
    """Return a workbook (ECMA-376) of one sheet, with its texts in the cells."""
    cells = "".join("<row>" + "".join(map(_cell, row)) + "</row>" for row in rows)
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    workbook = (
        f'<workbook xmlns="{_SHEET}" xmlns:r="{relation}"><sheets>'
        f'<sheet name="{escape(sheet)}" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )
    worksheet = f'<worksheet xmlns="{_SHEET}"><sheetData>{cells}</sheetData></worksheet>'
    relations = (
        f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="rId1" Type="{relation}/worksheet"'
        ' Target="worksheets/sheet1.xml"/></Relationships>'
    )
    kind = f"{_PREFIX}.spreadsheetml"
    parts = {
        "xl/workbook.xml": (f"{kind}.sheet.main+xml", workbook),
        "xl/worksheets/sheet1.xml": (f"{kind}.worksheet+xml", worksheet),
        "xl/_rels/workbook.xml.rels": (None, relations),
    }
    return Enclosure(f"{name}.xlsx", f"{kind}.sheet", _package(parts, "xl/workbook.xml"))


def _cell(value: str) -> str:
    if value.isascii() and value.isdigit():
        return f"<c><v>{value}</v></c>"
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'


def _package(parts: Mapping[str, tuple[str | None, str]], main: str) -> bytes:
    overrides = "".join(
        f'<Override PartName="/{name}" ContentType="{kind}"/>'
        for name, (kind, _) in parts.items()
        if kind
    )
    types = (
        f'<Types xmlns="{_TYPES}"><Default Extension="rels" ContentType="application/vnd.'
        'openxmlformats-package.relationships+xml"/><Default Extension="xml" '
        f'ContentType="application/xml"/>{overrides}</Types>'
    )
    relations = (
        f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="rId1" Type="{_OFFICE}" '
        f'Target="{main}"/></Relationships>'
    )
    files = {"[Content_Types].xml": types, "_rels/.rels": relations}
    files |= {name: content for name, (_, content) in parts.items()}
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as package:
        for name, content in files.items():
            head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
            package.writestr(zipfile.ZipInfo(name, _EPOCH), head + content)
    return archive.getvalue()
