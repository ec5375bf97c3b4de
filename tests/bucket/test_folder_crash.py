"""The folder bucket at every moment at which it can be stopped.

Each scenario is one call on a bucket in a known state. It is cut off at each of its steps, in each
way in which a machine fails, and the bucket, opened again, must hold the state before the call or
the one after it; and the call, made again, must do its work.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from archive.bucket import LockMode, Retention
from archive.bucket.files import Files
from archive.bucket.folder import FolderBucket
from archive.errors import NotFoundError, UnavailableError
from tests.bucket.doubles import (
    Crash,
    FailingFiles,
    ManualClock,
    PowerLossFiles,
    QuickFiles,
    SteppedFiles,
)

NAME = "keys/segment/one.keys"
NEW = b"new content"


@dataclass(frozen=True)
class Scenario:
    """`act` on the version that is the `target`-th of `NAME`, newest first, after `prepare`."""

    title: str
    prepare: Callable[[FolderBucket], object]
    act: Callable[[FolderBucket, str], object]
    target: int = 0


def until(days: int) -> Retention:
    return Retention(LockMode.GOVERNANCE, ManualClock().now() + timedelta(days=days))


def put(*contents: bytes | None, **locks: Any) -> Callable[[FolderBucket], None]:
    """Return a preparation: these versions in turn (None: a delete marker), the last locked."""

    def prepare(bucket: FolderBucket) -> None:
        for number, content in enumerate(contents):
            if content is None:
                bucket.delete(NAME)
            else:
                bucket.put(NAME, content, **(locks if number == len(contents) - 1 else {}))

    return prepare


def destroy(bucket: FolderBucket, version: str) -> None:
    bucket.delete(NAME, version=version)


def hide(bucket: FolderBucket, _: str) -> None:
    bucket.delete(NAME)


def lock_new(bucket: FolderBucket, _: str) -> None:
    bucket.put(NAME, NEW, retention=until(90), legal_hold=True)


def put_new(bucket: FolderBucket, _: str) -> None:
    bucket.put(NAME, iter([NEW[:4], NEW[4:]]))


def extend(bucket: FolderBucket, version: str) -> None:
    bucket.extend_retention(NAME, version, until(90))


def hold(bucket: FolderBucket, version: str) -> None:
    bucket.set_legal_hold(NAME, version, True)


def release(bucket: FolderBucket, version: str) -> None:
    bucket.set_legal_hold(NAME, version, False)


def ended_lock(bucket: FolderBucket) -> None:
    """Leave a lock that has ended by the scenario's time."""
    clock = ManualClock()
    clock.move(days=-2)
    ended = Retention(LockMode.COMPLIANCE, clock.now() + timedelta(days=1))
    FolderBucket(bucket.root, clock, files=QuickFiles()).put(NAME, b"1", retention=ended)


class CutAtUnlink(QuickFiles):
    """Dies before the first removal of a name."""

    def unlink(self, path: Path) -> None:
        raise Crash


def cut_off_hide(bucket: FolderBucket) -> None:
    """Leave a marker without effect and a second link to the version, of a call that died."""
    bucket.put(NAME, b"1")
    with suppress(Crash):
        FolderBucket(bucket.root, ManualClock(), files=CutAtUnlink()).delete(NAME)


