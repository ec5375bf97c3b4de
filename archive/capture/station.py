"""What capturing needs, put together: the writing half of an archive.

A process that only reads files and captures opens just this; `archive.opening` adds the half that
searches and reads.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from archive.bucket import Bucket, open_bucket
from archive.capture.intake import Intake
from archive.capture.prepare import Preparer
from archive.clock import Clock, SystemClock
from archive.events.blobs import BlobStore
from archive.events.codebook import Codebook
from archive.events.commit import CommitEngine
from archive.events.group import Committer, GroupCommitter
from archive.events.identity import Identity
from archive.events.mapper import EventMapper
from archive.events.opener import Opener
from archive.events.pointers import PointerDatastore, PointerRecorder
from archive.events.records import Records
from archive.events.server import CommitServer, HostLock, RemoteCommitter
from archive.sealing.keyring import Keyring
from archive.settings import Settings

COMMITTER_LOCK = "committer.lock"


@dataclass(frozen=True)
class Opening:
    """What another process of this host needs to open the same archive, key included.

    It travels through pipes between parent and child only.
    """

    settings: Settings
    keyring: Mapping[str, object]


class Station:
    """The parts that capture. Closing it finishes what is under way.

    With `commits` this process becomes the host's committer if there is none; `committing` says
    whether it did.
    """

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
        self.identity = Identity(keyring)
        self.mapper = EventMapper()
        self.opener = Opener(self.pointers, bucket, keyring)
        blobs = BlobStore(bucket, keyring, clock, self.pointers, self.opener, self.mapper)
        self.records = Records(self.pointers, self.opener, self.mapper, blobs)
        self.codebook = Codebook(self.pointers, self.opener, self.mapper, self.identity, clock)
        self._lock = HostLock(self.run_folder / COMMITTER_LOCK)
        self._server: CommitServer | None = None
        self.committer = self._committer(bucket, commits=commits)
        self.intake = Intake(
            Preparer(self.identity, blobs, clock),
            self.committer,
            self.codebook,
            self.records,
            self._existing,
            clock,
        )

    def _committer(self, bucket: Bucket, *, commits: bool) -> Committer:
        if not commits or not self._lock.acquire():
            return RemoteCommitter(self.run_folder, self.clock)
        engine = CommitEngine(self.pointers, bucket, self.keyring, self.clock)
        committer = GroupCommitter(engine)
        self._server = CommitServer(committer, self.run_folder)
        return committer

    @property
    def committing(self) -> bool:
        """Whether this process is the host's committer."""
        return self._server is not None

    def _existing(self, ids: Sequence[UUID]) -> set[UUID]:
        found = self.pointers.existing((record_id.bytes, 1) for record_id in ids)
        return {UUID(bytes=originator) for originator, _ in found}

    def opening(self) -> Opening:
        """Return what a child process needs to join."""
        fields = {name: getattr(self.keyring, name) for name in Keyring.__dataclass_fields__}
        return Opening(self.settings, fields | {"epochs": dict(self.keyring.epochs)})

    def close(self) -> None:
        """Finish what is under way and let go of everything."""
        if self._server is not None:
            self._server.close()
        self.committer.close()
        self._lock.release()
        self._datastore.close()


@contextmanager
def join(opening: Opening) -> Iterator[Station]:
    """Open the capturing half as a caller of the host's committer, in a child process."""
    clock = SystemClock()
    keyring = Keyring(**opening.keyring)  # type: ignore[arg-type]
    bucket = open_bucket(opening.settings.bucket, clock)
    station = Station(opening.settings, keyring, bucket, clock, commits=False)
    try:
        yield station
    finally:
        station.close()
