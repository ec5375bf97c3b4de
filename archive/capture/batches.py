"""Batches of items through the intake: what an import's worker process does, and what it says."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from archive.capture import parse
from archive.capture.intake import Intake, Item
from archive.capture.prepare import Sender
from archive.capture.slices import UNTOLD, Slice, Unreadable, items_in
from archive.errors import ConfigurationError, InvalidError, UnavailableError

_ITEMS_PER_BATCH = 800
_BYTES_PER_BATCH = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Rejected:
    """An item that could not be archived, and why."""

    path: str
    item: str
    reason: str


@dataclass(frozen=True, slots=True)
class Note:
    """An attachment, by name or part, of an archived item that no search sees, or not wholly."""

    path: str
    item: str
    attachment: str
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import says of all its items. `custodians` maps path prefixes to custodians."""

    source: str
    sender: Sender
    custodian: str | None = None
    custodians: tuple[tuple[str, str], ...] = ()

    def custodian_of(self, path: str) -> str | None:
        """Return the custodian for a path: the longest prefix counts, then the one for all."""
        for prefix, name in self.custodians:
            if path.startswith(prefix):
                return name
        return self.custodian


@dataclass(slots=True)
class Tally:
    """What became of items; `last_seq` is the newest sequence number among them.

    Of those that were there `already`, some are `erased` or `redacted`, under the `certificates`.
    `slices` says how many of those given out it accounts for, and `size` their bytes: a file that
    nobody had looked into counts as one slice and may hold any number of items.
    """

    archived: int = 0
    already: int = 0
    erased: int = 0
    redacted: int = 0
    events: int = 0
    slices: int = 0
    size: int = 0
    last_seq: int = 0
    certificates: set[UUID] = field(default_factory=set)
    rejected: list[Rejected] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def reject(self, item: Slice | Unreadable, reason: str) -> None:
        """Count an item that could not be archived."""
        self.rejected.append(Rejected(item.path, item.item, reason))

    def add(self, other: "Tally") -> None:
        """Count another tally in."""
        self.archived += other.archived
        self.already += other.already
        self.erased += other.erased
        self.redacted += other.redacted
        self.events += other.events
        self.slices += other.slices
        self.size += other.size
        self.last_seq = max(self.last_seq, other.last_seq)
        self.certificates |= other.certificates
        self.rejected += other.rejected
        self.notes += other.notes


def batches(slices: Iterable[Slice]) -> Iterator[list[Slice]]:
    """Group slices so that a batch is worth a commit and fits in memory many times."""
    batch: list[Slice] = []
    size = 0
    for each in slices:
        if batch and (len(batch) == _ITEMS_PER_BATCH or size + each.length > _BYTES_PER_BATCH):
            yield batch
            batch, size = [], 0
        batch.append(each)
        size += each.length
    if batch:
        yield batch


def capture_batch(intake: Intake, plan: Plan, batch: Sequence[Slice]) -> Tally:
    """Read, parse and capture a batch; an item that cannot be read is rejected, with its reason.

    Raises:
        UnavailableError: the archive did not take the batch; it may be given again.
    """
    tally = Tally(slices=len(batch), size=sum(each.length for each in batch))
    items: list[Item] = []
    taken: list[Slice] = []
    for each, raw in _opened(batch, tally):
        try:
            parsed = parse.parse(
                raw,
                format=each.format,
                source=plan.source,
                path=each.path,
                folder=each.folder,
            )
        except InvalidError as error:
            tally.reject(each, str(error))
            continue
        items.append(Item(parsed, plan.custodian_of(each.path)))
        taken.append(each)
    for each, result in zip(taken, intake.take(plan.sender, items), strict=True):
        if result.status == "rejected":
            tally.reject(each, result.reason or "rejected")
        elif result.status == "archived":
            tally.archived += 1
            tally.events += 1
            tally.notes += [
                Note(each.path, each.item, one.filename or one.part, one.reason)
                for one in result.unread
            ]
        else:
            tally.already += 1
            tally.erased += result.status == "erased"
            tally.redacted += result.status == "redacted"
            if result.certificate is not None:
                tally.certificates.add(result.certificate)
        tally.last_seq = max(tally.last_seq, result.seq or 0)
    return tally


def _opened(batch: Sequence[Slice], tally: Tally) -> Iterator[tuple[Slice, bytes]]:
    """Give the items of a batch with their bytes, looking into those files that nobody has."""
    for each in batch:
        try:
            raw = parse.read(each)
        except (InvalidError, UnavailableError) as error:
            tally.reject(each, str(error))
            continue
        if each.format != UNTOLD:
            yield each, raw
            continue
        for found in items_in(each, raw):
            if isinstance(found, Unreadable):
                tally.reject(found, found.reason)
                continue
            try:
                yield found, parse.piece(found, raw)
            except InvalidError as error:
                tally.reject(found, str(error))


def read_custodian_map(path: Path) -> tuple[tuple[str, str], ...]:
    """Read lines of `path prefix,custodian` (CSV), the longest prefix first.

    Raises:
        ConfigurationError: the file cannot be read or a line has not two fields.
    """
    found: list[tuple[str, str]] = []
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            for number, fields in enumerate(csv.reader(lines), 1):
                if not fields or fields[0].startswith("#"):
                    continue
                if len(fields) != 2 or not fields[1].strip():
                    raise ConfigurationError(
                        f"{path}, line {number}: write a path prefix, a comma and a custodian."
                    )
                found.append((fields[0], fields[1].strip()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from error
    return tuple(sorted(found, key=lambda pair: -len(pair[0])))