SCENARIOS = [
    Scenario("put", put(), put_new),
    Scenario("put locked", put(), lock_new),
    Scenario("put again", put(b"1"), put_new),
    Scenario("put again locked", put(b"1", b"2", retention=until(60)), lock_new),
    Scenario("put hidden", put(b"1", None), put_new),
    Scenario("hide", put(b"1"), hide),
    Scenario("hide locked", put(b"1", b"2", legal_hold=True), hide),
    Scenario("hide again", put(b"1", None, b"2"), hide),
    Scenario("destroy only", put(b"1"), destroy),
    Scenario("destroy ended lock", ended_lock, destroy),
    Scenario("destroy current", put(b"1", b"2"), destroy),
    Scenario("destroy current after marker", put(b"1", None, b"2"), destroy),
    Scenario("destroy old", put(b"1", b"2"), destroy, target=1),
    Scenario("destroy old marker", put(b"1", None, b"2"), destroy, target=1),
    Scenario("destroy marker", put(b"1", b"2", None), destroy),
    Scenario("destroy hidden", put(b"1", None), destroy, target=1),
    Scenario("put after cut-off hide", cut_off_hide, put_new),
    Scenario("hide after cut-off hide", cut_off_hide, hide),
    Scenario("destroy after cut-off hide", cut_off_hide, destroy),
    Scenario("extend", put(b"1"), extend),
    Scenario("extend more", put(b"1", retention=until(60)), extend),
    Scenario("extend old", put(b"1", b"2"), extend, target=1),
    Scenario("hold", put(b"1"), hold),
    Scenario("release", put(b"1", legal_hold=True), release),
]

State = tuple[Any, ...]


def observe(bucket: FolderBucket) -> State:
    """All that the port tells of the bucket, but for ids and times."""
    entries: list[tuple[Any, ...]] = []
    for each in bucket.versions(""):
        if each.delete_marker:
            entries.append((each.name, each.latest, None, None, None))
            continue
        info = bucket.stat(each.name, version=each.version)
        content = bucket.get(each.name, version=each.version)
        entries.append((each.name, each.latest, content, info.retention, info.legal_hold))
    names = tuple(bucket.names(""))
    try:
        shown = bucket.get(NAME)
    except NotFoundError:
        shown = None
    visible = tuple(name for name, latest, content, *_ in entries if latest and content is not None)
    assert names == visible
    assert shown == next((entry[2] for entry in entries if entry[1]), None)
    return (shown, *entries)


class Trial:
    """Fresh buckets in the state before the call of a scenario."""

    def __init__(self, scenario: Scenario, folder: Path) -> None:
        self._scenario = scenario
        self._folder = folder
        self._number = 0

    def prepare(self) -> "Prepared":
        self._number += 1
        clock = ManualClock()
        root = self._folder / str(self._number) / "bucket"
        bucket = FolderBucket(root, clock, files=QuickFiles())
        self._scenario.prepare(bucket)
        versions = [each.version for each in bucket.versions(NAME)]
        target = versions[self._scenario.target] if versions else ""
        return Prepared(self._scenario, root, clock, target)

    def states(self, calls: int) -> list[State]:
        """The states after none, one, … of so many calls that all succeed."""
        prepared = self.prepare()
        states = [observe(prepared.open())]
        for _ in range(calls):
            prepared.act(prepared.open())
            states.append(observe(prepared.open()))
        return states

    def steps(self) -> list[str]:
        """The steps of one call on a bucket that has just been opened."""
        prepared = self.prepare()
        bucket = prepared.open(files := QuickSteps())
        files.steps.clear()
        prepared.act(bucket)
        return files.steps


@dataclass
class Prepared:
    scenario: Scenario
    root: Path
    clock: ManualClock
    target: str

    def open(self, files: Files | None = None) -> FolderBucket:
        return FolderBucket(self.root, self.clock, files=files or QuickFiles())

    def act(self, bucket: FolderBucket) -> None:
        self.scenario.act(bucket, self.target)


class QuickSteps(SteppedFiles, QuickFiles):
    """The same, counted."""


class QuickFailing(FailingFiles, QuickFiles):
    """The same, failing."""


@pytest.fixture(params=SCENARIOS, ids=lambda scenario: scenario.title.replace(" ", "-"))
def trial(request: pytest.FixtureRequest, tmp_path: Path) -> Trial:
    return Trial(request.param, tmp_path)


def moments(trial: Trial) -> Iterator[tuple[int, bool]]:
    """Each step, failing before it has taken effect and after."""
    for at in range(len(trial.steps())):
        yield at, False
        yield at, True


