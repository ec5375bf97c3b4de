"""The brake: who captures without end waits for the followers, so that their lag stays bounded.

The worker gives way to whoever's answer is waited for (`archive.tuning`). Beside a stream that
never ends it would fall behind for ever; with this it falls behind so far and no further.
"""

from collections.abc import Callable
from typing import Final

from archive.clock import Clock

MOST_BEHIND: Final = 100_000
"""Events that the catalog may be behind before captures are held up: half a minute of following."""
_PAUSE_SECONDS: Final = 1.0


class Brake:
    """Holds captures up while the catalog is far behind, and never for long.

    A catalog that stands still, because its worker is down, slows captures and stops none.
    """

    def __init__(
        self,
        last_seq: Callable[[], int],
        position: Callable[[], int],
        clock: Clock,
        most_behind: int = MOST_BEHIND,
    ) -> None:
        self._last_seq = last_seq
        self._position = position
        self._clock = clock
        self._most_behind = most_behind

    def hold_up(self) -> None:
        """Return at once, or after a second if the catalog is far behind.

        UnavailableError if the database does not answer.
        """
        if self._last_seq() - self._position() > self._most_behind:
            self._clock.sleep(_PAUSE_SECONDS)
