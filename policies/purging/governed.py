"""The records that policies govern, as what purges take from."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from archive.catalog.obligations import ObligationTable
from archive.clock import Clock
from archive.erasing.eraser import Eraser
from archive.events.purge_events import CertificateIssued, PolicyVersion
from policies.obligations import Obligations
from policies.purging.batches import Batches, Tally
from policies.purging.errand import PurgeErrand
from policies.purging.issuing import Issuing
from policies.purging.judging import judge
from policies.purging.kept import Kept
from policies.purging.latecomers import destroy_latecomers
from policies.purging.purge import Purge
from policies.purging.purgeable import Planned, Purgeable, Sorted, Stopped
from policies.purging.reading import Destruction, PurgeReader, Traces
from policies.rules import RuleReader

_MANY: Final = 2_000
"""So many are judged beside this process: fewer it has judged itself by the time others start."""


class PurgeableRecords(Purgeable[UUID]):
    """Records by id, found by their obligations and judged from the truth."""

    of = "records"

    def __init__(
        self,
        *,
        rules: RuleReader,
        obligations: Obligations,
        table: ObligationTable,
        batches: Batches,
        reader: PurgeReader,
        issuing: Issuing,
        eraser: Eraser,
        clock: Clock,
    ) -> None:
        self._rules = rules
        self._obligations = obligations
        self._table = table
        self._batches = batches
        self._reader = reader
        self._issuing = issuing
        self._eraser = eraser
        self._clock = clock

    def candidates(self, at: datetime, stopped: Stopped, size: int) -> Iterator[Sequence[UUID]]:
        book = self._rules.readable()
        at = max(at, self._clock.now())
        digest = self._obligations.digest(book, at)
        if digest is None:
            return
        batch, after = list[UUID](), 0
        for until in self._obligations.settling(book, at, stopped):
            while page := self._table.due(digest, at, after, size - len(batch), until=until):
                batch += [each.id for each in page]
                after = page[-1].first_seq
                if len(batch) == size:
                    yield batch
                    batch = []
            # What is settled is looked through once, also where nothing of it is due.
            after = after if until is None else until
        if batch:
            yield batch

    def expect(self, candidates: Sequence[UUID], at: datetime) -> None:
        if len(candidates) >= _MANY:
            self._batches.expect(candidates, at, judge)

    def rest(self) -> None:
        self._batches.rest()

    def look(self, candidates: Sequence[UUID], at: datetime) -> Sorted:
        return _sorted(self._batches.look(candidates, at, judge).tally)

    def plan(self, at: datetime) -> Planned:
        book = self._rules.read()
        digest = self._obligations.settle(book, at)
        return Planned(
            candidates=self._table.count_due(digest, at) if digest else 0,
            policies=tuple(
                PolicyVersion(policy=name, version=version.number)
                for name, version in sorted(book.policies.in_force(at).items())
            ),
        )

    def destroy(self, purge: Purge, candidates: Sequence[UUID]) -> tuple[Sorted, str | None]:
        errand = PurgeErrand(purge, self._reader)
        tally, problem = self._batches.destroy(errand, candidates, judge)
        return _sorted(tally), problem

    def destroy_latecomers(self, purge: Purge, traces: Traces) -> list[str]:
        by, ground = purge.plan.by, f"purge {purge.id}"
        return destroy_latecomers(self._eraser, self._reader, traces, by=by, ground=ground)

    def issue(
        self,
        certificate_id: UUID,
        purge: Purge,
        destructions: Sequence[Destruction],
        traces: Traces,
        kept: Kept,
        now: datetime,
    ) -> CertificateIssued:
        book = self._rules.read().policies
        return self._issuing.issue(
            certificate_id, purge.account, destructions, traces, book, kept, now
        )


def _sorted(tally: Tally) -> Sorted:
    return Sorted(len(tally.due), tally.groups, tally.kept)
