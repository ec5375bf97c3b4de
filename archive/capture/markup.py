"""The HTML of a message as it was sent, and the pictures that came with it.

Everything else of the archive works with the text of HTML; this is for showing a message as its
reader saw it. What is given here is as hostile as whoever wrote it: it must be cleaned before a
browser gets it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from archive.capture import ndjson
from archive.capture.html import decode_html, is_deep
from archive.capture.mime import Part, decode_body
from archive.capture.parse import scan_of
from archive.errors import InvalidError, NotFoundError

MOST_HTML = 2 << 20
MOST_PICTURES = 8 << 20
# What browsers draw without running anything; SVG is a document of its own.
PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that came with a message; `media_type` is one of `PICTURES`."""

    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Markup:
    """The HTML bodies of one message, in their order, and its pictures by Content-ID (RFC 2392)."""

    bodies: tuple[str, ...]
    pictures: Mapping[str, Picture]


def markup(original: bytes, media_type: str) -> Markup:
    """Return the HTML that stands in an original, that of messages within it left out.

    Raises:
        NotFoundError: There is none.
        InvalidError: It is too long, or nests too deep, to be shown.
    """
    if media_type == ndjson.MEDIA_TYPE:
        written = ndjson.kept(original).html
        bodies: tuple[str, ...] = (written,) if written else ()
        pictures: dict[str, Picture] = {}
    else:
        root = scan_of(original, media_type)
        parts = tuple(_parts(root)) if root is not None else ()
        is_whole = root is not None and not root.is_multipart
        bodies, pictures = tuple(_bodies(parts, is_whole=is_whole)), dict(_pictures(parts))
    if not bodies:
        raise NotFoundError(
            "The record has no HTML of its own; that of a message within it is in the original."
        )
    if sum(map(len, bodies)) > MOST_HTML:
        raise InvalidError("The HTML is too long to be shown; download the original.")
    if any(map(is_deep, bodies)):
        raise InvalidError("The HTML nests too deep to be shown; download the original.")
    return Markup(bodies, pictures)


def _parts(part: Part) -> Iterator[Part]:
    if not part.is_multipart:
        yield part
        return
    for child in part.children:
        yield from _parts(child)


def _bodies(parts: tuple[Part, ...], *, is_whole: bool) -> Iterator[str]:
    left = MOST_HTML
    for part in parts:
        shown = part.media_type == "text/html" and (is_whole or part.disposition != "attachment")
        if shown and left >= 0:
            html = decode_html(decode_body(part)[0], part.charset)[0]
            left -= len(html)
            yield html


def _pictures(parts: tuple[Part, ...]) -> Iterator[tuple[str, Picture]]:
    left = MOST_PICTURES
    for part in parts:
        ids = part.fields.get(b"content-id")
        if ids is None or part.media_type not in PICTURES:
            continue
        data = decode_body(part)[0]
        left -= len(data)
        if left < 0:
            return
        name = ids[0].strip().removeprefix(b"<").removesuffix(b">").decode("utf-8", "replace")
        yield name, Picture(part.media_type, data)
