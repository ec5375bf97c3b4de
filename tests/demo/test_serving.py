"""The demo as a user starts it: made, served, asked over HTTP, stopped, and found again."""

import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from archive.errors import ConfigurationError
from archive.model.roles import Role
from scripts.demo import filling
from scripts.demo.company import Company
from scripts.demo.tour import SUGGESTIONS
from scripts.support.ports import free_port
from tests.waiting import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
SECONDS_TO_MAKE = 600.0
NEEDS_ENVIRONMENT = pytest.mark.skipif(
    not (ROOT / ".venv" / "bin" / "python").exists(),
    reason="skipped: needs .venv, which scripts/test makes",
)


class Served:
    """A demo that is being served, and a client of it."""

    def __init__(self, home: Path, port: int) -> None:
        self.home, self.port = home, port

    def ask(self, path: str, role: str = "legal", **parameters: str) -> tuple[int, Any]:
        tokens = json.loads((self.home / filling.MARK).read_text())["tokens"]
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}?{urllib.parse.urlencode(parameters)}",
            headers={
                "Authorization": f"Bearer {tokens[role]}",
                "Muniment-Purpose": "operations",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, None
        except OSError:
            return 0, None


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """Serve the demo of a folder, from when it can be searched on."""
    port = free_port()
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    # Another archive's settings must not reach the demo.
    environment |= {"MUNIMENT_HOME": str(folder / "mine"), "MUNIMENT_BUCKET": "file:/nowhere"}
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [str(ROOT / "scripts" / "serve"), "--demo", "--port", str(port)],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=log,
        )
    demo = Served(folder / "muniment-demo", port)
    try:
        deadline = time.monotonic() + SECONDS_TO_MAKE
        while not filling.find(demo.home) or demo.ask("/v1/search", count="true")[0] != 200:
            assert time.monotonic() < deadline, (folder / "log").read_text()
            assert process.poll() is None, (folder / "log").read_text()
            time.sleep(0.3)
        yield demo
    finally:
        process.send_signal(signal.SIGINT)
        status = process.wait(PATIENCE)
    assert status == 0, (folder / "log").read_text()


@pytest.mark.slow
@NEEDS_ENVIRONMENT
def test_the_demo_is_made_served_and_found_again(tmp_path: Path) -> None:
    with served(tmp_path) as demo:
        known = filling.find(demo.home)
        assert known is not None
        assert set(known.tokens) == {role.value for role in Role if role is not Role.LOCAL}
        _, whole = demo.ask("/v1/search", count="true")
        assert whole["total"] == known.records
        for suggestion in SUGGESTIONS:
            status, found = demo.ask("/v1/search", q=suggestion.query, count="true")
            assert status == 200 and found["total"] > 0, suggestion
        _, changed = demo.ask("/v1/search", q="is:edited", count="true")
        assert changed["total"] > 20
        _, ticket = demo.ask("/v1/search", q="channel:ticket AND id:T-1901", limit="1")
        _, case = demo.ask(f"/v1/conversations/{ticket['results'][0]['id']}")
        assert {"email", "voice", "ticket"} <= {each["record"]["channel"] for each in case["items"]}
        for role in known.tokens:
            assert demo.ask("/v1/search", role)[0] == (200 if role == "legal" else 403)
    assert not (tmp_path / "mine").exists()
    with served(tmp_path) as again:
        assert filling.find(again.home) == known


def test_no_other_folder_is_taken_for_a_demo(tmp_path: Path) -> None:
    (tmp_path / filling.MARK).write_text('{"version": "1", "tokens": {}}')
    (tmp_path / "letters").mkdir()
    assert filling.find(tmp_path) is None
    with pytest.raises(ConfigurationError, match="no demo"):
        filling.make(tmp_path, Company(1, date(2026, 3, 17)), print)
    assert sorted(path.name for path in tmp_path.iterdir()) == [filling.MARK, "letters"]
