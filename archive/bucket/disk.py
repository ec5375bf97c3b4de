"""A folder on disk whose changes are whole and durable: what the folder bucket stands on.

Beside what is stored in it, the folder holds four names that no object can have, since they
begin with a dot:

- `.bucket`: one line that says what the folder is, written when it is made;
- `.temporary/`: files being written, each under an advisory lock of its writer, so that what a
  dead process left is known by being unlocked, whatever the clock says, and removed at opening;
- `.locks/`: empty files for advisory locks, by which writers of one name take turns;
- `.versions/`: what `archive.bucket.history` says.
"""

import errno
import fcntl
import itertools
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from archive.bucket.files import Files
from archive.errors import ConfigurationError, InvalidError

_MARKER = ".bucket"
_MARKER_TEXT = b"muniment bucket 1\n"
_TEMPORARY = ".temporary"
_LOCKS = ".locks"
_LOCK_FILES = 64
_READ_ONLY = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
_KNOWN_FOLDERS = 4096


class Temporary:
    """A file being written, which no reader sees until it is renamed to where it belongs."""

    def __init__(self, files: Files, path: Path, descriptor: int) -> None:
        self._files = files
        self.path = path
        self._descriptor = descriptor

    def write(self, data: bytes) -> None:
        """Append `data`."""
        self._files.write(self._descriptor, data)

    def finish(self, nanoseconds: int | None = None) -> None:
        """Set the time of modification, if given, and return when all of it is on the disk."""
        if nanoseconds is not None:
            self._files.stamp(self._descriptor, nanoseconds)
        self._files.sync(self._descriptor)

    def stat(self) -> os.stat_result:
        """Return what the filesystem has kept of the file, its time as it rounds it."""
        return os.fstat(self._descriptor)


class Disk:
    """A private folder (mode 0700), made where there is none.

    Raises `ConfigurationError` when `root` is something else or cannot be made. Other methods
    raise `OSError`. Safe for threads and processes; an instance may be used after a fork.
    """

    def __init__(self, root: Path, files: Files) -> None:
        self.root = root
        self.files = files
        # Folders whose whole way from the root is known to be on the disk. They are never removed,
        # so what is known stays true. Set operations are atomic under the interpreter's lock.
        self._known: set[Path] = {root}
        self._serial = itertools.count()
        try:
            self._open()
        except OSError as error:
            raise ConfigurationError(
                f"The bucket folder {root} cannot be opened: {error.strerror}."
            ) from error

    def _open(self) -> None:
        if self._is_bucket():
            # What a dead writer left is only waste; a folder that is mounted read-only must open
            # all the same.
            with suppress(OSError):
                self._clean()
            return
        new = [folder for folder in (self.root, *self.root.parents) if not folder.exists()]
        # One by one: `parents` would let others into the folders above, as into an archive's home.
        for folder in reversed(new):
            folder.mkdir(mode=0o700, exist_ok=True)
        foreign = any(path.name[0] != "." for path in self.root.iterdir())
        # Asked again, since another process may just have made the bucket and put objects in it.
        if foreign and not self._is_bucket():
            raise ConfigurationError(
                f"{self.root} holds other files and is no bucket: name an empty folder, or, if it "
                f"is the copy of a bucket, write the line {_MARKER_TEXT.decode().strip()!r} into "
                f"the file {_MARKER} there."
            )
        for folder in new:
            self.files.sync_directory(folder.parent)
        for name in (_TEMPORARY, _LOCKS):
            with suppress(FileExistsError):
                self.files.make_directory(self.root / name)
        self.write(self.root / _MARKER, _MARKER_TEXT)

    def _is_bucket(self) -> bool:
        try:
            text = (self.root / _MARKER).read_bytes()
        except FileNotFoundError:
            return False
        if text != _MARKER_TEXT:
            raise ConfigurationError(
                f"The bucket folder {self.root} is of a form that this version does not know."
            )
        return True

    def _clean(self) -> None:
        for path in (self.root / _TEMPORARY).iterdir():
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self.files.unlink(path)
            except BlockingIOError:
                pass  # Its writer lives.
            finally:
                os.close(descriptor)

    @contextmanager
    def temporary(self) -> Iterator[Temporary]:
        """Give a file to write; what was not renamed away by the end is removed."""
        path, descriptor = self._create_temporary()
        try:
            yield Temporary(self.files, path, descriptor)
        except BaseException:
            with suppress(OSError):
                self.files.unlink(path)
            raise
        finally:
            os.close(descriptor)

    def _create_temporary(self) -> tuple[Path, int]:
        while True:
            path = self.root / _TEMPORARY / f"{os.getpid()}-{next(self._serial)}"
            try:
                descriptor = self.files.create(path)
            except FileExistsError:
                continue  # Of another bucket object, container or dead process with that number.
            try:
                # Between these two lines another process that opens the folder may hold the lock,
                # or have removed the file already, taking it for a dead writer's.
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(descriptor).st_nlink:
                    return path, descriptor
            except BlockingIOError:
                pass
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)

    @contextmanager
    def turn(self, name: str, *, shared: bool = False) -> Iterator[None]:
        """Hold the lock of `name` among all threads and processes that change it.

        Shared holders exclude changes, not each other. The names share a fixed number of lock
        files, so a holder must not ask for a second turn.
        """
        path = self.root / _LOCKS / f"{zlib.crc32(name.encode()) % _LOCK_FILES:02d}"
        descriptor = self._open_lock(path, shared=shared)
        if descriptor is None:
            yield
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _open_lock(self, path: Path, *, shared: bool) -> int | None:
        """Open a lock file; None where readers share one that they may not make.

        Opened anew each time: an advisory lock belongs to the open file, and threads that shared
        one would not exclude each other.
        """
        try:
            return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            if not shared or error.errno not in _READ_ONLY:
                raise
        try:
            return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None

    def ensure(self, folder: Path) -> None:
        """Make `folder` and those above it where they are missing, all durable.

        An existing one is synchronised too when it is met first: another process may have made it
        and not come to that yet. Raises `InvalidError` when an object has the name of a folder.
        """
        missing = []
        while folder not in self._known:
            missing.append(folder)
            folder = folder.parent
        for each in reversed(missing):
            self.ensure_last(each)
            if len(self._known) > _KNOWN_FOLDERS:
                self._known = {self.root}
            self._known.add(each)

    def ensure_last(self, folder: Path) -> None:
        """Make one folder where it is missing and see that its entry is durable."""
        try:
            self.files.make_directory(folder)
        except (FileExistsError, NotADirectoryError) as error:
            if not folder.is_dir():
                raise InvalidError(
                    f"{folder.relative_to(self.root)} is an object and cannot be a folder too."
                ) from error
        self.files.sync_directory(folder.parent)

    def write(self, path: Path, content: bytes) -> None:
        """Put a small file at `path`, in one step, durable; its folder exists."""
        with self.temporary() as temporary:
            temporary.write(content)
            temporary.finish()
            self.files.rename(temporary.path, path)
            self.files.sync_directory(path.parent)
