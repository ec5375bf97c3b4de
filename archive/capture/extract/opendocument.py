"""OpenDocument (ISO/IEC 26300): texts, sheets and presentations."""

from typing import Final

from archive.capture.extract.markup import Attributes, values, walk
from archive.capture.extract.package import Package
from archive.capture.extract.properties import properties
from archive.capture.extract.sink import Sink, UnreadableError
from archive.model.unreadable import Unreadable

# Styles hold the headers and footers of pages.
_PARTS: Final = ("content.xml", "styles.xml")
_LINES: Final = frozenset({"p", "h", "line-break", "table-row"})
_PARAGRAPHS: Final = frozenset({"p", "h"})
_MOST_SPACES: Final = 100
_EMBEDDED: Final = r"Object [^/]*/content\.xml"


def is_open_document(package: Package) -> bool:
    """Say whether a package is an OpenDocument file."""
    if "mimetype" in package:
        return package.read("mimetype").startswith(b"application/vnd.")
    return "META-INF/manifest.xml" in package and "content.xml" in package


def read_open_document(package: Package, sink: Sink) -> None:
    """Read everything that is shown; UnreadableError where it is encrypted."""
    if "META-INF/manifest.xml" in package and _is_encrypted(package.read("META-INF/manifest.xml")):
        raise UnreadableError(Unreadable.ENCRYPTED)
    if "meta.xml" in package:
        sink.properties = properties(values(package.read("meta.xml")))
    for name in (*_PARTS, *package.named(_EMBEDDED)):
        if name in package:
            _Part(sink).read(package.read(name))


def _is_encrypted(manifest: bytes) -> bool:
    found: list[str] = []

    def start(name: str, _: Attributes) -> None:
        if name == "encryption-data":
            found.append(name)

    walk(manifest, start=start, end=lambda _: None, text=lambda _: None)
    return bool(found)


class _Part:
    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._paragraphs = 0

    def read(self, data: bytes) -> None:
        walk(data, start=self._start, end=self._end, text=self._text)
        self._sink.add("\n")

    def _start(self, name: str, attributes: Attributes) -> None:
        if name in _PARAGRAPHS:
            self._paragraphs += 1
        elif name == "tab":
            self._sink.add("\t")
        elif name == "s":
            count = attributes.get("c", "1")
            self._sink.add(" " * min(int(count) if count.isdigit() else 1, _MOST_SPACES))
        elif name == "a" and not attributes.get("href", "#").startswith("#"):
            self._sink.add(f" {attributes['href']} ")

    def _end(self, name: str) -> None:
        if name in _LINES:
            self._sink.add("\n")
        elif name == "table-cell":
            self._sink.add("\t")
        if name in _PARAGRAPHS:
            self._paragraphs -= 1

    def _text(self, text: str) -> None:
        # White space between elements is none of the text's.
        if self._paragraphs:
            self._sink.add(text)
