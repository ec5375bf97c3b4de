"""Ports for servers that are started a moment later."""

import random
import socket
from contextlib import ExitStack
from typing import Final

_LOWEST: Final = 12_000
_HIGHEST: Final = 30_000
"""Below what kernels give to outgoing connections, which could take a port before its server."""
_TRIES: Final = 1_000


def free_port() -> int:
    """Return a port of this machine that nobody listens on; OSError if none was found."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Return so many different ports, as `free_port`."""
    # Seeded by the kernel, so that two processes which ask at once are not told the same.
    drawn = random.SystemRandom()
    found: list[int] = []
    with ExitStack() as taken:
        for _ in range(_TRIES):
            if len(found) == count:
                return found
            port = drawn.randint(_LOWEST, _HIGHEST)
            probe = taken.enter_context(socket.socket())
            # Servers bind so too; else one that has just ended would keep its port for a while.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found.append(port)
    raise OSError("No port was found that nobody listens on.")
