"""An archive of the show's own: made, asked and served as any user would."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from scripts.support.parts import Embedded, Place, copy_home, new_place
from scripts.support.ports import free_port
from scripts.support.show import REPOSITORY, Failed

COMMAND = (sys.executable, "-c", "from api.cli import main; main()")
_PATIENCE = 180.0


@dataclass(frozen=True)
class Finished:
    """What a command left: its exit status, and what it wrote."""

    status: int
    out: bytes
    err: str

    def json(self) -> Any:
        """Read the one document on standard output."""
        try:
            return json.loads(self.out)
        except ValueError as error:
            raise Failed(f"no JSON came out; on standard error: {self.err.strip()}") from error


class Home:
    """A home folder, and the commands that work on it."""

    def __init__(self, path: Path, place: Place | None = None) -> None:
        self.path = path
        self.place = place or Embedded(path)
        self.legal = ""

    @classmethod
    def new(cls, path: Path, *options: str) -> "Home":
        """Make a new archive; its legal user's token is kept for the HTTP client."""
        home = cls(path, new_place(path))
        made = home.run("init", *options, "--json")
        if made.status:
            raise Failed(f"init failed: {made.err.strip()}")
        home.legal = made.json()["legal_token"]
        return home

    def copied(self, path: Path) -> "Home":
        """Return a copy of the archive, which nobody may be using meanwhile."""
        copy = Home(path, copy_home(self.path, path, self.place))
        copy.legal = self.legal
        return copy

    def remove(self) -> None:
        """Take away the archive and all that it stands on."""
        self.place.remove()
        shutil.rmtree(self.path)

    def environment(self) -> dict[str, str]:
        """The caller's environment, with no setting of the archive but this home's own."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("MUNIMENT_")}
        own = {"MUNIMENT_HOME": str(self.path), "PYTHONPATH": str(REPOSITORY)}
        return {**kept, **own, **self.place.settings}

    def start(
        self,
        *arguments: str,
        stdout: IO[bytes] | int,
        stderr: IO[bytes] | int,
        stdin: int | None = None,
    ) -> "subprocess.Popen[bytes]":
        """Start a command in a process group of its own, so that all of it can be ended."""
        return subprocess.Popen(
            [*COMMAND, *arguments],
            stdin=stdin,
            env=self.environment(),
            cwd=self.path.parent,
            start_new_session=True,
            stdout=stdout,
            stderr=stderr,
        )

    def run(self, *arguments: str, typed: str = "") -> Finished:
        """Run a command to its end; `typed` is what it reads from standard input."""
        pipe = subprocess.PIPE
        process = self.start(*arguments, stdout=pipe, stderr=pipe, stdin=pipe)
        out, err = process.communicate(typed.encode())
        return Finished(process.returncode, out, err.decode(errors="replace"))

    def told(self, *arguments: str, typed: str = "") -> Any:
        """Run a command that must do well, and return the document that it writes."""
        done = self.run(*arguments, "--json", typed=typed)
        if done.status:
            raise Failed(f"{' '.join(arguments)} left with {done.status}: {done.err.strip()}")
        return done.json()

    def imported(self, source: str, *paths: Path) -> dict[str, Any]:
        """Import, and return the report; the totals must add up and agree with the exit status."""
        done = self.run("import", *map(str, paths), "--source", source, "--json")
        report: dict[str, Any] = done.json()
        if done.status != (1 if report["rejected"] else 0):
            raise Failed(f"import of {source} left with {done.status}: {done.err.strip()}")
        whole = report["archived"] + report["already"] + report["rejected"]
        if report["seen"] != whole or len(report["exceptions"]) != report["rejected"]:
            raise Failed(f"the totals of {source} do not add up: {report}")
        return report

    @contextmanager
    def served(self, patience: float = _PATIENCE) -> Iterator["Service"]:
        """Serve the archive on a free port until the block ends; `patience` is in seconds."""
        port = free_port()
        log = self.path.parent / f"serve-{port}.log"
        with log.open("wb") as err:
            process = self.start("serve", "--port", str(port), stdout=err, stderr=err)
        try:
            service = Service(f"http://127.0.0.1:{port}", self.legal, process)
            service.wait_until_ready(log, patience)
            yield service
        finally:
            stop(process)


class Service:
    """A client of the HTTP API, as the archive's legal user unless it is told otherwise."""

    def __init__(
        self,
        base: str,
        token: str,
        process: "subprocess.Popen[bytes]",
        purpose: str = "operations",
    ) -> None:
        self.base = base
        self.process = process
        self.headers = {"Authorization": f"Bearer {token}", "Muniment-Purpose": purpose}

    def get(self, path: str, **parameters: str | int) -> bytes:
        """Return the body of an answer; `Failed` names the status and what it said."""
        query = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
        request = urllib.request.Request(f"{self.base}{path}{query}", headers=self.headers)
        try:
            with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:
                body: bytes = answer.read()
                return body
        except urllib.error.HTTPError as error:
            raise Failed(f"{path} {parameters}: {error.code} {error.read()!r}") from error

    def post(self, path: str, body: bytes, media_type: str) -> Iterator[bytes]:
        """Send a body and yield the lines of the answer as they come."""
        headers = self.headers | {"Content-Type": media_type}
        request = urllib.request.Request(f"{self.base}{path}", data=body, headers=headers)
        with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:
            yield from answer

    def json(self, path: str, **parameters: str | int) -> Any:
        """Return the JSON document of an answer."""
        return json.loads(self.get(path, **parameters))

    def total(self, query: str) -> int:
        """Return how many records a query finds."""
        total: int = self.json("/v1/search", q=query, count="true")["total"]
        return total

    def found(self, query: str) -> list[dict[str, Any]]:
        """Return every result of a query, page by page."""
        results: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            page = self.json("/v1/search", q=query, limit=1000, **cursor)
            results += page["results"]
            if page["cursor"] is None:
                return results
            cursor = {"cursor": page["cursor"]}

    def record(self, record_id: str) -> dict[str, Any]:
        """Return one record."""
        record: dict[str, Any] = self.json(f"/v1/interactions/{record_id}")
        return record

    def original(self, record_id: str) -> bytes:
        """Return the bytes that were captured."""
        return self.get(f"/v1/interactions/{record_id}/original")

    def wait_until_ready(self, log: Path, patience: float = _PATIENCE) -> None:
        """Wait until a search is answered."""
        until = time.monotonic() + patience
        while time.monotonic() < until and self.process.poll() is None:
            try:
                self.total("")
            except (Failed, OSError):
                time.sleep(0.1)
            else:
                return
        raise Failed(f"the service did not become ready: {log.read_text(errors='replace')}")


def stop(process: "subprocess.Popen[bytes]") -> None:
    """Ask a command to end, and end its whole group if it does not."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            kill(process)


def kill(process: "subprocess.Popen[bytes]") -> None:
    """End a command's whole process group at once, as a power cut would."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
