"""Carrying out a case of erasure, batch by batch, as a purge is (docs/erasure.md, "Carrying out").

Whatever dies goes on from the events: what was condemned is destroyed first, what is still to go
follows, and the certificate is made of all of it.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final
from uuid import UUID

from archive.clock import Clock
from archive.erasing.eraser import Eraser
from archive.errors import ConflictError, CorruptError
from archive.events.erasure_events import Decision, ErasureCarriedOut, ErasureCondemned
from archive.events.event import Event
from archive.events.group import Committer
from archive.events.groups import Group
from archive.events.plain import plain
from archive.events.pointers import PointerRecorder
from archive.events.purge_events import PurgedGroup
from archive.events.types import KeysCondemned
from policies.erasures.case import Case, Order
from policies.erasures.judging import judge
from policies.erasures.reading import ErasureReader
from policies.erasures.redacting import REDACTED_AT_ONCE, Redacting
from policies.purging.batches import Batches
from policies.purging.certificate import CertifiedCase
from policies.purging.errand import Errand
from policies.purging.issuing import Issuing
from policies.purging.kept import Kept
from policies.purging.latecomers import destroy_latecomers
from policies.purging.purge import Account
from policies.purging.purgeable import Stopped
from policies.purging.purger import BATCH, MOST_RECORDS
from policies.purging.reading import Destruction, PurgeReader, Traces
from policies.records import GovernedRecords
from policies.rules import RuleReader

DESTROYING: Final = (Decision.ERASE, Decision.REDACT)
"""What a case decides that destroys something, in the order in which it is carried out."""


class CaseErrand(Errand):
    """An ordered case as it stands before its next batch."""

    def __init__(self, case: Case, order: Order, reader: ErasureReader) -> None:
        self.by = order.ordered.by
        self.at = order.ordered.recorded_at
        self.ground = f"case {case.id}"
        self._case = case
        self._order = order
        self._reader = reader

    def condemning(self, condemned: KeysCondemned, groups: Sequence[PurgedGroup]) -> Event:
        """Return the event that tells of a batch, as the next of the case."""
        # Others may find records meanwhile, which takes nothing away from what is ordered.
        now = self._reader.case(self._case.id)
        if now.order != self._order:
            raise ConflictError("Another process carries out this case.")
        return ErasureCondemned(
            originator_id=now.id,
            originator_version=now.newest + 1,
            recorded_at=condemned.recorded_at,
            erasure=condemned.originator_id,
            groups=() if condemned.redacted else tuple(groups),
            redacted=condemned.redacted,
            redactions=tuple(groups) if condemned.redacted else (),
        )

    def has_begun(self, erasure: UUID | None) -> bool:
        """Say whether a batch was condemned; ConflictError if another process did another."""
        order = self._reader.case(self._case.id).order
        if order == self._order:
            return False
        one_more = order is not None and len(order.batches) == len(self._order.batches) + 1
        if order is not None and one_more and order.batches[-1].erasure == erasure:
            return True
        raise ConflictError("Another process carries out this case.")


class Executor:
    """Carries out cases that are ordered. Two processes that try at once do no harm.

    Methods raise CorruptError where it cannot be known what policies or cases say, and
    UnavailableError where a part does not answer: the same call later goes on.
    """

    def __init__(
        self,
        *,
        reader: ErasureReader,
        rules: RuleReader,
        batches: Batches,
        redacting: Redacting,
        records: GovernedRecords,
        purges: PurgeReader,
        issuing: Issuing,
        eraser: Eraser,
        pointers: PointerRecorder,
        committer: Committer,
        clock: Clock,
        catch_up: Callable[[int], None],
    ) -> None:
        self._reader = reader
        self._rules = rules
        self._batches = batches
        self._redacting = redacting
        self._records = records
        self._purges = purges
        self._issuing = issuing
        self._eraser = eraser
        self._pointers = pointers
        self._committer = committer
        self._clock = clock
        self._catch_up = catch_up

    def finish(self, stopped: Stopped = lambda: False) -> list[str]:
        """Carry out every case that is ordered; say in sentences what is not destroyed yet."""
        problems: list[str] = []
        for case_id in self._reader.ordered():
            try:
                problems += self.carry_out(case_id, stopped)
            except (ConflictError, CorruptError) as error:
                # The others do not wait for it.
                problems.append(f"Case {case_id}: {error}")
        return problems

    def carry_out(self, case_id: UUID, stopped: Stopped = lambda: False) -> list[str]:
        """Destroy and redact what is ordered, and certify it; say what is not destroyed yet.

        Nothing happens where nothing is ordered. Raises ConflictError where another process
        carries out the same case.
        """
        case = self._reader.case(case_id)
        if case.order is None:
            return []
        problems = self._eraser.resume()
        self._catch_up(self._pointers.last_seq())
        kept = Kept()
        for decision, ids in self._parts(case):
            if stopped() or case.order is None:
                return problems
            if case.order.condemned + case.order.redacted >= MOST_RECORDS:
                break
            errand = CaseErrand(case, case.order, self._reader)
            if decision is Decision.REDACT:
                tally, problem = self._redacting.redact(errand, case, ids)
            else:
                tally, problem = self._batches.destroy(errand, ids, judge)
            kept.take(tally.kept)
            problems += [problem] if problem else []
            case = self._reader.case(case_id)
        if problems:
            # What was cut off a moment ago may go through by now.
            self._catch_up(self._pointers.last_seq())
            problems = self._eraser.resume()
        return self._concluded(case, kept, problems)

    def _parts(self, case: Case) -> Iterator[tuple[Decision, list[UUID]]]:
        """Yield what is left to do, in batches; more is committed of a record that is redacted."""
        for decision in DESTROYING:
            size = REDACTED_AT_ONCE if decision is Decision.REDACT else BATCH
            left = left_to(self._records, case, decision)
            for start in range(0, len(left), size):
                yield decision, left[start : start + size]

    def _concluded(self, case: Case, kept: Kept, problems: list[str]) -> list[str]:
        order = case.order
        if order is None:
            return problems
        destructions = self._purges.destructions(batch.erasure for batch in order.batches)
        if self._purges.gone(destructions) < order.condemned + order.redacted:
            return problems or ["What was condemned is not destroyed yet."]
        by, ground = order.ordered.by, f"case {case.id}"
        traces = self._purges.traces(destructions)
        problems = destroy_latecomers(self._eraser, self._purges, traces, by=by, ground=ground)
        if not problems:
            self._complete(case, order, destructions, traces, kept)
        return problems

    def _complete(
        self,
        case: Case,
        order: Order,
        destructions: Sequence[Destruction],
        traces: Traces,
        kept: Kept,
    ) -> None:
        now, issued = self._clock.now(), None
        if order.batches:
            account = _account(case, order)
            book = self._rules.read().policies
            issued = self._issuing.issue(
                self._clock.uuid7(), account, destructions, traces, book, kept, now
            )
        done = ErasureCarriedOut(
            originator_id=case.id,
            originator_version=case.newest + 1,
            recorded_at=now,
            destroyed=order.condemned,
            redacted=order.redacted,
            kept=dict(kept),
            certificate=issued.originator_id if issued else None,
        )
        try:
            self._committer.commit(Group([plain(each) for each in (issued, done) if each]))
        except ConflictError:
            # Somebody else completed it, or this did and was not told.
            if self._reader.case(case.id).order is not None:
                raise
        self._catch_up(self._pointers.last_seq())


def left_to(records: GovernedRecords, case: Case, decision: Decision) -> list[UUID]:
    """Return those records of which a case decided to destroy something that is still there."""
    wanted = case.decided_to(decision)
    gone = records.erased(wanted)
    return [each for each in wanted if each not in gone and each not in case.redacted]


def _account(case: Case, order: Order) -> Account:
    deciders = {each.act.by for each in case.decided.values() if each.decision in DESTROYING}
    return Account(
        by=order.ordered.by,
        planned_at=order.ordered.recorded_at,
        at=order.ordered.recorded_at,
        groups=order.groups,
        redacted=order.redactions,
        case=CertifiedCase(
            id=case.id,
            received_on=case.opened.received_on,
            decided_by=tuple(sorted(deciders)),
        ),
    )
