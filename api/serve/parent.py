"""A child process ends when the process that started it is gone, however that ended."""

import ctypes
import multiprocessing
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def end_with_parent(number: signal.Signals = signal.SIGTERM, started_by: int | None = None) -> None:
    """Ask the kernel for a signal when the parent dies (Linux, prctl(2)); elsewhere do nothing.

    `started_by` is the parent's process id; None in a process that multiprocessing has made.
    Without it, a killed supervisor would leave processes behind that hold the port and the locks.
    """
    if not sys.platform.startswith("linux"):
        return
    if started_by is None:
        known = multiprocessing.parent_process()
        started_by = known.pid if known is not None else os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, number)
    if os.getppid() != started_by:
        # It died before the kernel was asked.
        os.kill(os.getpid(), number)
