"""Where a page ended: opaque to the caller, and good for the same search only."""

import base64
import binascii
import struct
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Final

from archive.errors import InvalidError
from archive.query.printer import to_text
from archive.query.tree import Node

_FORM: Final = struct.Struct(">Bqq16s")
_VERSION: Final = 1


class Sort(StrEnum):
    """The order of results; undated ones come last in both orders by date."""

    NEWEST = "-date"
    OLDEST = "date"
    RELEVANCE = "relevance"


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last result seen: its order, or its rank by relevance; and the search's sequence."""

    key: int
    as_of: int

    def encode(self, node: Node, sort: Sort) -> str:
        """Return the cursor as text, bound to the query and the order."""
        packed = _FORM.pack(_VERSION, self.key, self.as_of, _binding(self, node, sort))
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str, node: Node, sort: Sort) -> "Cursor":
        """Return the cursor of a text; raises InvalidError if it is of another search."""
        try:
            packed = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
            version, key, as_of, binding = _FORM.unpack(packed)
        except (binascii.Error, ValueError, struct.error):
            raise InvalidError("The cursor is not one that a search gave.") from None
        cursor = cls(key, as_of)
        if version != _VERSION or binding != _binding(cursor, node, sort):
            raise InvalidError("The cursor belongs to another query or order; search anew.")
        return cursor


def _binding(cursor: Cursor, node: Node, sort: Sort) -> bytes:
    bound = f"{_VERSION}\0{cursor.key}\0{cursor.as_of}\0{sort.value}\0{to_text(node)}"
    return sha256(bound.encode()).digest()[:16]
