"""The service's processes: found again after any of them is killed, gone when it is."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from archive.creating import NewArchive
from scripts.support.ports import free_port
from tests.archive.house import create, line
from tests.waiting import PATIENCE, until

pytestmark = pytest.mark.slow


class Running:
    """A service under test, and a client of it."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int, made: NewArchive) -> None:
        self.process, self.port, self.made = process, port, made

    def ask(self, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            data=body,
            headers={
                "Authorization": f"Bearer {self.made.legal_token}",
                "Muniment-Purpose": "operations",
                "Content-Type": "application/json",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except OSError:
            return 0, b""

    def finds(self, total: int) -> bool:
        """Whether so many records are found by now."""
        status, answer = self.ask("/v1/search?q=&count=true")
        return status == 200 and json.loads(answer)["total"] == total

    def children(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for pid in _children(self.process.pid):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            for name in ("committer", "worker"):
                if name.encode() in words:
                    found[name] = pid
            if b"api.web" in words:
                found["web"] = pid
        return found


def _children(parent: int) -> list[int]:
    path = Path(f"/proc/{parent}/task/{parent}/children")
    return [int(each) for each in path.read_text().split()]


@contextmanager
def starting(folder: Path) -> Iterator[Running]:
    made = create(folder)
    port = free_port()
    environment = os.environ | {"MUNIMENT_HOME": str(folder / "home")}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                "from api.cli import main; main()",
                "serve",
                "--port",
                str(port),
            ],
            env=environment,
            stderr=log,
        )
    try:
        yield Running(process, port, made)
    finally:
        process.terminate()
        status = process.wait(PATIENCE)
    assert status == 0, (folder / "log").read_text()


@contextmanager
def running(folder: Path) -> Iterator[Running]:
    with starting(folder) as service:
        until(lambda: service.finds(0))
        yield service


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="skipped: needs /proc")
def test_each_process_may_be_killed(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        for number, name in enumerate(("committer", "worker", "web"), 1):
            os.kill(service.children()[name], signal.SIGKILL)
            record = line(str(number))
            until(lambda sent=record: service.ask("/v1/interactions", sent)[0] in (200, 201))  # type: ignore[misc]
            until(lambda total=number: service.finds(total))  # type: ignore[misc]
    said = (tmp_path / "log").read_text()
    for name in ("committer", "worker", "web"):
        assert f"{name} was ended by SIGKILL" in said


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="skipped: needs /proc")
def test_nothing_outlives_a_killed_supervisor(tmp_path: Path) -> None:
    are_gone = False
    # Leaving the block finds that the service did not end cleanly.
    with pytest.raises(AssertionError), running(tmp_path) as service:
        children = [each for pid in service.children().values() for each in (pid, *_children(pid))]
        service.process.kill()
        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children))
        are_gone = True
    assert are_gone, "processes stayed behind"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="skipped: needs /proc")
def test_the_worker_gives_way_to_those_who_answer(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        niceness = {
            name: os.getpriority(os.PRIO_PROCESS, pid) for name, pid in service.children().items()
        }
    assert niceness["web"] == niceness["committer"]
    # There is none above 19, which whoever runs the tests may have.
    assert niceness["worker"] == min(niceness["web"] + 5, 19)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="skipped: needs /proc")
def test_it_ends_when_told_while_its_web_workers_start(tmp_path: Path) -> None:
    with starting(tmp_path) as service:
        until(lambda: "web" in service.children() and _children(service.children()["web"]))
        workers = _children(service.children()["web"])
    assert "did not stop" not in (tmp_path / "log").read_text()
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)


def test_a_slow_upload_is_answered_while_it_is_sent(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        upload = HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE)
        upload.putrequest("POST", "/v1/interactions/bulk")
        upload.putheader("Authorization", f"Bearer {service.made.legal_token}")
        upload.putheader("Content-Type", "application/x-ndjson")
        upload.putheader("Transfer-Encoding", "chunked")
        upload.endheaders()

        def send(data: bytes) -> None:
            upload.send(b"%x\r\n%s\r\n" % (len(data), data))

        send(b"".join(line(str(number)) + b"\n" for number in range(100)))
        until(lambda: service.finds(100))
        with upload.getresponse() as answer:
            results = [json.loads(answer.readline()) for _ in range(100)]
            assert [each["status"] for each in results] == ["archived"] * 100
            for number in range(100, 103):
                send(line(str(number)) + b"\n")
                assert json.loads(answer.readline())["line"] == number + 1
            send(b"")
            assert answer.read() == b""
        upload.close()
