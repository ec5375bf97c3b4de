"""A server that answers S3 requests with what a test laid out, in that order."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass(frozen=True)
class Answer:
    """One answer; `cut` leaves out that many of the bytes that its length promises."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int = 0


@dataclass
class Server:
    """Where it listens, what it will answer, what it was asked, and over how many connections.

    A request that was made is kept as its method, path and range.
    """

    endpoint: str
    answers: list[Answer] = field(default_factory=list)
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    connections: int = 0
    time: datetime | None = None


def error(code: str, status: int, **headers: str) -> Answer:
    """An error as S3 writes it; its message holds what must not be repeated."""
    body = f"<Error><Code>{code}</Code><Message>the key is hush-hush</Message></Error>"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, body.encode(), named)


@contextmanager
def serving() -> Iterator[Server]:
    """Serve until the block ends; when nothing is laid out any more, the answer is 500."""
    server: Server

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            server.connections += 1

        def handle_request(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            self.rfile.read(length)
            server.asked.append((self.command, self.path, self.headers.get("Range", "")))
            answer = server.answers.pop(0) if server.answers else error("InternalError", 500)
            self.send_response_only(answer.status)
            now = format_datetime(server.time or datetime.now(UTC), usegmt=True)
            self.send_header("Date", now)
            self.send_header("Last-Modified", now)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body[: len(answer.body) - answer.cut])
            if answer.cut:
                self.close_connection = True

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_request

        def log_message(self, *_: object) -> None:
            pass

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.daemon_threads = True
    server = Server(f"http://127.0.0.1:{listener.server_address[1]}")
    thread = Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()
