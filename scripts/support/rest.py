"""When a service has done what it does after a start, so that what is measured then is usual."""

import os
import time
from contextlib import suppress

from scripts.support.memory import stat, tree

_QUIET = 5.0
"""For so many seconds it must be at rest."""
_LITTLE = 0.1
"""As a part of one core: what looking for something new takes, and more."""


def at_rest(root: int, patience: float) -> float:
    """Wait until a process and those that it started hardly work; return the seconds waited.

    After `patience` seconds nothing is waited for any more.
    """
    began = since = time.monotonic()
    taken = _taken(root)
    while time.monotonic() - since < _QUIET and time.monotonic() - began < patience:
        time.sleep(1)
        now = _taken(root)
        if now - taken > _LITTLE:
            since = time.monotonic()
        taken = now
    return time.monotonic() - began


def _taken(root: int) -> float:
    """Return the seconds of processor time that they have taken together."""
    ticks = 0
    for pid in tree((root,)):
        with suppress(OSError):
            ticks += sum(map(int, stat(pid)[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")
