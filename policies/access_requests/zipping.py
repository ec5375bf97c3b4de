"""A ZIP file as a stream, the same bytes for the same contents: stored, dated 1980, in order."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from zipfile import ZIP_STORED, ZipFile, ZipInfo

MANIFEST: Final = "manifest-sha256.txt"
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_UNIX: Final = 3
_PRIVATE: Final = 0o100600 << 16
_LARGE: Final = 1 << 31


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a package; `size` is that of all chunks together, in bytes."""

    name: str
    size: int
    chunks: Iterable[bytes]

    @classmethod
    def of(cls, name: str, text: str) -> "Entry":
        """Return a file that holds a text."""
        data = text.encode()
        return cls(name, len(data), (data,))


class _Sink:
    """Takes what a ZIP file writes, which cannot be sought in."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def write(self, data: bytes) -> int:
        """Take bytes."""
        self._written.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Do nothing: what is written is taken by whoever streams it."""

    def taken(self) -> bytes:
        """Give what was written since."""
        taken, self._written = b"".join(self._written), []
        return taken


def zipped(entries: Iterable[Entry]) -> Iterator[bytes]:
    """Yield a ZIP file of entries, and of a manifest of their SHA-256 as `sha256sum` writes it."""
    sink, lines = _Sink(), list[str]()
    # It asks for no more than to write; the type says that it may be any file.
    with ZipFile(sink, "w", ZIP_STORED) as file:  # type: ignore[call-overload]
        for entry in entries:
            digest = sha256()
            with file.open(_info(entry.name), "w", force_zip64=entry.size >= _LARGE) as written:
                for chunk in entry.chunks:
                    digest.update(chunk)
                    written.write(chunk)
                    yield sink.taken()
            lines.append(f"{digest.hexdigest()}  {entry.name}\n")
            yield sink.taken()
        file.writestr(_info(MANIFEST), "".join(lines))
    yield sink.taken()


def _info(name: str) -> ZipInfo:
    info = ZipInfo(name, _EPOCH)
    info.create_system = _UNIX
    info.external_attr = _PRIVATE
    return info
