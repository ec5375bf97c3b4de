"""From bytes to text, whatever kind of document they are, documents inside documents included.

This runs in a process of its own (`__main__`): everything here may be given hostile bytes.
"""

from archive.capture.extract import compound, office, opendocument, pdf, rtf, sheets
from archive.capture.extract.kinds import DocumentKind, document_kind
from archive.capture.extract.limits import DEEPEST
from archive.capture.extract.package import Package
from archive.capture.extract.plain import read_plain
from archive.capture.extract.sink import Sink, UnreadableError
from archive.model.unreadable import Unreadable


def read_document(data: bytes, sink: Sink) -> None:
    """Read a document into a sink; what cannot be read is noted there, whatever it is."""
    _Reader(sink, depth=1).read(data)


class _Reader:
    """Reads one document, and what is in it at `depth` + 1."""

    def __init__(self, sink: Sink, depth: int) -> None:
        self._sink = sink
        self._depth = depth

    def read(self, data: bytes) -> None:
        """Read into the sink; a reason why not everything was read is noted there."""
        try:
            self._read(data)
        except UnreadableError as error:
            self._sink.miss(error.reason)
        except MemoryError:
            self._sink.miss(Unreadable.TOO_LARGE)
        except Exception:
            # Libraries raise anything when they are given broken files. To whoever asks, all of it
            # means the same, and the reason is what the caller is told.
            self._sink.miss(Unreadable.DAMAGED)

    def _read(self, data: bytes) -> None:
        kind = document_kind(data, "application/octet-stream")
        match kind:
            case DocumentKind.PDF:
                pdf.read_pdf(data, self._sink, self._inside)
            case DocumentKind.PACKAGE:
                self._read_package(data)
            case DocumentKind.COMPOUND:
                compound.read_compound(data, self._sink, self._inside)
            case DocumentKind.RTF:
                rtf.read_rtf(data, self._sink)
            case DocumentKind.HTML | DocumentKind.TEXT:
                read = read_plain(data, kind, room=self._sink.room)
                self._sink.add(f"{read.text or ''}\n")
            case None:
                raise UnreadableError(Unreadable.UNSUPPORTED)

    def _read_package(self, data: bytes) -> None:
        package = Package(data, self._sink)
        if office.is_office(package):
            if office.is_workbook(package):
                sheets.read_sheets(data, self._sink)
            office.read_office(package, self._sink)
            self._members(package, office.embedded(package))
        elif opendocument.is_open_document(package):
            opendocument.read_open_document(package, self._sink)
        else:
            for name in package.names:
                self._sink.add(f"\n{name}\n")
            self._members(package, package.names)

    def _members(self, package: Package, names: list[str]) -> None:
        for name in names:
            try:
                self._inside(package.read(name))
            except UnreadableError as error:
                self._sink.miss(error.reason)
                if error.reason is Unreadable.TOO_LARGE:
                    raise

    def _inside(self, data: bytes) -> None:
        """Read a document inside."""
        if self._depth == DEEPEST:
            raise UnreadableError(Unreadable.TOO_LARGE)
        outer = self._sink.properties
        self._sink.add("\n")
        _Reader(self._sink, self._depth + 1).read(data)
        # The outermost document's own author and dates count.
        self._sink.properties = outer
