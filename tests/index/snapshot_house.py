"""A leader's index over a fake bucket, without an archive around it."""

import os
from collections.abc import Set
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from archive.bucket.fake import FakeBucket
from archive.bucket.port import Bucket
from archive.clock import Clock, SystemClock
from archive.index.documents import build_document
from archive.index.keeper import SnapshotKeeper
from archive.index.memory import Memory
from archive.index.resuming import Beginning, History, begin
from archive.index.searcher import Searcher
from archive.index.snapshots import SnapshotStore
from archive.index.storage import IndexDirectory
from archive.query.parser import parse
from archive.sealing.keyring import Keyring
from tests.query.samples import record

FORM = "0f" * 32
ARCHIVE = UUID("0194233c-7e80-7000-8000-00000000a7c4")


class QuickClock(SystemClock):
    """Does not wait, and lets tests move the time that has passed."""

    def __init__(self) -> None:
        self.passed = 0.0

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        self.passed += seconds


class MadeHistory(History):
    """Events up to `last`, of which `damaged` cannot be read."""

    def __init__(self, last: int = 1_000_000, branch: str = "", damaged: Set[int] = frozenset()):
        self.last, self.branch, self.damaged = last, branch, damaged

    def leaf_hash(self, seq: int) -> str | None:
        made = sha256(f"{self.branch}{seq}".encode()).hexdigest()
        return made if 0 < seq <= self.last else None

    def readable(self, seq: int) -> bool:
        return seq not in self.damaged


def directory(path: Path) -> IndexDirectory:
    path.mkdir(exist_ok=True)
    kernel = Memory("", "", lambda _: False, lambda process: process == os.getpid())
    return IndexDirectory(path / "index", kernel)


@dataclass
class Leader:
    """Follows and takes snapshots as a leader does; a document stands for 1,000 events."""

    folder: Path
    bucket: Bucket
    keyring: Keyring
    clock: Clock = field(default_factory=QuickClock)
    history: History = field(default_factory=MadeHistory)
    form: str = FORM
    part_size: int = 5_000

    def __post_init__(self) -> None:
        self.store = SnapshotStore(self.bucket, self.keyring, self.clock, part_size=self.part_size)
        self.directory = directory(self.folder)
        self.beginning: Beginning = begin(self.directory, self.store, self.history, self.form)
        self.generation = self.beginning.generation
        self.stood = self.beginning.position
        self.could_not_read: set[int] = set(self.beginning.unread)
        self._writer = self.generation.index.writer(15_000_000, 1)
        self.keeper = SnapshotKeeper(
            self.store, self.clock, self.history, self.form, self.beginning
        )

    def position(self) -> int:
        return self.stood

    def unread(self) -> Set[int]:
        return self.could_not_read

    def follow(self, documents: int = 1) -> None:
        for _ in range(documents):
            self.stood += 1_000
            self._writer.add_document(build_document(record(self.stood // 1_000, text="fee")))
        self._writer.commit()
        self.generation.publish(self.stood)

    def snapshot(self) -> None:
        self.keeper.finish(self)

    def found(self) -> int:
        self.generation.index.reload()
        hits = Searcher(self.generation.index).search(
            parse("fee"), as_of=2**40, limit=1, settle=lambda ids: iter(())
        )
        return hits.total

    def right(self) -> bool:
        """Whether exactly what was followed is found."""
        return self.found() == self.stood // 1_000

    def notes(self) -> str:
        return (self.generation.folder / "notes").read_text()

    def restarted(self, **changes: Any) -> "Leader":
        values: dict[str, Any] = {
            "folder": self.folder,
            "bucket": self.bucket,
            "keyring": self.keyring,
            "part_size": self.part_size,
        }
        self.stop()
        return Leader(**(values | changes))

    def stop(self) -> None:
        self.keeper.wait()
        self._writer.wait_merging_threads()
        self.directory.remove()


def keyring() -> Keyring:
    return Keyring.generate(ARCHIVE, SystemClock())


def leader(folder: Path, bucket: Bucket | None = None, **changes: Any) -> Leader:
    """A leader of a new archive."""
    return Leader(folder, bucket or FakeBucket(QuickClock()), keyring(), **changes)
