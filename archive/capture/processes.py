"""Where reading processes come from: a server that has loaded what they need, and forks them.

Starting it takes as long as loading the libraries does, so whoever is going to read many files
starts it first and loads its own libraries meanwhile. A fork of this server is safe where a fork
of the importing process is not, because the server has no threads.
"""

import multiprocessing
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import forkserver

CONTEXT = multiprocessing.get_context("forkserver")


def warm_up() -> None:
    """Start the server if it is not running; returns before it is ready."""
    CONTEXT.set_forkserver_preload(["archive.capture.workers"])
    with interrupts_left_to_the_parent():
        forkserver.ensure_running()


@contextmanager
def interrupts_left_to_the_parent() -> Iterator[None]:
    """Start processes that Ctrl-C does not reach.

    It reaches the whole group, and the parent decides what to do about it. What is blocked when a
    process starts stays blocked in it.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
