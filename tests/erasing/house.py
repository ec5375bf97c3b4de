"""An eraser over a fake bucket, both databases, and a search of the bucket for keys."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from archive.bucket.fake import FakeBucket, Operation
from archive.bucket.names import is_locked_keys_name, parse_keys_name, parse_locked_keys_name
from archive.clock import Clock, SystemClock
from archive.erasing.eraser import Eraser
from archive.erasing.key_objects import KeyObjects
from archive.errors import CorruptError, UnavailableError
from archive.events.commit import CommitEngine
from archive.events.group import GroupCommitter
from archive.events.groups import Group
from archive.events.mapper import EventMapper
from archive.events.opener import Opener
from archive.events.pointers import PointerRecorder, PointerRow
from archive.events.sealer import PlainEvent
from archive.index.snapshots import SnapshotStore
from archive.packing.packer import Packer
from archive.sealing.held import HeldKeyring
from archive.sealing.keyring import Keyring
from archive.sealing.keys import EpochKeys, open_keys
from tests.events.parts import open_pointers

Url = str | None
WHO: dict[str, Any] = {"actor": "local", "ground": "policy 7, version 2"}


class QuickClock(SystemClock):
    """The machine's clock, without waiting."""

    def sleep(self, seconds: float) -> None:
        pass


class Fate(Enum):
    """What happens at a request: it fails once, the bucket stays away, or the process dies."""

    LOST = "lost"
    KEPT = "kept"
    AWAY = "away"
    KILLED_BEFORE = "killed before"
    KILLED_AFTER = "killed after"


class Killed(BaseException):
    """The process is dead; nothing that it would do on an error happens in the bucket."""


class TrippingBucket(FakeBucket):
    """A fake bucket that fails at one request of all, whichever it is."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._number: int | None = None
        self._fate = Fate.LOST
        self._asked = 0

    def trip(self, number: int, fate: Fate) -> None:
        """Fail at a request, counted from 0 from now on."""
        self._number, self._fate, self._asked = number, fate, 0

    def heal_all(self) -> bool:
        """Fail no more; say whether the request came at all."""
        number, self._number = self._number, None
        return number is not None and self._asked > number

    @contextmanager
    def _request(self, operation: Operation, name: str) -> Iterator[None]:
        place, number, fate = self._asked, self._number, self._fate
        self._asked += 1
        due = number is not None and place == number
        after = number is not None and place > number
        killed = fate in (Fate.KILLED_BEFORE, Fate.KILLED_AFTER)
        if (due and fate is Fate.KILLED_BEFORE) or (after and killed):
            raise Killed
        if (due and fate is Fate.LOST) or ((due or after) and fate is Fate.AWAY):
            raise UnavailableError("The bucket was told to fail.")
        with super()._request(operation, name):
            yield
        if due and fate is Fate.KILLED_AFTER:
            raise Killed
        if due and fate is Fate.KEPT:
            raise UnavailableError("The bucket was told to lose an answer.")


def plain(originator: UUID | None = None, version: int = 1) -> PlainEvent:
    return PlainEvent(
        (originator or uuid4()).bytes, version, "interaction.captured", b"said", b"whose"
    )


@dataclass
class Host:
    """One process of an archive: what commits, opens and erases."""

    clock: Clock
    pointers: PointerRecorder
    keyring: HeldKeyring
    bucket: FakeBucket
    engine: CommitEngine
    committer: GroupCommitter
    opener: Opener
    key_objects: KeyObjects
    eraser: Eraser

    def commit(self, *events: PlainEvent) -> list[PointerRow]:
        """Commit events together, in one segment, and return their rows."""
        group = Group(events)
        self.committer.commit(group)
        return [self.row(group.seqs[event.key]) for event in events]

    def row(self, seq: int) -> PointerRow:
        return self.pointers.select_pointers_from(seq, 1, seq)[0]

    def types(self) -> list[str]:
        return [row.type for row in self.pointers.select_pointers_from(None, 1000)]

    def states(self, rows: Sequence[PointerRow]) -> list[str]:
        """Say of each event what it opens to."""
        return [type(each).__name__ for each in self.opener.open_each(rows)]

    def unfinished(self) -> list[UUID]:
        """The erasures that are condemned and not done, as the events tell."""
        rows = self.pointers.select_pointers_from(None, 1000, topics=["keys.condemned"])
        done = self.pointers.select_pointers_from(None, 1000, topics=["keys.destroyed"])
        return sorted({row.originator_id for row in rows} - {row.originator_id for row in done})

    def close(self) -> None:
        self.committer.close()
        self.pointers.close()


def host(
    folder: Path,
    url: Url,
    *,
    bucket: FakeBucket | None = None,
    held: HeldKeyring | None = None,
    clock: SystemClock | None = None,
) -> Host:
    """Put a process together; with the same bucket and database it is another of the same."""
    clock = clock or QuickClock()
    bucket = bucket or FakeBucket(clock)
    held = held or HeldKeyring(Keyring.generate(uuid4(), clock))
    pointers = open_pointers(folder, url)
    pointers.create(held.archive_id)
    engine = CommitEngine(pointers, bucket, held, clock)
    committer = GroupCommitter(engine)
    opener = Opener(pointers, bucket, held)
    key_objects = KeyObjects(pointers, bucket, held, clock)
    found: list[Host] = []
    eraser = Eraser(
        pointers=pointers,
        opener=opener,
        mapper=EventMapper(),
        bucket=bucket,
        key_objects=key_objects,
        snapshots=SnapshotStore(bucket, held, clock),
        committer=committer,
        clock=clock,
        threads=lambda _: {},
        unfinished=lambda: found[0].unfinished(),
        settle_packs=Packer(pointers, bucket, held, clock).settle,
    )
    found.append(
        Host(clock, pointers, held, bucket, engine, committer, opener, key_objects, eraser)
    )
    return found[0]


def keys_in(bucket: FakeBucket, *keyrings: EpochKeys) -> dict[UUID, set[int]]:
    """Return the slots whose keys any version of any key object gives to any of the keyrings."""
    found: dict[UUID, set[int]] = {}
    for each in bucket.versions("keys/"):
        if each.delete_marker:
            continue
        locked = is_locked_keys_name(each.name)
        segment_id = (parse_locked_keys_name if locked else parse_keys_name)(each.name)[0]
        for keyring in keyrings:
            try:
                opened = open_keys(bucket.get(each.name, version=each.version), keyring)
            except CorruptError:
                continue
            found.setdefault(segment_id, set()).update(opened.keys)
    return found


def readable(bucket: FakeBucket, row: PointerRow, *keyrings: EpochKeys) -> bool:
    """Say whether a key of an event is anywhere in the bucket for any of the keyrings."""
    return row.pointer.slot in keys_in(bucket, *keyrings).get(row.pointer.segment_id, set())
