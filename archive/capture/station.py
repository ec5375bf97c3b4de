"""What capturing needs, put together: the writing half of an archive.

A process that only reads files and captures opens just this; `archive.opening` adds the half that
searches and reads.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from uuid import UUID

from archive.awaiting import HostWorker
from archive.bucket import Bucket
from archive.bucket.names import COMMITS
from archive.capture.extract.reader import DocumentReader
from archive.capture.intake import Intake
from archive.capture.prepare import Preparer
from archive.capture.quick import QuickLines
from archive.clock import Clock, SystemClock
from archive.database import RUN_FOLDER, open_database
from archive.errors import ConfigurationError
from archive.events.audit import Audit
from archive.events.blobs import BlobStore
from archive.events.codebook import Codebook
from archive.events.commit import CommitEngine
from archive.events.commit_records import CommitRecords
from archive.events.group import Committer, GroupCommitter
from archive.events.identity import Identity
from archive.events.mapper import EventMapper
from archive.events.opener import Opener
from archive.events.records import Records
from archive.events.restoring import Restorer
from archive.events.server import CommitServer, HostLock, RemoteCommitter
from archive.keks import named_kek
from archive.keyrings import read_in_force, settle, unlock
from archive.locking.minimum import MinimumLock
from archive.places import open_places
from archive.sealing.held import HeldKeyring
from archive.sealing.kek import Kek
from archive.sealing.keyring import Keyring
from archive.settings import Settings

if TYPE_CHECKING:
    from archive.catalog.destroyed import DestroyedCatalog

COMMITTER_LOCK = "committer.lock"


@dataclass(frozen=True)
class Opening:
    """What another process of this host needs to open the same archive, key included.

    It travels through pipes between parent and child only.
    """

    settings: Settings
    keyring: Keyring


class Station:
    """The parts that capture. Closing it finishes what is under way.

    With `commits` this process becomes the host's committer if there is none; `committing` says
    whether it did.
    """

    def __init__(
        self,
        settings: Settings,
        keyring: Keyring,
        bucket: Bucket,
        clock: Clock,
        *,
        commits: bool,
        kek: Kek | None = None,
    ) -> None:
        self.settings = settings
        kek = kek or named_kek(settings.kek, os.environ)
        self.bucket = bucket
        self.clock = clock
        self.run_folder = settings.home / RUN_FOLDER
        self.run_folder.mkdir(mode=0o700, exist_ok=True)
        self.database = open_database(settings)
        self.pointers = self.database.pointers
        held_before = self._check_database(bucket, keyring.archive_id)
        keyring = settle(self.pointers, bucket, kek, keyring)
        self.held_keyring = HeldKeyring(keyring, lambda: read_in_force(self.pointers, bucket, kek))
        if held_before:
            # An old copy may have been put in its place. Nothing is answered from it before it has
            # the rest.
            Restorer(self.pointers, bucket, self.held_keyring).catch_up()
        self.commit_records = CommitRecords(self.pointers, bucket, keyring, clock)
        self.identity = Identity(keyring)
        self.mapper = EventMapper()
        self.opener = Opener(self.pointers, bucket, self.held_keyring)
        blobs = BlobStore(bucket, keyring, clock, self.pointers, self.opener, self.mapper)
        self.records = Records(self.pointers, self.opener, self.mapper, blobs)
        self.codebook = Codebook(self.pointers, self.opener, self.mapper, self.identity, clock)
        self._lock = HostLock(self.run_folder / COMMITTER_LOCK)
        self._server: CommitServer | None = None
        self.committer = self._committer(bucket, commits=commits)
        self.audit = Audit(self.committer, clock)
        self._documents = DocumentReader()
        preparer = Preparer(self.identity, blobs, clock)
        self.intake = Intake(
            preparer,
            QuickLines(self.identity, preparer, clock),
            self.committer,
            self.codebook,
            self.records,
            self._existing,
            self._documents,
            self.audit,
            clock,
            self._certificates,
        )

    def _check_database(self, bucket: Bucket, archive_id: UUID) -> bool:
        """Make sure that the database holds this archive's events and no other's.

        False if it held none yet.
        """
        known = self.pointers.archive()
        if known is None:
            newest = next(iter(bucket.names(COMMITS)), None)
            if newest is not None:
                raise ConfigurationError(
                    f"The {self.database.describe()} is empty, but the bucket holds commits "
                    f"({newest} and on). Name the database that belongs to it, or make it again "
                    "from the bucket: muniment rebuild."
                )
        elif known != archive_id:
            raise ConfigurationError(
                f"The {self.database.describe()} belongs to archive {known}, and the bucket to "
                f"archive {archive_id}."
            )
        self.pointers.create(archive_id)
        return known is not None

    def _committer(self, bucket: Bucket, *, commits: bool) -> Committer:
        if not commits or not self._lock.acquire():
            return RemoteCommitter(self.run_folder, self.clock)
        try:
            minimum = MinimumLock(self.settings.worm, bucket, self.clock)
            minimum.check()
            engine = CommitEngine(
                self.pointers, bucket, self.held_keyring, self.clock, minimum.classify
            )
            committer = GroupCommitter(engine)
            self._server = CommitServer(committer, self.run_folder)
        except BaseException:
            # Whoever tries again in this process would else find the lock taken, by nobody.
            self._lock.release()
            raise
        return committer

    @property
    def keyring(self) -> Keyring:
        """The newest keyring that this process knows."""
        return self.held_keyring.current

    @property
    def committing(self) -> bool:
        """Whether this process is the host's committer."""
        return self._server is not None

    def _existing(self, ids: Sequence[UUID]) -> set[UUID]:
        found = self.pointers.existing((record_id.bytes, 1) for record_id in ids)
        self.commit_records.ensure(found.values())
        return {UUID(bytes=originator) for originator, _ in found}

    def _certificates(self, ids: Sequence[UUID]) -> Mapping[UUID, UUID]:
        """Return the certificates of what was erased or redacted, as far as the catalog knows."""
        return self._destroyed.certificates_of(ids)

    @cached_property
    def _destroyed(self) -> "DestroyedCatalog":
        """What tells of certificates: few captures ever ask, and others need not load it."""
        from archive.catalog.destroyed import DestroyedCatalog

        return DestroyedCatalog(self.database.catalog())

    def wait_until_searchable(self, seq: int) -> None:
        """Return when a search finds everything up to `seq`, which this host's worker sees to.

        Raises:
            UnavailableError: the worker does not get on, or has no index that can be seen.
        """
        HostWorker(self.settings, self.clock).wait_until_searchable(seq)

    def opening(self) -> Opening:
        """Return what a child process needs to join."""
        return Opening(self.settings, self.keyring)

    def close(self) -> None:
        """Finish what is under way and let go of everything."""
        self._documents.close()
        if "_destroyed" in vars(self):
            self._destroyed.close()
        if self._server is not None:
            self._server.close()
        self.committer.close()
        self._lock.release()
        self.database.close()


