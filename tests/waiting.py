"""Waiting for what another thread or process does, however busy the machine is."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from archive.errors import UnavailableError

PATIENCE: Final = 180.0
"""Seconds; whoever waits longer waits for what does not come."""


def until(holds: Callable[[], object]) -> None:
    """Return once something holds; what does not answer does not hold yet."""
    deadline = time.monotonic() + PATIENCE
    while True:
        with suppress(UnavailableError):
            if holds():
                return
        assert time.monotonic() < deadline, "It did not come."
        time.sleep(0.02)
