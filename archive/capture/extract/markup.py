"""Reading XML members as a stream of local names; entities and outside documents are not read.

Office Open XML comes in two sets of namespaces (ECMA-376 and its strict form) and OpenDocument in
several, with the same local names, so namespaces are passed over.
"""

from collections.abc import Callable, Mapping
from xml.parsers import expat

from archive.capture.extract.sink import UnreadableError
from archive.model.unreadable import Unreadable

Attributes = Mapping[str, str]


def walk(
    data: bytes,
    *,
    start: Callable[[str, Attributes], None],
    end: Callable[[str], None],
    text: Callable[[str], None],
) -> None:
    """Call back for what is in an XML document; UnreadableError where it is not well formed.

    Elements and attributes come by their local names. A document type definition is refused: no
    office program writes one, and entities are how small documents become large ones.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.buffer_size = 1 << 16

    def begin(name: str, attributes: dict[str, str]) -> None:
        start(_local(name), {_local(key): value for key, value in attributes.items()})

    def refuse(*_: object) -> None:
        raise UnreadableError(Unreadable.DAMAGED)

    parser.StartElementHandler = begin
    parser.EndElementHandler = lambda name: end(_local(name))
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise UnreadableError(Unreadable.DAMAGED) from error


def values(data: bytes) -> dict[str, str]:
    """Return the text of each element of a flat document, by local name; the first counts."""
    found: dict[str, str] = {}
    pieces: list[str] = []

    def end(name: str) -> None:
        if text := "".join(pieces).strip():
            found.setdefault(name, text)
        pieces.clear()

    walk(data, start=lambda *_: pieces.clear(), end=end, text=pieces.append)
    return found


def _local(name: str) -> str:
    return name.rpartition(":")[2]
