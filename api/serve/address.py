"""Where the service is to listen, looked at before anything is started."""

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from typing import Final

from archive.errors import ConfigurationError

_PATIENCE: Final = 2.0


@contextmanager
def held_address(host: str, port: int) -> Iterator[str]:
    """Give the IP address that `host` is or names, if this machine can listen there on `port`.

    The web server shares a port with whoever shares it too: a second service would get every other
    request of the first. So it is asked for here as a program does that shares nothing, and then
    held until the block ends, since the web server takes it seconds later.

    Raises:
        ConfigurationError: it is no address of this machine, or the port is taken or not allowed.
    """
    if not 1 <= port <= 65535:
        raise ConfigurationError(f"{port} is not a port; choose one from 1 to 65535.")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise ConfigurationError(
            f"{host!r} names no address; choose another with --host."
        ) from error
    family, _, _, _, place = found[0]
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            # What is left of connections that have ended is no reason not to start again.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
        holder = socket.socket(family, socket.SOCK_STREAM)
        # Bound and never listening: it takes no request, and lets the web server in beside it.
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind(place)
    except OSError as error:
        raise ConfigurationError(_why(error, host, port)) from error
    with holder:
        yield str(place[0])


def answers(address: str, port: int) -> bool:
    """Say whether a service answers there, of whatever health."""
    # No library that would ask a proxy.
    connection = HTTPConnection(address, port, timeout=_PATIENCE)
    try:
        connection.request("GET", "/healthz")
        connection.getresponse()
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
    return True


def url(host: str, port: int) -> str:
    """Return the address of the service as a browser takes it."""
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _why(error: OSError, host: str, port: int) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return (
                f"Port {port} of {host} is in use: stop what listens there, or choose another "
                "with --port."
            )
        case errno.EADDRNOTAVAIL:
            return f"{host} is no address of this machine; choose one with --host."
        case _:
            reason = os.strerror(error.errno or 0)
            return f"{url(host, port)} cannot be listened on: {reason}."
