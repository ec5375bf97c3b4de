"""Telling what a document is: by its bytes first, since names and media types are often wrong."""

import re
from enum import StrEnum
from typing import Final


class DocumentKind(StrEnum):
    """What a document is read as; `PACKAGE` and `COMPOUND` are looked into further."""

    PDF = "pdf"
    PACKAGE = "package"
    COMPOUND = "compound"
    RTF = "rtf"
    HTML = "html"
    TEXT = "text"


IN_THIS_PROCESS: Final = frozenset({DocumentKind.HTML, DocumentKind.TEXT})
"""The kinds that are read as the bodies of mail are, without a process of their own."""

_PDF_HEAD: Final = 1024
_HTML: Final = re.compile(
    rb"\s*(?:<!--.{0,2000}?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S
)
_TEXT_TYPES: Final = frozenset(
    {
        "application/csv",
        "application/json",
        "application/ld+json",
        "application/x-ndjson",
        "application/xml",
        "application/yaml",
        "application/x-yaml",
        "application/sql",
        "application/javascript",
        "application/ics",
    }
)
_HTML_TYPES: Final = frozenset({"text/html", "application/xhtml+xml"})
_SIGNATURES: Final = frozenset(
    {
        "application/pgp-signature",
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
    }
)
_NEVER_DOCUMENTS: Final = ("image/", "audio/", "video/", "font/")
_DOCUMENT_NAMES: Final = re.compile(
    r"\.(?:pdf|do[ct][xm]?|xl[st][xmb]?|pp[ts][xm]?|pot[xm]?|od[tspgf]|ot[tsp]|rtf|zip|html?|txt|csv)$",
    re.IGNORECASE,
)
_MARKS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_SAMPLE: Final = 64 * 1024


def can_be_document(filename: str | None, media_type: str) -> bool:
    """Say whether bytes so named are worth a look."""
    if not media_type.startswith(_NEVER_DOCUMENTS):
        return True
    return filename is not None and _DOCUMENT_NAMES.search(filename) is not None


def is_signature(media_type: str, size: int) -> bool:
    """Say whether it is a detached signature (RFC 3156, RFC 8551): nobody's words."""
    names = (
        "application/pgp-signature",
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
    )
    return size <= _SAMPLE and media_type in names


def evident_kind(data: bytes) -> DocumentKind | None:
    """Return what bytes evidently are, whatever they are called; None where nothing tells."""
    if b"%PDF-" in data[:_PDF_HEAD]:
        return DocumentKind.PDF
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return DocumentKind.PACKAGE
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return DocumentKind.COMPOUND
    if data[:64].lstrip().startswith(b"{\\rtf"):
        return DocumentKind.RTF
    return None


def document_kind(data: bytes, media_type: str) -> DocumentKind | None:
    """Return what a document is to be read as, None where it cannot be read as any."""
    kind = evident_kind(data)
    if kind is not None:
        return kind
    if media_type in _HTML_TYPES or _HTML.match(data[:_SAMPLE]) is not None:
        return DocumentKind.HTML
    if media_type.startswith("text/") or media_type in _TEXT_TYPES or is_plain(data):
        return DocumentKind.TEXT
    return None


def is_plain(data: bytes) -> bool:
    """Say whether bytes are evidently text: marked as Unicode, or UTF-8 without controls."""
    if data.startswith(_MARKS):
        return True
    sample = data[:_SAMPLE]
    if _CONTROL.search(sample) is not None:
        return False
    try:
        sample.decode("utf-8")
    except UnicodeDecodeError as error:
        # A character that the sample cuts in two is none that is wrong.
        return len(data) > _SAMPLE and error.start > _SAMPLE - 4
    return True
