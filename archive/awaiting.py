"""Waiting until what was captured can be searched.

Where a service runs, its worker follows the events, and whoever captured only has to wait: of all
that searches nothing is opened for that, since loading it takes longer than capturing a thousand
mails.
"""

from collections.abc import Callable
from typing import Final

from archive.clock import Clock
from archive.database import RUN_FOLDER
from archive.errors import UnavailableError
from archive.events.server import HostLock
from archive.index.memory import Memory
from archive.index.place import index_folder, position_in
from archive.index.room import trouble_in
from archive.settings import Settings

WORKER_LOCK: Final = "worker.lock"
_POLL_SECONDS: Final = 0.02
_HELP_SECONDS: Final = 0.5
_PATIENCE_SECONDS: Final = 60


def wait_for(
    seq: int,
    where: Callable[[], int],
    name: str,
    clock: Clock,
    help: Callable[[], object] = lambda: None,
) -> None:
    """Return when the position that `where` tells has come to `seq`.

    `help` is called at the beginning and twice a second.

    Raises:
        UnavailableError: the position has stood still for a minute.
    """
    stood, since = -1, clock.monotonic()
    help_due = since
    while True:
        now = clock.monotonic()
        if now >= help_due:
            help()
            help_due = now + _HELP_SECONDS
        position = where()
        if position >= seq:
            return
        if position != stood:
            stood, since = position, now
        elif now - since > _PATIENCE_SECONDS:
            raise UnavailableError(
                f"Everything is archived, but the {name} stands at {position} of {seq}; "
                "see what the worker says."
            )
        clock.sleep(_POLL_SECONDS)


class HostWorker:
    """This host's worker and the index that it shares, seen by a process that captures.

    ConfigurationError if the index folder that the settings name is not fit for it.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._clock = clock
        self._lock = settings.home / RUN_FOLDER / WORKER_LOCK
        self._folder = index_folder(
            settings.home,
            chosen=settings.index_dir,
            on_disk_allowed=settings.index_on_disk,
            memory=Memory.of_this_host(),
        )

    def is_there(self) -> bool:
        """Say whether a worker runs whose index is shared."""
        return self._folder is not None and self._lock.exists() and HostLock.is_held(self._lock)

    def wait_until_searchable(self, seq: int) -> None:
        """Return when a search finds everything up to `seq`; an index is never past the catalog.

        A worker that dies meanwhile is succeeded by another.

        Raises:
            UnavailableError: the index has stood still for a minute, or there is none to be seen.
        """
        folder = self._folder
        if folder is None:
            raise UnavailableError("Everything is archived, but no worker of this host indexes it.")
        try:
            wait_for(seq, lambda: position_in(folder), "index", self._clock)
        except UnavailableError as error:
            trouble = trouble_in(folder)
            if not trouble:
                raise
            raise UnavailableError(f"Everything is archived. {trouble}") from error
