"""The archive-wide minimum lock: which class an event is of when it is committed.

A commit is never before the capture that it commits, so a term from the commit on reaches the end
of the term from the capture on.
"""

from datetime import datetime

from archive.bucket.port import Bucket, Retention
from archive.clock import Clock
from archive.errors import ConfigurationError
from archive.events.sealer import UNLOCKED, Committable, retention_of
from archive.locking.clocks import AgreedClocks, ClocksApartError
from archive.sealing.lock_term import LockTerm
from archive.sealing.segment import LockClass


class MinimumLock:
    """Tells the lock class of what is committed now, after comparing the two clocks.

    One thread at a time calls it.
    """

    def __init__(self, term: LockTerm | None, bucket: Bucket, clock: Clock) -> None:
        self._term = term
        self._clocks = AgreedClocks(bucket, clock)
        self._latest: tuple[datetime, LockClass] | None = None

    def check(self) -> None:
        """See that nothing would be locked too long or too short; to be called at start.

        Raises:
            ConfigurationError: this machine's clock and the bucket's are minutes apart.
            UnavailableError: the bucket does not tell its time.
        """
        if self._term is not None:
            try:
                self._clocks.check(anew=True)
            except ClocksApartError as error:
                raise ConfigurationError(str(error)) from error

    def classify(self, _event: Committable, now: datetime) -> LockClass:
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
            return UNLOCKED
        if self._latest is None or self._latest[0] != now:
            self._clocks.check()
            self._latest = now, self._term.lock_class(now)
        return self._latest[1]
