"""One batch of a purge: candidates judged from the truth, and those that may go condemned.

The order, each step safe to repeat (docs/retention.md, "Purge"):

1. The holds are read; the commit that condemns fails if one changes after this.
2. The catalog comes as far as the events are now, so that what is condemned already is left out.
3. Each candidate is opened and judged by the policies and retention events in force, and by the
   holds.
4. Those whose keys are locked are left out.
5. `keys.condemned`, what the purge or another errand says of it, the look at the holds and that
   at disposition reviews are committed together.
6. The eraser destroys the keys.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from archive.clock import Clock
from archive.erasing.eraser import Eraser
from archive.errors import ConflictError, CorruptError
from archive.events.event import Event
from archive.events.pointers import PointerRecorder, PointerRow
from archive.events.purge_events import PurgedGroup
from archive.events.rows import rows_after
from archive.events.types import KeysCondemned
from policies.holds.book import HoldReader
from policies.holds.gate import HoldCheck
from policies.holds.reach import Held, Holds
from policies.purging.condemning import condemn
from policies.purging.errand import Errand
from policies.purging.judging import Judge, Judgement, Verdict
from policies.purging.kept import Kept
from policies.records import Found, GovernedRecords
from policies.reviewing.gate import ReviewCheck
from policies.rules import RuleReader

_PAGE: Final = 500


@dataclass(slots=True)
class Tally:
    """What became of candidates: those that may go, and how many stay for which reason."""

    due: list[UUID] = field(default_factory=list)
    groups: list[PurgedGroup] = field(default_factory=list)
    kept: Kept = field(default_factory=Kept)

    def add(self, record_id: UUID, judgement: Judgement) -> None:
        """Count one."""
        if judgement.group is None:
            self.kept[judgement.verdict.value] += 1
        else:
            self.due.append(record_id)
            self.groups.append(judgement.group)

    def without(self, locked: Mapping[UUID, datetime | None]) -> "Tally":
        """Return it with records left out because their keys are locked, until a time if known."""
        left = Tally()
        left.kept.take(self.kept)
        for until in locked.values():
            left.kept.note_lock(until)
        for record_id, group in zip(self.due, self.groups, strict=True):
            verdict = Verdict.LOCKED if record_id in locked else Verdict.DUE
            left.add(record_id, Judgement(verdict, None if record_id in locked else group))
        return left


@dataclass(frozen=True, slots=True)
class Looked:
    """Candidates as they were judged, and the look at the holds that goes with it.

    `rows` are those of all events of the records that may go, `rules` are the versions of the
    streams of the policies and the retention events that they were judged by, `reviews` the
    dispositions that they stand in, and what is after `as_of` may not have been seen.
    """

    tally: Tally
    rows: list[PointerRow]
    as_of: int
    check: HoldCheck
    rules: tuple[int, int]
    reviews: ReviewCheck

    @property
    def groups(self) -> Sequence[PurgedGroup]:
        """What those that may go count as."""
        return self.tally.groups


class Batches:
    """Judges batches and condemns them.

    `catch_up` returns when the catalog has come to a sequence number.
    """

    def __init__(
        self,
        *,
        rules: RuleReader,
        holds: HoldReader,
        records: GovernedRecords,
        pointers: PointerRecorder,
        eraser: Eraser,
        clock: Clock,
        catch_up: Callable[[int], None],
    ) -> None:
        self._rules = rules
        self._holds = holds
        self._records = records
        self._pointers = pointers
        self._eraser = eraser
        self._clock = clock
        self._catch_up = catch_up

    def look(self, ids: Sequence[UUID], at: datetime, judge: Judge) -> Looked:
        """Judge candidates as of now, or of a time to come; nothing is altered.

        Raises CorruptError where a policy or a retention event cannot be read, and
        UnavailableError.
        """
        holds = self._holds.read()
        as_of = self._pointers.last_seq()
        self._catch_up(as_of)
        book, now = self._rules.readable(), max(at, self._clock.now())
        rules, reached = book.in_force(now), Holds(holds)
        tally, held, rows = Tally(), dict[UUID, Held](), dict[UUID, tuple[PointerRow, ...]]()
        reviews = ReviewCheck()
        for start in range(0, len(ids), _PAGE):
            for record_id, found in self._opened(ids[start : start + _PAGE]):
                held[record_id] = reached.held(record_id, found)
                if found is None:
                    tally.add(record_id, Judgement(Verdict.UNREADABLE))
                    continue
                rows[record_id] = found.rows
                reviews.add(found.reviewed)
                tally.add(record_id, judge(found, rules, held[record_id], now))
        events = frozenset(row.seq for each in rows.values() for row in each)
        check = HoldCheck(self._holds.stream, holds.newest, held, events)
        locked = self._eraser.locked_records(
            [row for record_id in tally.due for row in rows[record_id]]
        )
        tally = tally.without(locked) if locked else tally
        going = [row for record_id in tally.due for row in rows[record_id]]
        return Looked(tally, going, as_of, check, book.newest, reviews)

    def destroy(
        self, errand: Errand, ids: Sequence[UUID], judge: Judge
    ) -> tuple[Tally, str | None]:
        """Judge candidates and destroy the keys of those that may go.

        Return what became of them, and a sentence where what was condemned is not destroyed yet.
        Errors as in `condemn`.
        """
        looked, problem = condemn(
            self._eraser, errand, lambda: self.look(ids, errand.at, judge), self._sealed
        )
        return looked.tally, problem

    def _sealed(self, looked: Looked, condemned: KeysCondemned) -> list[Event]:
        """Return the looks at holds and reviews; ConflictError where something else changed."""
        if not self._unchanged(looked, condemned):
            raise ConflictError("A policy, a retention event or a record was changed meanwhile.")
        return [*looked.check.seal(condemned), *looked.reviews.seal(condemned)]

    def _unchanged(self, looked: Looked, condemned: KeysCondemned) -> bool:
        """Say whether rules and records are still those that were judged."""
        if self._rules.newest() != looked.rules:
            return False
        records, events = set(condemned.records), set(condemned.events)
        return not any(
            row.originator_id in records and row.seq not in events
            for row in rows_after(self._pointers, looked.as_of)
        )

    def _opened(self, ids: Sequence[UUID]) -> list[tuple[UUID, Found | None]]:
        """Open those that are not erased; None stands for one that cannot be opened."""
        found = {
            each.record.id: each
            for each in self._records.load_each(ids)
            if not isinstance(each, CorruptError)
        }
        gone = self._records.erased([record_id for record_id in ids if record_id not in found])
        return [(record_id, found.get(record_id)) for record_id in ids if record_id not in gone]
