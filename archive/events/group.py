"""Group commit: callers that come while a commit runs share the next one."""

from abc import ABC, abstractmethod
from collections import deque
from threading import Lock

from archive.events.commit import CommitEngine, Group

_EVENTS_PER_COMMIT = 4_000
_BYTES_PER_COMMIT = 32 * 1024 * 1024


class Committer(ABC):
    """Where events are handed over to be committed.

    Safe for several threads and, behind a socket, several processes.
    """

    @abstractmethod
    def commit(self, group: Group) -> None:
        """Commit the group; durable in bucket and SQL, commit record too, when it returns.

        On return `group.seqs` and `group.already` cover every event.

        Raises:
            ConflictError: the group is atomic and one of its events exists.
            UnavailableError: bucket, database or committer do not answer. The events may have
                been committed all the same; the same call again tells.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of files and threads; groups under way are finished first."""


class GroupCommitter(Committer):
    """Commits in this process. Whoever gets the engine commits for all who wait.

    `_waiting` is guarded by `_queue_lock`, the engine by `_engine_lock`.
    """

    def __init__(self, engine: CommitEngine) -> None:
        self._engine = engine
        self._engine_lock = Lock()
        self._queue_lock = Lock()
        self._waiting: deque[Group] = deque()
        engine.recover()

    def commit(self, group: Group) -> None:
        with self._queue_lock:
            self._waiting.append(group)
        while True:
            with self._engine_lock:
                # Whoever took this group out of the queue held the lock until it was committed.
                if not self._is_waiting(group):
                    break
                self._engine.commit(self._take())
        if group.error is not None:
            raise group.error

    def _is_waiting(self, group: Group) -> bool:
        with self._queue_lock:
            return any(each is group for each in self._waiting)

    def _take(self) -> list[Group]:
        batch: list[Group] = []
        count = size = 0
        with self._queue_lock:
            while self._waiting and (not batch or count < _EVENTS_PER_COMMIT):
                if batch and size > _BYTES_PER_COMMIT:
                    break
                group = self._waiting.popleft()
                batch.append(group)
                count += len(group.events)
                size += sum(len(event.evidence) for event in group.events)
        return batch

    def close(self) -> None:
        with self._engine_lock:
            self._engine.close()
