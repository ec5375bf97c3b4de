"""Where a process searches: in the leader's index on tmpfs, or in one of its own in memory."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from threading import Lock

import tantivy

from archive.catalog.catalog import Catalog
from archive.events.feed import Feed
from archive.index.follower import IndexFollower
from archive.index.memory import Memory
from archive.index.schema import create_index
from archive.index.searcher import Searcher
from archive.index.storage import IndexDirectory, SharedIndexReader
from archive.settings import Settings

MakeFollower = Callable[[tantivy.Index, Callable[[int], None], int], IndexFollower]


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


class PrivateIndex(SearchSource):
    """An index in this process's memory, filled from the events before each search.

    For single commands without a service, and for hosts without tmpfs.
    """

    def __init__(
        self,
        feed: Feed,
        catalog: Catalog,
        follow_catalog: Callable[[], bool],
        make_follower: MakeFollower,
    ) -> None:
        self._feed = feed
        self._catalog = catalog
        self._follow_catalog = follow_catalog
        self._make_follower = make_follower
        self._lock = Lock()
        self._open: tuple[tantivy.Index, IndexFollower] | None = None

    def searcher(self) -> tuple[Searcher, int]:
        with self._lock:
            # Documents name their conversation, which the catalog knows: up to its position only,
            # where another process keeps it.
            self._follow_catalog()
            end = self._catalog.position()
            index, follower = self._filled(end)
            if follower.outdated:
                follower.close()
                self._open = None
                index, follower = self._filled(end)
            index.reload()
            return Searcher(index), follower.position()

    def _filled(self, end: int) -> tuple[tantivy.Index, IndexFollower]:
        if self._open is None:
            index = create_index()
            self._open = index, self._make_follower(index, lambda _: None, end)
        while self._feed.step([self._open[1]], end):
            pass
        return self._open

    def position(self) -> int:
        return self._catalog.position()

    def close(self) -> None:
        with self._lock:
            if self._open is not None:
                self._open[1].close()
            self._open = None


class SharedIndex(SearchSource):
    """The index that the host's leader keeps on tmpfs."""

    def __init__(self, directory: IndexDirectory) -> None:
        self._reader = SharedIndexReader(directory)

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
