"""Group commit: callers that come while a commit runs share the next one."""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from threading import Condition

from archive.events.commit import CommitEngine
from archive.events.groups import Group

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

    def begin(self, group: Group) -> Callable[[], None]:
        """Hand a group over, and return what waits until it is committed.

        Whoever has something to do meanwhile does it in between. Nothing is committed for sure
        before what is returned has been called and has returned; errors, as in `commit`, come here
        or there. Here it is all done at once.
        """
        self.commit(group)
        return lambda: None

    @abstractmethod
    def close(self) -> None:
        """Let go of files and threads; groups under way are finished first."""


@dataclass(slots=True)
class _Waiting:
    """A group whose caller waits; `done` once it was committed or has failed."""

    group: Group
    done: bool = False


class GroupCommitter(Committer):
    """Commits in this process. Whoever finds the engine free commits for all who wait.

    `_changed` guards `_waiting`, what is in it, and `_busy`, which says whether some thread has the
    engine; it is told of whenever one gives it back.
    """

    def __init__(self, engine: CommitEngine) -> None:
        self._engine = engine
        self._changed = Condition()
        self._busy = False
        self._waiting: deque[_Waiting] = deque()
        engine.recover()

    def commit(self, group: Group) -> None:
        own = _Waiting(group)
        with self._changed:
            self._waiting.append(own)
        while not own.done:
            self._wait_or_commit(own)
        if group.error is not None:
            raise group.error

    def _wait_or_commit(self, own: _Waiting) -> None:
        """Return once a group is done, or some of those who wait are, by this thread."""
        taken: list[_Waiting] = []
        leads = False
        try:
            with self._changed:
                # Who is done leaves at once, also while the next commit has begun.
                self._changed.wait_for(lambda: own.done or not self._busy)
                if not own.done:
                    leads = self._busy = True
                    taken = self._take()
            if leads:
                self._engine.commit([each.group for each in taken])
        finally:
            if leads:
                with self._changed:
                    for each in taken:
                        each.done = True
                    self._busy = False
                    self._changed.notify_all()

    def _take(self) -> list[_Waiting]:
        taken: list[_Waiting] = []
        count = size = 0
        while self._waiting and (not taken or count < _EVENTS_PER_COMMIT):
            if taken and size > _BYTES_PER_COMMIT:
                break
            each = self._waiting.popleft()
            taken.append(each)
            count += len(each.group.events)
            size += sum(len(event.evidence) for event in each.group.events)
        return taken

    def close(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._busy)
            self._engine.close()
