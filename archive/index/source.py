"""Where a process searches: in the leader's index on tmpfs, or in one of its own in memory."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Lock

import tantivy

from archive.catalog.catalog import Catalog
from archive.events.feed import Feed
from archive.index.follower import IndexFollower
from archive.index.memory import Memory
from archive.index.resuming import Beginning
from archive.index.room import FullError, is_full
from archive.index.schema import create_index
from archive.index.searcher import Searcher
from archive.index.shared import SharedIndexReader
from archive.index.storage import IndexDirectory
from archive.settings import Settings

MakeFollower = Callable[
    [tantivy.Index, Callable[[int], None], int, Iterable[int], int], IndexFollower
]
"""As `Archive.index_follower`."""


class SearchSource(ABC):
    """Gives searchers, each with the sequence number up to which it knows everything."""

    @abstractmethod
    def searcher(self) -> tuple[Searcher, int]:
        """Return a searcher and its position; UnavailableError while there is none yet."""

    @abstractmethod
    def position(self) -> int:
        """Return the position that a search would have now; errors as in `searcher`."""

    def notes(self) -> tuple[str, ...]:
        """Return sentences on how the index came to be, for whoever runs the service."""
        return ()

    @abstractmethod
    def close(self) -> None:
        """Let go of the index."""


@dataclass(frozen=True, slots=True)
class _Open:
    """An index that is open, with its folder if it has one, and sentences on how it came to be."""

    index: tantivy.Index
    follower: IndexFollower
    folder: IndexDirectory | None = None
    notes: tuple[str, ...] = ()

    def close(self) -> None:
        self.follower.close()
        if self.folder is not None:
            self.folder.remove()


class PrivateIndex(SearchSource):
    """An index of this process alone, filled from the events before each search.

    For single commands without a service, and for hosts without tmpfs. It stands in this process's
    memory and begins at the first event; beside `directory`, the one that a service would share, it
    begins with the newest snapshot, in a folder that goes with it.
    """

    def __init__(
        self,
        feed: Feed,
        catalog: Catalog,
        follow_catalog: Callable[[], bool],
        make_follower: MakeFollower,
        begin: Callable[[IndexDirectory], Beginning],
        directory: IndexDirectory | None,
    ) -> None:
        self._feed = feed
        self._catalog = catalog
        self._follow_catalog = follow_catalog
        self._make_follower = make_follower
        self._begin = begin
        self._directory = directory
        self._lock = Lock()
        self._open: _Open | None = None

    def searcher(self) -> tuple[Searcher, int]:
        with self._lock:
            # Documents name their conversation, which the catalog knows: up to its position only,
            # where another process keeps it.
            self._follow_catalog()
            end = self._catalog.position()
            if self._open is None:
                self._open = self._from_snapshot(end) or self._from_events(end)
            opened = self._open
            try:
                self._fill(opened, end)
                serves = not opened.follower.outdated
            except FullError:
                # This process's own memory may have the room that tmpfs has not.
                serves = False
            if not serves:
                self._close()
                opened = self._open = self._from_events(end)
                self._fill(opened, end)
            opened.index.reload()
            searcher = Searcher(opened.index, joined_to=self._catalog.conversations.joined_to)
            return searcher, opened.follower.position()

    def _from_snapshot(self, end: int) -> _Open | None:
        folder = None if self._directory is None else self._directory.apart()
        if folder is None:
            return None
        folder.remove_abandoned()
        try:
            beginning = self._begin(folder)
            position = beginning.position
            # The catalog may be older than a snapshot, where it is kept by others or made anew.
            if beginning.snapshot is not None and position <= end:
                follower = self._make_follower(
                    beginning.generation.index,
                    _tell_nobody,
                    position,
                    beginning.unread,
                    end,
                )
                # What has moved to another conversation since.
                follower.apply([], position)
                return _Open(beginning.generation.index, follower, folder, beginning.notes)
        except BaseException as error:
            folder.remove()
            if is_full(error):
                return None
            raise
        folder.remove()
        return None

    def _from_events(self, end: int) -> _Open:
        index = create_index()
        follower = self._make_follower(index, _tell_nobody, 0, (), end)
        return _Open(index, follower)

    def _fill(self, opened: _Open, end: int) -> None:
        while self._feed.step([opened.follower], end):
            pass

    def position(self) -> int:
        return self._catalog.position()

    def notes(self) -> tuple[str, ...]:
        return self._open.notes if self._open is not None else ()

    def close(self) -> None:
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._open is not None:
            self._open.close()
        self._open = None


def _tell_nobody(_position: int) -> None:
    """Publish a position where nobody else searches."""


class SharedIndex(SearchSource):
    """The index that the host's leader keeps on tmpfs."""

    def __init__(self, directory: IndexDirectory, catalog: Catalog) -> None:
        self._reader = SharedIndexReader(directory, catalog.conversations.joined_to)

    def searcher(self) -> tuple[Searcher, int]:
        return self._reader.searcher()

    def position(self) -> int:
        return self._reader.position()

    def notes(self) -> tuple[str, ...]:
        return self._reader.notes()

    def close(self) -> None:
        """Nothing is held open that the process's end would not close."""


def index_directory(settings: Settings) -> IndexDirectory | None:
    """Return the folder for the shared index, None where it can only be in memory.

    Raises:
        ConfigurationError: the folder that the settings name is not fit for it.
    """
    return IndexDirectory.resolve(
        settings.home,
        chosen=settings.index_dir,
        on_disk_allowed=settings.index_on_disk,
        memory=Memory.of_this_host(),
    )
