"""The sealed recorder put together over a fake bucket, for tests of what it is made of."""

from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from archive.bucket.fake import FakeBucket
from archive.clock import Clock, SystemClock
from archive.events.commit import CommitEngine
from archive.events.group import GroupCommitter
from archive.events.opener import Opener
from archive.events.pointers import PointerRecorder
from archive.events.pointers_postgres import PostgresPointers
from archive.events.pointers_sqlite import SqlitePointers
from archive.events.recorder import SealedRecorder
from archive.events.sealer import Classify, unlocked
from archive.events.types import StateLayout, TwoBoxes
from archive.postgres import Server
from archive.sealing.held import HeldKeyring
from archive.sealing.keyring import Keyring


@dataclass
class Parts:
    """Everything between the event library and the bucket."""

    keyring: Keyring
    bucket: FakeBucket
    pointers: PointerRecorder
    committer: GroupCommitter
    opener: Opener
    recorder: SealedRecorder

    def close(self) -> None:
        """Close files and threads."""
        self.committer.close()
        self.pointers.close()


def assemble(
    folder: Path,
    *,
    bucket: FakeBucket | None = None,
    keyring: Keyring | None = None,
    clock: Clock | None = None,
    layout: StateLayout | None = None,
    database_url: str | None = None,
    classify: Classify = unlocked,
) -> Parts:
    """Put the parts together; given the same database, bucket and keyring, as after a restart.

    The database is SQLite in the folder, or PostgreSQL where its address is given.
    """
    clock = clock or SystemClock()
    bucket = bucket or FakeBucket(clock)
    keyring = keyring or Keyring.generate(uuid4(), clock)
    pointers = open_pointers(folder, database_url)
    pointers.create(keyring.archive_id)
    committer = GroupCommitter(
        CommitEngine(pointers, bucket, HeldKeyring(keyring), clock, classify)
    )
    opener = Opener(pointers, bucket, keyring)
    recorder = SealedRecorder(pointers, committer, opener, layout or TwoBoxes())
    return Parts(keyring, bucket, pointers, committer, opener, recorder)


def open_pointers(folder: Path, database_url: str | None = None) -> PointerRecorder:
    """Open a recorder over SQLite in the folder, or over PostgreSQL."""
    if database_url is None:
        return SqlitePointers(folder / "events.db")
    server = Server(database_url)
    return PostgresPointers(server, server.engine())
