"""A bucket in a local folder: the embedded default.

Objects are plain files under their own names and can be read with any tool. Versions, delete
markers and locks are emulated (`archive.bucket.history`) and bind whoever comes through this
module only: a folder is not WORM, and whoever may write to the disk can undo what it keeps.

Changes of one name take turns, by advisory locks that threads and processes share; readers never
wait. A put of a new name without a lock costs two synchronisations, of the file and of its
folder, and nothing else reaches the disk. Copies of the folder must keep times of modification
(`cp -a`, `rsync -a`, `tar`): they are the version ids, by which locks find what they protect.
Beside a running archive they must be made part by part (docs/operations.md, "Backup").
"""

import errno
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from io import FileIO
from pathlib import Path

from archive.bucket import history, listing
from archive.bucket.disk import Disk, Temporary
from archive.bucket.files import Files
from archive.bucket.history import Entry, History, Protection
from archive.bucket.port import Bucket, ObjectInfo, Retention, VersionInfo
from archive.bucket.rules import (
    check_destroyable,
    check_extension,
    check_name,
    check_not_ended,
    check_prefix,
    check_range,
    whole_range,
)
from archive.clock import Clock
from archive.errors import InvalidError, NotFoundError, UnavailableError

_CHUNK = 1 << 20
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class FolderBucket(Bucket):
    """The bucket in the folder `root`, made where there is none; see the module's text.

    Raises `ConfigurationError` when the folder cannot be used. `files` is for tests.
    """

    writes_at_once = 4

    def __init__(self, root: Path, clock: Clock, *, files: Files | None = None) -> None:
        self.root = root.absolute()
        self._clock = clock
        self._files = files or Files()
        self._disk = Disk(self.root, self._files)

    def now(self) -> datetime:
        return self._clock.now()

    def describe(self) -> str:
        return f"file:{self.root}"

    def check(self) -> tuple[str, ...]:
        return (
            "It keeps every version of an object.",
            "It cannot lock objects against whoever may write to the disk: a folder is not WORM.",
        )

    # Reading

    def get(self, name: str, *, version: str | None = None) -> bytes:
        with _answering(name), self._open(name, version) as stream:
            return stream.read()

    def get_range(
        self, name: str, offset: int, length: int, *, version: str | None = None
    ) -> bytes:
        check_range(offset, length)
        with _answering(name), self._open(name, version) as stream:
            stream.seek(offset)
            return whole_range(name, offset, length, stream.read(length))

    def read(self, name: str, *, version: str | None = None) -> Iterator[bytes]:
        with _answering(name):
            stream = self._open(name, version)
        return _chunks(name, stream)

    def stat(self, name: str, *, version: str | None = None) -> ObjectInfo:
        check_name(name)
        with _answering(name), self._disk.turn(name, shared=True):
            entry = self._find(name, version)
            held = history.load_protection(history.lock_path(self.root, name, entry.version))
        return ObjectInfo(
            name=name,
            version=entry.version,
            size=entry.size,
            created=history.created(entry.version),
            retention=held.retention,
            legal_hold=held.legal_hold,
        )

    def names(self, prefix: str, *, after: str = "") -> Iterator[str]:
        check_prefix(prefix)
        return self._names(prefix, after)

    def _names(self, prefix: str, after: str) -> Iterator[str]:
        with _answering(prefix):
            yield from listing.names(self.root, prefix, after)

    def versions(self, prefix: str) -> Iterator[VersionInfo]:
        check_prefix(prefix)
        return self._versions(prefix)

    def _versions(self, prefix: str) -> Iterator[VersionInfo]:
        with _answering(prefix):
            for name in listing.names_with_history(self.root, prefix):
                with self._disk.turn(name, shared=True):
                    found = history.load(self.root, name)
                for number, entry in enumerate(found.entries):
                    yield VersionInfo(
                        name=name,
                        version=entry.version,
                        size=entry.size,
                        created=history.created(entry.version),
                        latest=number == 0,
                        delete_marker=entry.marker,
                    )

    def _open(self, name: str, version: str | None) -> FileIO:
        check_name(name)
        if version is None:
            try:
                return (self.root / name).open("rb", buffering=0)
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                raise _not_found(name) from None
        # A version can move between the plain file and the history while it is being looked up.
        with self._disk.turn(name, shared=True):
            return self._find(name, version).path.open("rb", buffering=0)

    def _find(self, name: str, version: str | None) -> Entry:
        """Return a version with bytes; the caller holds the turn of `name`."""
        if version is None:
            entry = history.plain_entry(self.root / name)
        else:
            entry = history.load(self.root, name).find(version)
        if entry is None or entry.marker:
            raise _not_found(name, version)
        return entry

    # Writing

    def put(
        self,
        name: str,
        data: bytes | Iterable[bytes],
        *,
        retention: Retention | None = None,
        legal_hold: bool = False,
    ) -> str:
        check_name(name)
        check_not_ended(retention, self.now())
        chunks = (data,) if isinstance(data, bytes) else data
        with ExitStack() as stack:
            with _answering(name):
                temporary = stack.enter_context(self._disk.temporary())
            # The iterable's own errors come out unchanged, even those of the system.
            for chunk in chunks:
                with _answering(name):
                    temporary.write(chunk)
            with _answering(name):
                return self._publish(name, temporary, Protection(retention, legal_hold))

    def _publish(self, name: str, temporary: Temporary, protection: Protection) -> str:
        path = self.root / name
        self._disk.ensure(path.parent)
        # The slow step is taken before the turn, for the usual case that no older version has the
        # same time or a later one.
        temporary.finish(history.to_nanoseconds(self.now()))
        with self._disk.turn(name):
            found = self._settled(name)
            version = self._stamped_after(temporary, found)
            # In this order, so that the object is never seen without its lock, and the version
            # before it never lost.
            if protection != Protection():
                self._protect(name, version, protection)
            if found.plain is not None:
                self._keep(name, found.plain)
            self._files.rename(temporary.path, path)
            self._files.sync_directory(path.parent)
        return version

    def _stamped_after(self, temporary: Temporary, found: History) -> str:
        """Return the id of the new version, made later than all that the name has.

        Clocks go back, and filesystems keep times more or less exactly: hence the growing step.
        """
        version = history.to_version(temporary.stat().st_mtime_ns)
        step = 1
        while found.entries and version <= found.entries[0].version:
            temporary.finish(int(found.entries[0].version, 16) + step)
            version = history.to_version(temporary.stat().st_mtime_ns)
            step *= 1000
        return version

    def delete(self, name: str, *, version: str | None = None) -> None:
        check_name(name)
        with _answering(name), self._disk.turn(name):
            if version is None:
                self._hide(name)
            else:
                self._destroy(name, version)

    def extend_retention(self, name: str, version: str, retention: Retention) -> None:
        check_name(name)
        with _answering(name), self._disk.turn(name):
            entry = self._find(name, version)
            held = history.load_protection(history.lock_path(self.root, name, entry.version))
            check_extension(name, held.retention, retention, self.now())
            self._protect(name, entry.version, replace(held, retention=retention))

    def set_legal_hold(self, name: str, version: str, on: bool) -> None:
        check_name(name)
        with _answering(name), self._disk.turn(name):
            entry = self._find(name, version)
            held = history.load_protection(history.lock_path(self.root, name, entry.version))
            self._protect(name, entry.version, replace(held, legal_hold=on))

    # Steps of writing; the caller holds the turn of the name.

    def _settled(self, name: str) -> History:
        """Return all that the name has, after removing what cut-off changes left."""
        found = history.load(self.root, name)
        for path in found.leftovers:
            self._files.unlink(path)
        if found.leftovers:
            # Otherwise a power cut could bring one back when it has an effect again.
            self._files.sync_directory(history.folder_of(self.root, name))
        return found

    def _history_folder(self, name: str) -> Path:
        folder = history.folder_of(self.root, name)
        self._disk.ensure(folder.parent)
        self._disk.ensure_last(folder)
        return folder

    def _keep(self, name: str, plain: Entry) -> None:
        """Give the current version its place in the history; it is current still."""
        folder = self._history_folder(name)
        self._files.link(plain.path, folder / plain.version)
        self._files.sync_directory(folder)

    def _protect(self, name: str, version: str, protection: Protection) -> None:
        path = history.lock_path(self.root, name, version)
        if protection != Protection():
            self._history_folder(name)
            self._disk.write(path, history.dump_protection(protection))
            return
        with suppress(FileNotFoundError):
            self._files.unlink(path)
        self._tidy(name)

    def _hide(self, name: str) -> None:
        path = self.root / name
        found = self._settled(name)
        if found.plain is not None:
            self._keep(name, found.plain)
            moment = max(history.to_nanoseconds(self.now()), int(found.plain.version, 16) + 1)
            marker = history.to_version(moment) + history.GONE
            self._disk.write(history.folder_of(self.root, name) / marker, b"")
            self._files.unlink(path)
        # Also when nothing was found: the call may repeat one that failed just here.
        self._sync_if_there(path.parent)

    def _destroy(self, name: str, version: str) -> None:
        found = self._settled(name)
        entry = found.find(version)
        if entry is not None:
            held = history.load_protection(history.lock_path(self.root, name, version))
            check_destroyable(name, held.retention, held.legal_hold, self.now())
            self._remove(self.root / name, found, entry)
        self._sync_if_there((self.root / name).parent)
        # What the step before has left without effect goes now: the lock of the version, the
        # marker that was removed, the second link to the version that is current again.
        self._settled(name)
        self._tidy(name)

    def _remove(self, path: Path, found: History, entry: Entry) -> None:
        newest, *older = found.entries
        if entry is not newest or not older or older[0].marker:
            self._files.unlink(entry.path)
        elif entry.marker:
            self._files.link(older[0].path, path)
        else:
            self._files.rename(older[0].path, path)

    def _tidy(self, name: str) -> None:
        """Make removals in the history durable, and remove its folder if it is empty now."""
        folder = history.folder_of(self.root, name)
        self._sync_if_there(folder)
        try:
            self._files.remove_directory(folder)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.ENOENT, errno.ENOTDIR):
                raise

    def _sync_if_there(self, folder: Path) -> None:
        with suppress(FileNotFoundError, NotADirectoryError):
            self._files.sync_directory(folder)


def _chunks(name: str, stream: FileIO) -> Iterator[bytes]:
    with _answering(name), stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def _not_found(name: str, version: str | None = None) -> NotFoundError:
    wanted = name if version is None else f"{name}, version {version},"
    return NotFoundError(f"There is no {wanted} in the bucket.")


@contextmanager
def _answering(name: str) -> Iterator[None]:
    """Turn the system's errors into the archive's; paths of the machine stay out of messages."""
    try:
        yield
    except (IsADirectoryError, NotADirectoryError, FileExistsError) as error:
        raise InvalidError(f"{name} cannot be an object and a folder of others.") from error
    except OSError as error:
        if error.errno in _FULL:
            message = f"The disk that holds the bucket is full; {name} was not stored."
        else:
            message = f"The bucket's folder failed at {name}: {error.strerror}."
        raise UnavailableError(message) from error
