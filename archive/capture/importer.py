"""Importing files: found and split here, read in worker processes, committed by the one committer.

Memory stays flat: slices are found lazily, a worker holds one batch, and what waits is bounded.
Whatever is committed stays; the same import again goes on where an interrupted one stopped,
because an item that is there already is passed over.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from archive.capture.batches import Plan, Tally, batches, capture_batch, read_custodian_map
from archive.capture.prepare import Sender
from archive.capture.slices import UNTOLD, Slice, Unreadable, files, items
from archive.capture.station import Station
from archive.capture.workers import WorkerPool
from archive.model.roles import Actor

_LARGE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is. `total` is None while items are still being found."""

    done: int
    total: int | None
    rate: float
    seconds_left: float | None
    failed: int


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of everything that was seen; `seen` = archived + already + rejected.

    Of `already` so many were `erased` or `redacted`, under the `certificates` that are known.
    `notes` names the attachments, of what was archived now, that could not be read: they are kept
    and no search sees them.
    """

    seen: int
    archived: int
    already: int
    erased: int
    redacted: int
    rejected: int
    events: int
    certificates: list[str]
    exceptions: list[dict[str, str]]
    notes: list[dict[str, str]]


def import_paths(
    station: Station,
    actor: Actor,
    paths: Sequence[Path],
    *,
    source: str,
    custodian: str | None = None,
    custodian_map: Path | None = None,
    format: str | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
) -> ImportReport:
    """Import files and folders; returns when everything archived can be found by a search.

    Raises:
        ForbiddenError: the actor may not capture.
        InvalidError: a path does not exist, or the format is not known.
        UnavailableError: the archive stopped taking items; what was archived stays.
    """
    station.intake.allow(actor)
    custodians = read_custodian_map(custodian_map) if custodian_map else ()
    plan = Plan(source, Sender.of(actor), custodian, custodians)
    run = _Run(station, plan, _measure(paths), progress)
    waiting = batches(run.readable(_pieces(files(paths, format))))
    first = list(islice(waiting, 2))
    if len(first) < 2:
        # Not worth starting processes for.
        for batch in first:
            run.count(capture_batch(station.intake, plan, batch))
    else:
        with WorkerPool(station, plan, os.cpu_count() or 1) as pool:
            for tally in pool.run(_chain(first, waiting)):
                run.count(tally)
    station.wait_until_searchable(run.tally.last_seq)
    return run.report()


def _chain(first: list[list[Slice]], rest: Iterator[list[Slice]]) -> Iterator[list[Slice]]:
    yield from first
    yield from rest


def _pieces(found: Iterator[Slice | Unreadable]) -> Iterator[Slice | Unreadable]:
    """Look into large files here, where they are cut by a streaming scan; readers do the others."""
    for file in found:
        if isinstance(file, Slice) and file.format == UNTOLD and file.length <= _LARGE:
            yield file
        else:
            yield from items(file)


def _measure(paths: Sequence[Path]) -> int:
    """Return roughly how many bytes there are to read, for the time left."""
    total = sum(path.stat().st_size for path in paths if path.is_file())
    folders = [str(path) for path in paths if path.is_dir()]
    while folders:
        # What cannot be looked at will be listed as unreadable when its turn comes.
        with suppress(OSError), os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                else:
                    total += entry.stat(follow_symlinks=False).st_size
    return total


class _Run:
    """Counts what comes back, and tells how it is going."""

    def __init__(
        self, station: Station, plan: Plan, size: int, progress: Callable[[Progress], None]
    ) -> None:
        self._clock = station.clock
        self._plan = plan
        self._size = size
        self._progress = progress
        self._start = self._clock.monotonic()
        self._found = 0
        self._all_found = False
        self.tally = Tally()

    def readable(self, found: Iterator[Slice | Unreadable]) -> Iterator[Slice]:
        """Pass slices on, and list what cannot be read."""
        for each in found:
            self._found += 1
            if isinstance(each, Unreadable):
                self.tally.reject(each, each.reason)
            else:
                yield each
        self._all_found = True

    def count(self, tally: Tally) -> None:
        """Count what a batch came to, and report progress."""
        self.tally.add(tally)
        # A file may have turned out to hold more items than one.
        self._found += tally.archived + tally.already + len(tally.rejected) - tally.slices
        total = self.tally
        elapsed = max(self._clock.monotonic() - self._start, 1e-6)
        share = total.size / self._size if self._size else 1.0
        done = total.archived + total.already + len(total.rejected)
        self._progress(
            Progress(
                done=done,
                total=self._found if self._all_found else None,
                rate=done / elapsed,
                seconds_left=elapsed * (1 - share) / share if 0 < share <= 1 else None,
                failed=len(total.rejected),
            )
        )

    def report(self) -> ImportReport:
        """Return what became of everything."""
        total = self.tally
        rejected = len(total.rejected)
        return ImportReport(
            seen=total.archived + total.already + rejected,
            archived=total.archived,
            already=total.already,
            erased=total.erased,
            redacted=total.redacted,
            rejected=rejected,
            events=total.events,
            certificates=sorted(map(str, total.certificates)),
            exceptions=[
                {"path": each.path, "item": each.item, "reason": each.reason}
                for each in total.rejected
            ],
            notes=[asdict(each) for each in total.notes],
        )
