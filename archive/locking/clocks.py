"""Two clocks compared before anything is locked: this machine's, and the bucket's."""

from datetime import timedelta

from archive.bucket.port import Bucket
from archive.clock import Clock
from archive.errors import UnavailableError

_MOST_APART = timedelta(minutes=5)
_BELIEVED_SECONDS = 300.0


class ClocksApartError(UnavailableError):
    """The clocks of this machine and of the bucket do not agree."""


class AgreedClocks:
    """Sees that the clocks agree, every five minutes. One thread at a time calls it."""

    def __init__(self, bucket: Bucket, clock: Clock) -> None:
        self._bucket = bucket
        self._clock = clock
        self._compared: float | None = None

    def check(self, *, anew: bool = False) -> None:
        """Compare them, unless that was done a moment ago.

        Raises:
            ClocksApartError: they are minutes apart; nothing may be locked until they agree.
            UnavailableError: the bucket does not tell its time.
        """
        compared = self._compared
        if (
            not anew
            and compared is not None
            and self._clock.monotonic() - compared <= _BELIEVED_SECONDS
        ):
            return
        apart = self._bucket.now() - self._clock.now()
        if abs(apart) > _MOST_APART:
            way = "ahead of" if apart > timedelta(0) else "behind"
            minutes = abs(apart) // timedelta(minutes=1)
            raise ClocksApartError(
                f"The bucket's clock is {minutes} minutes {way} this machine's. A lock cannot be "
                "shortened, so nothing is locked, nor archived that must be locked at once, until "
                "one of them is set."
            )
        self._compared = self._clock.monotonic()
