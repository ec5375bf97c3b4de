"""One batch of a purge: candidates judged from the truth, and those that may go condemned.

The order, each step safe to repeat (docs/retention.md, "Purge"):

1. The holds are read; the commit that condemns fails if one changes after this.
2. The catalog comes as far as the events are now, so that what is condemned already is left out.
3. Each candidate is opened and judged by the policies and retention events in force, and by the
   holds. Of many, the next are judged beside, while these are destroyed; when their turn comes,
   1 and 2 are done anew, and if anything changed that decides of records, so is this.
4. Those whose keys are locked are left out.
5. `keys.condemned`, what the purge or another errand says of it, the look at the holds and that
   at disposition reviews are committed together.
6. The eraser destroys the keys.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from uuid import UUID

from archive.clock import Clock
from archive.erasing.eraser import Eraser
from archive.errors import ConflictError
from archive.events.event import Event
from archive.events.pointers import PointerRecorder, PointerRow
from archive.events.purge_events import PurgedGroup
from archive.events.rows import rows_after
from archive.events.types import KeysCondemned
from policies.holds.book import HoldReader
from policies.holds.gate import HoldCheck
from policies.purging.condemning import condemn
from policies.purging.counting import Counted, grouped
from policies.purging.errand import Errand
from policies.purging.judges import JudgedAhead, Judges
from policies.purging.judging import Judge, Judgement, Verdict
from policies.purging.kept import Kept
from policies.purging.pages import Basis, Judged, Judging
from policies.records import GovernedRecords
from policies.reviewing.gate import ReviewCheck
from policies.rules import RuleReader


@dataclass
class Tally:
    """What became of candidates: those that may go, and how many stay for which reason."""

    due: list[UUID] = field(default_factory=list)
    counted: list[Counted] = field(default_factory=list)
    kept: Kept = field(default_factory=Kept)

    def add(self, record_id: UUID, judgement: Judgement) -> None:
        """Count one."""
        if judgement.counted is None:
            self.kept[judgement.verdict.value] += 1
        else:
            self.due.append(record_id)
            self.counted.append(judgement.counted)

    @cached_property
    def groups(self) -> tuple[PurgedGroup, ...]:
        """What those that may go count as, once all are added."""
        return grouped(self.counted)

    def without(self, locked: Mapping[UUID, datetime | None]) -> "Tally":
        """Return it with records left out because their keys are locked, until a time if known."""
        left = Tally()
        left.kept.take(self.kept)
        for until in locked.values():
            left.kept.note_lock(until)
        for record_id, counted in zip(self.due, self.counted, strict=True):
            verdict = Verdict.LOCKED if record_id in locked else Verdict.DUE
            left.add(record_id, Judgement(verdict, None if record_id in locked else counted))
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

    `catch_up` returns when the catalog has come to a sequence number. For one thread, which must
    `rest` once it expects no more.
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
        judges: Judges,
    ) -> None:
        self._rules = rules
        self._holds = holds
        self._records = records
        self._pointers = pointers
        self._eraser = eraser
        self._clock = clock
        self._catch_up = catch_up
        self._judges = judges
        self._ahead: dict[UUID, JudgedAhead] = {}

    def expect(self, ids: Sequence[UUID], at: datetime, judge: Judge) -> None:
        """Have candidates judged beside what this process does until it looks at them.

        Expected a second time they are let be. Errors as in `look`.
        """
        if ids[0] in self._ahead:
            return
        ahead = self._judges.begin(ids, self._basis(at), judge)
        if ahead is not None:
            self._ahead[ids[0]] = ahead

    def rest(self) -> None:
        """Let go of what was expected and not looked at, and of the processes that judged it."""
        for ahead in self._ahead.values():
            ahead.call_off()
        self._ahead.clear()
        self._judges.close()

    def look(self, ids: Sequence[UUID], at: datetime, judge: Judge) -> Looked:
        """Judge candidates as of now, or of a time to come; nothing is altered.

        Raises CorruptError where a policy or a retention event cannot be read, and
        UnavailableError.
        """
        basis = self._basis(at)
        judging = Judging(self._records, basis, judge)
        found, as_of = self._found_ahead(ids, basis, judging)
        found |= {
            each.id: each for each in judging.each([each for each in ids if each not in found])
        }
        # In the order asked for; those that are erased are left out.
        judged = [found[each] for each in ids if each in found]
        tally, rows, reviews = Tally(), dict[UUID, tuple[PointerRow, ...]](), ReviewCheck()
        for each in judged:
            tally.add(each.id, each.judgement)
            rows[each.id] = each.rows
            reviews.add(each.reviewed)
        events = frozenset(row.seq for of_one in rows.values() for row in of_one)
        held = {each.id: each.held for each in judged}
        check = HoldCheck(self._holds.stream, basis.holds.newest, held, events)
        locked = self._eraser.locked_records(
            [row for record_id in tally.due for row in rows[record_id]]
        )
        tally = tally.without(locked) if locked else tally
        going = [row for record_id in tally.due for row in rows[record_id]]
        return Looked(tally, going, as_of, check, basis.rules.newest, reviews)

    def _basis(self, at: datetime) -> Basis:
        """Read what candidates are judged by, in this order."""
        holds = self._holds.read()
        as_of = self._pointers.last_seq()
        self._catch_up(as_of)
        return Basis(self._rules.readable(), holds, as_of, max(at, self._clock.now()))

    def _found_ahead(
        self, ids: Sequence[UUID], basis: Basis, judging: Judging
    ) -> tuple[dict[UUID, Judged], int]:
        """Return what was judged ahead and still holds; what is after the number was not seen."""
        ahead = self._ahead.pop(ids[0], None) if ids else None
        if ahead is None:
            return {}, basis.as_of
        if ahead.judge is not judging.judge or not basis.decides_as(ahead.basis):
            ahead.call_off()
            return {}, basis.as_of
        as_of = ahead.basis.as_of
        found = {each.id: each for each in ahead.take(judging)}
        # A revision since then refuses the condemning; these two leave no event of the record.
        moved = self._records.moved(as_of, self._pointers.last_seq())
        for each in moved.union(self._records.erased(list(found))):
            found.pop(each, None)
        return found, as_of

    def destroy(
        self, errand: Errand, ids: Sequence[UUID], judge: Judge
    ) -> tuple[Tally, str | None]:
        """Judge candidates and destroy the keys of those that may go.

        Return what became of them, and a sentence where what was condemned is not destroyed yet.
        Errors as in `condemn`.
        """
        looked, problem = condemn(
            self._eraser, errand, lambda: self.look(ids, errand.at, judge), self.seal
        )
        return looked.tally, problem

    def seal(self, looked: Looked, condemned: KeysCondemned) -> list[Event]:
        """Return the looks at holds and reviews, to be committed with the condemning.

        Raises ConflictError where something else changed that the batch was judged by.
        """
        if not self._unchanged(looked, condemned):
            raise ConflictError("A policy, a retention event or a record was changed meanwhile.")
        return [*looked.check.seal(condemned), *looked.reviews.seal(condemned)]

    def _unchanged(self, looked: Looked, condemned: KeysCondemned) -> bool:
        """Say whether rules and records are still those that were judged."""
        if self._rules.newest() != looked.rules:
            return False
        records = {*condemned.records, *condemned.redacted}
        events = set(condemned.events)
        return not any(
            row.originator_id in records and row.seq not in events
            for row in rows_after(self._pointers, looked.as_of)
        )
