"""PDF (ISO 32000-1) through PDFium: pages, form fields, notes, and the files inside."""

import ctypes
from collections.abc import Callable
from contextlib import closing

import pypdfium2
import pypdfium2.raw as pdfium

from archive.capture.extract.limits import MOST_MEMBERS
from archive.capture.extract.properties import pdf_properties
from archive.capture.extract.sink import Sink, UnreadableError
from archive.model.unreadable import Unreadable

# A hyphen that only breaks a word at the end of a line comes as one of these.
_BREAKS = ("\x02\r\n", "\ufffe\r\n", "\x02", "\ufffe")
_LOCKED = (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY)
_ANNOTATION_TEXTS = (b"Contents", b"V")
_MOST_ANNOTATIONS = 10_000
_MOST_VALUE = 1 << 20


def read_pdf(data: bytes, sink: Sink, read_inside: Callable[[bytes], None]) -> None:
    """Read a PDF; `read_inside` is called with each file in it.

    A page that shows a picture and no word is noted as having no text.
    """
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        is_locked = getattr(error, "err_code", None) in (
            pdfium.FPDF_ERR_PASSWORD,
            pdfium.FPDF_ERR_SECURITY,
        )
        reason = Unreadable.ENCRYPTED if is_locked else Unreadable.DAMAGED
        raise UnreadableError(reason) from error
    with document:
        sink.properties = pdf_properties(document.get_metadata_dict())
        for number in range(len(document)):
            _read_page(document, number, sink)
        for number in range(min(document.count_attachments(), MOST_MEMBERS)):
            attachment = document.get_attachment(number)
            try:
                content = bytes(attachment.get_data())
            except pypdfium2.PdfiumError:
                sink.miss(Unreadable.DAMAGED)
                continue
            sink.unpacked(len(content))
            read_inside(content)


def _read_page(document: pypdfium2.PdfDocument, number: int, sink: Sink) -> None:
    try:
        page = document[number]
    except pypdfium2.PdfiumError:
        sink.miss(Unreadable.DAMAGED)
        return
    with closing(page):
        with closing(page.get_textpage()) as text_page:
            text = text_page.get_text_range() if text_page.count_chars() else ""
        for broken in _BREAKS:
            text = text.replace(broken, "")
        if text.strip():
            sink.add(f"{text}\n\n")
        elif any(page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=3)):
            sink.miss(Unreadable.NO_TEXT)
        _read_annotations(page, sink)


def _read_annotations(page: pypdfium2.PdfPage, sink: Sink) -> None:
    """Read notes and the values of form fields, which are no part of the page's text."""
    for number in range(min(pdfium.FPDFPage_GetAnnotCount(page), _MOST_ANNOTATIONS)):
        annotation = pdfium.FPDFPage_GetAnnot(page, number)
        if not annotation:
            continue
        for key in _ANNOTATION_TEXTS:
            if value := _value(annotation, key):
                sink.add(f"{value}\n")
        pdfium.FPDFPage_CloseAnnot(annotation)


def _value(annotation: object, key: bytes) -> str:
    """Return a text of an annotation; PDFium gives UTF-16 with a zero at its end."""
    size = pdfium.FPDFAnnot_GetStringValue(annotation, key, None, 0)
    if not 2 < size <= _MOST_VALUE:
        return ""
    buffer = ctypes.create_string_buffer(size)
    pointer = ctypes.cast(buffer, ctypes.POINTER(pdfium.FPDF_WCHAR))
    pdfium.FPDFAnnot_GetStringValue(annotation, key, pointer, size)
    return buffer.raw[: size - 2].decode("utf-16-le", "replace")
