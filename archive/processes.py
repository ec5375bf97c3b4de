"""Child processes, which come from a server that has loaded what they need and forks them.

Starting the server takes as long as loading the libraries does, so whoever is going to need many
children starts it first and loads its own libraries meanwhile. A fork of this server is safe where
a fork of the calling process is not, because the server has no threads.
"""

import multiprocessing
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

_CONTEXT = multiprocessing.get_context("forkserver")


def warm_up(module: str) -> None:
    """Start the server with a module loaded, unless one is running; returns before it is ready."""
    _CONTEXT.set_forkserver_preload([module, "archive.preloaded"])
    with _interrupts_left_to_the_parent():
        forkserver.ensure_running()


class Child:
    """A process at the other end of a pipe, which nobody else can read: keys may go through it.

    `work` is called in the child with its end. It returns when the parent hangs up (EOFError), so
    that no child outlives a parent that was killed.
    """

    def __init__(self, work: Callable[[Connection], None], first_message: Any) -> None:
        self.connection, theirs = _CONTEXT.Pipe()
        self.process: BaseProcess = _CONTEXT.Process(target=work, args=(theirs,), daemon=True)
        with _interrupts_left_to_the_parent():
            self.process.start()
        theirs.close()
        self.connection.send(first_message)

    def close(self) -> None:
        """Hang up, and wait for the end."""
        self.connection.close()
        self.process.join()


@contextmanager
def _interrupts_left_to_the_parent() -> Iterator[None]:
    """Start processes that Ctrl-C does not reach.

    It reaches the whole group, and the parent decides what to do about it. What is blocked when a
    process starts stays blocked in it.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