@contextmanager
def open_station(
    settings: Settings, *, environ: Mapping[str, str] = os.environ, clock: Clock | None = None
) -> Iterator[Station]:
    """Open the capturing half of the archive that the settings name, as `open_archive` does it."""
    clock = clock or SystemClock()
    kek, bucket, keyring = unlocked(settings, environ, clock)
    station = Station(settings, keyring, bucket, clock, commits=True, kek=kek)
    try:
        yield station
    finally:
        station.close()


def unlocked(
    settings: Settings, environ: Mapping[str, str], clock: Clock, kek: Kek | None = None
) -> tuple[Kek, Bucket, Keyring]:
    """Return what it takes to open the archive that the settings name, at its home.

    Raises:
        ConfigurationError: there is no archive, or it cannot be opened; the message says why.
        UnavailableError: the bucket does not answer.
    """
    if not settings.home.is_dir() and settings.on_one_host:
        raise ConfigurationError(
            f"There is no archive at {settings.home}; make one with: muniment init."
        )
    kek = kek or named_kek(settings.kek, environ)
    bucket, keyring = unlock(settings, environ, clock, kek)
    # Of an archive that several hosts share, all that is a host's own can be made on the way.
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    return kek, bucket, keyring


@contextmanager
def join(opening: Opening) -> Iterator[Station]:
    """Open the capturing half as a caller of the host's committer, in a child process."""
    clock = SystemClock()
    bucket = open_places(opening.settings, clock)
    station = Station(opening.settings, opening.keyring, bucket, clock, commits=False)
    try:
        yield station
    finally:
        station.close()
