"""The committer behind its socket: shared, restarted, reached through long paths."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import active_count
from uuid import uuid4

import msgspec
import pytest

from archive.clock import SystemClock
from archive.errors import ConflictError, UnavailableError
from archive.events import wire
from archive.events.group import Committer
from archive.events.groups import Group
from archive.events.sealer import PlainEvent
from archive.events.server import CommitServer, HostLock, RemoteCommitter
from archive.events.wire import SOCKET_NAME
from tests.events.parts import assemble
from tests.waiting import until


def plain() -> PlainEvent:
    return PlainEvent(uuid4().bytes, 1, "interaction.captured", b"said", b"whose")


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    # Longer than a socket's path may be.
    folder = tmp_path / ("deep" * 30) / "run"
    folder.mkdir(parents=True)
    folder.chmod(0o700)
    return folder


def test_callers_in_many_threads_share_one_committer(tmp_path: Path, run_folder: Path) -> None:
    parts = assemble(tmp_path)
    server = CommitServer(parts.committer, run_folder)
    remote = RemoteCommitter(run_folder, SystemClock())
    groups = [Group([plain(), plain()], atomic=False) for _ in range(50)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(remote.commit, groups))
    assert sorted(s for group in groups for s in group.seqs.values()) == list(range(1, 101))
    again = Group(groups[0].events, atomic=False)
    remote.commit(again)
    assert again.already == groups[0].seqs and not again.seqs
    with pytest.raises(ConflictError):
        remote.commit(Group(groups[0].events))
    remote.close()
    server.close()
    parts.close()


def test_the_socket_is_for_its_owner_alone(tmp_path: Path, run_folder: Path) -> None:
    parts = assemble(tmp_path)
    server = CommitServer(parts.committer, run_folder)
    mode = (run_folder / SOCKET_NAME).stat().st_mode
    assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o600
    run_folder.chmod(0o755)
    with pytest.raises(UnavailableError, match="private"):
        RemoteCommitter(run_folder, SystemClock(), patience=0).commit(Group([plain()]))
    run_folder.chmod(0o700)
    server.close()
    parts.close()


def test_a_capture_outlives_a_restart_of_the_committer(tmp_path: Path, run_folder: Path) -> None:
    parts = assemble(tmp_path)
    first = CommitServer(parts.committer, run_folder)
    remote = RemoteCommitter(run_folder, SystemClock())
    remote.commit(Group([plain()], atomic=False))
    first.close()
    second = CommitServer(parts.committer, run_folder)
    # The idle connection is dead; a capture is simply sent again.
    group = Group([plain()], atomic=False)
    remote.commit(group)
    assert list(group.seqs.values()) == [2]
    remote.close()
    second.close()
    parts.close()


@pytest.mark.parametrize("atomic", [False, True])
def test_what_is_begun_is_committed_once_it_is_waited_for(
    tmp_path: Path, run_folder: Path, atomic: bool
) -> None:
    parts = assemble(tmp_path)
    server = CommitServer(parts.committer, run_folder)
    remote = RemoteCommitter(run_folder, SystemClock())
    groups = [Group([plain()], atomic=atomic) for _ in range(3)]
    for wait in [remote.begin(group) for group in groups]:
        wait()
    assert sorted(seq for group in groups for seq in group.seqs.values()) == [1, 2, 3]
    abandoned = Group([plain()], atomic=atomic)
    remote.begin(abandoned)
    # Whoever goes away without waiting leaves no answer behind for others to take.
    last = Group([plain()], atomic=atomic)
    remote.begin(last)()
    (seq,) = last.seqs.values()
    assert seq in (4, 5)
    remote.close()
    server.close()
    parts.close()


def test_what_was_begun_outlives_a_restart_of_the_committer(
    tmp_path: Path, run_folder: Path
) -> None:
    parts = assemble(tmp_path)
    first = CommitServer(parts.committer, run_folder)
    remote = RemoteCommitter(run_folder, SystemClock(), patience=1.0)
    group = Group([plain()], atomic=False)
    wait = remote.begin(group)
    first.close()
    second = CommitServer(parts.committer, run_folder)
    wait()
    assert [*group.seqs.values(), *group.already.values()] == [1]
    late = Group([plain()], atomic=False)
    wait = remote.begin(late)
    second.close()
    # Either it was committed on the way down, or nobody is there to say so.
    try:
        wait()
    except UnavailableError as error:
        assert "does not answer" in str(error)
    else:
        assert list(late.seqs.values()) == [2]
    remote.close()
    parts.close()


def test_no_committer_is_told_plainly(run_folder: Path) -> None:
    remote = RemoteCommitter(run_folder, SystemClock(), patience=0.0)
    with pytest.raises(UnavailableError, match="does not answer"):
        remote.commit(Group([plain()], atomic=False))
    with pytest.raises(UnavailableError, match="does not answer"):
        remote.begin(Group([plain()], atomic=False))


def test_the_host_lock_has_one_holder(tmp_path: Path) -> None:
    first, second = HostLock(tmp_path / "lock"), HostLock(tmp_path / "lock")
    assert first.acquire() and not second.acquire()
    assert HostLock.is_held(tmp_path / "lock")
    first.release()
    assert second.acquire()
    second.release()
    assert not HostLock.is_held(tmp_path / "lock")


def test_who_only_asks_whether_the_host_lock_is_held_is_in_nobodys_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "lock"
    asking, taking = HostLock(path), HostLock(path)
    assert asking.acquire(shared=True)
    assert not HostLock.is_held(path) and HostLock.is_held(path, shared=True)
    monkeypatch.setattr("archive.events.server.time.sleep", lambda _: asking.release())
    assert taking.acquire()
    taking.release()


def test_a_defect_ends_the_connection_that_met_it_and_leaves_nothing(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(Committer):
        def commit(self, group: Group) -> None:
            raise ValueError("a defect")

        def close(self) -> None: ...

    monkeypatch.setattr("threading.excepthook", lambda _: None)
    before = active_count()
    serving = CommitServer(Broken(), run_folder)
    remote = RemoteCommitter(run_folder, SystemClock())
    with pytest.raises(UnavailableError):
        remote.commit(Group([plain()]))
    until(lambda: active_count() == before + 1 and not serving._connections)
    remote.close()
    serving.close()


class OlderRequest(msgspec.Struct, array_like=True):
    """What was sent before boxes were compressed by who sends them."""

    events: list[tuple[bytes, int, str, bytes, bytes]]
    atomic: bool
    blobs: list[wire.WireBlob]


def test_a_process_of_another_version_is_not_misunderstood() -> None:
    message = wire.encode_request(Group([plain()]))
    assert wire.decode_request(message).events
    with pytest.raises(msgspec.ValidationError):
        msgspec.msgpack.decode(message, type=OlderRequest)
    older = OlderRequest([(bytes(16), 1, "interaction.captured", b"{}", b"{}")], True, [])
    with pytest.raises(msgspec.ValidationError):
        wire.decode_request(msgspec.msgpack.encode(older))
