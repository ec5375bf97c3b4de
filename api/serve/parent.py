"""A child process ends when the process that started it is gone, however that ended."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Ask the kernel for a SIGTERM when the parent dies (Linux, prctl(2)); elsewhere do nothing.

    Without it, a killed supervisor would leave processes behind that hold the port and the locks.
    """
    if not sys.platform.startswith("linux"):
        return
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        # It died in between, before the kernel was asked.
        os.kill(os.getpid(), signal.SIGTERM)
