"""Keeps dispositions: opens them for what has become due, lets time approve, lets records leave.

The leading worker does so every hour, and whoever governs by command. The number of a disposition
is the lock: of two that open the next one, one succeeds, and the other looks again.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from archive.catalog.dispositions import DispositionTable
from archive.catalog.obligations import ObligationTable
from archive.clock import Clock
from archive.errors import ConflictError, CorruptError
from archive.events import disposition_events as happened
from archive.events.disposition_events import MOST_RECORDS, Departure, DispositionEvent
from archive.events.group import Committer
from archive.events.groups import Group
from archive.events.plain import plain
from archive.events.pointers import PointerRecorder
from policies.evaluation import Demand, State, evaluate
from policies.holds.book import HoldReader
from policies.holds.reach import Held, Holds
from policies.obligations import Obligations
from policies.policy import SCHEDULE
from policies.purging.judging import Verdict, judge
from policies.records import Found, GovernedRecords
from policies.reviewing.disposition import Disposition, ItemState, evolve
from policies.reviewing.lacking import asked
from policies.reviewing.reader import DispositionReader
from policies.rules import RuleBook, RuleReader, Rules

_PAGE: Final = 500
_TRIES: Final = 5
_STANDING: Final = (ItemState.WAITING, ItemState.APPROVED)


@dataclass(slots=True)
class Kept:
    """What was done: the numbers of dispositions opened, and how many records moved on."""

    opened: list[int] = field(default_factory=list)
    records: int = 0
    approved: int = 0
    left: int = 0


class DispositionKeeper:
    """Opens dispositions and moves them on. Two processes that try at once do no harm.

    `catch_up` returns when the catalog has come to a sequence number.
    """

    def __init__(
        self,
        *,
        rules: RuleReader,
        holds: HoldReader,
        records: GovernedRecords,
        obligations: Obligations,
        due: ObligationTable,
        table: DispositionTable,
        reader: DispositionReader,
        pointers: PointerRecorder,
        committer: Committer,
        clock: Clock,
        catch_up: Callable[[int], None],
    ) -> None:
        self._rules = rules
        self._holds = holds
        self._records = records
        self._obligations = obligations
        self._due = due
        self._table = table
        self._reader = reader
        self._pointers = pointers
        self._committer = committer
        self._clock = clock
        self._catch_up = catch_up

    def keep(
        self, by: str, address: str | None, stopped: Callable[[], bool] = lambda: False
    ) -> Kept:
        """Bring dispositions up to now.

        Raises:
            ConflictError: others kept opening dispositions meanwhile; the same call goes on.
            CorruptError: it cannot be known what policies demand.
            UnavailableError: a part does not answer.
        """
        kept = Kept()
        for _ in range(_TRIES):
            try:
                self._keep(kept, by, address, stopped)
            except ConflictError:
                continue
            # Dispositions are listed from the moment that this returns.
            self._catch_up(self._pointers.last_seq())
            return kept
        raise ConflictError("Others kept deciding and opening dispositions: it goes on later.")

    def _keep(self, kept: Kept, by: str, address: str | None, stopped: Callable[[], bool]) -> None:
        holds = Holds(self._holds.read())
        self._catch_up(self._pointers.last_seq())
        book, now = self._rules.readable(), self._clock.now()
        for number in self._table.unsettled():
            if stopped():
                return
            disposition = self._reader.read(number)
            if not disposition.unreadable:
                self._settle(kept, disposition, book, holds, by, address)
        number = self._table.newest()
        lacking: dict[tuple[str, int], list[UUID]] = defaultdict(list)
        stages = {}
        for record_id, demand in self._lacking(book, holds, now, stopped):
            stages[demand.policy, demand.version] = demand.review
            lacking[demand.policy, demand.version].append(record_id)
        for policy, version in sorted(lacking):
            waiting = lacking[policy, version]
            for start in range(0, len(waiting), MOST_RECORDS):
                page = tuple(waiting[start : start + MOST_RECORDS])
                number += 1
                self._commit(
                    happened.DispositionOpened,
                    self._reader.unopened(number),
                    by,
                    address,
                    page,
                    policy=policy,
                    version=version,
                    stages=stages[policy, version],
                )
                kept.opened.append(number)
                kept.records += len(page)

    def _settle(
        self,
        kept: Kept,
        disposition: Disposition,
        book: RuleBook,
        holds: Holds,
        by: str,
        address: str | None,
    ) -> None:
        """Let records leave that need no review now, and let time approve others."""
        now = self._clock.now()
        leaving: dict[Departure, list[UUID]] = defaultdict(list)
        for record_id, departure in self._departures(disposition, book, holds, now):
            leaving[departure].append(record_id)
        for departure, records in sorted(leaving.items()):
            disposition = self._commit(
                happened.DispositionLeft, disposition, by, address, records, reason=departure
            )
            kept.left += len(records)
        for stage, records in disposition.overdue(now).items():
            last = stage == disposition.stages[-1].stage
            # Time approves, whoever's command came across it.
            disposition = self._commit(
                happened.DispositionApproved,
                disposition,
                SCHEDULE,
                None,
                records,
                stage=stage,
                last=last,
            )
            kept.approved += len(records)

    def _departures(
        self, disposition: Disposition, book: RuleBook, holds: Holds, now: datetime
    ) -> Iterator[tuple[UUID, Departure]]:
        standing = [
            record_id for record_id, item in disposition.items.items() if item.state in _STANDING
        ]
        rules = book.in_force(now)
        found = rules.policies.get(disposition.policy)
        if found is None or found.version != disposition.version:
            yield from ((record_id, "policy") for record_id in standing)
            return
        for start in range(0, len(standing), _PAGE):
            page = standing[start : start + _PAGE]
            gone = self._records.erased(page)
            yield from ((record_id, "erased") for record_id in page if record_id in gone)
            for each in self._records.load_each(page):
                if isinstance(each, CorruptError):
                    continue
                record_id = each.record.id
                held = holds.held(record_id, each)
                departure = _departure(each, disposition, rules, held, now)
                if departure is not None:
                    yield record_id, departure

    def _lacking(
        self, book: RuleBook, holds: Holds, now: datetime, stopped: Callable[[], bool]
    ) -> Iterator[tuple[UUID, Demand]]:
        """Yield what is due and waits for no review that a policy asks for, in order of capture."""
        digest = self._obligations.settle(book, now, stopped)
        rules, after = book.in_force(now), 0
        if not any(each.terms.review for each in rules.policies.values()):
            return
        while digest is not None and not stopped():
            page = self._due.due(digest, now, after, _PAGE)
            if not page:
                return
            for each in self._records.load_each([each.id for each in page]):
                if isinstance(each, CorruptError):
                    continue
                held = holds.held(each.record.id, each)
                judged = judge(each, rules, held, now)
                if judged.verdict is not Verdict.REVIEW or judged.due_at is None:
                    continue
                for demand in judged.lacking:
                    waits = each.reviewed.waiting(demand.policy, demand.version, judged.due_at)
                    if waits is None:
                        yield each.record.id, demand
            after = page[-1].first_seq

    def _commit(
        self,
        kind: type[DispositionEvent],
        disposition: Disposition,
        by: str,
        address: str | None,
        records: Sequence[UUID],
        **told: Any,
    ) -> Disposition:
        """Commit the next event of a disposition, and return it; ConflictError if it changed."""
        event = kind(
            originator_id=disposition.stream,
            originator_version=disposition.newest + 1,
            recorded_at=self._clock.now(),
            disposition=disposition.number,
            by=by,
            address=address,
            records=tuple(records),
            **told,
        )
        self._committer.commit(Group([plain(event)]))
        return evolve(disposition, event)


def _departure(
    found: Found,
    disposition: Disposition,
    rules: Rules,
    held: Held,
    now: datetime,
) -> Departure | None:
    """Return why a record leaves; None while it waits or may go."""
    if not held.free:
        return "held"
    evaluation = evaluate(
        found.record.content.occurred_at,
        found.record.captured_at,
        rules.governing(found),
        now=now,
        released_at=held.released_at,
    )
    since = evaluation.due_at
    if evaluation.state is not State.DUE or since is None:
        return "not-due"
    if not disposition.is_for(since, found.record.seq):
        return "not-due"
    if disposition.policy not in {each.policy for each in asked(evaluation)}:
        return "not-due"
    return None
