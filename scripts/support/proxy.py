"""A way to an S3 server that can be made bad: cut, slow, or failing every third request."""

import http.client
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urlsplit

Fault = Literal["none", "down", "slow", "third"]
_SLOW_SECONDS = 2.0
_EVERY = 3
_HOP_BY_HOP = frozenset({"connection", "keep-alive", "expect", "transfer-encoding"})


@dataclass
class Proxy:
    """Where it listens, what it does to requests now, and how many it has met."""

    endpoint: str = ""
    fault: Fault = "none"
    requests: int = 0
    failed: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fate(self) -> Literal["pass", "reset", "busy"]:
        """Count a request and say what is to become of it."""
        with self._lock:
            self.requests += 1
            third = self.fault == "third" and self.requests % _EVERY == 0
            if self.fault != "down" and not third:
                return "pass"
            self.failed += 1
            # Of those that fail one by one, half are answered and half are cut off.
            return "busy" if third and self.failed % 2 else "reset"


@contextmanager
def proxy(target: str) -> Iterator[Proxy]:
    """Listen on a free port and pass requests on to the server at `target`, as they are."""
    state = Proxy()
    place = urlsplit(target)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Without it each small answer waits for the client's acknowledgement of its first packet.
        disable_nagle_algorithm = True

        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            fate = state.fate()
            if state.fault == "slow":
                time.sleep(_SLOW_SECONDS)
            if fate == "reset":
                # With no time to linger the connection is reset, not closed in good order.
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.close_connection = True
                return
            if fate == "busy":
                self._answer(503, {"Retry-After": "1"}, b"<Error><Code>SlowDown</Code></Error>")
                return
            connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
            try:
                connection.request(self.command, self.path, body, self._headers())
                answer = connection.getresponse()
                data = answer.read()
            finally:
                connection.close()
            headers = dict(answer.getheaders())
            self._answer(answer.status, headers, data, length=headers.get("Content-Length"))

        def _headers(self) -> dict[str, str]:
            return {
                name: value
                for name, value in self.headers.items()
                if name.lower() not in _HOP_BY_HOP
            }

        def _answer(
            self, status: int, headers: dict[str, str], data: bytes, length: str | None = None
        ) -> None:
            self.send_response_only(status)
            for name, value in headers.items():
                if name.lower() not in _HOP_BY_HOP | {"content-length"}:
                    self.send_header(name, value)
            # The answer to HEAD has a length and no body.
            self.send_header("Content-Length", length or str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = pass_on

        def log_message(self, *_: object) -> None:
            """What passes is nobody's business here."""

    class Listener(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, *_: object) -> None:
            """A client that went away, or a server that did, ends its own connection only."""

    listener = Listener(("127.0.0.1", 0), Handler)
    state.endpoint = f"http://127.0.0.1:{listener.server_address[1]}"
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield state
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()
