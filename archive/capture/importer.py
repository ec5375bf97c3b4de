"""Importing files: found and split here, read in worker processes, committed by the one committer.

Memory stays flat: slices are found lazily, a worker holds one batch, and what waits is bounded.
Whatever is committed stays; the same import again goes on where an interrupted one stopped,
because an item that is there already is passed over.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from archive.access.roles import Actor, Permission, require
from archive.capture.batches import (
    Plan,
    Rejected,
    Tally,
    batches,
    capture_batch,
    read_custodian_map,
)
from archive.capture.slices import Slice, Unreadable, find
from archive.capture.workers import WorkerPool
from archive.opening import Archive


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
    """What became of everything that was seen; `seen` = archived + already + rejected."""

    seen: int
    archived: int
    already: int
    rejected: int
    events: int
    exceptions: list[dict[str, str]]


def import_paths(
    archive: Archive,
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
    require(actor, Permission.CAPTURE)
    plan = Plan(source, custodian, read_custodian_map(custodian_map) if custodian_map else ())
    run = _Run(archive, plan, _measure(paths), progress)
    waiting = batches(run.readable(find(paths, format)))
    first = list(islice(waiting, 2))
    if len(first) < 2:
        # Not worth starting processes for.
        for batch in first:
            run.count(capture_batch(archive.intake, plan, batch))
    else:
        with WorkerPool(archive, plan, os.cpu_count() or 1) as pool:
            for tally in pool.run(_chain(first, waiting)):
                run.count(tally)
    archive.wait_until_searchable(run.tally.last_seq)
    return run.report()


def _chain(first: list[list[Slice]], rest: Iterator[list[Slice]]) -> Iterator[list[Slice]]:
    yield from first
    yield from rest


def _measure(paths: Sequence[Path]) -> int:
    """Return roughly how many bytes there are to read, for the time left."""
    total = 0
    for path in paths:
        files = [path] if path.is_file() else path.rglob("*")
        for file in files:
            # What cannot be looked at will be listed as unreadable when its turn comes.
            with suppress(OSError):
                total += file.lstat().st_size
    return total


class _Run:
    """Counts what comes back, and tells how it is going."""

    def __init__(
        self, archive: Archive, plan: Plan, size: int, progress: Callable[[Progress], None]
    ) -> None:
        self._clock = archive.clock
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
                self.tally.rejected.append(Rejected(each.path, each.item, each.reason))
            else:
                yield each
        self._all_found = True

    def count(self, tally: Tally) -> None:
        """Count what a batch came to, and report progress."""
        self.tally.add(tally)
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
            rejected=rejected,
            events=total.events,
            exceptions=[
                {"path": each.path, "item": each.item, "reason": each.reason}
                for each in total.rejected
            ],
        )
