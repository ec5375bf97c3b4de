"""The entries of the audit trail, as what purges take from (docs/trail-retention.md).

The order of a batch, each step safe to repeat:

1. The holds are read; the commit that condemns fails if one changes after this.
2. The trail's index comes as far as the events are now.
3. What is decided about the trail is read, and each entry is opened and judged.
4. Those whose keys are locked are left out.
5. `keys.condemned`, what the purge says of it and the look at the holds are committed together.
6. The eraser destroys the keys.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from archive.clock import Clock
from archive.erasing.eraser import Eraser
from archive.errors import ConflictError
from archive.events.event import Event
from archive.events.feed import Feed
from archive.events.opener import DamagedEvent
from archive.events.pointers import PointerRecorder, PointerRow
from archive.events.purge_events import AUDIT_TRAIL, CertificateIssued, PolicyVersion, PurgedGroup
from archive.events.rows import rows_after
from archive.events.types import GOING_ENTRIES, Erased, KeysCondemned
from archive.trail.entry import TrailEntry, entry
from archive.trail.index import TrailIndex
from policies.holds.book import HoldReader
from policies.holds.gate import HoldCheck
from policies.holds.hold import HoldBook
from policies.purging.condemning import condemn
from policies.purging.errand import PurgeErrand
from policies.purging.issuing import Issuing
from policies.purging.judging import Verdict
from policies.purging.kept import Kept
from policies.purging.purge import Purge
from policies.purging.purgeable import Planned, Purgeable, Sorted, Stopped
from policies.purging.reading import Destruction, PurgeReader, Traces
from policies.trail.book import TrailReader
from policies.trail.certifying import as_policies
from policies.trail.holding import EntryHolds, Keeping
from policies.trail.keeping import TrailVersion, due_at, newest_due

HoldsOf = Callable[[HoldBook], EntryHolds]

_PAGE: Final = 10_000


@dataclass(frozen=True, slots=True)
class JudgedEntries:
    """Entries as they were judged: those that may go, and the look at the holds that goes with it.

    `newest` is the version of the stream that says how long they are kept. `looked_at` are the
    streams that holds were judged by, the records and the directory of people: what of them is
    after `as_of` may not have been seen.
    """

    rows: list[PointerRow]
    groups: list[PurgedGroup]
    kept: Kept
    check: HoldCheck
    newest: int
    looked_at: frozenset[UUID]
    as_of: int

    @property
    def sorted(self) -> Sorted:
        """How many may go, and how many stay."""
        return Sorted(len(self.rows), self.groups, self.kept)


class PurgeableEntries(Purgeable[int]):
    """Entries by sequence number, found by the trail's index and judged from their events.

    `catch_up` returns when the index has come to a sequence number.
    """

    of = AUDIT_TRAIL

    def __init__(
        self,
        *,
        trail: TrailReader,
        index: TrailIndex,
        feed: Feed,
        holds: HoldReader,
        holds_of: HoldsOf,
        reader: PurgeReader,
        issuing: Issuing,
        eraser: Eraser,
        pointers: PointerRecorder,
        clock: Clock,
        catch_up: Callable[[int], None],
    ) -> None:
        self._trail = trail
        self._index = index
        self._feed = feed
        self._holds = holds
        self._holds_of = holds_of
        self._reader = reader
        self._issuing = issuing
        self._eraser = eraser
        self._pointers = pointers
        self._clock = clock
        self._catch_up = catch_up

    def candidates(self, at: datetime, stopped: Stopped, size: int) -> Iterator[Sequence[int]]:
        now = max(at, self._clock.now())
        version = self._trail.readable().in_force(now)
        if version is None or version.keep is None:
            return
        keep, after = version.keep, 0
        self._catch_up(self._pointers.last_seq())
        while not stopped():
            page = self._index.recorded_until(newest_due(keep, now), after, size, GOING_ENTRIES)
            if not page:
                return
            if due := [each.seq for each in page if due_at(each.at, keep) <= now]:
                yield due
            after = page[-1].seq

    def look(self, candidates: Sequence[int], at: datetime) -> Sorted:
        return self._judged(candidates, at).sorted

    def plan(self, at: datetime) -> Planned:
        now = max(at, self._clock.now())
        version = self._trail.readable().in_force(now)
        named = (PolicyVersion(policy=AUDIT_TRAIL, version=version.number),) if version else ()
        counted = sum(len(each) for each in self.candidates(at, lambda: False, _PAGE))
        return Planned(candidates=counted, policies=named)

    def destroy(self, purge: Purge, candidates: Sequence[int]) -> tuple[Sorted, str | None]:
        errand = PurgeErrand(purge, self._reader)
        judged, problem = condemn(
            self._eraser, errand, lambda: self._judged(candidates, errand.at), self._sealed
        )
        return judged.sorted, problem

    def destroy_latecomers(self, purge: Purge, traces: Traces) -> list[str]:
        # An entry is one event: nothing can be added to it.
        return []

    def issue(
        self,
        certificate_id: UUID,
        purge: Purge,
        destructions: Sequence[Destruction],
        traces: Traces,
        kept: Kept,
        now: datetime,
    ) -> CertificateIssued:
        book = as_policies(self._trail.readable())
        return self._issuing.issue(
            certificate_id, purge.account, destructions, traces, book, kept, now
        )

    def _judged(self, seqs: Sequence[int], at: datetime) -> JudgedEntries:
        as_of = self._pointers.last_seq()
        holds = self._holds.read()
        self._catch_up(as_of)
        book, now = self._trail.readable(), max(at, self._clock.now())
        version, kept = book.in_force(now), Kept()
        opened = self._opened(seqs, kept)
        keeping = self._holds_of(holds).keeping([told for _, told in opened])
        due: list[tuple[PointerRow, datetime]] = []
        for (row, told), held in zip(opened, keeping, strict=True):
            verdict = _verdict(told, version, held, now)
            if verdict is Verdict.DUE and told.at is not None:
                due.append((row, told.at))
            else:
                kept[verdict.value] += 1
        due = self._unlocked(due, kept)
        rows = [row for row, _ in due]
        check = HoldCheck(self._holds.stream, holds.newest, {}, frozenset(row.seq for row in rows))
        groups = _counted(version, [when for _, when in due])
        records = frozenset(each for _, told in opened for each in told.records)
        looked_at = records | {self._holds.people_stream}
        return JudgedEntries(rows, groups, kept, check, book.newest, looked_at, as_of)

    def _opened(self, seqs: Sequence[int], kept: Kept) -> list[tuple[PointerRow, TrailEntry]]:
        """Open entries that may ever go; those that have gone are left out."""
        opened: list[tuple[PointerRow, TrailEntry]] = []
        for fed in self._feed.at(seqs):
            if isinstance(fed.event, DamagedEvent):
                kept[Verdict.UNREADABLE.value] += 1
            elif fed.row.type in GOING_ENTRIES and not isinstance(fed.event, Erased):
                opened.append((fed.row, entry(fed.row, fed.event)))
        return opened

    def _unlocked(
        self, due: list[tuple[PointerRow, datetime]], kept: Kept
    ) -> list[tuple[PointerRow, datetime]]:
        """Return those whose keys are not locked."""
        locked = self._eraser.locked_records([row for row, _ in due])
        for row, _ in due:
            if row.originator_id in locked:
                kept[Verdict.LOCKED.value] += 1
                kept.note_lock(locked[row.originator_id])
        return [each for each in due if each[0].originator_id not in locked]

    def _sealed(self, judged: JudgedEntries, condemned: KeysCondemned) -> Sequence[Event]:
        """Return the look at the holds; ConflictError where what it rests on was changed since."""
        if self._trail.newest() != judged.newest:
            raise ConflictError("How long the audit trail is kept was changed meanwhile.")
        if any(
            row.originator_id in judged.looked_at
            for row in rows_after(self._pointers, judged.as_of)
        ):
            # A hold may reach it now for what it says now, or under an alias of now.
            raise ConflictError("A record that an entry names, or who is who, was changed.")
        return judged.check.seal(condemned)


def _verdict(
    told: TrailEntry, version: TrailVersion | None, keeping: Keeping, now: datetime
) -> Verdict:
    """Say whether an entry may go; one that a hold keeps begins its grace with the release."""
    if version is None or version.keep is None or told.at is None:
        return Verdict.NOT_DUE
    released_at = None if keeping.held else keeping.released_at
    if now < due_at(told.at, version.keep, released_at):
        return Verdict.NOT_DUE
    return Verdict.HELD if keeping.held else Verdict.DUE


def _counted(version: TrailVersion | None, times: Sequence[datetime]) -> list[PurgedGroup]:
    """Return what entries count as that go by a version."""
    if version is None or not times:
        return []
    return [
        PurgedGroup(
            channel=AUDIT_TRAIL,
            policy=AUDIT_TRAIL,
            version=version.number,
            records=len(times),
            bytes=0,
            first_at=min(times),
            last_at=max(times),
        )
    ]
