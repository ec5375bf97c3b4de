"""Small documents of every kind, made here for the tests."""

import zipfile
from collections.abc import Mapping
from io import BytesIO
from struct import pack

_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
_TEXT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"
_CORE = (
    '<cp:coreProperties xmlns:cp="urn:cp" xmlns:dc="urn:dc" xmlns:dcterms="urn:t">'
    "<dc:creator>Ann Fee</dc:creator><dcterms:created>2019-01-02T03:04:05Z</dcterms:created>"
    "<dcterms:modified>2020-02-03T04:05:06Z</dcterms:modified></cp:coreProperties>"
)


def package(members: Mapping[str, str | bytes]) -> bytes:
    """A ZIP file."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, data in members.items():
            opened.writestr(name, data)
    return file.getvalue()


def docx(text: str, **others: str | bytes) -> bytes:
    """A Word document; `others` are members by name, `__` standing for `/`."""
    body = f'<w:document xmlns:w="{_WORD}"><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p>'
    members: dict[str, str | bytes] = {
        "[Content_Types].xml": "<Types/>",
        "docProps/core.xml": _CORE,
        "word/document.xml": f"{body}</w:body></w:document>",
    }
    return package(members | {name.replace("__", "/"): data for name, data in others.items()})


def word_part(inside: str) -> str:
    """A part of a Word document that holds some markup."""
    return f'<w:part xmlns:w="{_WORD}" xmlns:mc="urn:mc" xmlns:a="{_DRAWING}">{inside}</w:part>'


def pptx(text: str, note: str = "a note") -> bytes:
    """A presentation of one slide, with a note for its speaker."""
    shape = (
        f'<p:sld xmlns:p="urn:p" xmlns:a="{_DRAWING}"><a:p><a:r><a:t>%s</a:t></a:r></a:p></p:sld>'
    )
    return package(
        {
            "[Content_Types].xml": "<Types/>",
            "ppt/slides/slide1.xml": shape % text,
            "ppt/notesSlides/notesSlide1.xml": shape % note,
        }
    )


def xlsx(rows: list[list[str | int]]) -> bytes:
    """A workbook of one sheet named Ledger."""
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    packaged = "http://schemas.openxmlformats.org/package/2006/relationships"
    cells = "".join(
        f'<row r="{number}">'
        + "".join(
            f'<c r="{chr(65 + column)}{number}"><v>{cell}</v></c>'
            if isinstance(cell, int)
            else f'<c r="{chr(65 + column)}{number}" t="inlineStr"><is><t>{cell}</t></is></c>'
            for column, cell in enumerate(row)
        )
        + "</row>"
        for number, row in enumerate(rows, 1)
    )
    sheet = (
        f'<worksheet xmlns="{_SHEET}"><sheetData>{cells}</sheetData><headerFooter>'
        "<oddHeader>&amp;L&amp;8Confidential</oddHeader></headerFooter></worksheet>"
    )

    def relation(kind: str, target: str) -> str:
        one = f'<Relationship Id="r1" Type="{relations}/{kind}" Target="{target}"/>'
        return f'<Relationships xmlns="{packaged}">{one}</Relationships>'

    return package(
        {
            "[Content_Types].xml": "<Types/>",
            "_rels/.rels": relation("officeDocument", "xl/workbook.xml"),
            "xl/workbook.xml": f'<workbook xmlns="{_SHEET}" xmlns:r="{relations}"><sheets>'
            '<sheet name="Ledger" sheetId="1" r:id="r1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": relation("worksheet", "worksheets/sheet1.xml"),
            "xl/worksheets/sheet1.xml": sheet,
        }
    )


def odt(text: str, *, encrypted: bool = False) -> bytes:
    """An OpenDocument text."""
    inside = '<m:file-entry xmlns:m="urn:m"><m:encryption-data/></m:file-entry>'
    return package(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "META-INF/manifest.xml": inside if encrypted else "<manifest/>",
            "content.xml": f'<o:document-content xmlns:o="{_OFFICE}" xmlns:t="{_TEXT}">'
            f"<t:p>{text}</t:p></o:document-content>",
        }
    )


def pdf(*pages: str | None, files: Mapping[str, bytes] | None = None) -> bytes:
    """A PDF with a line of text on each page; None is a page that shows a picture only."""
    objects: list[bytes] = []

    def add(body: bytes) -> int:
        objects.append(body)
        return len(objects)

    def stream(data: bytes, entries: str = "") -> int:
        return add(b"<</Length %d%s>>stream\n%s\nendstream" % (len(data), entries.encode(), data))

    font = add(b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>")
    picture = "/Type/XObject/Subtype/Image/Width 1/Height 1"
    image = stream(b"\0", f"{picture}/BitsPerComponent 8/ColorSpace/DeviceGray")
    resources = f"/Resources<</Font<</F {font} 0 R>>/XObject<</I {image} 0 R>>>>"
    kids = []
    for page in pages:
        words = f"BT /F 12 Tf 72 700 Td ({page}) Tj ET".encode()
        content = stream(words if page is not None else b"q 99 0 0 99 0 0 cm /I Do Q")
        kids.append(
            add(
                f"<</Type/Page/Parent 999 0 R/MediaBox[0 0 600 800]/Contents {content} 0 R"
                f"{resources}>>".encode()
            )
        )
    names = []
    for name, data in (files or {}).items():
        held = stream(data, "/Type/EmbeddedFile")
        file = add(f"<</Type/Filespec/F({name})/EF<</F {held} 0 R>>>>".encode())
        names.append(f"({name}) {file} 0 R")
    pages_list = " ".join(f"{kid} 0 R" for kid in kids)
    tree = add(f"<</Type/Pages/Count {len(kids)}/Kids[{pages_list}]>>".encode())
    inside = f"/Names<</EmbeddedFiles<</Names[{' '.join(names)}]>>>>"
    root = add(f"<</Type/Catalog/Pages {tree} 0 R{inside}>>".encode())
    info = add(b"<</Author(Ann Fee)/ModDate(D:20200203040506+01'00')>>")
    document = b"%PDF-1.7\n"
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(document))
        body = body.replace(b"999 0 R", b"%d 0 R" % tree)
        document += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count = len(objects) + 1
    end = b"<</Size %d/Root %d 0 R/Info %d 0 R>>" % (count, root, info)
    table = b"xref\n0 %d\n0000000000 65535 f \n%s" % (count, table)
    return document + table + b"trailer%sstartxref\n%d\n%%%%EOF" % (end, len(document))


def compound(streams: Mapping[str, bytes]) -> bytes:
    """A compound file; every stream is padded to 4,096 bytes, so that none is a small one."""
    padded = {
        name: data.ljust(max(4096, -(-len(data) // 512) * 512), b"\0")
        for name, data in streams.items()
    }
    sectors: list[bytes] = []
    chain: list[int] = []
    entries = [_entry("Root Entry", 5, child=1, start=0xFFFFFFFE, size=0)]
    for number, (name, data) in enumerate(padded.items(), 1):
        right = number + 1 if number < len(padded) else 0xFFFFFFFF
        entries.append(_entry(name, 2, right=right, start=len(sectors), size=len(data)))
        count = len(data) // 512
        chain += [len(sectors) + place + 1 for place in range(count - 1)] + [0xFFFFFFFE]
        sectors += [data[place : place + 512] for place in range(0, len(data), 512)]
    directory = len(sectors)
    raw = b"".join(entries)
    raw = raw.ljust(-(-len(raw) // 512) * 512, b"\0")
    count = len(raw) // 512
    chain += [directory + place + 1 for place in range(count - 1)] + [0xFFFFFFFE]
    sectors += [raw[place : place + 512] for place in range(0, len(raw), 512)]
    table = len(sectors)
    chain.append(0xFFFFFFFD)
    assert len(chain) <= 128
    sectors.append(b"".join(pack("<I", each) for each in chain).ljust(512, b"\xff"))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += pack(
        "<HHHHH6xIIIIIIIII",
        0x3E,
        3,
        0xFFFE,
        9,
        6,
        0,
        1,
        directory,
        0,
        4096,
        0xFFFFFFFE,
        0,
        0xFFFFFFFE,
        0,
    )
    header += pack("<I", table)
    return header.ljust(512, b"\xff") + b"".join(sectors)


def _entry(
    name: str, kind: int, *, start: int, size: int, child: int = 0xFFFFFFFF, right: int = 0xFFFFFFFF
) -> bytes:
    raw = name.encode("utf-16-le")
    return (
        raw.ljust(64, b"\0") + pack("<HBBIII", len(raw) + 2, kind, 1, 0xFFFFFFFF, right, child)
        + bytes(36) + pack("<IQ", start, size)
    )  # fmt: skip


def doc(text: str, *, flags: int = 0x0200) -> bytes:
    """A document of Word 97, its text in one piece after the information block."""
    block = bytearray(2048)
    block[0:12] = pack("<HHHHHH", 0xA5EC, 0xC1, 0, 0, 0, flags)
    raw = text.encode("cp1252")
    plan = pack("<II", 0, len(raw)) + pack("<HIH", 0, 0x40000000 | 2048 * 2, 0)
    table = b"\x02" + pack("<I", len(plan)) + plan
    block[0x01A2:0x01AA] = pack("<II", 0, len(table))
    return compound({"WordDocument": bytes(block) + raw, "1Table": table})


def ppt(text: str) -> bytes:
    """A presentation of PowerPoint 97 with one text in a container."""
    raw = text.encode("utf-16-le")
    atom = pack("<HHI", 0, 0x0FA0, len(raw)) + raw
    return compound({"PowerPoint Document": pack("<HHI", 0xF, 0x03E8, len(atom)) + atom})
