"""A pause after a provider did not answer, so that not everybody is kept waiting for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from archive.clock import Clock
from archive.errors import UnavailableError

PAUSE_SECONDS: Final = 30.0


class Pause:
    """Time in which a provider is not asked."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until = 0.0

    @contextmanager
    def after(self, failure: type[Exception]) -> Iterator[None]:
        """Refuse with UnavailableError during a pause, and begin one where asking fails so."""
        left = self._until - self._clock.monotonic()
        if left > 0:
            raise UnavailableError(
                "The OpenID Connect provider did not answer a moment ago.", retry_after=left
            )
        try:
            yield
        except failure:
            self._until = self._clock.monotonic() + PAUSE_SECONDS
            raise
