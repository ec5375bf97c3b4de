"""From one slice to content: the door to every format.

A format is a name, a rule in `sniff` that tells it by content, a reader here, and, where a file
holds many items, a splitter in `slices`.
"""

from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import BinaryIO

from archive.capture import emlx, file, listserv, mail, mailman, mime, ndjson
from archive.capture.parsed import Parsed
from archive.capture.slices import STORE, Slice
from archive.errors import InvalidError, NotFoundError, UnavailableError

__all__ = ["Parsed", "attachment_bytes", "attachment_opener", "parse", "read", "scan_of"]


# How the parts are found in originals that hold a mail.
_SCANS: dict[str, Callable[[bytes], mime.Part]] = {
    mail.MEDIA_TYPE: mime.scan,
    mailman.MEDIA_TYPE: mailman.scanned,
    listserv.MEDIA_TYPE: listserv.scanned,
    emlx.MEDIA_TYPE: emlx.scanned,
}
# Their readers are imported when they are needed; most archives hold no Outlook files.
_OUTLOOK = ("application/vnd.ms-outlook", "application/ms-tnef")


def read(slice: Slice) -> bytes:
    """Return the exact bytes of an item.

    Raises:
        InvalidError: The item of a store cannot be read.
        UnavailableError: The file cannot be read, or has become shorter since it was found.
    """
    try:
        if slice.format == STORE:
            with open(slice.file, "rb") as store:  # noqa: PTH123, as in `slices`
                return _extracted(slice, store)
        with open(slice.file, "rb", buffering=0) as file:  # noqa: PTH123, as in `slices`
            file.seek(slice.offset)
            pieces = []
            wanted = slice.length
            # One unbuffered read gives at most 2 GiB, and may give less.
            while wanted and (piece := file.read(wanted)):
                pieces.append(piece)
                wanted -= len(piece)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UnavailableError(f"{slice.path} cannot be read: {reason.lower()}.") from error
    if wanted:
        raise UnavailableError(f"{slice.path} changed while it was being read; import it again.")
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def piece(slice: Slice, data: bytes) -> bytes:
    """Return the exact bytes of an item of a file whose bytes are at hand.

    Raises:
        InvalidError: The item of a store cannot be read.
    """
    if slice.format == STORE:
        return _extracted(slice, BytesIO(data))
    return data[slice.offset : slice.offset + slice.length]


def _extracted(slice: Slice, store: BinaryIO) -> bytes:
    from archive.capture.outlook.store.items import read as read_item

    return read_item(store, slice.offset)


def parse(raw: bytes, *, format: str, source: str, path: str, folder: str = "") -> Parsed:
    """Read one item.

    Args:
        raw: The item's exact bytes.
        format: One of `archive.capture.slices.FORMATS`.
        source: The name of the export or system, for formats whose items do not name it.
        path: Where the item was found, as reports show it.
        folder: Where the item lay within a store.

    Raises:
        InvalidError: The bytes are no item of that format, or there is no such format.
    """
    if format == "ndjson":
        return ndjson.parse(raw)
    if format == "file":
        return file.parse(raw, source=source, path=path)
    if format == "mailman":
        return mailman.parse(raw, source=source)
    if format == "listserv":
        return listserv.parse(raw, source=source)
    if format in ("msg", "tnef", STORE):
        from archive.capture.outlook import message

        return message.parse(raw, source=source, folder=folder)
    if format == "emlx":
        return emlx.parse(raw, source=source)
    if format in ("eml", "mbox", "maildir", "cmu"):
        return mail.parse(raw, format=format, source=source, path=path)
    raise InvalidError(f"There is no format {format!r}.")


def scan_of(original: bytes, media_type: str) -> mime.Part | None:
    """Return the parts of an original that holds a mail, None for any other."""
    if media_type in _SCANS:
        return _SCANS[media_type](original)
    if media_type in _OUTLOOK:
        from archive.capture.outlook import message

        return message.scanned(original)
    return None


def attachment_bytes(original: bytes, media_type: str, part: str) -> bytes:
    """Return the decoded bytes of an attachment, found in the original by `Attachment.part`.

    Attachments that stand beside the original (`Parsed.extra_parts`) are not found here.

    Raises:
        NotFoundError: The original has no such part.
    """
    return attachment_opener(original, media_type)(part)


def attachment_opener(original: bytes, media_type: str) -> Callable[[str], bytes]:
    """Return what does as `attachment_bytes` for many parts of one original, read once."""
    found: Callable[[str], bytes] | None = None

    def opened(part: str) -> bytes:
        nonlocal found
        if not part:
            # The original is the attachment itself.
            return original
        if found is None:
            root = scan_of(original, media_type)
            if root is not None:
                found = partial(mail.attachment_bytes, root)
            elif media_type == ndjson.MEDIA_TYPE:
                found = partial(ndjson.attachment_bytes, ndjson.kept(original))
            else:
                raise NotFoundError(f"Nothing is found in an original of type {media_type}.")
        return found(part)

    return opened