def test_a_killed_process_leaves_the_old_state_or_the_new(trial: Trial) -> None:
    before, after, twice = trial.states(2)
    seen = set()
    for at, taken in moments(trial):
        prepared = trial.prepare()
        files = QuickFailing(Crash(), at=at, taken=taken)
        with pytest.raises(Crash):
            prepared.act(prepared.open(files))
        found = observe(prepared.open())
        assert found in (before, after), f"killed at {files.steps}"
        seen.add(found)
        prepared.act(prepared.open())
        assert observe(prepared.open()) in (after, twice), f"killed at {files.steps}"
        assert list((prepared.root / ".temporary").iterdir()) == []
    assert seen == {before, after}


def test_a_step_that_fails_once_can_be_made_again(trial: Trial, tmp_path: Path) -> None:
    before, after, twice = trial.states(2)
    for at, taken in moments(trial):
        prepared = trial.prepare()
        error = OSError(5, "Input/output error")
        files = PowerLossFiles(tmp_path / f"stash-{at}-{taken}", error, at=at, taken=taken)
        bucket = prepared.open(files)
        with pytest.raises(UnavailableError) as raised:
            prepared.act(bucket)
        assert str(prepared.root) not in str(raised.value)
        assert observe(bucket) in (before, after), f"failed at {files.steps}"
        prepared.act(bucket)
        # What the second call answers must be on the disk, also where the first one had done it.
        files.lose(prepared.root)
        assert observe(prepared.open()) in (after, twice), f"failed at {files.steps}"


def test_a_power_cut_loses_nothing_that_was_answered(trial: Trial, tmp_path: Path) -> None:
    before, after = trial.states(1)
    steps = len(trial.steps())
    for at in range(steps + 1):
        # All that can be lost; then the bytes alone, of files whose names survive; then one
        # directory alone, since a disk need not write in the order in which it was told.
        losses: list[Path | None] = [None, Path("nowhere")]
        for number, lost in enumerate(losses):
            prepared = trial.prepare()
            files = PowerLossFiles(tmp_path / f"stash-{at}-{number}", Crash(), at=at, taken=False)
            with suppress(Crash):
                prepared.act(prepared.open(files))
            if number == 0:
                losses += sorted(path.relative_to(prepared.root) for path in files.pending())
            files.lose(prepared.root, None if lost is None else prepared.root / lost)
            expected = (after,) if at == steps else (before, after)
            found = observe(prepared.open())
            assert found in expected, f"cut after {files.steps}, losing {lost or 'all'}"


def test_making_the_bucket_can_be_cut_off(tmp_path: Path) -> None:
    def make(root: Path, files: Files) -> FolderBucket:
        return FolderBucket(root, ManualClock(), files=files)

    make(tmp_path / "counted", files := QuickSteps())
    for at in range(len(files.steps)):
        root = tmp_path / str(at) / "bucket"
        with pytest.raises(Crash):
            make(root, QuickFailing(Crash(), at=at, taken=True))
        make(root, QuickFiles()).put(NAME, NEW)
        assert make(root, QuickFiles()).get(NAME) == NEW


def test_what_a_put_costs(tmp_path: Path) -> None:
    bucket = FolderBucket(tmp_path / "bucket", ManualClock(), files=(files := QuickSteps()))
    bucket.put("segments/2026/05/01/a.seg", b"first in its folder")
    files.steps.clear()
    bucket.put("segments/2026/05/01/b.seg", NEW)
    assert files.steps == ["create", "write", "stamp", "sync", "rename", "sync_directory"]
    files.steps.clear()
    bucket.put("keys/segment/a.keys", NEW)
    files.steps.clear()
    bucket.put("keys/other/a.keys", NEW)
    assert files.steps.count("sync") + files.steps.count("sync_directory") == 3
