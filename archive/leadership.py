"""Leadership: the right to keep the catalog, which one process of all has at a time."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

from archive.errors import ConflictError
from archive.events.server import HostLock

if TYPE_CHECKING:
    from sqlalchemy import Connection


class DeposedError(ConflictError):
    """Another process leads now; what this one was about to write is not written."""

    def __init__(self) -> None:
        super().__init__("Another process leads by now.")


class Leadership(ABC):
    """A process's claim to lead. One thread makes and releases it; any thread may call `fence`.

    Whoever dies, or cannot be reached any more, has lost it within seconds, and need not know it:
    only `fence`, in the transaction that writes, says for sure.
    """

    @abstractmethod
    def acquire(self) -> bool:
        """Lead from now on, or go on leading; False at once if another process leads.

        Raises:
            UnavailableError: who leads cannot be found out.
        """

    @abstractmethod
    def fence(self, connection: "Connection") -> None:
        """Make sure, within a transaction, that nobody else leads before it is committed.

        Raises:
            DeposedError: this process does not lead, or not any more.
        """

    @abstractmethod
    def release(self) -> None:
        """Lead no longer; without effect where one does not."""


class FileLeadership(Leadership):
    """Leadership among the processes of one host: a lock that the kernel frees with its holder."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock: HostLock | None = None

    def acquire(self) -> bool:
        if self._lock is None:
            lock = HostLock(self._path)
            if not lock.acquire():
                lock.release()
                return False
            self._lock = lock
        return True

    def fence(self, connection: "Connection") -> None:
        if self._lock is None:
            raise DeposedError

    def release(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None
