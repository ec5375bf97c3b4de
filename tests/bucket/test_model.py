"""Whatever is done to them, the folder and the fake answer alike."""

import shutil
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from archive.bucket import Bucket, LockMode, Retention
from archive.bucket.fake import FakeBucket
from archive.bucket.folder import FolderBucket
from archive.errors import MunimentError
from tests.bucket.doubles import ManualClock, QuickFiles

NAMES = st.sampled_from(["a/b", "a/c", "a-b", "keys/x/1", "keys/x/1.p/2"])
CONTENTS = st.binary(max_size=6)
POSITIONS = st.integers(0, 4)
LOCKS = st.none() | st.tuples(st.sampled_from(LockMode), st.integers(-1, 3))


class TwoBuckets(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp())
        self.clock = ManualClock()
        self.folder: Bucket = self.open_folder()
        self.fake: Bucket = FakeBucket(self.clock)

    def open_folder(self) -> Bucket:
        return FolderBucket(self.home / "bucket", self.clock, files=QuickFiles())

    def teardown(self) -> None:
        shutil.rmtree(self.home)

    def both(self, method: str, *arguments: Any, position: int | None = None, **named: Any) -> None:
        """Call the same on both; a position stands for the version listed there."""
        answers = []
        for bucket in (self.folder, self.fake):
            given = list(arguments)
            if position is not None:
                # Other names may begin with this one, and version ids are unique by name only.
                listed = bucket.versions(arguments[0])
                versions = [each.version for each in listed if each.name == arguments[0]]
                version = versions[position] if position < len(versions) else "none"
                if method in ("delete", "get", "stat"):
                    named["version"] = version
                else:
                    given.insert(1, version)
            try:
                answers.append(("done", self.without_ids(getattr(bucket, method)(*given, **named))))
            except MunimentError as error:
                answers.append((type(error).__name__, None))
        assert answers[0] == answers[1]

    @staticmethod
    def without_ids(answer: Any) -> Any:
        return answer if isinstance(answer, bytes) else None

    def retention(self, lock: tuple[LockMode, int]) -> Retention:
        return Retention(lock[0], self.clock.now() + timedelta(days=lock[1]))

    @rule(name=NAMES, content=CONTENTS, lock=LOCKS, held=st.booleans())
    def put(self, name: str, content: bytes, lock: tuple[LockMode, int] | None, held: bool) -> None:
        retention = None if lock is None else self.retention(lock)
        self.both("put", name, content, retention=retention, legal_hold=held)

    @rule(name=NAMES)
    def hide(self, name: str) -> None:
        self.both("delete", name)

    @rule(name=NAMES, position=POSITIONS)
    def destroy(self, name: str, position: int) -> None:
        self.both("delete", name, position=position)

    @rule(name=NAMES, position=POSITIONS, lock=LOCKS.filter(bool))
    def extend(self, name: str, position: int, lock: tuple[LockMode, int]) -> None:
        self.both("extend_retention", name, self.retention(lock), position=position)

    @rule(name=NAMES, position=POSITIONS, on=st.booleans())
    def hold(self, name: str, position: int, on: bool) -> None:
        self.both("set_legal_hold", name, on, position=position)

    @rule(name=NAMES, position=POSITIONS)
    def get_version(self, name: str, position: int) -> None:
        self.both("get", name, position=position)

    @rule(name=NAMES, offset=st.integers(0, 7), length=st.integers(0, 7))
    def get_range(self, name: str, offset: int, length: int) -> None:
        self.both("get_range", name, offset, length)

    @rule(hours=st.integers(-3, 40))
    def pass_time(self, hours: int) -> None:
        self.clock.move(hours=hours)

    @rule()
    def reopen(self) -> None:
        self.folder = self.open_folder()

    @invariant()
    def they_hold_the_same(self) -> None:
        assert self.all_of(self.folder) == self.all_of(self.fake)

    @staticmethod
    def all_of(bucket: Bucket) -> Any:
        entries: list[tuple[Any, ...]] = []
        for each in bucket.versions(""):
            entry: tuple[Any, ...] = (each.name, each.size, each.latest, each.delete_marker)
            if not each.delete_marker:
                info = bucket.stat(each.name, version=each.version)
                entry += (
                    info.retention,
                    info.legal_hold,
                    bucket.get(each.name, version=each.version),
                )
            entries.append(entry)
        return list(bucket.names("")), list(bucket.names("a", after="a/b")), entries


TestTwoBuckets = TwoBuckets.TestCase
TestTwoBuckets.settings = settings(max_examples=30, stateful_step_count=20)
