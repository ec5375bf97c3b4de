"""The sealed recorder put together over a fake bucket, for tests of what it is made of."""

from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from archive.bucket.fake import FakeBucket
from archive.clock import Clock, SystemClock
from archive.events.commit import CommitEngine
from archive.events.group import GroupCommitter
from archive.events.opener import Opener
from archive.events.pointers import PointerDatastore, PointerRecorder
from archive.events.recorder import SealedRecorder
from archive.events.types import StateLayout, TwoBoxes
from archive.sealing.keyring import Keyring


@dataclass
class Parts:
    """Everything between the event library and the bucket."""

    keyring: Keyring
    bucket: FakeBucket
    datastore: PointerDatastore
    pointers: PointerRecorder
    committer: GroupCommitter
    opener: Opener
    recorder: SealedRecorder

    def close(self) -> None:
        """Close files and threads."""
        self.committer.close()
        self.datastore.close()


def assemble(
    folder: Path,
    *,
    bucket: FakeBucket | None = None,
    keyring: Keyring | None = None,
    clock: Clock | None = None,
    layout: StateLayout | None = None,
) -> Parts:
    """Put the parts together; given the same folder, bucket and keyring, as after a restart."""
    clock = clock or SystemClock()
    bucket = bucket or FakeBucket(clock)
    keyring = keyring or Keyring.generate(uuid4(), clock)
    datastore = PointerDatastore(folder / "events.db")
    pointers = PointerRecorder(datastore)
    pointers.create_table()
    committer = GroupCommitter(CommitEngine(pointers, bucket, keyring, clock))
    opener = Opener(pointers, bucket, keyring)
    recorder = SealedRecorder(pointers, committer, opener, layout or TwoBoxes())
    return Parts(keyring, bucket, datastore, pointers, committer, opener, recorder)
