"""Timestamps of others on the log's checkpoints: what shows that the log stood by then.

They are put under `log/timestamps/` beside the checkpoints and say nothing to the log itself: it is
written and read whether there are any or not.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from archive.bucket.names import (
    LOG_TIMESTAMPS,
    checkpoint_name,
    parse_timestamp_name,
    timestamp_name,
)
from archive.bucket.port import Bucket
from archive.bucket.reaching import reach
from archive.clock import Clock
from archive.errors import CorruptError, InvalidError, NotFoundError
from archive.log.publisher import Lock
from archive.log.reader import LogReader, Published

APART: Final = timedelta(minutes=55)
"""From one timestamp to the next at least: an hour, less what two runs of an hourly job vary by."""


@dataclass(frozen=True, slots=True)
class Stamped:
    """That a checkpoint of so many entries has a timestamp now, which says this time."""

    size: int
    time: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """A timestamp as it stands in the bucket (a TimeStampResp), its time, and its checkpoint."""

    data: bytes
    time: datetime
    published: Published


class Timestamps:
    """Asks a time-stamping authority about the newest checkpoint. One thread calls it."""

    def __init__(
        self, bucket: Bucket, log: LogReader, clock: Clock, lock: Lock, url: str | None
    ) -> None:
        """Take the authority's address, None for no timestamps at all."""
        self._bucket = bucket
        self._log = log
        self._clock = clock
        self._lock = lock
        self._url = url

    def stamp(self, stopped: Callable[[], bool] = lambda: False) -> Stamped | None:
        """Put a timestamp of the newest checkpoint into the bucket, if one is due.

        None is due without an address, within the hour after the last one, or while the newest
        checkpoint is not newer than the one that has the last.

        Raises:
            UnavailableError: the authority does not give one, for a reason that the message says;
                or the bucket does not answer.
            CorruptError: the newest checkpoint is not of this log.
        """
        if self._url is None:
            return None
        try:
            published = self._log.newest()
        except NotFoundError:
            return None
        checkpoint = published.checkpoint
        if not self._is_due(checkpoint.size):
            return None
        # Reached lazily: most archives ask no authority, and none asks at its start.
        from archive.log.authority import ask

        found = ask(self._url, published.note.encode(), stopped=stopped)
        if found is None:
            return None
        answer, timestamp = found
        retention = self._lock(self._clock.now())
        if retention is not None:
            # What it is of must stay as long; of a checkpoint within the hour that is not so yet.
            reach(self._bucket, checkpoint_name(checkpoint.size, checkpoint.root), retention)
        name = timestamp_name(checkpoint.size, checkpoint.root)
        self._bucket.put(name, answer, retention=retention)
        return Stamped(checkpoint.size, timestamp.time)

    def newest(self) -> Kept:
        """Return the timestamp of the largest checkpoint that has one.

        Raises:
            NotFoundError: no checkpoint has one.
            CorruptError: it is not of its checkpoint, or that is not of this log.
            UnavailableError: the bucket does not answer.
        """
        # Reached lazily, as in `stamp`.
        from archive.log.tokens import read_timestamp

        found: list[tuple[int, bytes]] = []
        for each in self._bucket.names(LOG_TIMESTAMPS):
            with suppress(InvalidError):
                found.append(parse_timestamp_name(each))
        if not found:
            raise NotFoundError("No checkpoint has a timestamp.")
        size, root = max(found)
        name = timestamp_name(size, root)
        published = self._log.published(checkpoint_name(size, root))
        data = self._bucket.get(name)
        try:
            timestamp = read_timestamp(data)
        except CorruptError as error:
            raise CorruptError(f"{name} is no timestamp: it is {error}.") from error
        if timestamp.digest != sha256(published.note.encode()).digest():
            raise CorruptError(f"{name} is a timestamp of something else than its checkpoint.")
        return Kept(data, timestamp.time, published)

    def _is_due(self, size: int) -> bool:
        last: datetime | None = None
        for each in self._bucket.versions(LOG_TIMESTAMPS):
            try:
                stamped, _ = parse_timestamp_name(each.name)
            except InvalidError:
                continue
            # A name beyond the log is forged, and must not keep anything from being stamped.
            if each.delete_marker or stamped > size:
                continue
            if stamped == size:
                return False
            last = each.created if last is None else max(last, each.created)
        return last is None or self._bucket.now() - last >= APART
