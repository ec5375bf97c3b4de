"""A page of candidates, opened and judged: by this process, or by one beside it (judges.py)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from archive.errors import CorruptError
from archive.events.pointers import PointerRow
from policies.holds.hold import HoldBook
from policies.holds.reach import Held, Holds
from policies.purging.judging import Judge, Judgement, Verdict
from policies.records import Found, GovernedRecords
from policies.reviewing.reviewed import NOT_REVIEWED, Reviewed
from policies.rules import RuleBook

PAGE: Final = 500
"""So many are opened together, since their content is in memory then."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What candidates are judged by, all of it read before the first of them is opened.

    `now` is as of when they are judged, and what is after `as_of` may not have been seen.
    """

    rules: RuleBook
    holds: HoldBook
    as_of: int
    now: datetime

    def decides_as(self, earlier: "Basis") -> bool:
        """Say whether what was judged by an earlier one would be judged alike by this.

        A record that was not due yet may be by now; it stays until the next purge.
        """
        return (
            self.rules.newest == earlier.rules.newest
            and self.holds.holds == earlier.holds.holds
            and self.holds.unreadable == earlier.holds.unreadable
            and self._in_force() == earlier._in_force()
        )

    def _in_force(self) -> tuple[object, object]:
        """Return what counts as of `now`: a version may take effect without anything happening."""
        return self.rules.policies.in_force(self.now), self.rules.events.in_force(self.now)


class Judged(NamedTuple):
    """A candidate as it was judged, with the rows of all its events; none if it cannot be opened.

    A named tuple, since it may travel from one process to another.
    """

    id: UUID
    held: Held
    judgement: Judgement
    rows: tuple[PointerRow, ...] = ()
    reviewed: Reviewed = NOT_REVIEWED


class Judging:
    """Opens candidates and judges them by one basis."""

    def __init__(self, records: GovernedRecords, basis: Basis, judge: Judge) -> None:
        self.judge = judge
        self._records = records
        self._now = basis.now
        self._rules = basis.rules.in_force(basis.now)
        self._holds = Holds(basis.holds)

    def each(self, ids: Sequence[UUID]) -> Iterator[Judged]:
        """Yield candidates as they were judged, in their order, without those that are erased.

        Raises UnavailableError where database or bucket do not answer.
        """
        for start in range(0, len(ids), PAGE):
            for record_id, found in self._opened(ids[start : start + PAGE]):
                held = self._holds.held(record_id, found)
                if found is None:
                    yield Judged(record_id, held, Judgement(Verdict.UNREADABLE))
                else:
                    judgement = self.judge(found, self._rules, held, self._now)
                    yield Judged(record_id, held, judgement, found.rows, found.reviewed)

    def _opened(self, ids: Sequence[UUID]) -> list[tuple[UUID, Found | None]]:
        """Open those that are not erased; None stands for one that cannot be opened."""
        found = {
            each.record.id: each
            for each in self._records.load_each(ids)
            if not isinstance(each, CorruptError)
        }
        lost = [record_id for record_id in ids if record_id not in found]
        gone = self._records.erased(lost) if lost else frozenset[UUID]()
        return [(record_id, found.get(record_id)) for record_id in ids if record_id not in gone]
