"""A short life of an archive, in which any one write may fail, or be the last before the end.

It captures, publishes the log, erases, rotates, packs, shreds and captures again, on a folder and
SQLite. Every step can be taken again, as a person or the worker would who finds it unfinished. What
a step acknowledged is noted in a journal before the next begins. This module needs the project's
own Python.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar
from unittest.mock import patch
from uuid import UUID

from archive import keyrings
from archive.bucket.names import KEYS, parse_keys_name
from archive.bucket.port import Bucket, ObjectInfo, Retention, VersionInfo
from archive.clock import Clock
from archive.creating import create_archive
from archive.errors import CorruptError, GoneError, MunimentError, UnavailableError
from archive.keks import named_kek
from archive.key_changes import KeyChanges
from archive.model.roles import LOCAL_ACTOR, Purpose
from archive.opening import Archive, open_archive
from archive.packing.candidates import PackLimits
from archive.packing.packer import Packer
from archive.places import open_places
from archive.sealing.keys import open_keys
from archive.settings import Settings
from archive.verifying.verifier import verify
from scripts.support.faults import Faults, failing_commits

T = TypeVar("T")

ERASED = ("early-1", "early-2")
LARGE = 100_000
_PURPOSE = Purpose("operations")
_KILLED = 9


class Deadly(Faults):
    """Ends the process at the write that is to fail, before it takes effect or after."""

    def write(
        self,
        name: str,
        take_effect: Callable[[], T],
        error: Exception,
        undo: Callable[[], None] = lambda: None,
    ) -> T:
        with self._lock:
            self.names.append(name)
            last = len(self.names) == self.fail_at
        if last and not self.kept:
            os._exit(_KILLED)
        result = take_effect()
        if last:
            os._exit(_KILLED)
        return result


class FaultyBucket(Bucket):
    """Another bucket, whose writes go through `faults`."""

    def __init__(self, bucket: Bucket, faults: Faults) -> None:
        self._bucket = bucket
        self._faults = faults
        self.at_once = bucket.at_once

    def _write(self, what: str, name: str, take_effect: Callable[[], T]) -> T:
        kind = "/".join(name.split("/")[: 2 if name.startswith("log/") else 1])
        return self._faults.write(
            f"{what} of {kind}", take_effect, UnavailableError("The store is ill.")
        )

    def put(
        self,
        name: str,
        data: bytes | Iterable[bytes],
        *,
        retention: Retention | None = None,
        legal_hold: bool = False,
    ) -> str:
        put = self._bucket.put
        return self._write(
            "put", name, lambda: put(name, data, retention=retention, legal_hold=legal_hold)
        )

    def delete(self, name: str, *, version: str | None = None) -> None:
        self._write("delete", name, lambda: self._bucket.delete(name, version=version))

    def extend_retention(self, name: str, version: str, retention: Retention) -> None:
        extend = self._bucket.extend_retention
        self._write("lock", name, lambda: extend(name, version, retention))

    def set_legal_hold(self, name: str, version: str, on: bool) -> None:
        self._write("hold", name, lambda: self._bucket.set_legal_hold(name, version, on))

    def get(self, name: str, *, version: str | None = None) -> bytes:
        return self._bucket.get(name, version=version)

    def get_range(
        self, name: str, offset: int, length: int, *, version: str | None = None
    ) -> bytes:
        return self._bucket.get_range(name, offset, length, version=version)

    def read(self, name: str, *, version: str | None = None) -> Iterator[bytes]:
        return self._bucket.read(name, version=version)

    def stat(self, name: str, *, version: str | None = None) -> ObjectInfo:
        return self._bucket.stat(name, version=version)

    def names(self, prefix: str, *, after: str = "") -> Iterator[str]:
        return self._bucket.names(prefix, after=after)

    def versions(self, prefix: str) -> Iterator[VersionInfo]:
        return self._bucket.versions(prefix)

    def now(self) -> datetime:
        return self._bucket.now()

    def describe(self) -> str:
        return self._bucket.describe()

    def check(self) -> tuple[str, ...]:
        return self._bucket.check()


@contextmanager
def faulty(faults: Faults) -> Iterator[None]:
    """Let every write to the bucket and to SQL go through `faults`, in archives opened within."""

    def places(settings: Settings, clock: Clock) -> Bucket:
        return FaultyBucket(open_places(settings, clock), faults)

    with patch.object(keyrings, "open_places", places), failing_commits(faults):
        yield


@dataclass(frozen=True)
class Life:
    """One archive, in a folder of its own, and the journal of what it acknowledged."""

    folder: Path

    @property
    def settings(self) -> Settings:
        """The settings of an embedded archive, whatever the environment says."""
        return Settings.load({"MUNIMENT_HOME": str(self.folder / "home")}, self.folder)

    @property
    def _journal(self) -> Path:
        return self.folder / "journal"

    def begin(self) -> None:
        """Make the archive."""
        self.folder.mkdir()
        create_archive(self.settings, environ={})

    def live(self) -> None:
        """Take every step, from wherever an earlier attempt left it.

        Raises:
            MunimentError: a step could not be taken to its end.
        """
        with open_archive(self.settings, environ={}) as archive:
            for step in (
                self._capture_early,
                self._publish,
                self._erase,
                self._rotate,
                self._pack,
                self._shred,
                self._capture_late,
                self._publish,
            ):
                step(archive)

    def acknowledged(self) -> list[tuple[str, str]]:
        """Return what was acknowledged, in order: what it was, and of whom."""
        if not self._journal.exists():
            return []
        lines = self._journal.read_text().splitlines()
        return [(line.split()[0], line.split()[1]) for line in lines]

    def _note(self, what: str, whom: str = "-") -> None:
        with self._journal.open("a") as journal:
            journal.write(f"{what} {whom}\n")
            journal.flush()
            os.fsync(journal.fileno())

    def _capture_early(self, archive: Archive) -> None:
        for names in (("early-1", "early-3"), ("early-2", "early-4"), ("early-large",)):
            self._capture(archive, names)

    def _capture_late(self, archive: Archive) -> None:
        self._capture(archive, ("late-1", "late-2"))

    def _capture(self, archive: Archive, names: tuple[str, ...]) -> None:
        results = archive.intake.capture(LOCAL_ACTOR, [line(name) for name in names])
        for name, result in zip(names, results, strict=True):
            if result.id is None:
                raise UnavailableError(f"{name} was not captured: {result.status}")
            self._note(f"captured:{name}", str(result.id))

    def _publish(self, archive: Archive) -> None:
        archive.follow()
        archive.publish()
        self._note("published")

    def _erase(self, archive: Archive) -> None:
        problems = archive.eraser.resume()
        if problems:
            raise UnavailableError(problems[0])
        archive.follow()
        ids = [ids_of(self)[name] for name in ERASED]
        rows = archive.catalog.rows(ids)
        left = [each for each in ids if not rows[each].erased]
        if left:
            archive.eraser.erase_records(left, actor="local", ground="case 12")
            archive.follow()
        for each in ids:
            self._note("erased", str(each))

    def _rotate(self, archive: Archive) -> None:
        self._changes(archive).rotate()
        self._note("rotated")

    def _pack(self, archive: Archive) -> None:
        packer = Packer(
            archive.pointers,
            archive.bucket,
            archive.held_keyring,
            archive.clock,
            PackLimits(least_segments=3),
        )
        packer.pack(cold=timedelta(0))
        self._note("packed")

    def _shred(self, archive: Archive) -> None:
        self._changes(archive).shred(everything=False, progress=lambda *_: None)
        self._note("shredded")

    def _changes(self, archive: Archive) -> KeyChanges:
        kek = named_kek(self.settings.kek, {})
        return KeyChanges(archive, kek, {}, actor="local", announce=lambda _code, _final: None)

    def wrongs(self) -> Iterator[str]:
        """Yield what is not as it should be after a life that was taken to its end."""
        with open_archive(self.settings, environ={}) as archive:
            archive.packer.settle()
            ids = ids_of(self)
            gone = {ids[name] for name in ERASED}
            for name, record_id in ids.items():
                yield from self._wrong_of(archive, name, record_id, record_id in gone)
            yield from self._keys_that_came_back(archive, gone)
            archive.follow()
            archive.publish()
        found = verify(self.settings, full=True, environ={})
        yield from (f"{fault.kind}: {fault.message}" for fault in found.faults)

    def _wrong_of(
        self, archive: Archive, name: str, record_id: UUID, erased: bool
    ) -> Iterator[str]:
        try:
            original = archive.access.original(LOCAL_ACTOR, _PURPOSE, record_id)
            data = b"".join(original.chunks)
        except GoneError:
            if not erased:
                yield f"{name} is gone"
        except MunimentError as error:
            yield f"{name} cannot be read: {error}"
        else:
            if erased:
                yield f"{name} can be read, though it was erased"
            elif data != line(name):
                yield f"{name} reads wrongly"

    def _keys_that_came_back(self, archive: Archive, gone: set[UUID]) -> Iterator[str]:
        """Open every version of every key object, and look for a key that was destroyed."""
        places = {
            (row.pointer.segment_id, row.pointer.slot)
            for row in archive.pointers.select_pointers_of(gone)
        }
        for each in archive.bucket.versions(KEYS):
            if each.delete_marker:
                continue
            segment_id, _ = parse_keys_name(each.name)
            try:
                held = open_keys(
                    archive.bucket.get(each.name, version=each.version), archive.held_keyring
                )
            except CorruptError:
                continue
            back = [slot for slot in held.keys if (segment_id, slot) in places]
            if back:
                yield f"{each.name} still holds keys that were destroyed"


def ids_of(life: Life) -> dict[str, UUID]:
    """Return the records that were acknowledged, by the name they were captured under."""
    return {
        what.partition(":")[2]: UUID(whom)
        for what, whom in life.acknowledged()
        if what.startswith("captured:")
    }


def line(name: str) -> bytes:
    """Return an interaction; a large one has an original that stands in a blob."""
    document = {
        "source": "desk",
        "native_id": name,
        "channel": "chat",
        "occurred_at": "2024-05-01T09:00:00+02:00",
        "participants": [{"role": "author", "address": "ann@example.com"}],
        "text": f"What {name} said. " + ("and more " * (LARGE // 9) if "large" in name else ""),
    }
    return json.dumps(document).encode()
