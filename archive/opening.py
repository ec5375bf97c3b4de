"""The composition root: the one place where an archive's parts are made and put together."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import tantivy

from archive.access.answers import FollowerState, Health
from archive.access.audit import Audit
from archive.access.desk import Access
from archive.bucket import Bucket, open_bucket
from archive.bucket.names import keyring_name, parse_keyring_name
from archive.capture.intake import Intake
from archive.capture.prepare import Preparer
from archive.catalog.catalog import Catalog, open_engine
from archive.catalog.follower import CatalogFollower
from archive.clock import Clock, SystemClock
from archive.errors import ConfigurationError, MunimentError, UnavailableError
from archive.events.blobs import BlobStore
from archive.events.codebook import Codebook
from archive.events.commit import CommitEngine
from archive.events.feed import Feed
from archive.events.group import Committer, GroupCommitter
from archive.events.identity import Identity
from archive.events.mapper import EventMapper
from archive.events.opener import Opener
from archive.events.pointers import PointerDatastore, PointerRecorder
from archive.events.records import Records
from archive.events.server import CommitServer, HostLock, RemoteCommitter
from archive.index.follower import IndexFollower
from archive.index.source import PrivateIndex, SearchSource, SharedIndex, index_directory
from archive.sealing.kek import parse_kek
from archive.sealing.keyring import Keyring, open_keyring
from archive.settings import Settings

COMMITTER_LOCK = "committer.lock"
LEADER_LOCK = "leader.lock"
_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Opening:
    """What another process of this host needs to open the same archive, key included.

    It travels through pipes between parent and child only.
    """

    settings: Settings
    keyring: Mapping[str, object]


class Archive:
    """An open archive: its parts, wired. Closing it finishes what is under way."""

    def __init__(
        self, settings: Settings, keyring: Keyring, bucket: Bucket, clock: Clock, *, commits: bool
    ) -> None:
        self.settings = settings
        self.keyring = keyring
        self.clock = clock
        self.run_folder = settings.home / "run"
        self.run_folder.mkdir(mode=0o700, exist_ok=True)
        self._datastore = PointerDatastore(settings.home / "events.db")
        self.pointers = PointerRecorder(self._datastore)
        self.pointers.create_table()
        self._engine = open_engine(settings.home / "catalog.db")
        self.identity = Identity(keyring)
        self.mapper = EventMapper()
        self.opener = Opener(self.pointers, bucket, keyring)
        blobs = BlobStore(bucket, keyring, clock, self.pointers, self.opener, self.mapper)
        self.records = Records(self.pointers, self.opener, self.mapper, blobs)
        self.catalog = Catalog(self._engine)
        codebook = Codebook(self.pointers, self.opener, self.mapper, self.identity, clock)
        self.catalog_follower = CatalogFollower(self._engine, self.identity, codebook)
        self.feed = Feed(self.pointers, self.opener, self.mapper)
        self.committing = False
        self._lock = HostLock(self.run_folder / COMMITTER_LOCK)
        self._server: CommitServer | None = None
        self.committer = self._committer(bucket, commits=commits)
        self.intake = Intake(
            Preparer(self.identity, blobs, clock),
            self.committer,
            codebook,
            self.records,
            self._existing,
            clock,
        )
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

    def _committer(self, bucket: Bucket, *, commits: bool) -> Committer:
        """Become the host's committer if nobody is and the caller wants to, else call it."""
        if not commits or not self._lock.acquire():
            return RemoteCommitter(self.run_folder, self.clock)
        engine = CommitEngine(self.pointers, bucket, self.keyring, self.clock)
        committer = GroupCommitter(engine)
        self._server = CommitServer(committer, self.run_folder)
        self.committing = True
        return committer

    def _source(self, *, commits: bool) -> SearchSource:
        """Search where the leader writes; a single command without a service searches by itself."""
        directory = index_directory(self.settings)
        served = not commits or HostLock.is_held(self.run_folder / LEADER_LOCK)
        if directory is not None and served:
            return SharedIndex(directory)
        return PrivateIndex(self.feed, self.follow, self.index_follower)

    def index_follower(self, index: tantivy.Index, publish: Callable[[int], None]) -> IndexFollower:
        """Return a follower that fills the given index."""
        return IndexFollower(
            index, self.records, self.catalog, self.catalog_follower.rethreaded, publish
        )

    def _existing(self, ids: Sequence[UUID]) -> set[UUID]:
        found = self.pointers.existing((record_id, 1) for record_id in ids)
        return {record_id for record_id, _ in found}

    def opening(self) -> Opening:
        """Return what a child process needs to join."""
        fields = {name: getattr(self.keyring, name) for name in Keyring.__dataclass_fields__}
        return Opening(self.settings, fields | {"epochs": dict(self.keyring.epochs)})

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
            ready=not problems, last_seq=last, followers=tuple(states), problems=tuple(problems)
        )

    def session_key(self) -> bytes:
        """Return the key that signs console sessions, 32 bytes."""
        return self.keyring.derive("session")

    def close(self) -> None:
        """Finish what is under way and let go of everything."""
        if self._server is not None:
            self._server.close()
        self.committer.close()
        self.search_source.close()
        self._lock.release()
        self.catalog.close()
        self._datastore.close()


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
    keyring = open_keyring(bucket.get(newest), parse_kek(settings.kek, environ))
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


@contextmanager
def join_archive(opening: Opening) -> Iterator[Archive]:
    """Open an archive that the parent process has open, as a caller of the host's committer."""
    clock = SystemClock()
    keyring = Keyring(**opening.keyring)  # type: ignore[arg-type]
    bucket = open_bucket(opening.settings.bucket, clock)
    archive = Archive(opening.settings, keyring, bucket, clock, commits=False)
    try:
        yield archive
    finally:
        archive.close()


def home_of(settings: Settings) -> Path:
    """Return the home folder, made private if it is new."""
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    return settings.home
