"""A document as an interaction of its own: a file that somebody kept, not a message.

The file is its own attachment (part ""), so that its text is read, found and said to be unreadable
as that of any other. Its author and dates are those that the document itself names; a file
system's dates say when somebody copied it, and are not used.
"""

import re
from hashlib import sha256
from struct import Struct
from typing import BinaryIO, Final

from archive.capture.charset import clean
from archive.capture.extract.kinds import DocumentKind, document_kind, evident_kind
from archive.capture.parsed import Parsed
from archive.model.interaction import Attachment, Channel, Content, Kind

_OPAQUE: Final = "application/octet-stream"
_OFFICE: Final = "application/vnd.openxmlformats-officedocument."
_OPEN: Final = "application/vnd.oasis.opendocument."
# Only where the bytes agree that it is such a thing does a name say which.
_NAMED: Final = {
    DocumentKind.PACKAGE: {
        "docx": f"{_OFFICE}wordprocessingml.document",
        "xlsx": f"{_OFFICE}spreadsheetml.sheet",
        "pptx": f"{_OFFICE}presentationml.presentation",
        "odt": f"{_OPEN}text",
        "ods": f"{_OPEN}spreadsheet",
        "odp": f"{_OPEN}presentation",
        "": "application/zip",
    },
    DocumentKind.COMPOUND: {
        "doc": "application/msword",
        "xls": "application/vnd.ms-excel",
        "ppt": "application/vnd.ms-powerpoint",
        "": "application/x-ole-storage",
    },
    DocumentKind.TEXT: {"csv": "text/csv", "": "text/plain"},
    DocumentKind.PDF: {"": "application/pdf"},
    DocumentKind.RTF: {"": "application/rtf"},
    DocumentKind.HTML: {"": "text/html"},
}
# What any such package may begin with, in whatever order its writer put its members.
_OFFICE_MEMBER: Final = re.compile(
    rb"PK\x03\x04.{26}(?:\[Content_Types\]\.xml|_rels/|docProps/|word/|xl/|ppt/"
    rb"|mimetypeapplication/vnd\.oasis\.opendocument\.)",
    re.DOTALL,
)


_U32: Final = Struct("<I")
_HEADER_SIZE: Final = 512
_TABLES_IN_HEADER: Final = 109
_MOST_SECTORS: Final = 4_096
_NO_SECTOR: Final = 0xFFFFFFFA
"""This number and those above it name no sector."""
_DOCUMENT_NAMES: Final = tuple(
    f"{name}\0".encode("utf-16-le")
    for name in ("WordDocument", "Workbook", "Book", "PowerPoint Document", "EncryptedPackage")
)
_OUTLOOK_NAMES: Final = tuple(
    name.encode("utf-16-le") for name in ("__nameid_version1.0", "__properties_version1.0")
)


def is_document(head: bytes, start: int) -> bool:
    """Say whether a file is evidently a PDF, RTF, Office Open XML or OpenDocument file.

    `start` is where the file begins after a byte order mark and blank lines.
    """
    return head.startswith((b"%PDF-", b"{\\rtf"), start) or _OFFICE_MEMBER.match(head) is not None


def is_compound_document(file: BinaryIO) -> bool:
    """Say whether a file is a compound one ([MS-CFB]) of Word, Excel or PowerPoint.

    Nothing at its beginning tells it from other compound files, such as Outlook's; the names in
    its directory do, wherever that lies.
    """
    header = file.read(_HEADER_SIZE)
    if evident_kind(header) is not DocumentKind.COMPOUND or len(header) < _HEADER_SIZE:
        return False
    shift = header[30]
    if shift not in (9, 12):
        return False
    size, found, sector = 1 << shift, False, _U32.unpack_from(header, 48)[0]
    for _ in range(_MOST_SECTORS):
        file.seek((sector + 1) * size)
        names = file.read(size)
        if any(name in names for name in _OUTLOOK_NAMES):
            return False
        found = found or any(name in names for name in _DOCUMENT_NAMES)
        table, place = divmod(sector, size // _U32.size)
        if table >= _TABLES_IN_HEADER:
            break
        file.seek((_U32.unpack_from(header, 76 + 4 * table)[0] + 1) * size + 4 * place)
        after = file.read(_U32.size)
        if len(after) < _U32.size or (sector := _U32.unpack(after)[0]) >= _NO_SECTOR:
            break
    return found


def parse(raw: bytes, *, source: str, path: str) -> Parsed:
    """Take a file as it is; any bytes are one."""
    name = clean(path.rstrip("/").rpartition("/")[2])
    digest = sha256(raw).hexdigest()
    media_type = _media_type(raw, name)
    content = Content(
        source=source,
        native_id=f"{digest}/{name}",
        channel=Channel.FILE,
        kind=Kind.FILE,
        subject=name,
        attachments=(
            Attachment(filename=name, media_type=media_type, size=len(raw), sha256=digest, part=""),
        ),
    )
    return Parsed(
        content=content,
        original=raw,
        media_type=media_type,
        labels={"path": path},
        reusable_ids=True,
    )


def _media_type(raw: bytes, name: str) -> str:
    kind = document_kind(raw, _OPAQUE)
    if kind is None:
        return _OPAQUE
    types = _NAMED[kind]
    return types.get(name.rpartition(".")[2].lower(), types[""])
