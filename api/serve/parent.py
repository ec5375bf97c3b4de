"""A child process ends when the process that started it is gone, however that ended."""

import ctypes
import multiprocessing
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def end_with_parent(number: signal.Signals = signal.SIGTERM) -> None:
    """Ask the kernel for a signal when the parent dies (Linux, prctl(2)); elsewhere do nothing.

    Without it, a killed supervisor would leave processes behind that hold the port and the locks.
    """
    if not sys.platform.startswith("linux"):
        return
    started_by = multiprocessing.parent_process()
    parent = started_by.pid if started_by is not None else os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        # It died before the kernel was asked.
        os.kill(os.getpid(), number)
