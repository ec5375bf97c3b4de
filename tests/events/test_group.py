"""Who shares a commit leaves when it is done, whatever is committed next."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from queue import Queue
from typing import cast
from uuid import uuid4

import pytest

from archive.errors import UnavailableError
from archive.events.commit import CommitEngine
from archive.events.group import GroupCommitter
from archive.events.groups import Group
from archive.events.sealer import PlainEvent
from tests.waiting import PATIENCE, until


class Engine:
    """Commits when it is told to, and says what it has been given."""

    def __init__(self) -> None:
        self.begun: Queue[Sequence[Group]] = Queue()
        self.told: Queue[Exception | None] = Queue()
        self.closed = False

    def recover(self) -> None: ...

    def commit(self, groups: Sequence[Group]) -> None:
        self.begun.put(groups)
        error = self.told.get(timeout=PATIENCE)
        if error is not None:
            for group in groups:
                group.error = error

    def close(self) -> None:
        self.closed = True


class Callers:
    """Groups handed over, each by a thread of its own."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self.engine = Engine()
        self.committer = GroupCommitter(cast(CommitEngine, self.engine))
        self._pool = pool

    def hand_over(self, *groups: Group) -> list["Future[None]"]:
        """Have groups wait, in this order, while the engine is busy."""
        found = []
        for group in groups:
            found.append(self._pool.submit(self.committer.commit, group))
            until(partial(self._is_waiting, len(found)))
        return found

    def _is_waiting(self, count: int) -> bool:
        return len(self.committer._waiting) == count

    def begun(self) -> Sequence[Group]:
        return self.engine.begun.get(timeout=PATIENCE)


def group() -> Group:
    return Group([PlainEvent(uuid4().bytes, 1, "interaction.captured", b"said", b"whose")])


def test_who_shares_a_commit_does_not_wait_for_the_next() -> None:
    first, second, third, last = group(), group(), group(), group()
    with ThreadPoolExecutor(4) as pool:
        callers = Callers(pool)
        one = pool.submit(callers.committer.commit, first)
        assert callers.begun() == [first]
        two, three = callers.hand_over(second, third)
        callers.engine.told.put(None)
        one.result(PATIENCE)
        assert callers.begun() == [second, third]
        (four,) = callers.hand_over(last)
        callers.engine.told.put(None)
        assert callers.begun() == [last]
        # The engine is busy with the last one.
        for each in (two, three):
            each.result(PATIENCE)
        assert not four.done()
        callers.engine.told.put(None)
        four.result(PATIENCE)
        callers.committer.close()
        assert callers.engine.closed


def test_each_of_those_who_share_a_commit_hears_of_its_failure() -> None:
    with ThreadPoolExecutor(3) as pool:
        callers = Callers(pool)
        one = pool.submit(callers.committer.commit, group())
        callers.begun()
        others = callers.hand_over(group(), group())
        callers.engine.told.put(None)
        one.result(PATIENCE)
        callers.begun()
        callers.engine.told.put(UnavailableError("It does not answer."))
        for each in others:
            with pytest.raises(UnavailableError):
                each.result(PATIENCE)
