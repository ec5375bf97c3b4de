"""The archive-wide minimum lock: which class an event is of when it is committed.

A commit is never before the capture that it commits, so a term from the commit on reaches the end
of the term from the capture on.
"""

from datetime import datetime, timedelta

from archive.bucket.port import Bucket, Retention
from archive.clock import Clock
from archive.errors import ConfigurationError, UnavailableError
from archive.events.sealer import PlainEvent, retention_of
from archive.locking.terms import LockTerm
from archive.sealing.segment import LockClass

_MOST_APART = timedelta(minutes=5)
_BELIEVED_SECONDS = 300.0


class MinimumLock:
    """Tells the lock class of what is committed now, after comparing the two clocks.

    One thread at a time calls it.
    """

    def __init__(self, term: LockTerm | None, bucket: Bucket, clock: Clock) -> None:
        self._term = term
        self._bucket = bucket
        self._clock = clock
        self._compared: float | None = None
        self._latest: tuple[datetime, LockClass] | None = None

    def check(self) -> None:
        """See that nothing would be locked too long or too short; to be called at start.

        Raises:
            ConfigurationError: this machine's clock and the bucket's are minutes apart.
            UnavailableError: the bucket does not tell its time.
        """
        if self._term is not None:
            try:
                self._compare()
            except _ClocksApartError as error:
                raise ConfigurationError(str(error)) from error

    def classify(self, _event: PlainEvent, now: datetime) -> LockClass:
        """Return the class of an event that is committed now: the same for every type.

        Raises:
            UnavailableError: this machine's clock and the bucket's are minutes apart, or the
                bucket does not tell its time; nothing may be locked until they agree.
        """
        return self._class_at(now)

    def retention(self, now: datetime) -> Retention | None:
        """Return how long anything put now must be locked; None without a minimum.

        Raises as `classify`.
        """
        return retention_of(self._class_at(now))

    def _class_at(self, now: datetime) -> LockClass:
        if self._term is None:
            return LockClass()
        if self._latest is None or self._latest[0] != now:
            compared = self._compared
            if compared is None or self._clock.monotonic() - compared > _BELIEVED_SECONDS:
                self._compare()
            self._latest = now, self._term.lock_class(now)
        return self._latest[1]

    def _compare(self) -> None:
        apart = self._bucket.now() - self._clock.now()
        if abs(apart) > _MOST_APART:
            way = "ahead of" if apart > timedelta(0) else "behind"
            minutes = abs(apart) // timedelta(minutes=1)
            raise _ClocksApartError(
                f"The bucket's clock is {minutes} minutes {way} this machine's. A lock cannot be "
                "shortened, so nothing is locked, and nothing archived, until one of them is set."
            )
        self._compared = self._clock.monotonic()


class _ClocksApartError(UnavailableError):
    """The clocks of this machine and of the bucket do not agree."""
