"""Packages (ZIP, APPNOTE 6.3): members in bounded memory, whatever their headers promise."""

import re
import zipfile
import zlib
from io import BytesIO
from typing import Final

from archive.capture.extract.limits import LARGEST, MOST_MEMBERS
from archive.capture.extract.sink import Sink, UnreadableError
from archive.model.unreadable import Unreadable

_ENCRYPTED: Final = 0x1
_CHUNK: Final = 1 << 16
_NUMBERS: Final = re.compile(r"(\d+)")


class Package:
    """The members of a ZIP file. `sink` counts what is unpacked."""

    def __init__(self, data: bytes, sink: Sink) -> None:
        self._sink = sink
        try:
            self._zip = zipfile.ZipFile(BytesIO(data))
            members = self._zip.infolist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
            raise UnreadableError(Unreadable.DAMAGED) from error
        if len(members) > MOST_MEMBERS:
            raise UnreadableError(Unreadable.TOO_LARGE)
        self._members = {each.filename: each for each in members if not each.is_dir()}

    @property
    def names(self) -> list[str]:
        """The members' names, with numbers in them in the order of numbers."""
        return sorted(self._members, key=_natural)

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def named(self, pattern: str) -> list[str]:
        """Return the names that match a regular expression, in order."""
        expression = re.compile(pattern, re.IGNORECASE)
        return [name for name in self.names if expression.fullmatch(name)]

    def read(self, name: str) -> bytes:
        """Return a member's bytes; UnreadableError if it is encrypted, damaged or too large."""
        member = self._members[name]
        if member.flag_bits & _ENCRYPTED:
            raise UnreadableError(Unreadable.ENCRYPTED)
        pieces: list[bytes] = []
        size = 0
        try:
            with self._zip.open(member) as stream:
                while piece := stream.read(_CHUNK):
                    size += len(piece)
                    self._sink.unpacked(len(piece))
                    if size > LARGEST:
                        raise UnreadableError(Unreadable.TOO_LARGE)
                    pieces.append(piece)
        except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError) as error:
            raise UnreadableError(Unreadable.DAMAGED) from error
        except (NotImplementedError, RuntimeError) as error:
            raise UnreadableError(Unreadable.UNSUPPORTED) from error
        return b"".join(pieces)


def _natural(name: str) -> list[tuple[bool, int, str]]:
    pieces = _NUMBERS.split(name)
    return [(piece.isdigit(), int(piece) if piece.isdigit() else 0, piece) for piece in pieces]
