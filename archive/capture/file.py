"""A document as an interaction of its own: a file that somebody kept, not a message.

The file is its own attachment (part ""), so that its text is read, found and said to be unreadable
as that of any other. Its author and dates are those that the document itself names; a file
system's dates say when somebody copied it, and are not used.
"""

import re
from hashlib import sha256
from typing import Final

from archive.capture.charset import clean
from archive.capture.extract.kinds import DocumentKind, document_kind
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


def is_document(head: bytes, start: int) -> bool:
    """Say whether a file is evidently a PDF, RTF, Office Open XML or OpenDocument file.

    `start` is where the file begins after a byte order mark and blank lines.
    """
    return head.startswith((b"%PDF-", b"{\\rtf"), start) or _OFFICE_MEMBER.match(head) is not None


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
