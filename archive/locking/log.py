"""The log's locks prolonged: it is locked as long as what is committed now will be.

Newest first, and the oldest tile last: once that is locked as long, all of the log is. So nothing
needs to be remembered, and a run that has nothing to do asks one question.
"""

from collections.abc import Callable, Iterator
from datetime import datetime

from archive.bucket.names import (
    LOG_CHECKPOINTS,
    LOG_TILES,
    LOG_TIMESTAMPS,
    checkpoint_name,
    parse_timestamp_name,
)
from archive.bucket.port import Bucket, Retention
from archive.bucket.reaching import joined, reach
from archive.clock import Clock
from archive.errors import InvalidError, NotFoundError
from archive.log.tiles import WIDTH, Tile

_OLDEST = f"{LOG_TILES}{Tile(0, 0).path}"


class LogLocks:
    """Prolongs the locks of full tiles and bundles, and of checkpoints.

    Of those it is the first of each hour, and each that has a timestamp, with that.
    """

    def __init__(
        self,
        bucket: Bucket,
        clock: Clock,
        size: Callable[[], int],
        wanted: Callable[[datetime], Retention | None],
    ) -> None:
        """Take the log's published size, and what is asked of an object that is put at a time."""
        self._bucket = bucket
        self._clock = clock
        self._size = size
        self._wanted = wanted

    def extend(self, stopped: Callable[[], bool] = lambda: False) -> int:
        """Lock the log for as long as is wanted now; return how many objects were gone through.

        `stopped` is asked between two objects; the next run begins again with the newest.

        Raises:
            UnavailableError: bucket or database do not answer, or the clocks do not agree.
        """
        wanted, size = self._wanted(self._clock.now()), self._size()
        if wanted is None or self._is_locked(wanted):
            return 0
        count = 0
        for name in self._names(size):
            if stopped():
                break
            reach(self._bucket, name, wanted)
            count += 1
        return count

    def _is_locked(self, wanted: Retention) -> bool:
        try:
            held = self._bucket.stat(_OLDEST).retention
        except NotFoundError:
            return False
        return held is not None and joined(held, wanted) == held

    def _names(self, size: int) -> Iterator[str]:
        yield from self._stamped()
        yield from self._hourly_checkpoints()
        level = 0
        while size >> 8 * (level + 1):
            level += 1
        for below in reversed(range(level)):
            for index in reversed(range(size // WIDTH ** (below + 1))):
                tile = Tile(below, index)
                if below == 0:
                    yield f"{LOG_TILES}{tile.bundle_path}"
                yield f"{LOG_TILES}{tile.path}"

    def _stamped(self) -> Iterator[str]:
        for name in self._bucket.names(LOG_TIMESTAMPS):
            try:
                size, root = parse_timestamp_name(name)
            except InvalidError:
                continue
            yield name
            yield checkpoint_name(size, root)

    def _hourly_checkpoints(self) -> list[str]:
        first: dict[datetime, tuple[datetime, str]] = {}
        for each in self._bucket.versions(LOG_CHECKPOINTS):
            hour = each.created.replace(minute=0, second=0, microsecond=0)
            known = first.get(hour)
            if not each.delete_marker and (known is None or each.created < known[0]):
                first[hour] = each.created, each.name
        return [name for _, name in first.values()]
