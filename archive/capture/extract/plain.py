"""Text and HTML, read as the bodies of mail are."""

import codecs

from archive.capture.charset import decode
from archive.capture.extract.kinds import DocumentKind, document_kind
from archive.capture.extract.limits import LARGEST, room_for
from archive.capture.extract.sink import Extracted, Sink, UnreadableError
from archive.capture.html import decode_html, visible_text
from archive.model.unreadable import Unreadable

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def read_plain(
    data: bytes, kind: DocumentKind, *, label: str | None = None, room: int | None = None
) -> Extracted:
    """Return the text of an HTML or text document; `label` is its character set, if named."""
    if len(data) > LARGEST:
        return Extracted(None, Unreadable.TOO_LARGE)
    for mark, name in _MARKS:
        if data.startswith(mark):
            data, label = data[len(mark) :], name
            break
    if kind is DocumentKind.HTML:
        text = visible_text(decode_html(data, label)[0])
    else:
        text = decode(data, label)[0]
    sink = Sink(room_for(len(data)) if room is None else min(room, room_for(len(data))))
    try:
        sink.add(text)
    except UnreadableError as error:
        sink.miss(error.reason)
    return sink.extracted()


def read_if_plain(
    data: bytes, media_type: str, label: str | None
) -> tuple[str | None, Unreadable | None]:
    """Read an attachment whose character set is known where it is found.

    Returns text and reason as an `Attachment` has them, and nothing of either for a document of
    another kind, which is read later.
    """
    kind = document_kind(data, media_type)
    if kind not in (DocumentKind.HTML, DocumentKind.TEXT):
        return None, None
    extracted = read_plain(data, kind, label=label)
    return extracted.text, extracted.unreadable
