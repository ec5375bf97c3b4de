"""The items of a store: which there are, where they lay, and each as an MSG file.

Every message of the store's own tree of nodes is an item, whatever its folder's table says, so
that a damaged table hides nothing. Hidden settings ("associated" messages), search folders and
what was deleted for good are no items.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from archive.capture.outlook import msg, writer
from archive.capture.outlook.item import OBJECT, Attached, Id, Item, Name, Properties, Value
from archive.capture.outlook.store.database import Database, Node
from archive.capture.outlook.store.heap import Heap, properties, rows
from archive.errors import InvalidError

_NAMES = 0x61
_ROOT = 0x122
_RECIPIENTS = 0x692
_KIND = 0x1F
_MESSAGE, _ATTACHMENT, _FOLDER = 0x04, 0x05, 0x02
_MESSAGE_SIZE = 0x0E08
_STREAMS = (0x0002, 0x0003, 0x0004)
_LEAST = 4096


@dataclass(frozen=True, slots=True)
class Found:
    """An item of a store: its node's number, about how large it is, and its folder's path."""

    node: int
    size: int
    folder: str


def items(file: BinaryIO) -> Iterator[Found]:
    """Give the items of a store, in the order of their numbers.

    Raises:
        InvalidError: it is no store, or its tree of nodes cannot be read to its end.
    """
    database = Database(file)
    folders: dict[int, str] = {}
    for node in database.nodes():
        if node.number & _KIND != _MESSAGE:
            continue
        database.begin()
        folder = _folder(database, node.parent, folders, 0)
        try:
            own = properties(Heap(database, node), [])
            size = Properties(own).integer(_MESSAGE_SIZE) or _LEAST
        except InvalidError:
            # Reading it in earnest will say why.
            size = _LEAST
        yield Found(node.number, size, folder)


def read(file: BinaryIO, number: int) -> bytes:
    """Return the item with a node's number, written as an MSG file.

    Raises:
        InvalidError: there is no such item, or it cannot be read.
    """
    database = Database(file)
    node = database.node(number)
    if node is None:
        raise InvalidError("The Outlook store has no such item.")
    names = _names(database)
    database.begin()
    return writer.write(_item(database, node, names, 0))


def _item(database: Database, node: Node, names: dict[int, Name], depth: int) -> Item:
    problems: list[str] = []
    heap = Heap(database, node)
    own = _named(properties(heap, problems), names)
    recipients: list[Properties] = []
    table = heap.subnodes.get(_RECIPIENTS)
    if table is not None:
        try:
            found = rows(Heap(database, table), problems)
            recipients = [_named(row, names) for row in found]
        except InvalidError as error:
            problems.append(_phrase(error))
    attachments = [
        _attached(database, each, names, depth, problems)
        for number, each in sorted(heap.subnodes.items())
        if number & _KIND == _ATTACHMENT
    ]
    if depth == 0:
        problems += database.problems
    return Item(own, tuple(recipients), tuple(attachments), tuple(dict.fromkeys(problems)))


def _attached(
    database: Database, node: Node, names: dict[int, Name], depth: int, problems: list[str]
) -> Attached:
    try:
        heap = Heap(database, node)
        values = properties(heap, problems)
        held = values.get(Id.ATTACH_DATA)
        if held is None or held.type != OBJECT:
            own = _named(values, names)
            return Attached(own, held.data if held is not None else None)
        # An object is named by a smaller node's number and its size.
        values.pop(Id.ATTACH_DATA)
        own = _named(values, names)
        inner = heap.subnodes.get(int.from_bytes(held.data[:4], "little"))
        if inner is None:
            problems.append("an attachment's object is missing")
            return Attached(own, None)
        if own.integer(Id.ATTACH_METHOD) != 5:
            return Attached(own, None, parts=(("object", b"".join(database.blocks(inner.data))),))
        if depth >= msg.DEEPEST:
            problems.append("messages are nested too deep to be read")
            return Attached(own, None)
        return Attached(own, None, _item(database, inner, names, depth + 1))
    except InvalidError as error:
        problems.append(_phrase(error))
        return Attached(Properties(), None)


def _named(values: dict[int, Value], names: dict[int, Name]) -> Properties:
    return Properties(values, {number: names[number] for number in values if number in names})


def _names(database: Database) -> dict[int, Name]:
    node = database.node(_NAMES)
    if node is None:
        return {}
    try:
        values = properties(Heap(database, node), [])
    except InvalidError:
        return {}
    sets, entries, texts = (values.get(each, Value(0, b"")).data for each in _STREAMS)
    return msg.names_of(sets, entries, texts)


def _folder(database: Database, number: int, known: dict[int, str], depth: int) -> str:
    """Return the path of a folder: the names of those above it, below the store's root."""
    if number in known or number in (0, _ROOT) or depth > 64:
        return known.get(number, "")
    known[number] = ""
    try:
        node = database.node(number)
        if node is not None and node.number & _KIND == _FOLDER:
            name = Properties(properties(Heap(database, node), [])).line(Id.DISPLAY_NAME)
            above = _folder(database, node.parent, known, depth + 1)
            known[number] = f"{above}/{name}" if above else name
    except (InvalidError, struct.error):
        known[number] = ""
    return known[number]


def _phrase(error: InvalidError) -> str:
    return str(error)[:1].lower() + str(error)[1:].rstrip(".")
