"""What the bucket's tests put in place of the clock and of the disk."""

import os
import shutil
from abc import abstractmethod
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from archive.bucket.files import Files
from archive.clock import Clock


class PassingClock(Clock):
    """A clock by which a test can wait for a moment."""

    @abstractmethod
    def wait_until(self, moment: datetime) -> None:
        """Return when the moment has come."""


class ManualClock(PassingClock):
    """A clock that stands still until it is moved."""

    def __init__(self, start: datetime = datetime(2026, 5, 1, 12, tzinfo=UTC)) -> None:
        self._now = start
        self._bytes = 0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._now.timestamp()

    def random_bytes(self, count: int) -> bytes:
        self._bytes += 1
        return self._bytes.to_bytes(count, "big")

    def sleep(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)

    def move(self, **amount: float) -> None:
        """Move by the amount, given as for `timedelta`; it may be negative."""
        self._now += timedelta(**amount)

    def wait_until(self, moment: datetime) -> None:
        self._now = moment


class Crash(BaseException):
    """The process is dead: no handler may help."""


class QuickFiles(Files):
    """Leaves out what only a cut of the power could tell from its absence."""

    def sync(self, descriptor: int) -> None:
        pass

    def sync_directory(self, path: Path) -> None:
        if not path.is_dir():
            raise FileNotFoundError


STEPS = (
    "create",
    "write",
    "stamp",
    "sync",
    "sync_directory",
    "make_directory",
    "remove_directory",
    "link",
    "rename",
    "unlink",
)


class SteppedFiles(Files):
    """Counts the steps; a subclass decides what happens around each."""

    def __init__(self) -> None:
        self.steps: list[str] = []

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name in STEPS:
            return partial(self.around, name, found)
        return found

    def around(self, name: str, step: Callable[..., Any], *arguments: Any) -> Any:
        """Record the step and take it."""
        self.steps.append(name)
        return step(*arguments)


class FailingFiles(SteppedFiles):
    """Fails at the step with the number `at`, before or after it has taken effect.

    With an `OSError` only that step fails, as when a disk answers badly once; with `Crash` nothing
    more happens, not even the cleaning up.
    """

    def __init__(self, error: BaseException, *, at: int, taken: bool) -> None:
        super().__init__()
        self._error = error
        self._at = at
        self._taken = taken

    @property
    def failed(self) -> bool:
        """Whether the step was reached."""
        return len(self.steps) > self._at

    def around(self, name: str, step: Callable[..., Any], *arguments: Any) -> Any:
        dead = isinstance(self._error, Crash) and self.failed
        fails = dead or len(self.steps) == self._at
        self.steps.append(name)
        if not fails:
            return step(*arguments)
        if self._taken and not dead:
            with suppress(OSError):
                result = step(*arguments)
                if name == "create":
                    os.close(result)
        raise self._error


@dataclass(frozen=True)
class _Change:
    """A change of the entries of one directory that is not yet on the disk."""

    directory: Path
    undo: Callable[[], None]


class PowerLossFiles(FailingFiles):
    """Remembers what was not synchronised, to take it back when the power goes.

    A disk may lose any of it: `lose` takes back the changes of all directories, or of one alone.
    The real synchronisation is left out, since a test does not cut the real power.
    """

    def __init__(self, stash: Path, error: BaseException, *, at: int, taken: bool) -> None:
        super().__init__(error, at=at, taken=taken)
        self._stash = stash
        self._stash.mkdir()
        self._changes: list[_Change] = []
        self._unsynced: set[int] = set()

    def pending(self) -> set[Path]:
        """Return the directories with changes that are not on the disk."""
        return {change.directory for change in self._changes}

    def lose(self, root: Path, only: Path | None = None) -> None:
        """Cut the power: unsynchronised bytes, times and entries are lost."""
        for change in reversed(self._changes):
            if only in (None, change.directory):
                change.undo()
        for path in root.rglob("*"):
            # A folder may have been given the number of a file that is gone.
            if path.is_file() and path.stat().st_ino in self._unsynced:
                path.write_bytes(b"")

    def create(self, path: Path) -> int:
        descriptor = super().create(path)
        self._unsynced.add(os.fstat(descriptor).st_ino)
        self._changed(path, lambda: path.unlink(missing_ok=True))
        return descriptor

    def write(self, descriptor: int, data: bytes) -> None:
        self._unsynced.add(os.fstat(descriptor).st_ino)
        super().write(descriptor, data)

    def stamp(self, descriptor: int, nanoseconds: int) -> None:
        self._unsynced.add(os.fstat(descriptor).st_ino)
        super().stamp(descriptor, nanoseconds)

    def sync(self, descriptor: int) -> None:
        self._unsynced.discard(os.fstat(descriptor).st_ino)

    def sync_directory(self, path: Path) -> None:
        if not path.is_dir():
            raise FileNotFoundError
        self._changes = [change for change in self._changes if change.directory != path]

    def make_directory(self, path: Path) -> None:
        super().make_directory(path)
        self._changed(path, lambda: shutil.rmtree(path, ignore_errors=True))

    def remove_directory(self, path: Path) -> None:
        super().remove_directory(path)
        self._changed(path, lambda: path.mkdir(mode=0o700))

    def link(self, source: Path, target: Path) -> None:
        super().link(source, target)
        self._changed(target, target.unlink)

    def rename(self, source: Path, target: Path) -> None:
        restore = self._stashed(target)
        super().rename(source, target)

        def undo() -> None:
            target.rename(source)
            restore()

        self._changed(target, undo)

    def unlink(self, path: Path) -> None:
        restore = self._stashed(path)
        super().unlink(path)
        self._changed(path, restore)

    def _changed(self, path: Path, undo: Callable[[], None]) -> None:
        self._changes.append(_Change(path.parent, undo))

    def _stashed(self, path: Path) -> Callable[[], None]:
        if not path.exists():
            return lambda: None
        kept = self._stash / str(len(self.steps))
        kept.hardlink_to(path)

        def restore() -> None:
            if path.parent.is_dir() and not path.exists():
                path.hardlink_to(kept)

        return restore
