"""Several committers over one database and one bucket, as on several hosts."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from random import Random
from uuid import uuid4

import pytest

from archive.bucket.fake import FakeBucket
from archive.clock import SystemClock
from archive.errors import ConflictError, UnavailableError
from archive.events.commit_records import CommitRecords
from archive.events.groups import Group
from archive.events.pointers import GoneBackError
from archive.events.restoring import Restorer
from tests.events.parts import Parts, assemble
from tests.events.test_commit_faults import Url, plain, recorded, seqs


class LaterClock(SystemClock):
    """The machine's clock, put forward."""

    ahead = timedelta()

    def now(self):
        return super().now() + self.ahead


@pytest.fixture
def hosts(tmp_path: Path, each_database: Url) -> Iterator[list[Parts]]:
    first = assemble(tmp_path, database_url=each_database)
    others = [
        assemble(tmp_path, bucket=first.bucket, keyring=first.keyring, database_url=each_database)
        for _ in range(3)
    ]
    yield [first, *others]
    for parts in (first, *others):
        parts.close()


def records_of(parts: Parts, clock: SystemClock) -> CommitRecords:
    return CommitRecords(parts.pointers, parts.bucket, parts.keyring, clock)


def test_the_same_events_at_once_are_archived_once(hosts: list[Parts]) -> None:
    events = [plain() for _ in range(400)]
    fates: list[Group] = []

    def capture(number: int) -> None:
        shuffled = Random(number).sample(events, len(events))
        for start in range(0, len(shuffled), 50):
            group = Group(shuffled[start : start + 50], atomic=False)
            hosts[number].committer.commit(group)
            fates.append(group)

    with ThreadPoolExecutor(len(hosts)) as pool:
        list(pool.map(capture, range(len(hosts))))
    archived = [key for group in fates for key in group.seqs]
    assert sorted(archived) == sorted(event.key for event in events)
    assert sum(len(group.already) for group in fates) == (len(hosts) - 1) * len(events)
    everything = {key: seq for group in fates for key, seq in group.seqs.items()}
    for group in fates:
        assert {key: everything[key] for key in group.already} == group.already
    assert seqs(hosts[0]) == list(range(1, len(events) + 1))
    assert recorded(hosts[0]) == set(range(1, len(events) + 1))


def test_the_same_atomic_change_at_once_is_one_hosts(hosts: list[Parts]) -> None:
    event = plain()
    groups = [Group([event, plain()]) for _ in hosts]

    def commit(number: int) -> bool:
        try:
            hosts[number].committer.commit(groups[number])
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(len(hosts)) as pool:
        done = list(pool.map(commit, range(len(hosts))))
    assert done.count(True) == 1
    assert seqs(hosts[0]) == [1, 2]


def test_already_is_said_only_when_the_record_stands(hosts: list[Parts]) -> None:
    one, two = hosts[:2]
    event = plain()
    one.bucket.fail("put", "commits/", times=1000, kept=False)
    with pytest.raises(UnavailableError):
        one.committer.commit(Group([event], atomic=False))
    with pytest.raises(UnavailableError):
        two.committer.commit(Group([event], atomic=False))
    assert recorded(two) == set()
    two.bucket.heal()
    again = Group([event], atomic=False)
    two.committer.commit(again)
    assert again.already == {event.key: 1}
    assert recorded(two) == {1}
    assert [row.first_seq for row in two.pointers.commits_not_durable()] == []


def test_the_leader_writes_the_records_of_a_host_that_is_gone(hosts: list[Parts]) -> None:
    gone, leader = hosts[:2]
    gone.bucket.fail("put", "commits/", times=1000, kept=False)
    with pytest.raises(UnavailableError):
        gone.committer.commit(Group([plain(), plain()]))
    gone.bucket.heal()
    clock = LaterClock()
    records_of(leader, clock).complete_overdue()
    assert recorded(leader) == set(), "its own committer may still be at it"
    clock.ahead = timedelta(minutes=3)
    records_of(leader, clock).complete_overdue()
    assert recorded(leader) == {1, 2}
    assert leader.pointers.commits_not_durable() == []


def test_a_start_beside_a_busy_host_is_no_old_database(
    hosts: list[Parts], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = hosts[:2]
    names = FakeBucket.names

    def while_another_commits(bucket: FakeBucket, prefix: str, *, after: str = ""):
        monkeypatch.setattr(FakeBucket, "names", names)
        two.committer.commit(Group([plain()]))
        return names(bucket, prefix, after=after)

    monkeypatch.setattr(FakeBucket, "names", while_another_commits)
    assert not Restorer(one.pointers, one.bucket, one.keyring).catch_up()
    assert recorded(one) == {1}


def test_a_committer_notices_that_its_database_went_back(
    hosts: list[Parts], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = hosts[0]
    one.committer.commit(Group([plain(), plain()]))
    monkeypatch.setattr(one.committer._engine, "_seen", 5)
    with pytest.raises(GoneBackError, match="an older copy of it took its place"):
        one.committer.commit(Group([plain(originator=uuid4())]))
    assert seqs(one) == [1, 2]
