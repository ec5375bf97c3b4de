"""What reading one document may cost (docs/sources.md, "Documents")."""

from typing import Final

LARGEST: Final = 64 * 1024 * 1024
"""Bytes of a document; a larger one is not read."""

MOST_TEXT: Final = 4_000_000
"""Characters of one document's text; what lies beyond is cut off and said."""

MOST_TEXT_OF_RECORD: Final = 8_000_000
"""Characters of all attachments of one record, so that its box stays below its limit."""

SECONDS: Final = 20
"""After this long, what has been read so far is taken."""

SECONDS_TO_KILL: Final = 30
"""After this long the process is ended, and nothing of the document is taken."""

MEMORY: Final = 1024 * 1024 * 1024
"""Bytes of address space of the process that reads."""

DEEPEST: Final = 8
"""Documents within documents, the outermost counted."""

MOST_MEMBERS: Final = 10_000
"""Members of a package, and documents within a document."""

MOST_UNPACKED: Final = 512 * 1024 * 1024
"""Bytes that the members of a package come to, all of one document together."""


def room_for(size: int) -> int:
    """Return how many characters a document of `size` bytes may give.

    Real documents stay far below; it keeps memory flat when many small hostile ones come at once.
    """
    return min(MOST_TEXT, 100_000 + 32 * size)
