"""The steps by which the folder bucket changes a disk, each one system call or nearly so.

They stand in a class of their own so that a test can hand the bucket one that counts the steps,
fails any of them, or loses on a pretended power cut all that was not synchronised.
"""

import os
from pathlib import Path


class Files:
    """The real disk. Every method raises `OSError` as the system call does."""

    def create(self, path: Path) -> int:
        """Create a private file (mode 0600) that must not exist; return its descriptor."""
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)

    def write(self, descriptor: int, data: bytes) -> None:
        """Write all of `data`; the system may take it in parts."""
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]

    def stamp(self, descriptor: int, nanoseconds: int) -> None:
        """Set the time of last modification, in nanoseconds since 1970."""
        os.utime(descriptor, ns=(nanoseconds, nanoseconds))

    def sync(self, descriptor: int) -> None:
        """Return when the file's bytes and times are on the disk."""
        os.fsync(descriptor)

    def sync_directory(self, path: Path) -> None:
        """Return when the directory's entries are on the disk."""
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def make_directory(self, path: Path) -> None:
        """Make one private directory (mode 0700)."""
        path.mkdir(mode=0o700)

    def remove_directory(self, path: Path) -> None:
        """Remove one empty directory."""
        path.rmdir()

    def link(self, source: Path, target: Path) -> None:
        """Give the file `source` a second name, `target`, which must not exist."""
        target.hardlink_to(source)

    def rename(self, source: Path, target: Path) -> None:
        """Rename `source`, taking the place of a file `target` in one step."""
        source.rename(target)

    def unlink(self, path: Path) -> None:
        """Remove one name of a file."""
        path.unlink()
