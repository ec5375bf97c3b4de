"""The composition root: the one place where an archive's parts are made and put together."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

import tantivy

from archive.access.answers import FollowerState, Health
from archive.access.audit import Audit
from archive.access.desk import Access
from archive.bucket import Bucket, open_bucket
from archive.bucket.names import keyring_name, parse_keyring_name
from archive.capture.station import COMMITTER_LOCK, Station
from archive.catalog.catalog import Catalog, open_engine
from archive.catalog.follower import CatalogFollower
from archive.clock import Clock, SystemClock
from archive.errors import ConfigurationError, CorruptError, MunimentError, UnavailableError
from archive.events.feed import Feed
from archive.events.server import HostLock
from archive.index.follower import IndexFollower
from archive.index.snapshots import SnapshotStore
from archive.index.source import PrivateIndex, SearchSource, SharedIndex, index_directory
from archive.sealing.kek import parse_kek
from archive.sealing.keyring import Keyring, open_keyring
from archive.settings import Settings

LEADER_LOCK = "leader.lock"
_POLL_SECONDS = 0.02


class Archive(Station):
    """An open archive: the capturing half, and what searches and reads."""

    def __init__(
        self, settings: Settings, keyring: Keyring, bucket: Bucket, clock: Clock, *, commits: bool
    ) -> None:
        super().__init__(settings, keyring, bucket, clock, commits=commits)
        self._engine = open_engine(settings.home / "catalog.db")
        self.catalog = Catalog(self._engine)
        self.catalog_follower = CatalogFollower(self._engine, self.identity, self.codebook)
        self.feed = Feed(self.pointers, self.opener, self.mapper)
        self.snapshots = SnapshotStore(bucket, keyring, clock)
        self.search_source = self._source(commits=commits)
        self.access = Access(
            pointers=self.pointers,
            opener=self.opener,
            mapper=self.mapper,
            records=self.records,
            catalog=self.catalog,
            identity=self.identity,
            audit=Audit(self.committer, clock),
            searcher=self.search_source.searcher,
            timezone=settings.timezone,
        )

    def _source(self, *, commits: bool) -> SearchSource:
        """Search where the leader writes; a single command without a service searches by itself."""
        directory = index_directory(self.settings)
        served = not commits or HostLock.is_held(self.run_folder / LEADER_LOCK)
        if directory is not None and served:
            return SharedIndex(directory)
        return PrivateIndex(self.feed, self.follow, self.index_follower)

    def index_follower(
        self,
        index: tantivy.Index,
        publish: Callable[[int], None],
        position: int = 0,
        unread: Iterable[int] = (),
    ) -> IndexFollower:
        """Return a follower that fills the given index, which is as of `position`."""
        return IndexFollower(
            index,
            self.records,
            self.catalog,
            self.catalog_follower.rethreaded,
            publish,
            position,
            unread,
        )

    def follow(self) -> bool:
        """Bring the catalog up to date if nobody else keeps it; False if somebody does."""
        lock = HostLock(self.run_folder / LEADER_LOCK)
        try:
            if not lock.acquire():
                return False
            while self.feed.step([self.catalog_follower]):
                pass
            return True
        finally:
            lock.release()

    def wait_until_searchable(self, seq: int) -> None:
        """Return when a search finds everything up to `seq`.

        Raises:
            UnavailableError: the process that follows has stood still for a minute.
        """
        stood, since = -1, self.clock.monotonic()
        while not self.follow() or self.catalog.position() < seq:
            position = min(self.catalog.position(), self.search_source.position())
            if position >= seq:
                return
            if position != stood:
                stood, since = position, self.clock.monotonic()
            elif self.clock.monotonic() - since > 60:
                raise UnavailableError(
                    f"Everything is archived, but the index stands at {position} of {seq}; "
                    "see what the worker says."
                )
            self.clock.sleep(_POLL_SECONDS)

    def health(self) -> Health:
        """Return whether the archive can answer, and how far its followers are."""
        last = self.pointers.last_seq()
        problems: list[str] = []
        if not self.committing and not HostLock.is_held(self.run_folder / COMMITTER_LOCK):
            problems.append("No committer is running: nothing can be captured or read.")
        states: list[FollowerState] = []
        for name, read in (
            ("catalog", self.catalog.position),
            ("index", self.search_source.position),
        ):
            try:
                position = read()
            except MunimentError as error:
                problems.append(str(error))
                position = 0
            states.append(FollowerState(name=name, position=position, lag=last - position))
        return Health(
            ready=not problems,
            last_seq=last,
            followers=tuple(states),
            problems=tuple(problems),
            notes=self.search_source.notes(),
        )

    def session_key(self) -> bytes:
        """Return the key that signs console sessions, 32 bytes."""
        return self.keyring.derive("session")

    def close(self) -> None:
        self.search_source.close()
        super().close()
        self.catalog.close()


def read_keyring(settings: Settings, bucket: Bucket, environ: Mapping[str, str]) -> Keyring:
    """Open the newest keyring with the KEK that the settings name.

    Raises:
        ConfigurationError: there is no archive there, or the KEK does not open it.
    """
    names = list(bucket.names("keyring/"))
    if not names:
        raise ConfigurationError(
            f"There is no archive in {bucket.describe()}; make one with: muniment init."
        )
    newest = keyring_name(max(parse_keyring_name(name) for name in names))
    try:
        keyring = open_keyring(bucket.get(newest), parse_kek(settings.kek, environ))
    except CorruptError as error:
        raise CorruptError(f"{newest} cannot be read: {error}") from error
    if keyring_name(keyring.number) != newest:
        # An older keyring copied over a newer name would bring back keys that were destroyed.
        raise ConfigurationError(f"{newest} holds keyring {keyring.number}: it was put there.")
    return keyring


@contextmanager
def open_archive(
    settings: Settings,
    *,
    environ: Mapping[str, str] = os.environ,
    clock: Clock | None = None,
    commits: bool = True,
) -> Iterator[Archive]:
    """Open the archive that the settings name.

    With `commits` this process becomes the host's committer if there is none.

    Raises:
        ConfigurationError: there is no archive, or it cannot be opened; the message says why.
    """
    clock = clock or SystemClock()
    if not settings.home.is_dir():
        raise ConfigurationError(
            f"There is no archive at {settings.home}; make one with: muniment init."
        )
    bucket = open_bucket(settings.bucket, clock)
    keyring = read_keyring(settings, bucket, environ)
    archive = Archive(settings, keyring, bucket, clock, commits=commits)
    try:
        yield archive
    finally:
        archive.close()
