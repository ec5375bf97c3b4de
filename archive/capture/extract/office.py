"""Office Open XML (ECMA-376): documents, presentations, and what workbooks hold beside cells.

All that a reader can come to see is read: text, headers and footers, notes, comments, text boxes,
charts, diagrams, what tracked changes took away, and where links lead.
"""

import re
from typing import Final

from archive.capture.extract.markup import Attributes, values, walk
from archive.capture.extract.package import Package
from archive.capture.extract.properties import properties
from archive.capture.extract.sink import Sink

# In the order in which they are read; names in a package are fixed by custom only, and so all of a
# kind are taken, whether or not something refers to them.
_PARTS: Final = (
    r"word/document\d*\.xml",
    r"word/(?:header|footer)\d*\.xml",
    r"word/(?:footnotes|endnotes|comments)\d*\.xml",
    r"ppt/slides/slide\d+\.xml",
    r"ppt/notesSlides/notesSlide\d+\.xml",
    r"ppt/(?:slideMasters/slideMaster|slideLayouts/slideLayout)\d+\.xml",
    r"ppt/comments/.*\.xml",
    r"xl/comments\d*\.xml|xl/comments/.*\.xml|xl/threadedComments/.*\.xml",
    r"(?:word|ppt|xl)/drawings/[^/]*\.xml",
    r"(?:word|ppt|xl)/charts/chart[^/]*\.xml",
    r"(?:word|ppt|xl)/diagrams/data[^/]*\.xml",
)
_RELATIONS: Final = r".*\.rels"
_SHEETS: Final = r"xl/(?:worksheets|chartsheets)/[^/]*\.xml"
_HEADERS: Final = re.compile(
    rb"<(?:\w+:)?(?:odd|even|first)(?:Header|Footer)>([^<]*)</(?:\w+:)?(?:odd|even|first)"
)
_HEADER_CODES: Final = re.compile(r'&(?:"[^"]*"|K[0-9A-F]{6}|\d+|[A-Za-z])')
# What sheets hold after their cells begins here; the cells are read elsewhere.
_AFTER_CELLS: Final = re.compile(rb"</(?:\w+:)?sheetData>|<(?:\w+:)?sheetData\s*/>")

_TEXTS: Final = frozenset({"t", "v", "text"})
_ASIDE: Final = frozenset({"delText", "instrText"})
_LINES: Final = frozenset({"p", "br", "cr", "tr", "pt", "comment", "si"})
_TABS: Final = frozenset({"tab", "tc"})
_EMBEDDED: Final = r"(?:word|ppt|xl)/(?:embeddings/.*|afchunk[^/]*|[^/]*\.(?:html?|mht|rtf|docx))"


def is_office(package: Package) -> bool:
    """Say whether a package is one of Office Open XML."""
    return "[Content_Types].xml" in package and bool(package.named(r"(?:word|ppt|xl)/.*"))


def is_workbook(package: Package) -> bool:
    """Say whether the cells of sheets are what it is about."""
    return bool(package.named(r"xl/workbook\d*\.(?:xml|bin)"))


def embedded(package: Package) -> list[str]:
    """Return the names of the documents in a document."""
    return package.named(_EMBEDDED)


def read_office(package: Package, sink: Sink) -> None:
    """Read everything but the cells of sheets and the documents inside."""
    if "docProps/core.xml" in package:
        sink.properties = properties(values(package.read("docProps/core.xml")))
    for pattern in _PARTS:
        for name in package.named(pattern):
            # What stands in masters for the reader to write over is no text of the document.
            is_master = "/slideMaster" in name or "/slideLayout" in name
            _Part(sink, keeps_placeholders=not is_master).read(package.read(name))
    for name in package.named(_SHEETS):
        _read_headers(package.read(name), sink)
    links = dict.fromkeys(
        target for name in package.named(_RELATIONS) for target in _links(package.read(name))
    )
    for target in links:
        sink.add(f"\n{target}")


def _read_headers(sheet: bytes, sink: Sink) -> None:
    cells = _AFTER_CELLS.search(sheet)
    for found in _HEADERS.finditer(sheet, cells.end() if cells is not None else 0):
        text = found[1].decode("utf-8", "replace").replace("&amp;", "&")
        sink.add(f"\n{_HEADER_CODES.sub(' ', text)}\n")


def _links(data: bytes) -> list[str]:
    targets: list[str] = []

    def start(name: str, attributes: Attributes) -> None:
        if attributes.get("TargetMode") == "External" and "Target" in attributes:
            targets.append(attributes["Target"])

    walk(data, start=start, end=lambda _: None, text=lambda _: None)
    return targets


class _Part:
    """Reads one part. What is not in the run of the text is added after it."""

    def __init__(self, sink: Sink, *, keeps_placeholders: bool) -> None:
        self._sink = sink
        self._keeps_placeholders = keeps_placeholders
        self._open = ""
        self._aside: list[str] = []
        # How deep within what is shown only where something else cannot be.
        self._fallback = 0
        self._shape: list[str] | None = None
        self._is_placeholder = False

    def read(self, data: bytes) -> None:
        walk(data, start=self._start, end=self._end, text=self._text)
        if self._aside:
            self._sink.add("\n" + " ".join(self._aside))
        self._sink.add("\n")

    def _start(self, name: str, attributes: Attributes) -> None:
        if name == "Fallback":
            self._fallback += 1
        elif name in _TEXTS or name in _ASIDE:
            self._open = name
        elif name == "noBreakHyphen":
            self._add("-")
        elif name == "sp" and not self._keeps_placeholders:
            self._shape, self._is_placeholder = [], False
        elif name == "ph":
            self._is_placeholder = True

    def _end(self, name: str) -> None:
        if name == "Fallback":
            self._fallback -= 1
        elif name in _LINES:
            self._add("\n")
        elif name in _TABS or name == "v":
            self._add("\t")
        elif name == "sp" and self._shape is not None:
            shape, self._shape = self._shape, None
            if not self._is_placeholder:
                self._add("".join(shape))
        if name == self._open:
            self._open = ""

    def _text(self, text: str) -> None:
        if self._open in _ASIDE:
            if not self._fallback:
                self._aside.append(text)
        elif self._open:
            self._add(text)

    def _add(self, text: str) -> None:
        if self._fallback:
            return
        if self._shape is not None:
            self._shape.append(text)
        else:
            self._sink.add(text)
