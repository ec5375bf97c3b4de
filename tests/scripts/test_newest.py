"""What an index says of newest releases counts as far as it goes, and no further."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from scripts.support.newest import KNOWN, Newest, knows, newest
from scripts.support.show import Failed


def told(*vulnerabilities: dict[str, Any], version: str = "2.0") -> bytes:
    return json.dumps({"info": {"version": version}, "vulnerabilities": vulnerabilities}).encode()


MENDED = {"id": "PYSEC-1", "aliases": ["CVE-1"], "withdrawn": None, "fixed_in": ["3"]}
PAGES: dict[str, bytes] = {
    "plain": told(),
    "affected": told(MENDED, {**MENDED, "id": "PYSEC-2", "withdrawn": "2026-01-01T00:00:00Z"}),
    "silent": json.dumps({"info": {"version": "2.0"}}).encode(),
    "broken": b"<html>",
}


@pytest.fixture
def index() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.removeprefix("/").removesuffix("/json")
            self.send_response(503 if name == "down" else 200 if name in PAGES else 404)
            self.end_headers()
            self.wfile.write(PAGES.get(name, b""))

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_release_is_told_with_what_is_not_withdrawn(index):
    assert newest(index, "plain") == Newest("2.0", [])
    assert newest(index, "affected") == Newest("2.0", [{"id": "PYSEC-1", "aliases": ["CVE-1"]}])
    assert newest(index, "unknown") is None


@pytest.mark.parametrize("name", ["silent", "broken", "down"])
def test_no_answer_is_not_taken_for_no_vulnerability(index, name):
    with pytest.raises(Failed, match=name):
        newest(index, name)


def test_an_index_that_tells_of_no_vulnerabilities_is_found_out(index, monkeypatch):
    package, id = KNOWN
    assert not knows(index)
    monkeypatch.setitem(PAGES, package, told())
    assert not knows(index)
    monkeypatch.setitem(PAGES, package, told({**MENDED, "aliases": [id]}))
    assert knows(index)
