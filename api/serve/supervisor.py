"""`muniment serve`: starts the processes, watches over them, and stops them in order.

A process that dies is started again, with the reason on standard error and a pause that doubles
while it keeps dying. Stopping goes from the doors inwards: web workers finish their requests
first, then the worker its batch, then the committer its commits.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event
from types import FrameType

from api.serve.address import answers, held_address, url
from archive.clock import Clock, SystemClock
from archive.creating import NewArchive, create_archive, exists
from archive.errors import UnavailableError
from archive.opening import open_archive
from archive.settings import Settings

_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 30.0
_STEADY_SECONDS = 60.0
_STOP_SECONDS = 4.0
_STOP_TRIES = 5
_POLL_SECONDS = 0.2


@dataclass(slots=True)
class _Child:
    """One process that is to run as long as the service does."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = _FIRST_PAUSE
    due: float = 0.0

    def start(self, clock: Clock) -> None:
        # A group of its own, so that Ctrl-C reaches the supervisor alone and the order is kept.
        # Standard output is the command's own: what a child has to say goes where it reports.
        self.process = subprocess.Popen(self.command, stdout=2, process_group=0)
        self.started = clock.monotonic()

    def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        for _ in range(_STOP_TRIES):
            # A web server that is just replacing a worker may not hear the first one.
            self.process.terminate()
            try:
                self.process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                continue
            return
        waited = _STOP_TRIES * _STOP_SECONDS
        _say(f"{self.name} did not stop within {waited:.0f} s and was killed.")
        self.process.kill()
        self.process.wait()


def serve(
    settings: Settings,
    *,
    host: str,
    port: int,
    workers: int,
    create: bool,
    worker: bool = True,
    announce: Callable[[NewArchive | None], None] = lambda _: None,
) -> int:
    """Run the service until SIGTERM or SIGINT; returns the exit status.

    With `create`, an archive is made on first use and handed to `announce`, which shows its
    tokens, and is else given None. `worker` False leaves following to a `muniment worker` started
    elsewhere.

    Raises:
        ConfigurationError: there is no archive and none is to be made, or it cannot be opened; or
            nothing can listen on that port there.
    """
    clock = SystemClock()
    # Before an archive is made, whose tokens are shown only once.
    with held_address(host, port) as address:
        new = create and not exists(settings, clock)
        announce(create_archive(settings, clock=clock) if new else None)
        # Opened once here, so that a wrong key or a broken archive is told before anything starts.
        # A database that does not answer yet is no reason not to: each process waits for it.
        try:
            with open_archive(settings, clock=clock, commits=False):
                pass
        except UnavailableError as error:
            _say(f"{error} The service starts and waits for it.")
        names = ("committer", "worker") if worker else ("committer",)
        children = [_Child(name, _command(name)) for name in names]
        children.append(_Child("web", _command("web", *_web_arguments(address, port, workers))))
        _run(children, clock, partial(answers, address, port), settings.home, url(host, port))
    return 0


def _run(
    children: Sequence[_Child],
    clock: Clock,
    answering: Callable[[], bool],
    home: Path,
    place: str,
) -> None:
    """Run the children until SIGTERM or SIGINT; say where they serve once they answer."""
    stop = Event()

    def told(_: int, __: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, told) for number in (signal.SIGTERM, signal.SIGINT)}
    said = False
    try:
        for child in children:
            child.start(clock)
        while not stop.wait(_POLL_SECONDS):
            for child in children:
                _watch(child, clock)
            if not said and answering():
                said = True
                _say(
                    f"Muniment serves {home} at {place}\nSign in there with a token or a password; "
                    "`muniment user add` and `muniment token create` give them."
                )
    finally:
        for child in reversed(children):
            child.stop()
        # Only now: told twice, it would else leave children behind that nobody stops.
        for number, handler in before.items():
            signal.signal(number, handler)


def _watch(child: _Child, clock: Clock) -> None:
    """Start a child again that has died, after its pause."""
    now = clock.monotonic()
    if child.process is not None:
        status = child.process.poll()
        if status is None:
            return
        if now - child.started > _STEADY_SECONDS:
            child.pause = _FIRST_PAUSE
        _say(f"{child.name} {_why(status)}; it is started again in {child.pause:.1f} s.")
        child.process, child.due = None, now + child.pause
        child.pause = min(child.pause * 2, _LONGEST_PAUSE)
    elif now >= child.due:
        child.start(clock)


def _why(status: int) -> str:
    if status < 0:
        return f"was ended by {signal.Signals(-status).name}"
    return f"ended with status {status}"


def _command(name: str, *arguments: str) -> tuple[str, ...]:
    # Told who starts it, it sees that even where that is gone before it can look.
    return (sys.executable, "-m", "api.serve", name, str(os.getpid()), *arguments)


def _web_arguments(address: str, port: int, workers: int) -> tuple[str, ...]:
    return (
        "--interface",
        "wsgi",
        "--factory",
        "api.wsgi:build",
        "--host",
        address,
        "--port",
        str(port),
        "--workers",
        str(workers),
        # Who waits at once shares a commit: fewer would mean more and smaller objects.
        "--blocking-threads",
        "16",
        # What it counts is connections, idle ones too: a few must not keep all others out. They
        # are bounded by how long each may take to send its headers, and wait for the next.
        "--backpressure",
        "1024",
        "--http",
        "1",
        "--http1-header-read-timeout",
        "10000",
        "--http1-buffer-size",
        "65536",
        "--respawn-failed-workers",
        "--no-ws",
        "--log-level",
        "warning",
    )


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
