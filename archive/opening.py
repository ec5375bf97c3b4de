"""The composition root: the one place where an archive's parts are made and put together."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING
from uuid import UUID

import tantivy

from archive.access.desk import Access
from archive.access.hits import HitReports
from archive.access.people_desk import PeopleDesk
from archive.access.saved import SavedSearches
from archive.access.unsearchable import Unsearchable
from archive.awaiting import WORKER_LOCK, wait_for
from archive.brake import Brake
from archive.bucket import Bucket
from archive.capture.request_keys import RequestKeys
from archive.capture.station import Station, unlocked
from archive.catalog.cases import AccessRequestCases, ErasureCases
from archive.catalog.catalog import Catalog
from archive.catalog.destroyed import DestroyedCatalog
from archive.catalog.dispositions import DispositionTable
from archive.catalog.follower import CatalogFollower
from archive.catalog.jobs import JobBook
from archive.catalog.locked import LockBook
from archive.catalog.mirrored import MirrorBook
from archive.catalog.obligations import ObligationTable
from archive.clock import Clock, SystemClock
from archive.collecting.collector import Collector
from archive.erasing.eraser import Eraser
from archive.erasing.key_objects import KeyObjects
from archive.erasing.keyring_writer import KeyringWriter
from archive.erasing.shredder import Shredder
from archive.events.feed import Feed
from archive.events.server import HostLock
from archive.health import Health, health_of
from archive.index.follower import IndexFollower
from archive.index.form import index_form
from archive.index.resuming import Beginning, History, begin
from archive.index.snapshots import SnapshotStore
from archive.index.source import PrivateIndex, SearchSource, SharedIndex, index_directory
from archive.index.storage import IndexDirectory
from archive.leadership import DeposedError
from archive.locking.log import LogLocks
from archive.locking.minimum import MinimumLock
from archive.locking.records import RecordLocks
from archive.locking.securing import Securing
from archive.log.head import LogHead
from archive.log.publisher import LogPublisher, log_signer
from archive.log.reader import LogReader
from archive.log.timestamps import Timestamps
from archive.matters.book import Matters
from archive.matters.desk import MatterDesk
from archive.packing.packer import Packer
from archive.people.directory import People
from archive.sealing.kek import Kek
from archive.sealing.keyring import Keyring
from archive.settings import Settings
from archive.trail.desk import Trail
from archive.trail.finding import Finder
from archive.trail.follower import TrailDigests, TrailFollower
from archive.trail.index import TrailIndex
from archive.trail.people import PeopleRecords
from archive.trail.reports import Reports
from archive.users.administration import Administration
from archive.users.attempts import Attempts
from archive.users.changes import Changes
from archive.users.directory import Users
from archive.users.entrance import Entrance
from archive.users.passwords import Passwords
from archive.users.provided import ProvidedUsers

if TYPE_CHECKING:
    from sqlalchemy import Engine


class Archive(Station):
    """An open archive: the capturing half, and what searches and reads."""

    def __init__(
        self,
        settings: Settings,
        keyring: Keyring,
        bucket: Bucket,
        clock: Clock,
        *,
        commits: bool,
        kek: Kek,
    ) -> None:
        super().__init__(settings, keyring, bucket, clock, commits=commits, kek=kek)
        try:
            self._open(bucket, commits=commits)
        except BaseException:
            super().close()
            raise

    def _open(self, bucket: Bucket, *, commits: bool) -> None:
        engine = self.database.catalog()
        self.catalog = Catalog(engine)
        self.leadership = self.database.leadership()
        self._following = Lock()
        self.catalog_follower = CatalogFollower(
            engine, self.identity, self.codebook, self.leadership.fence
        )
        self.brake = Brake(
            self.pointers.last_seq, self.catalog.position, self.clock, self.run_folder
        )
        self.trail_follower = TrailFollower(engine, self.identity, self.leadership.fence)
        self.feed = Feed(self.pointers, self.opener, self.mapper)
        self.snapshots = SnapshotStore(bucket, self.held_keyring, self.clock)
        self.key_objects = KeyObjects(self.pointers, bucket, self.held_keyring, self.clock)
        self.packer = Packer(self.pointers, bucket, self.held_keyring, self.clock)
        self.eraser = Eraser(
            pointers=self.pointers,
            opener=self.opener,
            mapper=self.mapper,
            bucket=bucket,
            key_objects=self.key_objects,
            snapshots=self.snapshots,
            committer=self.committer,
            clock=self.clock,
            threads=self.catalog.conversations.threads,
            unfinished=self.catalog.unfinished_erasures,
            settle_packs=self.packer.settle,
        )
        self.collector = Collector(self.pointers, bucket, self.keyring, self.feed, self.snapshots)
        self.jobs = JobBook(engine)
        self.mirror_book = MirrorBook(engine)
        self.record_locks = RecordLocks(self.pointers, bucket)
        self.securing = Securing(
            self.pointers, bucket, self.held_keyring, self.key_objects, self.clock
        )
        self.lock_book = LockBook(engine)
        self.obligations = ObligationTable(engine)
        self.destroyed = DestroyedCatalog(engine)
        self.cases = ErasureCases(engine)
        self.access_requests = AccessRequestCases(engine)
        self.dispositions = DispositionTable(engine)
        self.keyring_writer = KeyringWriter(
            self.pointers, bucket, self.held_keyring, self.committer, self.clock
        )
        self.shredder = Shredder(
            custody=self.pointers,
            bucket=bucket,
            keyring=self.held_keyring,
            key_objects=self.key_objects,
            writer=self.keyring_writer,
            snapshots=self.snapshots,
        )
        self.request_keys = RequestKeys(engine, self.identity, self.clock)
        self.search_source = self._source(commits=commits)
        self.log_head = LogHead(engine, self.leadership.fence)
        self.log_publisher = LogPublisher(
            self.keyring,
            self.pointers,
            bucket,
            self.log_head,
            self.opener.frames,
            self.clock,
            MinimumLock(self.settings.worm, bucket, self.clock).retention,
        )
        self.log_locks = LogLocks(
            bucket,
            self.clock,
            self.log_head.position,
            MinimumLock(self.settings.worm, bucket, self.clock).retention,
        )
        self.log = LogReader(bucket, log_signer(self.keyring).verifier)
        self.timestamps = Timestamps(
            bucket,
            self.log,
            self.clock,
            MinimumLock(self.settings.worm, bucket, self.clock).retention,
            self.settings.timestamp_url,
        )
        self.people = People(self.pointers, self.opener, self.mapper, self.identity)
        self.matters = Matters(self.pointers, self.opener, self.mapper, self.identity)
        self.access = Access(
            archive_id=self.keyring.archive_id,
            clock=self.clock,
            pointers=self.pointers,
            opener=self.opener,
            mapper=self.mapper,
            records=self.records,
            catalog=self.catalog,
            audit=self.audit,
            codebook=self.codebook,
            identity=self.identity,
            people=self.people,
            matters=self.matters,
            log=self.log,
            searcher=self.search_source.searcher,
            follow=self.follow,
            timezone=self.settings.timezone,
            names=lambda ids: self.administration.names(ids),
        )
        self.hit_reports = HitReports(self.access, self.audit)
        self.people_desk = PeopleDesk(
            self.people, self.access, self.committer, self.audit, self.clock
        )
        self.saved_searches = SavedSearches(
            self.access,
            pointers=self.pointers,
            opener=self.opener,
            mapper=self.mapper,
            identity=self.identity,
            committer=self.committer,
            audit=self.audit,
            clock=self.clock,
        )
        self.unsearchable = Unsearchable(self.access, self.catalog, self.audit)
        self._open_doors(engine)

    def _open_doors(self, engine: "Engine") -> None:
        """Put together who may come in and how."""
        self.users = Users(self.pointers, self.opener, self.mapper, self.catalog, self.identity)
        self.matter_desk = MatterDesk(
            matters=self.matters,
            user_meant=lambda name: self.users.meant(name).id,
            pointers=self.pointers,
            committer=self.committer,
            audit=self.audit,
            clock=self.clock,
            zone=self.settings.timezone,
        )
        passwords = Passwords(self.clock)
        attempts = Attempts(engine, self.identity, self.clock)
        self.administration = Administration(
            users=self.users,
            matters=self.matters,
            changes=Changes(self.users, self.pointers, self.committer, self.identity, self.clock),
            identity=self.identity,
            audit=self.audit,
            passwords=passwords,
            attempts=attempts,
            clock=self.clock,
        )
        provider = self.settings.openid
        self.provided_users = ProvidedUsers(
            provider.roles if provider else {},
            users=self.users,
            administration=self.administration,
            committer=self.committer,
            identity=self.identity,
            clock=self.clock,
        )
        self.entrance = Entrance(
            users=self.users,
            catalog=self.catalog,
            pointers=self.pointers,
            committer=self.committer,
            identity=self.identity,
            passwords=passwords,
            attempts=attempts,
            clock=self.clock,
        )

        self.trail_index = TrailIndex(engine, TrailDigests(self.identity))
        self.trail = self._trail(self.trail_index)

    def _trail(self, index: TrailIndex) -> Trail:
        """Put together what reads the audit trail."""
        people = PeopleRecords(self.search_source.searcher, self.records)
        captures = self.pointers.select_pointers_of
        finder = Finder(index, self.feed, self.users, self.codebook, people, captures)
        return Trail(
            finder=finder,
            reports=Reports(finder, people),
            everybody=self.users.all,
            audit=self.audit,
            clock=self.clock,
        )

    def _source(self, *, commits: bool) -> SearchSource:
        """Search where the host's worker writes; a command without a service does so by itself."""
        directory = index_directory(self.settings)
        served = not commits or HostLock.is_held(self.run_folder / WORKER_LOCK)
        if directory is not None and served:
            return SharedIndex(directory, self.catalog)
        return PrivateIndex(
            self.feed,
            self.catalog,
            self.follow,
            self.index_follower,
            self.index_beginning,
            directory,
        )

    def index_beginning(self, directory: IndexDirectory) -> Beginning:
        """Make a generation of the index in a folder, from the newest snapshot that holds."""
        history = History(self.pointers, self.records)
        return begin(directory, self.snapshots, history, index_form())

    def index_follower(
        self,
        index: tantivy.Index,
        publish: Callable[[int], None],
        position: int = 0,
        unread: Iterable[int] = (),
        target: int = 0,
    ) -> IndexFollower:
        """Return a follower that fills the given index, which is as of `position`."""
        return IndexFollower(index, self.records, self.catalog, publish, position, unread, target)

    def follow(self) -> bool:
        """Bring catalog and trail up to date if nobody else keeps them; False if somebody does."""
        # Threads of one process would all hold its leadership at once.
        with self._following:
            try:
                if not self.leadership.acquire():
                    return False
                while self.feed.step([self.catalog_follower, self.trail_follower]):
                    pass
                return True
            except DeposedError:
                return False
            finally:
                self.leadership.release()

    def publish(self) -> bool:
        """Bring the log up to date if nobody else keeps it; False if somebody does.

        Raises:
            UnavailableError, CorruptError, ConfigurationError: as in `LogPublisher.step`.
        """
        with self._following:
            try:
                if not self.leadership.acquire():
                    return False
                while self.log_publisher.step():
                    pass
                return True
            except DeposedError:
                return False
            finally:
                self.log_publisher.forget()
                self.leadership.release()

    def wait_until_searchable(self, seq: int) -> None:
        """Return when a search finds everything up to `seq`.

        Raises:
            UnavailableError: the process that follows has stood still for a minute.
        """
        self._wait(
            seq, lambda: min(self.catalog.position(), self.search_source.position()), "index"
        )

    def wait_until_catalogued(self, seq: int, *, follows: bool = True) -> None:
        """Return when the catalog has come to `seq`; errors as in `wait_until_searchable`.

        Without `follows` it is only waited for: another thread of this process follows.
        """
        self._wait(seq, self.catalog.position, "catalog", follows=follows)

    def _wait(self, seq: int, where: Callable[[], int], name: str, *, follows: bool = True) -> None:
        help: Callable[[], object] = self.follow if follows else lambda: None
        wait_for(seq, where, name, self.clock, help)

    def _certificates(self, ids: Sequence[UUID]) -> Mapping[UUID, UUID]:
        return self.destroyed.certificates_of(ids)

    def health(self) -> Health:
        """Return whether the archive can answer, and how far its followers are."""
        return health_of(self)

    def session_key(self) -> bytes:
        """Return the key that signs console sessions, 32 bytes."""
        return self.keyring.derive("session")

    def close(self) -> None:
        self.search_source.close()
        self.leadership.release()
        super().close()
        self.catalog.close()


@contextmanager
def open_archive(
    settings: Settings,
    *,
    environ: Mapping[str, str] = os.environ,
    clock: Clock | None = None,
    commits: bool = True,
    kek: Kek | None = None,
) -> Iterator[Archive]:
    """Open the archive that the settings name, with a KEK of its own or with theirs.

    With `commits` this process becomes the host's committer if there is none.

    Raises:
        ConfigurationError: there is no archive, or it cannot be opened; the message says why.
        UnavailableError: bucket or database do not answer.
    """
    clock = clock or SystemClock()
    kek, bucket, keyring = unlocked(settings, environ, clock, kek)
    archive = Archive(settings, keyring, bucket, clock, commits=commits, kek=kek)
    try:
        yield archive
    finally:
        archive.close()
