"""One batch of a purge: candidates judged from the truth, and those that may go condemned.

The order, each step safe to repeat (docs/retention.md, "Purge"):

1. The holds are read; the commit that condemns fails if one changes after this.
2. The catalog comes as far as the events are now, so that what is condemned already is left out.
3. Each candidate is opened and judged by the policies in force, and by the holds.
4. Those whose keys are locked are left out.
5. `keys.condemned`, what the purge or another errand says of it, and the look at the holds are
   committed together.
6. The eraser destroys the keys.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from archive.clock import Clock
from archive.erasing.eraser import Eraser
from archive.errors import ConflictError, CorruptError, MunimentError, UnavailableError
from archive.events.event import Event
from archive.events.pointers import PointerRecorder, PointerRow
from archive.events.purge_events import PurgedGroup
from archive.events.types import KeysCondemned
from policies.book import PolicyBook
from policies.holds.book import HoldReader
from policies.holds.gate import HoldCheck
from policies.holds.reach import Held, Holds
from policies.purging.errand import Errand, Judge
from policies.purging.judging import Judgement, Verdict
from policies.purging.purge import merged
from policies.records import Found, GovernedRecords, scoped

_PAGE: Final = 500
_TRIES: Final = 10


@dataclass(slots=True)
class Tally:
    """What became of candidates: those that may go, and how many stay for which reason."""

    due: list[UUID] = field(default_factory=list)
    groups: list[PurgedGroup] = field(default_factory=list)
    kept: Counter[str] = field(default_factory=Counter)

    def add(self, record_id: UUID, judgement: Judgement) -> None:
        """Count one."""
        if judgement.group is None:
            self.kept[judgement.verdict.value] += 1
        else:
            self.due.append(record_id)
            self.groups.append(judgement.group)

    def without(self, locked: set[UUID]) -> "Tally":
        """Return it with records left out because their keys are locked."""
        left = Tally(kept=Counter(self.kept))
        for record_id, group in zip(self.due, self.groups, strict=True):
            verdict = Verdict.LOCKED if record_id in locked else Verdict.DUE
            left.add(record_id, Judgement(verdict, None if record_id in locked else group))
        return left


@dataclass(frozen=True, slots=True)
class Looked:
    """Candidates as they were judged, and the look at the holds that goes with it.

    `policies` is the version of the policies' stream that they were judged by.
    """

    tally: Tally
    check: HoldCheck
    policies: int


class Batches:
    """Judges batches and condemns them.

    `catch_up` returns when the catalog has come to a sequence number.
    """

    def __init__(
        self,
        *,
        book: PolicyBook,
        holds: HoldReader,
        records: GovernedRecords,
        pointers: PointerRecorder,
        eraser: Eraser,
        clock: Clock,
        catch_up: Callable[[int], None],
    ) -> None:
        self._book = book
        self._holds = holds
        self._records = records
        self._pointers = pointers
        self._eraser = eraser
        self._clock = clock
        self._catch_up = catch_up

    def look(self, ids: Sequence[UUID], at: datetime, judge: Judge) -> Looked:
        """Judge candidates as of now, or of a time to come; nothing is altered.

        Raises CorruptError where a policy cannot be read, and UnavailableError.
        """
        holds = self._holds.read()
        self._catch_up(self._pointers.last_seq())
        book, now = self._book.readable(), max(at, self._clock.now())
        policies, reached = scoped(book.in_force(now)), Holds(holds)
        tally, held, events = Tally(), dict[UUID, Held](), set[int]()
        for start in range(0, len(ids), _PAGE):
            for record_id, found in self._opened(ids[start : start + _PAGE]):
                held[record_id] = reached.held(record_id, found)
                if found is None:
                    tally.add(record_id, Judgement(Verdict.UNREADABLE))
                    continue
                events.update(found.events)
                tally.add(record_id, judge(found, policies, held[record_id], now))
        check = HoldCheck(self._holds.stream, holds.newest, held, frozenset(events))
        locked = self._locked(tally.due)
        return Looked(tally.without(locked) if locked else tally, check, book.newest)

    def destroy(self, errand: Errand, ids: Sequence[UUID]) -> tuple[Tally, str | None]:
        """Judge candidates and destroy the keys of those that may go.

        Return what became of them, and a sentence where what was condemned is not destroyed yet.

        Raises:
            ConflictError: another process carries out this errand, or something kept changing.
            CorruptError, UnavailableError: as `look`; what was condemned, the events tell.
        """
        for _ in range(_TRIES):
            looked = self.look(ids, errand.at, errand.judge)
            if not looked.tally.due:
                return looked.tally, None
            condemned = _Condemning(errand, looked, self._unchanged)
            try:
                self._eraser.erase(
                    self._rows(looked.tally.due),
                    actor=errand.by,
                    ground=errand.ground,
                    seal=condemned.seal,
                )
            except MunimentError as error:
                if not errand.has_begun(condemned.erasure):
                    if isinstance(error, ConflictError):
                        continue
                    raise
                if isinstance(error, UnavailableError):
                    raise
                return looked.tally, str(error)
            return looked.tally, None
        raise ConflictError("Holds, policies or records kept changing: it goes on later.")

    def _unchanged(self, looked: Looked, condemned: KeysCondemned) -> bool:
        """Say whether policies and records are still those that were judged."""
        events = {row.seq for row in self._rows(condemned.records)}
        return self._book.newest() == looked.policies and events == set(condemned.events)

    def _opened(self, ids: Sequence[UUID]) -> list[tuple[UUID, Found | None]]:
        """Open those that are not erased; None stands for one that cannot be opened."""
        gone = self._records.erased(ids)
        left = [record_id for record_id in ids if record_id not in gone]
        found = {
            each.record.id: each
            for each in self._records.load_each(left)
            if not isinstance(each, CorruptError)
        }
        return [(record_id, found.get(record_id)) for record_id in left]

    def _locked(self, ids: Sequence[UUID]) -> set[UUID]:
        rows = self._rows(ids)
        segments = self._eraser.locked_segments(rows) if rows else {}
        return {row.originator_id for row in rows if row.pointer.segment_id in segments}

    def _rows(self, ids: Sequence[UUID]) -> list[PointerRow]:
        return [
            row
            for row in self._pointers.select_pointers_of(ids)
            if row.type.startswith("interaction.")
        ]


class _Condemning:
    """What is committed with the condemning of a batch; `erasure` is known once it is made."""

    def __init__(
        self, errand: Errand, looked: Looked, unchanged: Callable[[Looked, KeysCondemned], bool]
    ) -> None:
        self._errand = errand
        self._looked = looked
        self._unchanged = unchanged
        self.erasure: UUID | None = None

    def seal(self, condemned: KeysCondemned) -> list[Event]:
        self.erasure = condemned.originator_id
        if not self._unchanged(self._looked, condemned):
            raise ConflictError("A policy, or a record, was changed meanwhile.")
        told = self._errand.condemning(condemned, merged(self._looked.tally.groups))
        return [*self._looked.check.seal(condemned), told]
