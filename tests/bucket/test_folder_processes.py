"""The folder bucket between processes, and under a process that is killed."""

import multiprocessing
import os
import signal
import time
from multiprocessing.connection import Connection
from pathlib import Path

from archive.bucket.folder import FolderBucket
from archive.clock import SystemClock

SHARED = "log/checkpoint"
ROUNDS = 60


def body(writer: int, number: int) -> bytes:
    return f"{writer}-{number};".encode() * 3000


def write(root: Path, writer: int, started: Connection) -> None:
    """Put to one name shared with others and to names of its own, and hide the shared one."""
    bucket = FolderBucket(root, SystemClock())
    started.send(None)
    for number in range(ROUNDS):
        bucket.put(SHARED, body(writer, number))
        bucket.put(f"keys/{number}/{writer}.keys", body(writer, number))
        if number % 10 == 9:
            bucket.delete(SHARED)


def write_until_killed(root: Path, acknowledged: Connection) -> None:
    """Say the number of each put that was answered."""
    bucket = FolderBucket(root, SystemClock())
    number = 0
    while True:
        bucket.put(f"segments/{number % 7}/{number}", body(0, number))
        acknowledged.send(number)
        number += 1


def test_writers_in_two_processes_lose_nothing(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    writers = [
        context.Process(target=write, args=(tmp_path / "bucket", writer, sender))
        for writer in range(2)
    ]
    for process in writers:
        process.start()
    for _ in writers:
        receiver.recv()
    whole = {body(writer, number) for writer in range(2) for number in range(ROUNDS)}
    bucket = FolderBucket(tmp_path / "bucket", SystemClock())
    while any(process.is_alive() for process in writers):
        for name in bucket.names(""):
            found = [each for each in bucket.versions(name) if not each.delete_marker]
            assert bucket.get(name, version=found[0].version) in whole
    for process in writers:
        process.join()
        assert process.exitcode == 0
    listed = list(bucket.versions(SHARED))
    contents = [
        bucket.get(SHARED, version=each.version) for each in listed if not each.delete_marker
    ]
    assert len(contents) == len(set(contents)) == 2 * ROUNDS
    assert len({each.version for each in listed}) == len(listed)
    assert len(list(bucket.names("keys/"))) == 2 * ROUNDS


def test_a_killed_writer_keeps_what_it_answered(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=write_until_killed, args=(tmp_path / "bucket", sender))
    process.start()
    sender.close()
    acknowledged = [receiver.recv()]
    time.sleep(0.2)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    try:
        while True:
            acknowledged.append(receiver.recv())
    except EOFError:
        pass
    bucket = FolderBucket(tmp_path / "bucket", SystemClock())
    stored = list(bucket.names(""))
    assert len(stored) - len(acknowledged) in (0, 1)
    for name in stored:
        assert bucket.get(name) == body(0, int(name.rpartition("/")[2]))
    assert acknowledged == list(range(len(acknowledged)))
    assert list((tmp_path / "bucket" / ".temporary").iterdir()) == []
