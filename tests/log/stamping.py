"""A time-stamping authority: OpenSSL's, behind HTTP, with a certificate of its own."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import which
from threading import Event, Thread

import pytest

from tests.waiting import PATIENCE

_CONFIG = """\
[authority]
serial = {folder}/serial
signer_cert = {folder}/authority.pem
signer_key = {folder}/authority.key
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
"""


def openssl(*words: str | Path, cwd: Path | None = None) -> str:
    """Run the program; what it prints if it succeeds."""
    command = ["openssl", *map(str, words)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@dataclass
class Authority:
    """Where it listens and its files; `answer` makes of a query what it sends.

    `endless` sends a byte now and then without an end, until `quiet` is set.
    """

    folder: Path
    url: str = ""
    answer: Callable[[bytes], bytes] = bytes
    status: int = 200
    location: str | None = None
    endless: bool = False
    asked: int = 0

    def __post_init__(self) -> None:
        self.quiet = Event()
        self.answer = self.reply

    @property
    def root(self) -> Path:
        """The certificate that an outsider trusts."""
        return self.folder / "root.pem"

    def reply(self, query: bytes) -> bytes:
        """What a good authority says."""
        (self.folder / "query").write_bytes(query)
        reply = self.folder / "reply"
        config = ("-config", self.folder / "config", "-section", "authority")
        openssl("ts", "-reply", *config, "-queryfile", self.folder / "query", "-out", reply)
        return reply.read_bytes()


def make_certificates(folder: Path) -> None:
    """Make a root, and a certificate for timestamps from it."""
    if which("openssl") is None:
        pytest.skip("skipped: needs openssl")
    new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-batch")
    root_files = ("-keyout", folder / "root.key", "-out", folder / "root.pem")
    openssl("req", "-x509", *new_key, *root_files, "-days", "30", "-subj", "/CN=Some root")
    own_files = ("-keyout", folder / "authority.key", "-out", folder / "request")
    openssl("req", *new_key, *own_files, "-subj", "/CN=Some authority")
    (folder / "usage").write_text("extendedKeyUsage=critical,timeStamping\n")
    by_root = ("-CA", folder / "root.pem", "-CAkey", folder / "root.key", "-set_serial", "7")
    usage = ("-extfile", folder / "usage", "-days", "30")
    out = folder / "authority.pem"
    openssl("x509", "-req", "-in", folder / "request", *by_root, *usage, "-out", out)
    (folder / "serial").write_text("01\n")
    (folder / "config").write_text(_CONFIG.format(folder=folder))


@contextmanager
def serving(folder: Path) -> Iterator[Authority]:
    """Serve with the certificates in a folder until the block ends."""
    authority = Authority(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            authority.asked += 1
            query = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["Content-Type"] == "application/timestamp-query"
            self.send_response(authority.status)
            self.send_header("Content-Type", "application/timestamp-reply")
            if authority.location is not None:
                self.send_header("Location", authority.location)
            self.end_headers()
            while authority.endless and not authority.quiet.wait(0.05):
                self.wfile.write(b"0")
                self.wfile.flush()
            if not authority.endless:
                self.wfile.write(authority.answer(query))

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        authority.url = f"http://127.0.0.1:{server.server_port}/stamps"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield authority
        finally:
            authority.quiet.set()
            server.shutdown()
            thread.join()
